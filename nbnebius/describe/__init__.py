"""Objects of a notebook as text, or as a picture, for a prompt."""

from __future__ import annotations

from nbnebius.describe.pictures import is_picture, picture_data_url
from nbnebius.describe.registry import describe, register

__all__ = ["describe", "is_picture", "picture_data_url", "register"]
