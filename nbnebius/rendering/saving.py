"""Whole pictures on disk: never over another file, under names of our own making."""

from __future__ import annotations

import os
import unicodedata
from contextlib import suppress
from pathlib import Path
from typing import Final

from nbnebius.errors import OptionError
from nbnebius.rendering.inspection import inspect_image
from nbnebius.rendering.metadata import with_details

__all__ = ["save_image"]

_LONGEST_STEM: Final = 60
_MOST_NAMES: Final = 10_000
_ENDINGS: Final = {"png": "png", "jpeg": "jpg", "webp": "webp"}
# Names that Windows gives to devices; a folder may travel there.
_DEVICES: Final = frozenset(
    ["aux", "con", "nul", "prn", *(f"{name}{n}" for name in ("com", "lpt") for n in range(10))]
)


def save_image(
    data: bytes,
    folder: str | Path,
    stem: str,
    *,
    prompt: str,
    model: str,
    seed: int | None,
    format: str,
) -> Path:
    """
    Write a whole image to disk, with what it was made from inside it.

    Parameters
    ----------
    data
        The image as the server sent it; its pixels stay as they are.
    folder
        Where to; made if it is not there.
    stem
        What to name it after. Letters, digits and dashes of it are used, 60 at most, and a
        number follows when there is such a file already.
    prompt, model, seed
        Kept in the file's own metadata; an empty one is left out.
    format
        What was asked for. The file's ending tells what the server really sent.

    Returns
    -------
    Path
        The new file, inside `folder`.

    Raises
    ------
    ResponseError
        The data is no image that may be opened.
    OptionError
        The folder cannot be written to.
    """
    del format
    form = inspect_image(data).format
    details = {"prompt": prompt, "model": model, "seed": "" if seed is None else str(seed)}
    content = with_details(data, form, details)
    place = Path(folder)
    try:
        place.mkdir(parents=True, exist_ok=True)
        # The folder is held open, so that nobody can put another one in its place meanwhile.
        held = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
        try:
            return place / _write_new(held, _safe_stem(stem), _ENDINGS[form], content)
        finally:
            os.close(held)
    except OSError as error:
        raise OptionError(
            f"The image cannot be saved in {place}",
            why=error.strerror or "",
            hint="Name another folder with --save.",
        ) from error


def _write_new(folder: int, stem: str, ending: str, content: bytes) -> str:
    """Write a file under the first name that is free, and tell the name."""
    for number in range(1, _MOST_NAMES):
        name = f"{stem}.{ending}" if number == 1 else f"{stem}-{number}.{ending}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        try:
            opened = os.open(name, flags, 0o644, dir_fd=folder)
        except FileExistsError:
            continue
        try:
            with os.fdopen(opened, "wb") as file:
                file.write(content)
        except BaseException:
            # Half a picture is worse than none.
            with suppress(OSError):
                os.unlink(name, dir_fd=folder)
            raise
        return name
    raise OptionError(
        f"There are {_MOST_NAMES:,} pictures named {stem} already",
        hint="Name another folder with --save.",
    )


def _safe_stem(stem: str) -> str:
    """Make a file name out of any text, without a trace of a path."""
    simple = unicodedata.normalize("NFKD", stem[:1_000]).encode("ascii", "ignore").decode("ascii")
    words = "".join(c if c.isalnum() else " " for c in simple).split()
    name = "-".join(words)[:_LONGEST_STEM].strip("-")
    return f"image-{name}" if name.lower() in _DEVICES else name or "image"
