"""The lines of a batch file, and the lines of the files with answers."""

import uuid
from dataclasses import dataclass
from typing import BinaryIO

import msgspec

from nbnebius.sandbox.wire.failures import ApiError

ENDPOINTS = ("/v1/chat/completions", "/v1/completions", "/v1/embeddings")
_MARK = b"\xef\xbb\xbf"
_MUCH = 256 * 1024


class _Body(msgspec.Struct):
    model: str


class _Request(msgspec.Struct):
    custom_id: str
    method: str
    url: str
    body: msgspec.Raw


class _Name(msgspec.Struct):
    custom_id: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One request of a batch."""

    custom_id: str
    model: str
    body: bytes


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that is no request, and why."""

    custom_id: str | None
    code: str
    message: str


def read_line(raw: bytes, endpoint: str) -> Line | BrokenLine:
    """Read a line of a batch for an endpoint."""
    try:
        request = msgspec.json.decode(raw, type=_Request)
        model = msgspec.json.decode(request.body, type=_Body).model
    except (msgspec.ValidationError, RecursionError) as error:
        return BrokenLine(_name(raw), "invalid_request", _sentence(str(error)))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        return BrokenLine(None, "invalid_json_line", f"This line is not valid JSON: {error}.")
    if request.method.upper() != "POST":
        return BrokenLine(request.custom_id, "invalid_method", "The method must be POST.")
    if request.url != endpoint:
        message = f"The URL of this line does not match the batch's endpoint, {endpoint}."
        return BrokenLine(request.custom_id, "mismatched_url", message)
    return Line(request.custom_id, model, bytes(request.body))


def _name(raw: bytes) -> str | None:
    try:
        return msgspec.json.decode(raw, type=_Name).custom_id
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


def _sentence(reason: str) -> str:
    return f"This line is not a request: {reason}."


def next_lines(file: BinaryIO, most: int, longest: int) -> list[bytes]:
    """
    Read on in a batch file.

    Parameters
    ----------
    file
        Stands at the beginning of a line.
    most
        How many lines to read; fewer when they are long.
    longest
        What is longer than this is read but not kept: such a line is no JSON any more.

    Returns
    -------
    list
        The lines, blank ones among them as ``b""``; none at the end of the file.
    """
    lines: list[bytes] = []
    begin = file.tell()
    while len(lines) < most and file.tell() - begin < _MUCH:
        first = file.tell() == 0
        raw = file.readline(longest)
        if not raw:
            break
        if len(raw) == longest and not raw.endswith(b"\n"):
            while (rest := file.readline(longest)) and not rest.endswith(b"\n"):
                pass
        lines.append((raw.removeprefix(_MARK) if first else raw).strip())
    return lines


def answer_line(custom_id: str, response: object) -> bytes:
    """Write the answer to a request: in this API without a wrapper around it."""
    return _write({"custom_id": custom_id, "response": response, "error": None})


def failure_line(custom_id: str | None, code: str, message: str, line: int) -> bytes:
    """Write how a request failed."""
    error = {"code": code, "message": message, "line": line}
    return _write({"custom_id": custom_id, "response": None, "error": error})


def _write(fields: dict[str, object]) -> bytes:
    return msgspec.json.encode({"id": f"batch_req_{uuid.uuid4()}", **fields}) + b"\n"


def reason_of(failure: ApiError) -> tuple[str, str]:
    """Give the code and the sentence of a refusal, whatever its shape."""
    code = str(failure.status)
    detail = failure.body.get("detail", failure.body.get("error"))
    if isinstance(detail, list):
        return code, "; ".join(_problem(problem) for problem in detail)
    if isinstance(detail, dict):
        detail = detail.get("message", detail)
    return code, detail if isinstance(detail, str) else msgspec.json.encode(failure.body).decode()


def _problem(problem: object) -> str:
    if not isinstance(problem, dict):
        return str(problem)
    where = ".".join(str(step) for step in problem.get("loc", ()))
    return f"{where}: {problem.get('msg')}"
