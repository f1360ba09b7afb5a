"""
One's own models on Nebius as records.

Source: ``GET v0/models``. A row is a model, a flavor of it is what calls name: each flavor with an
id becomes a record, and a row without one becomes a record under its name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.catalogs.asking import features, kind_of, price, table, text, texts, whole
from nbnebius.types.model import ModelRecord
from nbnebius.types.times import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbnebius.client import AsyncClient
    from nbnebius.types.custom_models import CustomModel

SOURCE = "nebius_custom"
THOUSAND = 1000
"""Tokens in the k of ``context_window_k``: 1000 at least."""

_TYPES = {
    "text2text": "chat",
    "image2text": "vision",
    "text2image": "image",
    "embedding": "embedding",
    "text2embedding": "embedding",
}
_MODALITIES = {
    "text2text": (["text"], ["text"]),
    "image2text": (["text", "image"], ["text"]),
    "text2image": (["text"], ["image"]),
    "embedding": (["text"], ["embedding"]),
}


async def custom_records(
    client: AsyncClient, *, ai_project_id: str | None = None
) -> list[ModelRecord]:
    """
    List one's own models.

    Parameters
    ----------
    client
        With Nebius's address and a key.
    ai_project_id
        The project; the key's own if left out.

    Returns
    -------
    list of ModelRecord
        Prices are those of a flavor, USD per million tokens; what a row lacks is missing.

    Raises
    ------
    NebiusError
        No answer, one that says no, or one that cannot be read.
    """
    return to_custom_records(await client.custom_models.list(ai_project_id=ai_project_id))


def to_custom_records(models: Iterable[CustomModel]) -> list[ModelRecord]:
    """Turn rows of the wire into records, in the server's order; an id that comes twice is one."""
    found: dict[str, ModelRecord] = {}
    for model in models:
        flavors = [one for one in model.flavors or [] if text(table(one).get("model_id"))]
        for flavor in flavors or [{}]:
            record = _record(model, flavor)
            found.setdefault(record.id, record)
    return list(found.values())


def _record(model: CustomModel, flavor: dict[str, Any]) -> ModelRecord:
    kind = text(model.type) or text(flavor.get("model_type")) or ""
    inputs, outputs = _MODALITIES.get(kind, ([], []))
    limits = table(flavor.get("limits"))
    terms = table(model.license)
    context = whole(flavor.get("max_model_len"))
    thousands = flavor.get("context_window_k") or model.context_window_k
    if context is None and isinstance(thousands, int | float):
        context = whole(thousands * THOUSAND)
    return ModelRecord(
        id=text(flavor.get("model_id")) or model.name,
        source=SOURCE,
        name=model.name,
        type=_TYPES.get(kind) or ("other" if kind else kind_of(model.name)),
        context=context,
        price_in=price(flavor.get("input_price_per_million_tokens")),
        price_out=price(flavor.get("output_price_per_million_tokens")),
        input=list(inputs),
        output=list(outputs),
        features=features(texts(model.use_cases)),
        quantization=text(flavor.get("quantization")),
        size_b=model.size_b or None,
        requests_per_minute=whole(limits.get("requests_per_minute")),
        tokens_per_minute=whole(limits.get("tokens_per_minute")),
        owner=model.vendor,
        tags=texts(model.tags),
        license=text(terms.get("name")) or text(terms.get("type")) or text(model.license),
        status=model.status,
        description=model.description,
        created=seconds(model.created_at),
        url=model.huggingface_url or model.url,
        raw=model.raw,
    )
