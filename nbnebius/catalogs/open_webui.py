"""
The models of an Open WebUI server as records: those that people made on top of others.

The documented path is ``GET /api/models/list``; servers since 0.6 have the list at
``GET /api/v1/models/list``, and answer the other with the page of their web application and a
status of 200. So both are tried, and a web page is no answer. Without an order, pages may overlap
or leave rows out; so the order is always asked for, and rows that come twice are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from nbnebius.catalogs.asking import (
    ask,
    features,
    kind_of,
    prefix_of,
    table,
    text,
    texts,
    transport_of,
)
from nbnebius.errors import ApiError, ResponseError
from nbnebius.types.model import ModelRecord
from nbnebius.types.times import seconds

if TYPE_CHECKING:
    from nbnebius.client import AsyncClient
    from nbnebius.transport import Transport
    from nbnebius.transport.request import Params

ViewOption: TypeAlias = Literal["created", "shared"]
OrderBy: TypeAlias = Literal["name", "created_at", "updated_at"]
Direction: TypeAlias = Literal["asc", "desc"]

SOURCE = "open_webui"
PATHS = ("/api/v1/models/list", "/api/models/list")
PAGE = 30
MOST_PAGES = 1000


async def open_webui_records(
    server: AsyncClient | Transport,
    *,
    query: str | None = None,
    view_option: ViewOption | None = None,
    tag: str | None = None,
    order_by: OrderBy | None = None,
    direction: Direction | None = None,
    page: int | None = None,
) -> list[ModelRecord]:
    """
    List the models of an Open WebUI server.

    Parameters
    ----------
    server
        A client or transport with the server's address and a key made there (``sk-…``). The
        address may end in ``/api`` or ``/api/v1``.
    query
        Only those whose name, base model or owner contains this.
    view_option
        ``created`` by the key's owner, or ``shared`` with them.
    tag
        Only those with a tag.
    order_by
        ``name``, ``created_at`` or ``updated_at``; by name, from A to Z, if left out.
    direction
        ``asc`` or ``desc``; with `order_by` alone, the server's own, which is ``desc``.
    page
        One page of 30, from 1; all pages if left out.

    Returns
    -------
    list of ModelRecord
        Prices and context are not told by such a server, so they are missing. ``status`` is
        ``active`` or ``inactive``, ``raw`` has the base model's id.

    Raises
    ------
    ResponseError
        There is no such list at that address.
    NebiusError
        No answer, or one that says no.
    """
    transport = transport_of(server)
    params = {
        "query": query or None,
        "view_option": view_option,
        "tag": tag or None,
        "order_by": order_by or "name",
        "direction": direction or (None if order_by else "asc"),
    }
    first = page if page is not None else 1
    path, answer = await _first(transport, {**params, "page": first})
    found: dict[str, ModelRecord] = {}
    for number in range(first + 1, first + MOST_PAGES):
        rows, total = _rows(answer)
        fresh = [record for row in rows if (record := _record(row)) and record.id not in found]
        found.update((record.id, record) for record in fresh)
        paged = isinstance(answer, dict) and ("items" in answer or total is not None)
        told_all = total is not None and len(found) >= total and len(rows) < PAGE
        if page is not None or not fresh or not paged or told_all:
            break
        answer = await ask(transport, path, {**params, "page": number})
        if not _is_list(answer):
            break
    return list(found.values())


async def _first(transport: Transport, params: Params) -> tuple[str, Any]:
    """Find the path that has a list; where none has, say what the first one said."""
    prefix = prefix_of(transport, "/api", "/v1")
    failed: ApiError | ResponseError | None = None
    for path in PATHS:
        try:
            answer = await ask(transport, prefix + path, params)
        except ResponseError as error:
            failed = failed or error
            continue
        except ApiError as error:
            if error.status not in {404, 405}:
                raise
            failed = failed or error
            continue
        if _is_list(answer):
            return prefix + path, answer
        failed = failed or ResponseError(
            f"{transport.address.root} holds no list of models",
            hint="Is this the address of an Open WebUI server?",
        )
    assert failed is not None, "at least one path was tried"
    if isinstance(failed, ResponseError):
        failed.hint = "Is this the address of an Open WebUI server?"
    raise failed


def _is_list(answer: Any) -> bool:
    if isinstance(answer, dict):
        return isinstance(answer.get("items"), list) or isinstance(answer.get("data"), list)
    return isinstance(answer, list)


def _rows(answer: Any) -> tuple[list[Any], int | None]:
    """Return a page's rows and how many there are altogether, in the shapes of all versions."""
    if isinstance(answer, list):
        return answer, None
    rows = answer.get("items")
    total = answer.get("total")
    told = isinstance(total, int) and not isinstance(total, bool)
    return rows if isinstance(rows, list) else answer["data"], total if told else None


def _record(row: Any) -> ModelRecord | None:
    model_id = text(table(row).get("id"))
    if model_id is None:
        return None
    info = table(row.get("info"))  # where the list is that of all models, the details are inside
    meta = table(row.get("meta")) or table(info.get("meta"))
    able = table(meta.get("capabilities"))
    user = table(row.get("user")) or table(info.get("user"))
    base = text(row.get("base_model_id")) or text(info.get("base_model_id")) or model_id
    kind = kind_of(base)
    active = row.get("is_active", info.get("is_active"))
    return ModelRecord(
        id=model_id,
        source=SOURCE,
        name=text(row.get("name")),
        type="vision" if kind == "chat" and able.get("vision") is True else kind,
        features=features([word for word, yes in able.items() if yes is True]),
        owner=text(user.get("name")) or text(row.get("owned_by")),
        tags=texts(meta.get("tags")) or texts(row.get("tags")),
        status=("active" if active else "inactive") if isinstance(active, bool) else None,
        description=text(meta.get("description")),
        created=seconds(row.get("created_at") or row.get("created") or info.get("created_at")),
        updated=seconds(row.get("updated_at") or info.get("updated_at")),
        raw=row,
    )
