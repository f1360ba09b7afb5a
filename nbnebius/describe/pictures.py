"""
Pictures for a prompt, as data URLs.

They are scaled down and encoded anew, so where and with what a photograph was taken stays here.
"""

from __future__ import annotations

import base64
import os
import stat
import sys
import warnings
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["is_picture", "picture_data_url"]

_MOST_BYTES: Final = 20_000_000
_MOST_PIXELS: Final = 40_000_000
_FORMATS: Final = ("PNG", "JPEG", "WEBP")
_MAGIC_BYTES: Final = 12
# Up to here a PNG is sent: drawings and text stay sharp. A larger one is a photograph.
_MOST_PNG_BYTES: Final = 500_000


def is_picture(value: Any) -> bool:
    """
    Tell whether a value can be shown to a model that sees.

    Parameters
    ----------
    value
        A PIL image, a matplotlib figure or axes, the bytes of a PNG, JPEG or WEBP, or a `Path`
        to such a file. A text is never a picture, even if it names one.
    """
    if isinstance(value, bytes | bytearray | memoryview):
        return _is_magic(bytes(value[:_MAGIC_BYTES]))
    if isinstance(value, Path):
        try:
            return _is_magic(_read_file(value, _MAGIC_BYTES))
        except (OptionError, OSError, ValueError):
            return False
    return _is_pil(value) or _figure(value) is not None


def picture_data_url(value: Any, *, side: int = 1024) -> str:
    """
    Encode a picture as a data URL, as PNG or JPEG.

    Parameters
    ----------
    value
        What `is_picture` says yes to.
    side
        The most pixels along the longer side.

    Returns
    -------
    str
        ``data:image/png;base64,…`` or ``data:image/jpeg;base64,…``

    Raises
    ------
    OptionError
        It is no picture, or larger than 20 MB or 40 megapixels, or damaged.
    """
    form, data = _encoded(_small(value, side))
    return f"data:image/{form};base64,{base64.b64encode(data).decode('ascii')}"


def _small(value: Any, side: int) -> Image.Image:
    """Get a picture's pixels, scaled down and upright."""
    from PIL import ImageOps

    picture = _image(value)
    _check_pixels(*picture.size)
    try:
        transparent = picture.mode in {"LA", "PA", "RGBA"} or "transparency" in picture.info
        mode = "RGBA" if transparent else "RGB"
        if _is_pil(value) or picture.mode != mode:
            # What follows changes the picture itself, which must not be the user's own.
            picture = picture.convert(mode)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, of metadata that is damaged
            picture.draft(mode, (side, side))
            picture.thumbnail((side, side))
            turned = ImageOps.exif_transpose(picture)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise OptionError("The image is damaged", why=str(error)[:200]) from None
    return turned


def _image(value: Any) -> Image.Image:
    if _is_pil(value):
        picture: Image.Image = value
        return picture
    figure = _figure(value)
    if figure is not None:
        buffer = BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight")
        return _opened(buffer.getvalue())
    if isinstance(value, bytes | bytearray | memoryview):
        return _opened(bytes(value))
    if isinstance(value, Path):
        return _opened(_read_file(value, _MOST_BYTES + 1))
    raise OptionError(
        f"A {type(value).__name__} is not a picture",
        hint="Give a PIL image, a figure, the bytes of a PNG, JPEG or WEBP, or a Path to one.",
    )


def _read_file(path: Path, most: int) -> bytes:
    """Read the beginning of a regular file; a device or a pipe might never end."""
    try:
        opened = os.open(path.expanduser(), os.O_RDONLY | os.O_NONBLOCK)
    except OSError as error:
        raise OptionError(f"{path} cannot be read", why=error.strerror or "") from None
    if not stat.S_ISREG(os.fstat(opened).st_mode):
        os.close(opened)
        raise OptionError(f"{path} is not a file")
    with os.fdopen(opened, "rb") as file:
        return file.read(most) or b""  # None where one would have to wait, as in /proc


def _opened(data: bytes) -> Image.Image:
    """Open an image without decoding it, once its header is found harmless."""
    if len(data) > _MOST_BYTES:
        raise OptionError(f"The image is larger than {_MOST_BYTES / 1e6:.0f} MB")
    from PIL import Image

    try:
        with warnings.catch_warnings():
            # Our own limit is lower than the one that Pillow warns about.
            warnings.simplefilter("ignore", Image.DecompressionBombWarning)
            return Image.open(BytesIO(data), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise OptionError("The image has far too many pixels") from None
    except (OSError, ValueError, SyntaxError):
        raise OptionError("This is no PNG, JPEG or WEBP, or a damaged one") from None


def _check_pixels(width: int, height: int) -> None:
    if width * height > _MOST_PIXELS:
        raise OptionError(
            f"The image has {width:,} x {height:,} pixels",
            why=f"More than {_MOST_PIXELS / 1e6:.0f} megapixels are not decoded.",
        )


def _encoded(picture: Image.Image) -> tuple[str, bytes]:
    """Encode pixels and nothing else; a large opaque picture as JPEG."""
    from PIL import Image

    # A copy of the pixels alone: metadata of the original may not travel along.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    buffer = BytesIO()
    bare.save(buffer, "PNG", optimize=False)
    if buffer.tell() <= _MOST_PNG_BYTES or bare.mode != "RGB":
        return "png", buffer.getvalue()
    buffer = BytesIO()
    bare.save(buffer, "JPEG", quality=88)
    return "jpeg", buffer.getvalue()


def _is_magic(head: bytes) -> bool:
    return head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")) or (
        head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    )


def _is_pil(value: Any) -> bool:
    """Tell a PIL image; where Pillow was never imported there is none."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def _figure(value: Any) -> Any:
    """Get the figure of a matplotlib figure or axes; where matplotlib is not imported, none."""
    figures, axes = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.axes")
    bases: list[Any] = [module.FigureBase for module in (figures,) if module is not None]
    bases += [module.Axes for module in (axes,) if module is not None]
    if not isinstance(value, tuple(bases)):
        return None
    holder: Any = value
    # Axes may be on a part of a figure, whose figure is the whole.
    return getattr(holder.figure, "figure", holder.figure)
