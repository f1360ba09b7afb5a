"""The public functions: each magic's twin, of the same name, on the default session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from nbnebius.session.default import default_session, make_default
from nbnebius.session.stream import TextStream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from nbnebius.results import Gallery, Reply
    from nbnebius.session.session import Session


def connect(
    api_key: str | None = None,
    base_url: str | None = None,
    *,
    max_retries: int = 8,
    timeout: float | None = None,
    **settings: Any,
) -> Session:
    """
    Make the default session, which every function and magic then uses.

    Parameters
    ----------
    api_key
        The key; from the environment, ``.env`` or Colab's secrets if left out. A key from there is
        sent to Nebius's hosts only, or to the environment's own base URL.
    base_url
        The address, with or without ``/v1``; Nebius Token Factory if left out. Any
        OpenAI-compatible server will do.
    max_retries
        How often a request that was not billed is sent again.
    timeout
        Seconds to wait for an answer; 300 to its first byte and 1800 in all if left out.
    **settings
        ``chat_model``, ``temperature`` …: what ``%nebius config`` sets.

    Returns
    -------
    Session
        The new default session; the old one is closed.

    Raises
    ------
    SettingsError
        A bad address, or a key that would travel over plain http.
    """
    return make_default(api_key, base_url, max_retries=max_retries, timeout=timeout, **settings)


@overload
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = ...,
    system: str | None = ...,
    images: Any = ...,
    stream: Literal[False] = ...,
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> Reply: ...
@overload
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = ...,
    system: str | None = ...,
    images: Any = ...,
    stream: Literal[True],
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> TextStream: ...
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = None,
    system: str | None = None,
    images: Any = None,
    stream: bool = False,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> Reply | TextStream:
    """
    Ask a chat model.

    Parameters
    ----------
    prompt
        A text, or a list of messages as the API has them.
    model
        A model's id; the default chat model if left out.
    system
        The system prompt.
    images
        What the model should see: a URL, a path, bytes, a PIL image, a figure, or several.
    stream
        Give an iterator of text pieces, with ``.reply`` at its end.
    cache
        Show the kept answer to the very same request, if there is one, and let this one be kept
        for later calls.
    private
        Keep neither prompt nor answer on disk, only usage.
    **parameters
        Any other field of the request: ``temperature``, ``max_tokens``, ``top_k``,
        ``response_format`` …

    Returns
    -------
    Reply
        ``.text``, ``.usage`` (tokens), ``.cost`` (USD) …

    Raises
    ------
    NebiusError
        Everything of `nbnebius.errors`.
    """
    session = default_session()
    options = {"model": model, "system": system, "images": images, "cache": cache}
    if stream:
        return TextStream(session.stream_chat(prompt, private=private, **options, **parameters))
    return session.chat(prompt, private=private, **options, **parameters)


def embed(
    texts: Any,
    *,
    model: str | None = None,
    dimensions: int | None = None,
    column: str | None = None,
    private: bool | None = None,
) -> pd.DataFrame:
    """
    Turn texts into vectors; each distinct text is bought once and never again.

    Parameters
    ----------
    texts
        A text, a list, a Series, or a frame.
    model
        A model's id; the default embedding model if left out.
    dimensions
        Shorter vectors, where the model can.
    column
        Of a frame, the column of texts; needed where several hold text.
    private
        Keep nothing on disk but usage.

    Returns
    -------
    DataFrame
        What was given (a list as column ``text``), then ``embedding`` (float32 rows of one block),
        ``neb_status``, ``neb_error``, ``neb_tokens``, ``neb_cost`` (USD). `matrix` gives the block.

    Raises
    ------
    NebiusError
        Nothing at all could be embedded; a single text's failure is data.
    """
    return default_session().embed(
        texts, model=model, dimensions=dimensions, column=column, private=private
    )


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
        private=private,
    )


def models(
    search: str = "",
    *,
    type: str | None = None,
    sort: str | None = None,
    max_price: float | None = None,
    context: int | None = None,
) -> pd.DataFrame:
    """
    List the service's models.

    Parameters
    ----------
    search
        Part of an id, in any case.
    type
        chat, vision, embedding, image, completion or other; chat includes vision.
    sort
        A column; the cheapest or smallest first, unknown last.
    max_price
        At most this many USD per million output tokens.
    context
        At least this many tokens.

    Returns
    -------
    DataFrame
        See `nbnebius.frames.models.model_frame`; prices are USD per million tokens.

    Raises
    ------
    NebiusError
        The server cannot be reached, or refuses the key.
    """
    from nbnebius.frames.models import filter_models, model_frame

    frame = model_frame(default_session().models())
    return filter_models(
        frame, search=search, type=type, sort=sort, max_price=max_price, context=context
    )
