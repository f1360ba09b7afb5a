"""
Rows of the model list, plain and verbose.

Any field may be missing from any row, so every field is optional and `Model.raw` keeps the row.
Source: https://docs.tokenfactory.nebius.com/api-reference/models/list-models
"""

from __future__ import annotations

import math
from typing import Any

import msgspec


class Model(msgspec.Struct):
    """
    A model as the server lists it.

    ``pricing`` holds USD per token (``prompt``, ``completion``), per ``image`` and per ``request``,
    as strings or numbers: read it with `price`. ``per_request_limits`` are per minute; 1e10 there
    is the server's word for "no limit". ``context_length`` is in tokens, ``created`` in seconds
    since 1970.
    """

    id: str = ""
    object: str | None = None
    created: float | None = None
    owned_by: str | None = None
    name: str | None = None
    status: str | None = None
    description: str | None = None
    context_length: int | None = None
    architecture: dict[str, Any] | None = None
    quantization: str | None = None
    regions: list[Any] | None = None
    pricing: dict[str, Any] | None = None
    per_request_limits: dict[str, Any] | None = None
    supported_features: list[str] | None = None
    supported_sampling_parameters: list[str] | None = None
    shutdown_date: str | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def modality(self) -> str | None:
        """What goes in and comes out: ``text+image->text``, ``text->embedding``."""
        modality = (self.architecture or {}).get("modality")
        return modality if isinstance(modality, str) else None

    def price(self, name: str) -> float | None:
        """
        Return a price in USD per unit; None where it is missing or cannot be a price.

        Parameters
        ----------
        name
            ``prompt`` or ``completion`` (per token), ``image``, ``request`` (each).
        """
        value = (self.pricing or {}).get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str):
            return None
        try:
            price = float(value)
        except (ValueError, OverflowError):
            return None
        return price if math.isfinite(price) and price >= 0 else None
