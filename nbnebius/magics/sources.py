"""
Where completions of values come from: one entry of `SOURCES` for each kind of value.

A key is an option's name, ``command.option`` where one command differs, or what a verb ``takes``.
No source asks the network, imports pandas or starts a session: Tab must cost nothing.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from nbnebius.commands.manuals import NAMES
from nbnebius.magics.catalog import known_aliases, known_models
from nbnebius.magics.expansion import IPYTHONS_OWN
from nbnebius.magics.remembered import known_prompts, known_threads
from nbnebius.settings import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from nbnebius.commands.place import Place

# Which kind of model a command asks; all others chat.
WORK = {"embed": "embedding", "search": "embedding", "image": "image"}
MODELS = {"chat_model": "chat", "embedding_model": "embedding", "image_model": "image"}
MOST = 500  # suggestions that anybody looks through


class Suggestion(NamedTuple):
    """What may stand at the cursor, and a word about it."""

    text: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What a source is asked.

    Attributes
    ----------
    command
        The magic's name, or the verb's.
    place
        The cursor's place.
    line
        The same of the whole line: its words, and the flags on either side of the cursor.
    names
        The user's variables.
    """

    command: str
    place: Place
    line: Place
    names: Mapping[str, Any]


def variables(asked: Asked, fits: Callable[[Any], bool] = lambda _: True) -> Iterator[Suggestion]:
    """Give the user's variables that fit, each with its type."""
    for name, value in list(asked.names.items()):
        own = name.startswith("_") or name in IPYTHONS_OWN
        if not own and not _is_module(value) and fits(value):
            yield Suggestion(name, type(value).__name__)


def _is_module(value: Any) -> bool:
    return type(value).__name__ == "module"


def is_frame(value: Any) -> bool:
    """Tell whether a value has columns, as a DataFrame of pandas, polars or Dask does."""
    return hasattr(type(value), "columns") and hasattr(type(value), "__getitem__")


def _is_series(value: Any) -> bool:
    named = type(value).__name__ in {"Series", "Index", "ndarray"}
    return named or (isinstance(value, list | tuple) and bool(value) and isinstance(value[0], str))


def _is_picture(value: Any) -> bool:
    rooms = {kind.__module__ for kind in type(value).__mro__}
    known = ("PIL.", "matplotlib.figure", "matplotlib.axes", "nbnebius.results.gallery")
    return any(room.startswith(known) for room in rooms)


def _is_shape(value: Any) -> bool:
    return isinstance(value, type) or (
        isinstance(value, dict) and bool({"type", "$ref"} & {*value})
    )


def _is_tool(value: Any) -> bool:
    return type(value).__name__ in {"function", "method", "Tool"} or isinstance(value, list)


def columns_of(value: Any) -> list[str]:
    """Name a frame's columns, those that are text."""
    try:
        return [name for name in list(value.columns)[:MOST] if isinstance(name, str)]
    except Exception:  # noqa: BLE001 - a user's object may raise anything
        return []


def frame_of(asked: Asked) -> Any:
    """Give the frame that a line is about, None where it names none that is there."""
    named = asked.line.values.get("frame") or (asked.line.words[0] if asked.line.words else "")
    name = named.strip("\"' ").partition(".")[0].partition("[")[0]
    value = asked.names.get(name)
    return value if is_frame(value) else None


def columns(asked: Asked) -> Iterator[Suggestion]:
    """Name the columns of the line's frame, or of every frame where it names none."""
    frame = frame_of(asked)
    frames = [frame] if frame is not None else [v for v in asked.names.values() if is_frame(v)]
    for name in dict.fromkeys(name for one in frames for name in columns_of(one)):
        yield Suggestion(name, "column")


def models(asked: Asked, work: str | None = None) -> Iterator[Suggestion]:
    """Name the models that do a command's kind of work, after the user's aliases."""
    work = work or WORK.get(asked.command, "chat")
    for name, model in sorted(known_aliases().items()):
        yield Suggestion(name, f"alias of {model}")
    for record in known_models():
        fits = {"chat": ("chat", "vision")}.get(work, (work,))
        if work == "any" or record.type in fits:
            yield Suggestion(record.id, _of_model(record))


