"""Where pictures are saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.rendering.images import save_image

if TYPE_CHECKING:
    from nbnebius.types.answers import PictureResult

FOLDER = "nebius_images"


def save_picture(result: PictureResult, save: str | Path | bool | None) -> Path | None:
    """
    Save a picture in full size with its prompt, model and seed; never overwrites.

    Parameters
    ----------
    result
        The picture.
    save
        The folder; None or True is ``./nebius_images``, False saves nothing.
    """
    if save is False:
        return None
    folder = Path(FOLDER) if save is None or save is True else Path(save).expanduser()
    return save_image(
        result.data,
        folder,
        f"{result.prompt[:40]}-{result.seed}",
        prompt=result.prompt,
        model=result.model,
        seed=result.seed,
        format=str(result.request.get("response_extension", "webp")),
    )
