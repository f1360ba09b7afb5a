"""
The catalog of a Nebius (or any OpenAI-compatible) endpoint as model records.

Source: ``GET v1/models?verbose=true``; any field of any row may be missing, prices are strings in
USD per token, limits may hold 1e10 for "none".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbnebius.types.model import ModelRecord

if TYPE_CHECKING:
    from collections.abc import Iterable

    from nbnebius.types.models import Model

PER_MILLION = 1_000_000
NO_LIMIT = 1e9  # the service writes 1e10 where there is no limit
FEATURE_WORDS = {
    "function-calling": "tools",
    "function_calling": "tools",
    "json-mode": "json_mode",
    "structured-outputs": "structured_outputs",
}
# What an id says about its type, where the row itself says nothing.
IMAGE_IDS = re.compile(r"flux|sdxl|stable-diffusion|text2img|dall-e", re.IGNORECASE)
EMBEDDING_IDS = re.compile(r"embed|\bbge-|/bge|e5-|gte-", re.IGNORECASE)
RERANK_IDS = re.compile(r"rerank", re.IGNORECASE)
VISION_IDS = re.compile(r"-vl-|vision|llava|pixtral", re.IGNORECASE)


def to_records(models: Iterable[Model], source: str = "nebius") -> list[ModelRecord]:
    """Turn rows of the wire into records, in the server's order."""
    return [_record(model, source) for model in models if model.id]


def _record(model: Model, source: str) -> ModelRecord:
    inputs, outputs = _modalities(model.modality)
    kind = _type(model.id, inputs, outputs)
    prompt, completion = _per_million(model, "prompt"), _per_million(model, "completion")
    return ModelRecord(
        id=model.id,
        source=source,
        name=model.name,
        type=kind,
        context=model.context_length,
        # A zero where nothing of the kind is sold says "not priced this way", not "free".
        price_in=(prompt or None) if kind == "image" else prompt,
        price_out=(completion or None) if kind in {"image", "embedding"} else completion,
        price_image=model.price("image") or None,
        price_request=model.price("request") or None,
        input=inputs,
        output=outputs,
        features=[FEATURE_WORDS.get(f, f) for f in model.supported_features or []],
        quantization=model.quantization,
        requests_per_minute=_limit(model, "requests_per_minute"),
        tokens_per_minute=_limit(model, "tokens_per_minute"),
        owner=model.owned_by,
        status=model.status,
        description=model.description,
        created=model.created,
        raw=model.raw,
    )


def _modalities(modality: str | None) -> tuple[list[str], list[str]]:
    left, arrow, right = (modality or "").partition("->")
    if not arrow:
        return [], []
    return [w for w in left.split("+") if w], [w for w in right.split("+") if w]


def _type(model_id: str, inputs: list[str], outputs: list[str]) -> str:
    if RERANK_IDS.search(model_id):
        return "other"
    if outputs:
        if "embedding" in outputs:
            return "embedding"
        if "image" in outputs:
            return "image"
        return "vision" if "image" in inputs else "chat"
    for pattern, kind in ((IMAGE_IDS, "image"), (EMBEDDING_IDS, "embedding")):
        if pattern.search(model_id):
            return kind
    return "vision" if VISION_IDS.search(model_id) else "chat"


def _per_million(model: Model, name: str) -> float | None:
    price = model.price(name)
    # Rounded to hide the binary dust of "0.00000006" times a million.
    return None if price is None else round(price * PER_MILLION, 9)


def _limit(model: Model, name: str) -> float | None:
    value = (model.per_request_limits or {}).get(name)
    try:
        limit = float(value) if value is not None else None
    except (TypeError, ValueError):
        return None
    return limit if limit is not None and 0 < limit < NO_LIMIT else None