def _of_model(record: Any) -> str:
    parts = [record.type]
    if record.context:
        parts.append(f"{record.context // 1000}k")
    if record.price_in is not None and record.price_out is not None:
        parts.append(f"USD {record.price_in:g}/{record.price_out:g}")
    elif record.price_image is not None:
        parts.append(f"USD {record.price_image:g}")
    return ", ".join(parts)


def files(asked: Asked, *, folders_only: bool = False) -> Iterator[Suggestion]:
    """Name the files, and folders with a slash, that begin as the fragment does."""
    folder, slash, begun = asked.place.fragment.rpartition("/")
    where = Path(folder + slash).expanduser()
    try:
        with os.scandir(where) as found:
            entries = sorted((e.name, e.is_dir()) for e in found)
    except OSError:
        return
    for name, is_folder in entries:
        hidden = name.startswith(".") and not begun.startswith(".")
        if not hidden and (is_folder or not folders_only):
            text = f"{folder}{slash}{name}"
            yield Suggestion(f"{text}/" if is_folder else text, "folder" if is_folder else "file")


def settings(asked: Asked) -> Iterable[Suggestion]:
    """Name the settings, or the values of the one that is named."""
    if not asked.place.words:
        return [Suggestion(name, setting.help) for name, setting in SETTINGS.items()]
    setting = SETTINGS.get(asked.place.words[0])
    if setting is None or len(asked.place.words) > 1:
        return []
    if setting.name in MODELS:
        return models(asked, MODELS[setting.name])
    return [Suggestion(choice, setting.name) for choice in setting.choices]


def aliases(asked: Asked) -> Iterable[Suggestion]:
    """Name the aliases, or the models that a new one may stand for."""
    if len(asked.place.words) == 1:
        taken = known_aliases()
        return [one for one in models(asked, "any") if one.text not in taken]
    return [Suggestion(n, f"alias of {m}") for n, m in sorted(known_aliases().items())]


def threads(asked: Asked) -> Iterable[Suggestion]:  # noqa: ARG001 - the shape of all sources
    """Name the threads that this session knows by now."""
    return [Suggestion(name, "thread") for name in known_threads()]


def prompts(asked: Asked) -> Iterable[Suggestion]:
    """Name the saved prompts, and files where the fragment is a path."""
    if "/" in asked.place.fragment or asked.place.fragment.startswith("."):
        return files(asked)
    return [Suggestion(name, "saved prompt") for name in known_prompts()]


def _manuals(asked: Asked) -> Iterable[Suggestion]:  # noqa: ARG001 - the shape of all sources
    return [Suggestion(name, "manual") for name in NAMES]


def _panels(asked: Asked) -> Iterable[Suggestion]:  # noqa: ARG001 - likewise
    from nbnebius.panels.opening import PANELS

    return [Suggestion(name, "panel") for name in PANELS]


def _sort_columns(asked: Asked) -> Iterable[Suggestion]:  # noqa: ARG001 - likewise
    from nbnebius.types.model import ModelRecord

    return [Suggestion(n, "column") for n in ModelRecord.__struct_fields__ if n != "raw"]


SOURCES: dict[str, Callable[[Asked], Iterable[Suggestion]]] = {
    "model": models,
    "models": models,
    "out": variables,
    "frame": lambda asked: variables(asked, is_frame),
    "column": columns,
    "images": lambda asked: [*variables(asked, _is_picture), *files(asked)],
    "schema": lambda asked: variables(asked, _is_shape),
    "schema_multi": lambda asked: variables(asked, _is_shape),
    "tools": lambda asked: variables(asked, _is_tool),
    "file": files,
    "save": lambda asked: files(asked, folders_only=True),
    "sort": _sort_columns,
    "search": lambda asked: models(asked, "any"),
    # the text of commands that take one argument
    "embed.texts": lambda asked: variables(asked, lambda v: is_frame(v) or _is_series(v)),
    "models.text": lambda asked: models(asked, "any"),
    "panel.name": _panels,
    "explain.what": variables,
    "fix.what": variables,
    # what verbs take
    "setting": settings,
    "manual": _manuals,
    "path": files,
    "alias": aliases,
    "thread": threads,
    "prompt": prompts,
    "drop": prompts,
    "with_": prompts,
}
