"""Pictures that go with a question: where they come from, and how small they are shown."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from nbnebius.errors import ResponseError
from nbnebius.panels.notebook import shell, value_of
from nbnebius.rendering.images import preview
from nbnebius.rendering.safe import escape
from nbnebius.session.prompt import to_messages
from nbnebius.work.thread import pictures_in

SIDE: Final = 120  # pixels, of a preview
BYTES: Final = 8_000  # of a preview


@dataclass(frozen=True, slots=True)
class Picture:
    """
    One picture.

    Attributes
    ----------
    name
        A variable, a path or a web address; an uploaded file's own name.
    url
        What is sent: the picture itself as a data URL, or its web address.
    is_named
        Whether a cell can give it by its name.
    """

    name: str
    url: str
    is_named: bool = True

    @property
    def data(self) -> bytes:
        """Its bytes, none where only its address is known."""
        head, _, body = self.url.partition(";base64,")
        if not head.startswith("data:image/"):
            return b""
        try:
            return base64.b64decode(body, validate=True)
        except (binascii.Error, ValueError):
            return b""


def named(name: str) -> tuple[Picture, ...]:
    """
    Find pictures by a variable's name (a list of pictures too), a path or a web address.

    Raises
    ------
    OptionError
        There is no such variable or file, or it is no picture.
    """
    name = name.strip()
    value = value_of(name) if name.isidentifier() else name
    urls = pictures_in(to_messages("see", images=value))
    return tuple(Picture(name, url) for url in urls)


def uploaded(name: str, data: bytes) -> Picture:
    """
    Take in a file that the user chose.

    Raises
    ------
    OptionError
        It is no PNG, JPEG or WEBP, too large, or damaged.
    """
    (url,) = pictures_in(to_messages("see", images=data))
    return Picture(name, url, is_named=False)


def free_name() -> str:
    """Find a variable's name that is not taken: ``picture_1`` …."""
    found = shell()
    taken = found.user_ns if found else {}
    number = 1
    while f"picture_{number}" in taken:
        number += 1
    return f"picture_{number}"


@lru_cache(maxsize=64)
def thumb(picture: Picture) -> str:
    """Draw a picture small; one that would have to be fetched is only named."""
    named = escape(picture.name[:200])
    try:
        data = preview(picture.data, side=SIDE, budget=BYTES)[0] if picture.data else b""
    except ResponseError:
        data = b""
    if not data:
        return f"<span>[picture: {named}]</span>"
    source = f"data:image/webp;base64,{base64.b64encode(data).decode('ascii')}"
    return f'<img alt="{named}" title="{named}" src="{source}">'
