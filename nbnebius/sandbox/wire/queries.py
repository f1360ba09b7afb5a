"""Checks of query parameters."""

from collections.abc import Mapping

from starlette.requests import Request

from nbnebius.sandbox.wire.failures import invalid
from nbnebius.sandbox.wire.fields import Field, check_fields


def read_query(request: Request, fields: Mapping[str, Field]) -> dict[str, object]:
    """
    Read the known parameters of a request's query.

    Raises
    ------
    ApiError
        422 with everything that is wrong in them.
    """
    clean, problems = check_fields(dict(request.query_params), fields, ("query",))
    if problems:
        raise invalid(problems)
    return clean


def text_of(values: Mapping[str, object], name: str) -> str | None:
    """Give a text, or None for one that is not there or empty."""
    value = values.get(name)
    return value if isinstance(value, str) and value else None


def number_of(values: Mapping[str, object], name: str, default: int) -> int:
    """Give a whole number, or what is taken without one."""
    value = values.get(name)
    return value if isinstance(value, int) else default
