"""Looking at a picture: its size and its colours, truly read from its bytes."""

import base64
import binascii
import io
import warnings
from collections import Counter
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes, urlsplit

import numpy as np
from PIL import Image, UnidentifiedImageError

_MOST_PIXELS = 60_000_000
_SAMPLE = 64
_SHARE = 0.08

COLOURS = {
    "black": (10, 10, 10),
    "dark grey": (70, 70, 70),
    "grey": (130, 130, 130),
    "light grey": (195, 195, 195),
    "white": (250, 250, 250),
    "red": (215, 35, 35),
    "dark red": (120, 20, 25),
    "orange": (240, 140, 30),
    "brown": (120, 75, 40),
    "beige": (220, 200, 160),
    "yellow": (245, 220, 50),
    "light green": (150, 215, 120),
    "green": (50, 160, 60),
    "dark green": (20, 80, 40),
    "teal": (30, 150, 150),
    "light blue": (150, 200, 235),
    "blue": (40, 90, 210),
    "dark blue": (20, 35, 100),
    "purple": (130, 60, 170),
    "pink": (240, 150, 190),
}


@dataclass(frozen=True, slots=True)
class Sight:
    """What is to be seen in a picture; one that was not fetched has only a name."""

    name: str = ""
    format: str = ""
    width: int = 0
    height: int = 0
    colours: tuple[str, ...] = ()
    top: str = ""
    bottom: str = ""
    light: str = ""

    @property
    def tokens(self) -> int:
        """Count what the picture adds to a prompt: a token for each 28 by 28 pixels."""
        return max(16, min(1280, (self.width // 28) * (self.height // 28))) if self.width else 256


class UnreadablePictureError(ValueError):
    """The bytes of a data URL are no picture that can be read."""


def look(url: str) -> Sight:
    """
    Look at a picture.

    Parameters
    ----------
    url
        A data URL, which is read, or another address, which is never fetched.

    Raises
    ------
    UnreadablePictureError
        The data URL holds no picture.
    """
    if not url.lower().startswith("data:"):
        return Sight(name=unquote(urlsplit(url).path.rsplit("/", 1)[-1]) or "a picture")
    with _opened(_content(url)) as picture:
        width, height = picture.size
        kind = picture.format or ""
        flat = Image.new("RGBA", picture.size, "white")
        flat.alpha_composite(picture.convert("RGBA"))
        small = flat.convert("RGB").resize((_SAMPLE, _SAMPLE), Image.Resampling.BOX)
    pixels = np.asarray(small, dtype=np.float32)
    third = _SAMPLE // 3
    mean = float(pixels.mean())
    return Sight(
        format=kind,
        width=width,
        height=height,
        colours=tuple(_main_colours(pixels)),
        top=_main_colours(pixels[:third])[0],
        bottom=_main_colours(pixels[-third:])[0],
        light="dark" if mean < 85 else "bright" if mean > 170 else "of middling brightness",  # noqa: PLR2004
    )


def _content(url: str) -> bytes:
    head, _, data = url.partition(",")
    if not head.lower().endswith(";base64"):
        return unquote_to_bytes(data)
    try:
        return base64.b64decode("".join(unquote(data).split()), validate=True)
    except binascii.Error:
        raise UnreadablePictureError("the base64 text is broken") from None


def _opened(content: bytes) -> Image.Image:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content))
            if picture.width * picture.height > _MOST_PIXELS:
                raise UnreadablePictureError("it has too many pixels")
            picture.load()
    except UnidentifiedImageError:
        raise UnreadablePictureError("the bytes are no known kind of image") from None
    except (OSError, SyntaxError, Image.DecompressionBombError, Warning) as error:
        raise UnreadablePictureError(str(error)) from None
    return picture


def _main_colours(pixels: np.ndarray) -> list[str]:
    """Name the colours that cover most, the widest first."""
    names = list(COLOURS)
    table = np.array([COLOURS[name] for name in names], dtype=np.float32)
    flat = pixels.reshape(-1, 1, 3)
    nearest = ((flat - table[None]) ** 2).sum(axis=2).argmin(axis=1)
    counts = Counter(nearest.tolist()).most_common(4)
    kept = [names[index] for index, count in counts if count / len(flat) >= _SHARE]
    return kept or [names[counts[0][0]]]
