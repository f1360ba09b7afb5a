"""A prompt, a system prompt and pictures, as the messages of a chat."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeAlias

from nbnebius.errors import OptionError

MOST_PICTURES = 50
MOST_CHARACTERS = 30_000_000  # of all pictures together, as they are sent

Prompt: TypeAlias = str | Sequence[Mapping[str, Any]]


def to_messages(
    prompt: Prompt, *, system: str | None = None, images: Any = None
) -> list[dict[str, Any]]:
    """
    Build the messages of a chat.

    Parameters
    ----------
    prompt
        Text, or a list of messages as the API has them.
    system
        A system prompt, put first.
    images
        One or several of: a URL, a path, bytes, a PIL image, a matplotlib figure.

    Raises
    ------
    OptionError
        An empty prompt, messages of no known shape, something that is no picture, or too many of
        them.
    """
    if isinstance(prompt, str):
        if not prompt.strip():
            raise OptionError("The prompt is empty", hint="write a question")
        content: str | list[dict[str, Any]] = prompt
        if pictures := as_list(images):
            content = [{"type": "text", "text": prompt}, *_parts(pictures)]
        messages = [{"role": "user", "content": content}]
    else:
        if isinstance(prompt, Mapping) or not isinstance(prompt, Iterable):
            raise OptionError(
                f"A {type(prompt).__name__} is no prompt", hint="give a text or a list of messages"
            )
        messages = [_message(m) for m in prompt]
        if not messages:
            raise OptionError("The list of messages is empty", hint="give at least one message")
        if pictures := as_list(images):
            messages[-1] = _with_pictures(messages[-1], pictures)
    if system:
        messages.insert(0, {"role": "system", "content": system})
    return messages


def as_list(images: Any) -> list[Any]:
    """Take one thing or several."""
    if hasattr(images, "to_list"):  # a column of a frame
        images = images.to_list()
    if images is None:
        return []
    return list(images) if isinstance(images, list | tuple) else [images]


def _parts(pictures: Sequence[Any]) -> list[dict[str, Any]]:
    """Write pictures as parts of a message; too many are refused before they are encoded."""
    if len(pictures) > MOST_PICTURES:
        raise OptionError(
            f"There are {len(pictures):,} pictures",
            why=f"more than {MOST_PICTURES} are not sent with one question",
            hint="name a part of them, as --images df.photo[:10]; map asks about each row",
        )
    parts = []
    size = 0
    for picture in pictures:
        parts.append(_part(picture))
        size += len(parts[-1]["image_url"]["url"])
        if size > MOST_CHARACTERS:
            raise OptionError(
                f"The pictures are larger than {MOST_CHARACTERS / 1e6:.0f} MB together",
                hint="send fewer of them",
            )
    return parts


def _part(image: Any) -> dict[str, Any]:
    from nbnebius.describe import is_picture, picture_data_url

    if isinstance(image, str):
        if image.startswith(("https://", "http://", "data:image/")):
            return {"type": "image_url", "image_url": {"url": image}}
        image = Path(image).expanduser()
        if not image.exists():
            raise OptionError(
                f"There is no file {image.name}", hint="a picture's path, URL, or variable"
            )
    if not is_picture(image):
        raise OptionError(
            f"{type(image).__name__} is no picture"
            if not isinstance(image, Path)
            else f"{image.name} is no picture file",
            why="a picture is a PNG, JPEG or WebP file, its bytes, a URL, a PIL image or a figure",
        )
    return {"type": "image_url", "image_url": {"url": picture_data_url(image)}}


def _message(message: Any) -> dict[str, Any]:
    if not isinstance(message, Mapping) or "role" not in message:
        raise OptionError(
            "A message needs a role and content",
            hint='as {"role": "user", "content": "Hello"}',
        )
    return dict(message)


def _with_pictures(message: dict[str, Any], pictures: list[Any]) -> dict[str, Any]:
    content = message.get("content") or ""
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else list(content)
    return {**message, "content": [*parts, *_parts(pictures)]}
