"""What a user holds, with its views."""

from nbnebius.results.gallery import Gallery, Picture
from nbnebius.results.reply import Reply

__all__ = ["Gallery", "Picture", "Reply"]
