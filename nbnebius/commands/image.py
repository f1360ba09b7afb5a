"""``%image`` and ``%%image``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import PaidOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageOptions(PaidOptions):
    """A parsed image line."""

    prompt: str = ""
    width: int | None = option("--width", kind="whole", metavar="PIXELS", help="64 to 2048")
    height: int | None = option("--height", kind="whole", metavar="PIXELS", help="64 to 2048")
    steps: int | None = option("--steps", kind="whole", metavar="N", help="1 to 80")
    seed: int | None = option(
        "--seed", kind="whole", metavar="N", help="the same seed draws the same picture"
    )
    negative: str | None = option("--negative", metavar="TEXT", help="what should not be there")
    guidance: float | None = option(
        "--guidance", kind="number", metavar="G", help="how closely to follow the prompt, 0 to 100"
    )
    n: int | None = option(
        "--n", kind="whole", metavar="N", help="how many pictures, with seeds one apart"
    )
    format: str | None = option(
        "--format", metavar="FORMAT", choices=("webp", "jpg", "png"), help="webp, jpg or png"
    )
    save: str | None = option(
        "--save", metavar="FOLDER", help="where full size goes; ./nebius_images by default"
    )


IMAGE = Command(
    name="image",
    record=ImageOptions,
    summary="Draw pictures: a small preview in the cell, the full size on disk.",
    usage=("%image [flags] a description", "%%image [flags]   the cell's body describes it"),
    examples=(
        "%image An elephant in a desert",
        "%image An elephant in a desert --seed 7 --n 4",
        '%%image --width 1024 --height 576 --negative "people" -o gallery\nA harbour at dawn, oil.',
    ),
    text_field="prompt",
)
