"""A picture as the panel shows it, and what is said of it."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from nbnebius.rendering.answer import usd
from nbnebius.rendering.images import Thumb, preview
from nbnebius.work.images import first_seed

if TYPE_CHECKING:
    from nbnebius.commands.image import ImageOptions
    from nbnebius.results import Picture

TOLD = ("model", "width", "height", "steps", "seed", "negative", "guidance", "n", "format")


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture with its preview and the settings that draw it again."""

    picture: Picture
    thumb: Thumb
    asked: ImageOptions


def named(asked: ImageOptions) -> dict[str, Any]:
    """Give the parameters of the request that were named."""
    found = {each.name: getattr(asked, each.name) for each in fields(asked) if each.name in TOLD}
    return {name: value for name, value in found.items() if value is not None}


def seed_of(asked: ImageOptions) -> int:
    """Give the seed to begin with: one of its own where none is named, so each draw is new."""
    return int(first_seed(asked.seed))


def thumb_of(picture: Picture, side: int, budget: int) -> Thumb:
    """Give a preview: at most `side` pixels and `budget` bytes."""
    data, width, height = preview(picture.data, side=side, budget=budget)
    path = str(picture.path or "")
    return Thumb(data, path, f"seed {picture.seed}", width, height)


def in_words(count: int) -> str:
    """Say how many pictures."""
    return f"{count:,} picture" + ("" if count == 1 else "s")


def price_of(bound: float | None, count: int) -> str:
    """Say how many pictures, and what they cost at most."""
    return f"{in_words(count)}, " + ("price unknown" if bound is None else usd(bound))


def is_agreed(bound: float | None, offered: tuple[float | None] | None) -> bool:
    """Tell whether a click on an offered price (None: none was told) agrees to `bound`."""
    if offered is None:
        return False
    (told,) = offered
    return bound is told if bound is None or told is None else bound <= told


def spent(cost: float | None) -> str:
    """Say what was paid."""
    if cost == 0:
        return "all were kept already: USD 0"
    return "drawn, price unknown" if cost is None else f"drawn for {usd(cost)}"
