"""
Rows of lists, and all pages of a list.

A page may say whether more follow, or not; its server may honour a cursor, or ignore it and send
the first page for ever. So reading ends where nothing new comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar, cast
from urllib.parse import quote

from nbnebius.errors import BadRequestError, NotFoundError, OptionError, UnprocessableEntityError
from nbnebius.transport.faults import unreadable
from nbnebius.types.loose import fit, read_json

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nbnebius.transport.about import About

PAGE = 100
"""Rows asked for at once."""

MOST_PAGES = 10_000
"""A list longer than this has no end."""


class Row(Protocol):
    """What rows have in common: the object as the server sent it."""

    raw: dict[str, Any]


R = TypeVar("R", bound=Row)


@dataclass(frozen=True, slots=True)
class Page(Generic[R]):
    """
    One page of a list.

    Attributes
    ----------
    rows
        In the server's order; those without an id are left out.
    last_id
        Where the next page begins after.
    has_more
        Whether more follow; None where the server does not say.
    """

    rows: list[R]
    last_id: str | None = None
    has_more: bool | None = None


def read_row(body: bytes, type_: type[R], what: str, about: About, name: str = "id") -> R:
    """
    Read one object; its field `name` must be there.

    Raises
    ------
    ResponseError
        It is something else.
    """
    try:
        row = _row(read_json(body), type_, name)
    except ValueError:
        raise unreadable(f"the answer is no {what}", body, "", about) from None
    if row is None:
        raise unreadable(f"the answer is no {what}", body, "", about)
    return row


def read_page(body: bytes, type_: type[R], what: str, about: About, name: str = "id") -> Page[R]:
    """
    Read a page: an object with ``data``, or a bare list.

    Raises
    ------
    ResponseError
        It is something else.
    """
    try:
        value = read_json(body)
    except ValueError:
        raise unreadable(f"the list of {what} is not JSON", body, "", about) from None
    rows = value.get("data", value.get("items")) if isinstance(value, dict) else value
    if rows is None and isinstance(value, dict) and value.get("object") == "list":
        rows = []
    if not isinstance(rows, list):
        raise unreadable(f"the answer holds no list of {what}", body, "", about)
    told = value if isinstance(value, dict) else {}
    last, more = told.get("last_id"), told.get("has_more")
    return Page(
        [row for one in rows if (row := _row(one, type_, name)) is not None],
        last if isinstance(last, str) and last else None,
        more if isinstance(more, bool) else None,
    )


def _row(value: Any, type_: type[R], name: str) -> R | None:
    if not isinstance(value, dict):
        return None
    row = cast("R", fit(value, cast("Any", type_)))
    row.raw = value
    return row if getattr(row, name) else None


async def all_pages(
    ask: Callable[[str | None, int], Awaitable[Page[R]]],
    key: Callable[[R], str],
    *,
    limit: int | None = None,
    after: str | None = None,
) -> list[R]:
    """
    Read page after page until nothing new comes, or `limit` rows have.

    Parameters
    ----------
    ask
        Gives the page after an id, with so many rows.
    key
        A row's id.
    limit
        Most rows; all if left out.
    after
        The id before the first row.
    """
    found: dict[str, R] = {}
    more: bool | None = True
    for _ in range(MOST_PAGES):
        wanted = PAGE if limit is None else min(PAGE, limit - len(found))
        if wanted <= 0:
            break
        try:
            page = await ask(after, wanted)
        except (BadRequestError, NotFoundError, UnprocessableEntityError):
            if more is not None or not found:
                raise
            break  # it never promised more, and knows no cursor
        fresh = [row for row in page.rows if key(row) not in found]
        found.update((key(row), row) for row in fresh)
        after, more = page.last_id or (key(page.rows[-1]) if page.rows else None), page.has_more
        if not fresh or more is False:
            break
    return list(found.values())[:limit]


def part(id: str, what: str, *, safe: str = "") -> str:
    """
    Write an id as a part of a path.

    Raises
    ------
    OptionError
        It is empty, or would lead to another path.
    """
    if not id.strip():
        raise OptionError(f"the {what} is empty")
    if any(step in {"", ".", ".."} for step in id.split("/")):
        raise OptionError(f"{id[:100]!r} is no {what}")
    return quote(id, safe=safe)
