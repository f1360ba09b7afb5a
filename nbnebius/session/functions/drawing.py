"""`image`, the twin of ``%image``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from nbnebius.results import Gallery


def image(
    prompt: str,
    *,
    model: str | None = None,
    width: int | None = None,
    height: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    negative: str | None = None,
    guidance: float | None = None,
    loras: Sequence[Mapping[str, Any]] | None = None,
    n: int | None = None,
    format: Literal["webp", "jpg", "png"] | None = None,
    save: str | Path | bool | None = None,
    cache: bool = False,
    private: bool | None = None,
) -> Gallery:
    """
    Draw pictures.

    Parameters
    ----------
    prompt
        What to draw.
    model
        A model's id; the default image model if left out.
    width, height
        Pixels, 64 to 2048.
    steps
        Inference steps, 1 to 80.
    seed
        The same seed, prompt and model draw the same picture; a random one if left out.
    negative
        What should not be there.
    guidance
        How closely to follow the prompt, 0 to 100.
    loras
        Adapters, as ``[{"url": ..., "scale": 1.0}]``.
    n
        How many: n requests with seeds ``seed … seed + n - 1``.
    format
        webp, jpg or png.
    save
        The folder for full size, ``./nebius_images`` if left out; False saves nothing.
    cache
        Show the kept pictures of the very same request, if there are any, and let these be kept.
    private
        Keep neither prompt nor picture in the journal.

    Returns
    -------
    Gallery
        ``[0]`` is a `Picture`; ``.df`` the frame; a gallery of one has ``.pil`` and ``.path``.

    Raises
    ------
    NebiusError
        No picture could be drawn.
    """
    return default_session().image(
        prompt,
        model=model,
        width=width,
        height=height,
        steps=steps,
        seed=seed,
        negative=negative,
        guidance=guidance,
        loras=loras,
        n=n,
        format=format,
        save=save,
        cache=cache,
        private=private,
    )
