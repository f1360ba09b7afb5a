"""
Custom models: one's own adapters, served beside the public models.

Sources: https://docs.tokenfactory.nebius.com/api-reference/models/list-of-custom-models
and https://docs.tokenfactory.nebius.com/api-reference/models/create-a-custom-model
"""

from __future__ import annotations

from typing import Any

import msgspec

STATUSES = ["validating", "active", "error", "deleted"]
"""The documented ones; the answer right after creating may lack it."""


class CustomModel(msgspec.Struct):
    """
    A custom model, as listed or as created.

    Attributes
    ----------
    name
        What to ask for it by: full (``vendor/base-LoRa:name-abcd``) or short (``name-abcd``).
    base_model, source
        What it was made from, where the server says.
    status, status_reason
        ``validating``, ``active``, ``error`` or ``deleted``; missing right after creation.
    flavors
        How it is served; each has its own ``model_id`` and prices.
    created_at
        Seconds since 1970, or text; `nbnebius.types.times.seconds` reads both.
    raw
        The row as the server sent it.
    """

    name: str = ""
    type: str | None = None
    status: str | None = None
    status_reason: str | None = None
    base_model: str | None = None
    source: str | None = None
    description: str | None = None
    created_at: Any = None
    vendor: str | None = None
    tags: list[str] | None = None
    use_cases: list[str] | None = None
    context_window_k: float | None = None
    size_b: float | None = None
    quality: float | None = None
    checkpoint_id: str | None = None
    job_id: str | None = None
    file_id: str | None = None
    url: str | None = None
    huggingface_url: str | None = None
    license: Any = None
    flavors: list[Any] | None = None
    raw: dict[str, Any] = msgspec.field(default_factory=dict)

    @property
    def origin(self) -> str | None:
        """What it was made from: its source, else its job, checkpoint, file or address."""
        return self.source or self.checkpoint_id or self.job_id or self.file_id or self.url
