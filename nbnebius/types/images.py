"""
Generated images.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-image
"""

from __future__ import annotations

import base64
import binascii
from typing import Any

import msgspec


class ImageDatum(msgspec.Struct):
    """One image: its bytes in base64, or where to fetch them."""

    b64_json: str | None = None
    url: str | None = None

    def content(self) -> bytes | None:
        """
        Return the image's bytes, or None where there is only a URL.

        A ``data:image/png;base64,`` prefix, which some servers add, is taken off.

        Raises
        ------
        ValueError
            It is not base64.
        """
        text = self.b64_json or (self.url if (self.url or "").startswith("data:") else None)
        if text is None:
            return None
        if text.startswith("data:"):
            text = text.partition(",")[2]
        try:
            return base64.b64decode("".join(text.split()), validate=True)
        except binascii.Error as error:
            raise ValueError(f"not base64: {error}") from None


class ImageAnswer(msgspec.Struct):
    """An answer to an image request; ``id`` looks like ``text2img-...``."""

    data: list[ImageDatum] = msgspec.field(default_factory=list)
    id: str | None = None


class ImageFrame(msgspec.Struct):
    """What the wire carries, an error inside 200 included."""

    data: list[ImageDatum] | None = None
    id: str | None = None
    error: Any = None
