"""
The serverless models of Nebula Block as records.

Source: ``GET https://api.nebulablock.com/api/v1/serverless/models``. Its page calls the price "the
price of the model" and names no unit. What can be told from its three examples is told, the rest
stays missing, and the number itself is in ``raw``:

- Image models: ``price_image``, USD per image (0.009 fits nothing else).
- Embedding models: ``price_in``, USD per million tokens (0.012 for a small model fits no other
  usual unit).
- Text models: one number cannot be the price of both input and output, so both are missing; a
  price of nought is nought in any unit, so there both are 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.catalogs.asking import (
    ask,
    kind_of,
    prefix_of,
    price,
    table,
    text,
    transport_of,
    whole,
)
from nbnebius.errors import ApiError, ResponseError
from nbnebius.transport.request import Request
from nbnebius.types.batches import message_of
from nbnebius.types.model import ModelRecord

if TYPE_CHECKING:
    from nbnebius.client import AsyncClient
    from nbnebius.transport import Transport

SOURCE = "nebula_block"
BASE_URL = "https://api.nebulablock.com/api/v1/"
PATH = "/api/v1/serverless/models"

_TYPES = {
    "text": "chat",
    "chat": "chat",
    "llm": "chat",
    "image": "image",
    "embedding": "embedding",
    "vision": "vision",
    "multimodal": "vision",
    "rerank": "other",
    "reranker": "other",
    "audio": "other",
    "video": "other",
}
_OUTPUTS = {"chat": ["text"], "vision": ["text"], "image": ["image"], "embedding": ["embedding"]}


async def nebula_block_records(server: AsyncClient | Transport) -> list[ModelRecord]:
    """
    List the serverless models of Nebula Block.

    Parameters
    ----------
    server
        A client or transport with the address (`BASE_URL`) and a key. An address without
        ``/api/v1``, or with it twice, works too.

    Returns
    -------
    list of ModelRecord
        ``id`` is what calls are to name. Of prices, see above: what the page does not settle is
        missing.

    Raises
    ------
    ApiError
        The service says no, be it with a status of 200.
    ResponseError
        What it says is no list of models.
    NebiusError
        No answer.
    """
    transport = transport_of(server)
    path = prefix_of(transport, "/serverless/models", "/serverless", "/api", "/v1") + PATH
    answer = await ask(transport, path)
    status = table(answer).get("status")
    if isinstance(status, str) and status.strip().lower() in {"failed", "fail", "error"}:
        about = transport.about(Request("GET", path))
        words = about.clean(message_of(answer.get("message")) or "")
        raise ApiError(
            f"{transport.address.root} reports an error although its status is 200",
            why=f"The server says: {words}" if words else "",
            status=200,
        )
    rows = _rows(answer)
    if rows is None:
        raise ResponseError(f"{transport.address.root} holds no list of models")
    records = [record for row in rows if (record := _record(row)) is not None]
    return list({record.id: record for record in records}.values())


def _rows(answer: Any) -> list[Any] | None:
    """Find the rows: in ``data.models``, or where other versions may have them."""
    for value in (answer, table(answer).get("data"), table(answer).get("models")):
        if isinstance(value, list):
            return value
        if isinstance(inner := table(value).get("models"), list):
            return inner
    return None


def _record(row: Any) -> ModelRecord | None:
    told = table(row)
    model_id = text(told.get("model_name")) or text(told.get("model_alias"))
    if model_id is None:
        return None
    word = (text(told.get("model_type")) or "").strip().lower()
    kind = _TYPES.get(word, "other") if word else kind_of(model_id)
    if kind == "chat" and kind_of(model_id) == "vision":
        kind = "vision"
    cost = price(told.get("price"))
    speaks = kind in {"chat", "vision"}
    free = 0.0 if cost == 0 else None
    return ModelRecord(
        id=model_id,
        source=SOURCE,
        name=text(told.get("model_alias")),
        type=kind,
        context=whole(told.get("context_length")),
        # the page gives every model a limit of tokens, also those that write none
        max_output=whole(told.get("max_completion_tokens")) if speaks else None,
        price_in=cost if kind == "embedding" else free if speaks else None,
        price_out=free if speaks else None,
        price_image=cost if kind == "image" else None,
        output=list(_OUTPUTS.get(kind, [])),
        description=text(told.get("description")),
        url=text(told.get("huggingface_url")),
        raw=told,
    )
