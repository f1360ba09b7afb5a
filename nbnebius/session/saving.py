"""Where pictures are saved."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.errors import OptionError
from nbnebius.rendering.images import save_image

if TYPE_CHECKING:
    from nbnebius.types.answers import PictureResult

FOLDER = "nebius_images"
PICTURE_ENDINGS = frozenset({".png", ".jpg", ".jpeg", ".webp"})


def save_picture(
    result: PictureResult, save: str | Path | bool | None, *, private: bool = False
) -> Path | None:
    """
    Save a picture in full size with its prompt, model and seed; never overwrites.

    The very same file is not written a second time: a kept picture that is shown again keeps its
    path.

    Parameters
    ----------
    result
        The picture.
    save
        The folder; None or True is ``./nebius_images``, False saves nothing.
    private
        Leave the prompt out of the file and of its name.
    """
    if save is False:
        return None
    if save is not None and save is not True and Path(save).suffix.lower() in PICTURE_ENDINGS:
        raise OptionError(
            f"{Path(save).name} is a file's name",
            hint="--save takes a folder; files name themselves",
        )
    folder = Path(FOLDER) if save is None or save is True else Path(save).expanduser()
    new = save_image(
        result.data,
        folder,
        f"{'picture' if private else result.prompt[:40]}-{result.seed}",
        prompt="" if private else result.prompt,
        model=result.model,
        seed=result.seed,
        format=str(result.request.get("response_extension", "webp")),
    )
    if twin := _twin(new):
        new.unlink()
        return twin
    return new


def _twin(new: Path) -> Path | None:
    """Find an older file beside `new` with the very same content."""
    content: bytes | None = None
    for path in sorted(new.parent.glob(f"*{new.suffix}")):
        try:
            same_size = path.stat().st_size == new.stat().st_size
            if path.name == new.name or path.is_symlink() or not same_size:
                continue
            content = new.read_bytes() if content is None else content
            if path.read_bytes() == content:
                return path
        except OSError:
            continue
    return None
