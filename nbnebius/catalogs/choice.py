"""
Choosing a model: the nearest to a wrong id, and a first one where the user named none.

There is no hard-coded default: the preferences only order what the live catalog really holds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.types.model import ModelRecord

Work: TypeAlias = Literal["chat", "vision", "embedding", "image"]
PREFERRED: dict[Work, tuple[str, ...]] = {
    "chat": (
        "Qwen/Qwen3-32B",
        "Qwen/Qwen3-30B-A3B-Instruct-2507",
        "openai/gpt-oss-120b",
        "meta-llama/Llama-3.3-70B-Instruct",
        "meta-llama/Meta-Llama-3.1-70B-Instruct",
    ),
    "vision": ("Qwen/Qwen2.5-VL-72B-Instruct", "Qwen/Qwen2-VL-72B-Instruct"),
    "embedding": ("Qwen/Qwen3-Embedding-8B", "BAAI/bge-en-icl"),
    "image": ("black-forest-labs/flux-schnell", "black-forest-labs/flux-dev", "stability-ai/sdxl"),
}
# A model that reads images chats as well.
SERVES: dict[Work, tuple[str, ...]] = {
    "chat": ("chat", "vision"),
    "vision": ("vision",),
    "embedding": ("embedding",),
    "image": ("image",),
}


def serves(record: ModelRecord, kind: Work) -> bool:
    """Tell whether a model can do a kind of work: chat, embedding or image."""
    return record.type in SERVES[kind]


def first_choice(records: Sequence[ModelRecord], kind: Work) -> str | None:
    """Choose a model: the first preferred one that is there, else the cheapest of the type."""
    fitting = [r for r in records if serves(r, kind)]
    ids = {r.id for r in fitting}
    for preferred in PREFERRED[kind]:
        if preferred in ids:
            return preferred
    if not fitting:
        return None
    return min(fitting, key=lambda r: (_price(r), r.type != kind, r.id)).id


def _price(record: ModelRecord) -> float:
    if record.price_image is not None:
        return record.price_image
    if record.price_in is None and record.price_out is None:
        return float("inf")
    return (record.price_in or 0.0) + (record.price_out or 0.0)


def nearest(wanted: str, ids: Sequence[str], count: int = 3) -> list[str]:
    """Name the `count` ids nearest to a wrong one; ids differ most often in case or vendor."""
    from difflib import SequenceMatcher

    low = wanted.lower()
    tail = low.rsplit("/", 1)[-1]

    def likeness(candidate: str) -> float:
        other = candidate.lower()
        whole = SequenceMatcher(None, low, other).ratio()
        part = SequenceMatcher(None, tail, other.rsplit("/", 1)[-1]).ratio()
        return max(whole, part) + (0.5 if tail and tail in other else 0.0)

    return sorted(ids, key=lambda i: (-likeness(i), i))[:count]
