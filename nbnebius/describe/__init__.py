"""Objects of a notebook as text, or as a picture, for a prompt."""

from __future__ import annotations

from nbnebius.describe.forms import describe_as, takes_form
from nbnebius.describe.pictures import is_picture, picture_data_url
from nbnebius.describe.registry import describe, register

__all__ = ["describe", "describe_as", "is_picture", "picture_data_url", "register", "takes_form"]
