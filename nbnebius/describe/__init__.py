"""Objects of a notebook as text, or as a picture, for a prompt."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.describe.forms import describe_as, takes_form
    from nbnebius.describe.pictures import is_picture, picture_data_url
    from nbnebius.describe.registry import describe, register

__getattr__ = fetcher(
    __name__,
    {
        "describe": "nbnebius.describe.registry",
        "describe_as": "nbnebius.describe.forms",
        "is_picture": "nbnebius.describe.pictures",
        "picture_data_url": "nbnebius.describe.pictures",
        "register": "nbnebius.describe.registry",
        "takes_form": "nbnebius.describe.forms",
    },
)

__all__ = ["describe", "describe_as", "is_picture", "picture_data_url", "register", "takes_form"]
