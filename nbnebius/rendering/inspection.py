"""Look at an image's header, and refuse what would be dangerous to decode."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from nbnebius.errors import ResponseError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["Header", "inspect_image", "opened"]

_MOST_BYTES: Final = 20_000_000
_MOST_PIXELS: Final = 40_000_000
_FORMATS: Final = ("PNG", "JPEG", "WEBP")


@dataclass(frozen=True, slots=True)
class Header:
    """What an image says about itself: ``png``, ``jpeg`` or ``webp``, and its size."""

    format: str
    width: int
    height: int


def inspect_image(data: bytes) -> Header:
    """
    Read an image's header only.

    Raises
    ------
    ResponseError
        It is no PNG, JPEG or WEBP, or larger than 20 MB or 40 megapixels.
    """
    with opened(data) as picture:
        return Header((picture.format or "").lower(), *picture.size)


def opened(data: bytes) -> Image.Image:
    """Open an image without decoding it, once its header is found harmless."""
    if len(data) > _MOST_BYTES:
        raise ResponseError(
            f"The image is {len(data) / 1e6:.0f} MB large",
            why=f"More than {_MOST_BYTES / 1e6:.0f} MB are not opened.",
        )
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            # Our own limit is lower than the one that Pillow warns about.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            picture = Image.open(BytesIO(data), formats=_FORMATS)
    except UnidentifiedImageError:
        raise ResponseError(
            "This is not an image that can be shown", why="Only PNG, JPEG and WEBP are opened."
        ) from None
    except Image.DecompressionBombError:
        raise _too_many_pixels("far too many") from None
    except (OSError, ValueError, SyntaxError) as error:
        raise ResponseError("The image is damaged", why=str(error)[:200]) from None
    width, height = picture.size
    if width * height > _MOST_PIXELS:
        raise _too_many_pixels(f"{width:,} x {height:,}")
    return picture


def _too_many_pixels(how_many: str) -> ResponseError:
    return ResponseError(
        f"The image has {how_many} pixels",
        why=f"More than {_MOST_PIXELS / 1e6:.0f} megapixels are not decoded.",
    )
