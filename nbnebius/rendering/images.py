"""Pictures as previews that are small enough to be kept in a notebook."""

from __future__ import annotations

import base64
import warnings
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Final

from nbnebius.errors import ResponseError
from nbnebius.rendering.inspection import opened
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.saving import save_image

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

__all__ = ["Thumb", "gallery_bundle", "preview", "save_image"]

_QUALITIES: Final = (80, 65, 50, 35, 20)
_GRID: Final = "display:flex;flex-wrap:wrap;gap:12px"
_SMALLEST_SIDE: Final = 48
# A gallery's previews together, before base64 makes them a third larger.
_GALLERY_BUDGET: Final = 700_000
# Scaling a transparent picture copies it, so a very large one is thinned out first.
_MANY_PIXELS: Final = 16_000_000


@dataclass(frozen=True, slots=True)
class Thumb:
    """
    One picture of a gallery.

    Attributes
    ----------
    data
        The preview's bytes, as made by `preview`.
    path
        Where the whole picture is, relative to the notebook.
    caption
        A few words below it: its seed, say.
    width, height
        The preview's size in pixels.
    """

    data: bytes
    path: str
    caption: str
    width: int
    height: int


def preview(data: bytes, *, side: int = 512, budget: int = 40_000) -> tuple[bytes, int, int]:
    """
    Make a small WEBP of an image.

    Parameters
    ----------
    data
        A PNG, JPEG or WEBP of at most 20 MB and 40 megapixels.
    side
        The most pixels along the longer side.
    budget
        The most bytes; quality goes down first, then size.

    Returns
    -------
    tuple
        The bytes, their width and their height.

    Raises
    ------
    ResponseError
        The image is of another kind, too large or damaged.
    """
    with opened(data) as picture, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Pillow's, of metadata that is damaged
        small = _scaled(picture, side)
    while True:
        for quality in _QUALITIES:
            encoded = _webp(small, quality)
            if len(encoded) <= budget:
                return encoded, *small.size
        if max(small.size) <= _SMALLEST_SIDE:
            return encoded, *small.size
        small.thumbnail((max(small.size) * 3 // 4,) * 2)


def _scaled(picture: Image.Image, side: int) -> Image.Image:
    """Decode an image and scale it down, its first frame only."""
    from PIL import Image, ImageOps

    try:
        picture.draft("RGB", (side, side))
        picture.load()
        if picture.mode != "RGB" and picture.width * picture.height > _MANY_PIXELS:
            picture = picture.resize(
                (max(1, picture.width // 2), max(1, picture.height // 2)),
                Image.Resampling.NEAREST,
            )
        transparent = picture.mode in {"LA", "PA", "RGBA"} or "transparency" in picture.info
        mode = "RGBA" if transparent else "RGB"
        # Converting copies, even to the same mode: of 40 megapixels, 160 MB.
        small = picture if picture.mode == mode else picture.convert(mode)
        small.thumbnail((side, side))
        return ImageOps.exif_transpose(small)
    except (OSError, ValueError, SyntaxError, EOFError) as error:
        raise ResponseError("The image is damaged", why=str(error)[:200]) from None


def _webp(picture: Image.Image, quality: int) -> bytes:
    """Encode without metadata: a preview tells nothing but its pixels."""
    buffer = BytesIO()
    picture.save(buffer, "WEBP", quality=quality, method=4, exif=b"", xmp=b"", icc_profile=b"")
    return buffer.getvalue()


def gallery_bundle(items: Sequence[Thumb]) -> dict[str, str]:
    """
    Show pictures side by side, each with its caption and where the whole picture is.

    Returns
    -------
    dict
        ``text/html``, with the previews inside and less than 1 MB large, and ``text/plain``.
    """
    cells = "".join(_figure(item) for item in _within_budget(items))
    lines = [plain(" · ".join(t for t in (item.path, item.caption) if t)) for item in items]
    grid = f'<div class="mathjax_ignore" style="{_GRID}">{cells}</div>'
    return {"text/html": grid, "text/plain": "\n".join(lines)}


def _within_budget(items: Sequence[Thumb]) -> list[Thumb]:
    """Shrink the previews further where there are too many of them."""
    if sum(len(item.data) for item in items) <= _GALLERY_BUDGET:
        return list(items)
    share = _GALLERY_BUDGET // len(items)
    return [_shrunk(item, share) if len(item.data) > share else item for item in items]


def _shrunk(item: Thumb, budget: int) -> Thumb:
    data, width, height = preview(item.data, budget=budget)
    return Thumb(data, item.path, item.caption, width, height)


def _figure(item: Thumb) -> str:
    source = f"data:image/webp;base64,{base64.b64encode(item.data).decode('ascii')}"
    caption = f"<div>{escape(item.caption)}</div>" if item.caption else ""
    path = f"<div><code>{escape(item.path)}</code></div>" if item.path else ""
    return (
        '<figure style="margin:0;max-width:100%">'
        f'<img src="{source}" alt="{escape(item.caption or item.path or "image")}" '
        f'width="{int(item.width)}" height="{int(item.height)}" '
        'style="max-width:100%;height:auto">'
        f'<figcaption style="font-size:0.85em;opacity:.8;overflow-wrap:anywhere">'
        f"{caption}{path}</figcaption></figure>"
    )
