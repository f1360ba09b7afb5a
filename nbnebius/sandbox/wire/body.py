"""Reading JSON bodies and writing JSON answers."""

import json
from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.wire.failures import ApiError, invalid
from nbnebius.sandbox.wire.fields import missing, problem


async def read_object(request: Request) -> dict[str, object]:
    """
    Read the request's body as a JSON object.

    Raises
    ------
    ApiError
        422 as the service says it: no body, no JSON, or JSON that is no object.
    """
    raw = await request.body()
    if not raw:
        raise invalid([missing(("body",), None)])
    value = parse(raw)
    if not isinstance(value, dict):
        msg = "Input should be a valid dictionary or object to extract fields from"
        raise invalid([problem("model_attributes_type", ("body",), msg, value)])
    return value


def parse(raw: bytes) -> object:
    """Parse JSON strictly: no NaN, no broken text, no bottomless nesting."""
    try:
        value = json.loads(raw.decode("utf-8"), parse_constant=_refuse_constant)
        # An escape like "\ud83d" alone is legal JSON but no character; it could not be answered.
        return _repaired(value) if b"\\u" in raw else value
    except json.JSONDecodeError as error:
        raise _broken(error.pos, error.msg) from None
    except UnicodeDecodeError as error:
        raise _broken(error.start, "Invalid UTF-8") from None
    except RecursionError:
        raise _broken(0, "Nested too deeply") from None
    except ValueError as error:
        raise _broken(0, str(error)) from None


def _refuse_constant(word: str) -> object:
    raise ValueError(f"{word} is not JSON")


def _broken(position: int, reason: str) -> ApiError:
    loc = ("body", position)
    return invalid([problem("json_invalid", loc, "JSON decode error", {}, {"error": reason})])


def _repaired(value: object) -> object:
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    if isinstance(value, list):
        return [_repaired(item) for item in value]
    if isinstance(value, dict):
        return {_repaired(key): _repaired(item) for key, item in value.items()}
    return value


def json_answer(
    body: object, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Write a JSON answer."""
    return Response(
        msgspec.json.encode(body),
        status_code=status,
        headers=dict(headers or {}),
        media_type="application/json",
    )
