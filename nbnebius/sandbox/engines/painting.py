"""Pictures painted from a prompt and a seed; the same order always gives the same picture."""

import io
import re
import secrets
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from nbnebius.sandbox.engines.figures import Brush, coat_in, figure_in
from nbnebius.sandbox.engines.palette import accent_of, blend, scene_of, time_of, tinted
from nbnebius.sandbox.engines.scenery import draw_ground, draw_sky
from nbnebius.sandbox.engines.vision import COLOURS
from nbnebius.sandbox.engines.voice import number_of
from nbnebius.sandbox.engines.words import words

_FORMATS = {"webp": "WEBP", "jpg": "JPEG", "png": "PNG"}
_SMOOTH_UP_TO = 1024 * 1024
_USUAL_GUIDANCE = 7.5


@dataclass(frozen=True, slots=True)
class Order:
    """
    What is to be painted.

    A seed of -1 is another one each time; a LoRA is an address and its strength, and lends the
    picture a tint of its own.
    """

    prompt: str
    width: int = 512
    height: int = 512
    seed: int = -1
    negative: str = ""
    guidance: float | None = None
    steps: int = 0
    loras: tuple[tuple[str, float], ...] = ()


def paint(order: Order, extension: str) -> bytes:
    """
    Paint a picture.

    Parameters
    ----------
    order
        What is to be painted.
    extension
        ``webp``, ``jpg`` or ``png``.

    Returns
    -------
    bytes
        The image file, without metadata.
    """
    file = io.BytesIO()
    options = {} if extension == "png" else {"quality": 88}
    compose(order).save(file, _FORMATS[extension], **options)
    return file.getvalue()


def compose(order: Order) -> Image.Image:
    """Paint sky, ground and figures, and finish the surface."""
    seed = secrets.randbits(63) if order.seed < 0 else order.seed
    rng = np.random.default_rng([number_of(order.prompt.lower()), seed % (1 << 63)])
    scale = 2 if order.width * order.height <= _SMOOTH_UP_TO else 1
    size = (order.width * scale, order.height * scale)
    _, scene = scene_of(order.prompt, order.negative)
    time = time_of(order.prompt, order.negative)
    image = draw_sky(size, scene, time, rng)
    draw_ground(image, scene, time, rng)
    _place_figure(image, order, scene.horizon, time, rng)
    if scale > 1:
        image = image.resize((order.width, order.height), Image.Resampling.LANCZOS)
    return _finish(image, order, rng)


def _place_figure(
    image: Image.Image, order: Order, horizon: float, time: str, rng: np.random.Generator
) -> None:
    found = {word.lower() for word in words(order.prompt)}
    found -= {word.lower() for word in words(order.negative)}
    figure = figure_in(found)
    accent = accent_of(order.prompt)
    if not _names_colour(order.prompt):
        accent = coat_in(found) or accent
    side = min(image.size)
    if figure is None:
        _balls(image, accent, horizon, rng)
        return
    size = side * rng.uniform(0.42, 0.56)
    left = (image.width - size) * rng.uniform(0.2, 0.8)
    bottom = image.height * (horizon + (1 - horizon) * rng.uniform(0.5, 0.75))
    shadow = Image.new("L", image.size, 0)
    oval = (left + size * 0.05, bottom - size * 0.05, left + size * 0.95, bottom + size * 0.05)
    ImageDraw.Draw(shadow).ellipse(oval, fill=90)
    shadow = shadow.filter(ImageFilter.GaussianBlur(size / 40))
    image.paste((10, 10, 30), mask=shadow)
    figure(Brush(ImageDraw.Draw(image), left, bottom, size), tinted(accent, time))


def _names_colour(prompt: str) -> bool:
    return any(re.search(rf"\b{name}\b", prompt.lower()) for name in COLOURS)


def _balls(
    image: Image.Image, accent: tuple[int, int, int], horizon: float, rng: np.random.Generator
) -> None:
    """Put a few shaded balls where the prompt names no figure that is known."""
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(2, 5))):
        radius = min(image.size) * rng.uniform(0.05, 0.14)
        x = rng.uniform(radius, image.width - radius)
        y = image.height * rng.uniform(horizon, 0.9)
        colour = blend(accent, (255, 255, 255), rng.uniform(0, 0.4))
        for step in range(24):
            share = step / 24
            size, shift = radius * (1 - share), -radius * 0.35 * share
            box = (x + shift - size, y + shift - size, x + shift + size, y + shift + size)
            draw.ellipse(
                box, fill=blend(blend(colour, (0, 0, 0), 0.35), (255, 255, 255), share * 0.8)
            )


def _finish(image: Image.Image, order: Order, rng: np.random.Generator) -> Image.Image:
    guidance = _USUAL_GUIDANCE if order.guidance is None else order.guidance
    image = ImageEnhance.Color(image).enhance(0.8 + 0.3 * min(guidance / _USUAL_GUIDANCE, 2.0))
    pixels = np.asarray(image, dtype=np.float32)
    for address, strength in order.loras:
        hues = np.random.default_rng(number_of(address)).uniform(0.7, 1.3, 3).astype(np.float32)
        pixels = pixels * hues ** np.float32(min(max(strength, -2.0), 2.0))
    rows = np.linspace(-1, 1, image.height, dtype=np.float32)[:, None]
    columns = np.linspace(-1, 1, image.width, dtype=np.float32)[None, :]
    shade = 1 - 0.16 * np.clip(rows**2 + columns**2 - 0.5, 0, 1.5)
    grain = rng.normal(0, 2.2, (image.height, image.width, 1)).astype(np.float32)
    return Image.fromarray(np.clip(pixels * shade[..., None] + grain, 0, 255).astype(np.uint8))
