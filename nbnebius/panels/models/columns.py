"""What is shown of a model, in words and units, and by what models are sorted."""

from __future__ import annotations

from typing import Final

from nbnebius.frames.models import TYPES

ANY: Final = "any"
TYPE_CHOICES: Final = (ANY, *TYPES)
SORTS: Final = {
    "as listed": "",
    "id": "id",
    "price out, lowest first": "price_out",
    "price in, lowest first": "price_in",
    "price per image, lowest first": "price_image",
    "context, longest first": "-context",
    "size, smallest first": "size_b",
    "size, largest first": "-size_b",
    "newest first": "-created",
}
SHOWN: Final = ("id", "type", "context", "price_in", "price_out")
IMAGE_PRICE: Final = "price_image"
DETAILS: Final = {
    "source": "catalog",
    "name": "name",
    "type": "type",
    "context": "context (tokens)",
    "max_output": "longest answer (tokens)",
    "price_in": "price in (USD per million tokens)",
    "price_out": "price out (USD per million tokens)",
    "price_image": "price per image (USD)",
    "size_b": "size (billion parameters)",
    "quantization": "quantization",
    "input": "reads",
    "output": "gives",
    "features": "features",
    "tags": "tags",
    "requests_per_minute": "requests per minute",
    "tokens_per_minute": "tokens per minute",
    "owner": "owner",
    "license": "license",
    "status": "status",
    "created": "created",
    "updated": "updated",
    "url": "url",
}
WORK: Final = {"chat": "chat", "vision": "chat", "embedding": "embedding", "image": "image"}
"""What a model of a type does, as the settings of default models call it."""
NEIGHBOURS: Final = frozenset({"open_webui", "nebula_block"})
MOST: Final = 4  # models that can be read side by side


def told(value: object) -> str:
    """Write a value of the catalog for people; what is unknown is nothing."""
    import pandas as pd

    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if value is None or value is pd.NA or value != value:  # noqa: PLR0124 - NaN, NaT
        return ""
    if isinstance(value, pd.Timestamp):
        return value.strftime("%d %b %Y")
    if isinstance(value, str):
        return value
    return f"{value:,.10g}" if isinstance(value, float) else f"{value:,}"
