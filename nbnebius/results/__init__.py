"""What a user holds, with its views."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.results.gallery import Gallery, Picture
    from nbnebius.results.reply import Reply

__getattr__ = fetcher(
    __name__,
    {
        "Gallery": "nbnebius.results.gallery",
        "Picture": "nbnebius.results.gallery",
        "Reply": "nbnebius.results.reply",
    },
)

__all__ = ["Gallery", "Picture", "Reply"]
