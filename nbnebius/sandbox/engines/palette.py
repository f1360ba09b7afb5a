"""Which colours and which scene a prompt asks for."""

import re
from dataclasses import dataclass

from nbnebius.sandbox.engines.vision import COLOURS
from nbnebius.sandbox.engines.voice import number_of
from nbnebius.sandbox.engines.words import words

Colour = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Scene:
    """A place: its sky from top to horizon, its ground from far to near, and what stands there."""

    sky: tuple[Colour, Colour]
    ground: tuple[Colour, Colour]
    growth: str = ""
    roughness: float = 0.08
    horizon: float = 0.62


SCENES = {
    "desert": Scene(((92, 158, 214), (250, 222, 176)), ((226, 182, 118), (190, 122, 62)), "", 0.05),
    "ocean": Scene(
        ((70, 140, 215), (214, 236, 246)), ((64, 150, 190), (12, 62, 110)), "waves", 0.0, 0.5
    ),
    "forest": Scene(
        ((130, 180, 200), (222, 234, 210)), ((110, 150, 110), (22, 62, 36)), "firs", 0.05
    ),
    "mountain": Scene(((84, 136, 204), (228, 234, 244)), ((150, 164, 190), (48, 66, 86)), "", 0.22),
    "snow": Scene(
        ((140, 176, 214), (236, 240, 246)), ((226, 234, 244), (176, 196, 220)), "firs", 0.10
    ),
    "city": Scene(
        ((110, 150, 200), (238, 214, 190)), ((128, 134, 150), (52, 56, 70)), "towers", 0.01
    ),
    "space": Scene(((6, 6, 22), (40, 20, 70)), ((70, 60, 92), (26, 22, 44)), "", 0.04, 0.82),
    "meadow": Scene(
        ((96, 168, 228), (226, 240, 246)), ((156, 196, 112), (62, 124, 52)), "flowers", 0.06
    ),
}

_PLACES = {
    "desert": "desert dune dunes sand sahara savanna savannah camel cactus",
    "ocean": "ocean sea beach lake river water boat ship sail wave waves fish whale island coast",
    "forest": "forest jungle wood woods tree trees pine bear fox deer owl",
    "mountain": "mountain mountains alps peak hill hills volcano canyon eagle",
    "snow": "snow winter ice arctic antarctic penguin christmas ski",
    "city": "city street skyline tokyo paris london berlin york building buildings robot car neon",
    "space": "space galaxy planet moon mars astronaut rocket nebula cosmos stars universe",
}
_TIMES = {
    "night": "night midnight dark stars starry moon moonlight",
    "sunset": "sunset dusk evening sunrise dawn golden",
}
_TINTS: dict[str, tuple[Colour, float]] = {
    "night": ((8, 12, 44), 0.72),
    "sunset": ((242, 112, 62), 0.42),
}


def scene_of(prompt: str, negative: str) -> tuple[str, Scene]:
    """Give the name of a prompt's scene, and the scene; the negative prompt forbids some."""
    found = _stems(prompt)
    forbidden = _stems(negative)
    for name, listed in _PLACES.items():
        if found & set(listed.split()) and name not in forbidden:
            return name, SCENES[name]
    names = [name for name in ("meadow", "mountain", "desert", "ocean") if name not in forbidden]
    return (name := names[number_of(prompt) % len(names)]), SCENES[name]


def time_of(prompt: str, negative: str) -> str:
    """Tell whether it is night, sunset or day in a prompt."""
    found, forbidden = _stems(prompt), _stems(negative)
    for name, listed in _TIMES.items():
        if found & set(listed.split()) and name not in forbidden:
            return name
    return "day"


def accent_of(prompt: str) -> Colour:
    """Give the colour that a prompt names, or one of its own."""
    text = prompt.lower()
    named = [name for name in COLOURS if re.search(rf"\b{name}\b", text)]
    if named:
        return COLOURS[max(named, key=len)]
    lively = [colour for colour in COLOURS.values() if max(colour) - min(colour) > 90]  # noqa: PLR2004 - no greys
    return lively[number_of(prompt) % len(lively)]


def tinted(colour: Colour, time: str) -> Colour:
    """Bring a colour into the light of a time of day."""
    if time not in _TINTS:
        return colour
    tint, share = _TINTS[time]
    return blend(colour, tint, share)


def blend(one: Colour, other: Colour, share: float) -> Colour:
    """Mix two colours."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(one, other, strict=True))
    return red, green, blue


def _stems(text: str) -> set[str]:
    return {word.lower() for word in words(text)}
