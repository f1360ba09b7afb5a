"""
The model lists of an Open WebUI, with the habits of the real one.

Its documented path ``/api/models/list`` is the web page there, as is every path that it does not
know; the list is at ``/api/v1/models/list``.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import MODELS
from nbnebius.sandbox.neighbours.people import ADA, CUSTOM
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.fields import Field
from nbnebius.sandbox.wire.queries import number_of, read_query, text_of

Item = Mapping[str, Any]

_PAGE = 30
_QUERY = {"page": Field("integer")}
_ORDERS = frozenset({"name", "created_at", "updated_at"})
_HTML = (
    '<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><title>Open WebUI</title>'
    "</head>\n<body></body>\n</html>\n"
)


async def listing(request: Request) -> Response:
    """List the custom models that fit, thirty on a page."""
    query = read_query(request, _QUERY)
    items = select(CUSTOM, query)
    start = (max(1, number_of(query, "page", 1)) - 1) * _PAGE
    return json_answer({"items": items[start : start + _PAGE], "total": len(items)})


async def everything(_request: Request) -> Response:
    """List every model that can be used: those of the services behind it, and active own ones."""
    rows = [_served(model.id, model.id) for model in MODELS]
    rows += [_own(item) for item in CUSTOM if item["is_active"]]
    return json_answer({"data": rows})


async def page(_request: Request) -> Response:
    """Give the web page, whatever was asked."""
    return Response(_HTML, media_type="text/html")


def select(items: Sequence[Item], query: Mapping[str, object]) -> list[Item]:
    """Filter and order items as the query says; what it does not know is left alone."""
    found = [item for item in items if all(fits(item) for fits in _filters(query))]
    order = text_of(query, "order_by")
    if order in _ORDERS:
        ascending = (text_of(query, "direction") or "desc").lower() == "asc"
        return sorted(found, key=lambda item: item[order], reverse=not ascending)
    if order or any(text_of(query, name) for name in ("query", "tag", "view_option")):
        return found  # in the order in which they were made
    return sorted(found, key=lambda item: -item["created_at"])


def _filters(query: Mapping[str, object]) -> list[Callable[[Item], bool]]:
    filters: list[Callable[[Item], bool]] = []
    if words := text_of(query, "query"):
        pattern = _like(words)
        filters.append(lambda item: any(pattern.search(text) for text in _texts(item)))
    if tag := text_of(query, "tag"):
        # The real one looks for the quoted word anywhere in the description, keys included.
        quoted = f'"{tag.lower()}"'
        filters.append(lambda item: quoted in json.dumps(item["meta"], ensure_ascii=False).lower())
    view = text_of(query, "view_option")
    if view in {"created", "shared"}:
        filters.append(lambda item: (item["user_id"] == ADA["id"]) == (view == "created"))
    return filters


def _like(words: str) -> re.Pattern[str]:
    """Write SQL's LIKE as a pattern: ``%`` is anything, ``_`` is any letter."""
    signs = {"%": ".*", "_": "."}
    return re.compile(
        "".join(signs.get(letter, re.escape(letter)) for letter in words), re.IGNORECASE
    )


def _texts(item: Item) -> list[str]:
    user = item["user"] or {}
    return [item["name"], item["base_model_id"], user.get("name", ""), user.get("email", "")]


def _served(id: str, name: str) -> dict[str, object]:
    return {
        "id": id,
        "name": name,
        "object": "model",
        "created": 1_724_480_826,
        "owned_by": "openai",
        "connection_type": "external",
        "urlIdx": 0,
        "actions": [],
        "filters": [],
        "tags": [],
    }


def _own(item: Item) -> dict[str, object]:
    info = {key: value for key, value in item.items() if key not in {"user", "write_access"}}
    return _served(item["id"], item["name"]) | {
        "created": item["created_at"],
        "preset": True,
        "info": info,
        "tags": item["meta"].get("tags", []),
    }
