"""Sky, sun, clouds, ground, and what grows on it."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from nbnebius.sandbox.engines.palette import Colour, Scene, blend, tinted

_LAYERS = 4
_SUN = {"day": (255, 246, 214), "sunset": (255, 214, 150), "night": (236, 238, 246)}


def draw_sky(
    size: tuple[int, int], scene: Scene, time: str, rng: np.random.Generator
) -> Image.Image:
    """Draw the sky with its sun or moon, its stars and its clouds."""
    width, height = size
    top, low = (np.array(tinted(colour, time), dtype=np.float32) for colour in scene.sky)
    if time == "sunset":
        low = np.array(blend(scene.sky[1], (255, 150, 70), 0.6), dtype=np.float32)
    share = np.clip(np.linspace(0, 1 / scene.horizon, height), 0, 1)[:, None, None]
    pixels = np.broadcast_to(top + (low - top) * share, (height, width, 3)).copy()
    x = width * rng.uniform(0.18, 0.82)
    y = (
        height
        * scene.horizon
        * (rng.uniform(0.72, 0.9) if time == "sunset" else rng.uniform(0.2, 0.45))
    )
    radius = min(size) * rng.uniform(0.045, 0.07)
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float32)
    distance = np.hypot(columns - x, rows - y)
    glow = np.exp(-distance / (radius * 3.2))[..., None] * (0.75 if time != "night" else 0.4)
    disc = np.clip(radius - distance + 0.5, 0, 1)[..., None]
    sun = np.array(_SUN[time], dtype=np.float32)
    pixels += (sun - pixels) * np.clip(glow * 0.6 + disc, 0, 1)
    sky = Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
    if time == "night" or scene.sky[0][2] < 30:  # noqa: PLR2004 - a black sky has stars by day
        _stars(sky, scene, rng)
    else:
        sky = _clouds(sky, scene, rng)
    return sky


def _stars(sky: Image.Image, scene: Scene, rng: np.random.Generator) -> None:
    draw = ImageDraw.Draw(sky)
    for _ in range(130):
        x = rng.uniform(0, sky.width)
        y = rng.uniform(0, sky.height * scene.horizon)
        size = rng.uniform(0.4, 1.3) * min(sky.size) / 420
        light = int(rng.uniform(150, 255))
        draw.ellipse((x - size, y - size, x + size, y + size), fill=(light, light, 250))


def _clouds(sky: Image.Image, scene: Scene, rng: np.random.Generator) -> Image.Image:
    veil = Image.new("L", sky.size, 0)
    draw = ImageDraw.Draw(veil)
    for _ in range(int(rng.integers(2, 6))):
        x, y = rng.uniform(0, sky.width), rng.uniform(0.05, 0.55) * sky.height * scene.horizon
        for _ in range(7):
            wide = sky.width * rng.uniform(0.03, 0.09)
            left, top = x + rng.normal(0, wide * 1.4), y + rng.normal(0, wide * 0.18)
            draw.ellipse((left - wide, top - wide * 0.35, left + wide, top + wide * 0.35), fill=150)
    veil = veil.filter(ImageFilter.GaussianBlur(min(sky.size) / 60))
    return Image.composite(Image.new("RGB", sky.size, (255, 252, 248)), sky, veil)


def draw_ground(image: Image.Image, scene: Scene, time: str, rng: np.random.Generator) -> None:
    """Draw the ground in layers, the far ones hazy, with what grows on each."""
    width, height = image.size
    far, near = (tinted(colour, time) for colour in scene.ground)
    draw = ImageDraw.Draw(image)
    for layer in range(_LAYERS):
        depth = layer / (_LAYERS - 1)
        base = height * (scene.horizon + (1 - scene.horizon) * 0.82 * depth**1.2)
        ridge = base - _ridge(width, rng) * height * scene.roughness * (1.15 - depth * 0.75)
        colour = blend(far, near, depth)
        points = [(0.0, float(height)), *enumerate(ridge.tolist()), (float(width), float(height))]
        draw.polygon([(float(x), y) for x, y in points], fill=colour)
        _grow(draw, scene.growth, ridge, depth, colour, rng, height)


def _ridge(width: int, rng: np.random.Generator) -> np.ndarray:
    """Give a line of hills between -1 and 1."""
    x = np.linspace(0, 1, width)
    line = np.zeros(width)
    for octave in range(1, 7):
        waves = 0.7 * 1.9**octave
        line += np.sin(2 * np.pi * (waves * x + rng.uniform())) / 1.75**octave
    return np.asarray(line / np.abs(line).max())


def _grow(
    draw: ImageDraw.ImageDraw,
    growth: str,
    ridge: np.ndarray,
    depth: float,
    colour: Colour,
    rng: np.random.Generator,
    height: int,
) -> None:
    width = len(ridge)
    size = height * (0.05 + 0.13 * depth)
    if growth == "firs" and depth < 1:
        for x in rng.uniform(0, width, int(46 - 26 * depth)):
            _fir(
                draw,
                x,
                float(ridge[int(x)]),
                size * rng.uniform(0.7, 1.2),
                blend(colour, (12, 40, 28), 0.55),
            )
    elif growth == "towers" and depth < 1:
        for x in np.arange(0, width, size * 0.75):
            _tower(draw, x, float(ridge[int(x)]), size, blend(colour, (30, 34, 52), 0.35), rng)
    elif growth == "waves":
        for _ in range(int(30 + 40 * depth)):
            x, y = rng.uniform(0, width), rng.uniform(float(ridge[0]), height)
            long = width * rng.uniform(0.01, 0.06) * (0.4 + depth)
            draw.line(
                (x, y, x + long, y),
                fill=blend(colour, (235, 246, 250), 0.4),
                width=max(1, height // 400),
            )
    elif growth == "flowers" and depth > 0:
        for x in rng.uniform(0, width, 70):
            y = min(float(ridge[int(x)]) + rng.uniform(0.2, 1) * size, height)
            dot = height * 0.003 * (1 + depth)
            petal = [(250, 240, 150), (240, 150, 170), (250, 250, 250), (190, 150, 230)][
                int(rng.integers(4))
            ]
            draw.ellipse((x - dot, y - dot, x + dot, y + dot), fill=petal)


def _fir(draw: ImageDraw.ImageDraw, x: float, y: float, size: float, colour: Colour) -> None:
    draw.rectangle(
        (x - size * 0.03, y - size * 0.1, x + size * 0.03, y + size * 0.08), fill=(70, 50, 40)
    )
    for step in range(3):
        low, wide = y - size * 0.28 * step, size * (0.24 - 0.06 * step)
        draw.polygon([(x - wide, low), (x + wide, low), (x, low - size * 0.45)], fill=colour)


def _tower(
    draw: ImageDraw.ImageDraw,
    x: float,
    y: float,
    size: float,
    colour: Colour,
    rng: np.random.Generator,
) -> None:
    wide, tall = size * rng.uniform(0.5, 0.7), size * rng.uniform(0.8, 2.8)
    draw.rectangle(
        (x, y - tall, x + wide, y + size), fill=blend(colour, (160, 150, 170), rng.uniform(0, 0.3))
    )
    pane = size * 0.06
    for row in np.arange(y - tall + pane * 2, y, pane * 3):
        for column in np.arange(x + pane, x + wide - pane, pane * 2.4):
            if rng.uniform() < 0.45:  # noqa: PLR2004 - not everybody is at home
                draw.rectangle((column, row, column + pane, row + pane * 1.3), fill=(250, 222, 150))
