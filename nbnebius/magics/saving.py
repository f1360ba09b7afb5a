"""``%nebius save`` and ``--with``: prompts that are saved by name, and used again."""

from __future__ import annotations

import dataclasses
import re
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.commands import COMMANDS
from nbnebius.commands.line import split_line
from nbnebius.commands.option import options_of
from nbnebius.commands.remembering import SaveOptions
from nbnebius.errors import OptionError
from nbnebius.journal import SavedPrompt
from nbnebius.magics.calling import expand_text, read
from nbnebius.magics.expansion import Expanded
from nbnebius.magics.files import read_file
from nbnebius.magics.screen import say, show_rows
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.commands import ChatOptions, Command, MapOptions
    from nbnebius.magics.magic import Notebook

O = TypeVar("O", "ChatOptions", "MapOptions")  # noqa: E741 - an options record

# The flags that shape an answer; those that say where it goes stay with their cell.
SHAPING = (
    "model", "temperature", "max_tokens", "top_p", "seed", "stop", "set", "system", "images",
    "tools", "approve", "schema", "schema_multi", "repair", "file", "as_",
)  # fmt: skip
# What lets a prompt read more than itself, or call something: not from a file that came from afar.
REACHING = ("file", "images", "tools")
ADDED = frozenset({"set", "images", "file"})
SCHEMAS = frozenset({"schema", "schema_multi"})
HEAD = re.compile(r"%%(chat|map)\b[ \t]*(.*)(?:\n|$)")
SHOWN = 70  # characters of a prompt in the list


def save(notebook: Notebook, rest: str) -> None:
    """Save a prompt, list what is saved, or delete one."""
    given = split_line(rest, options_of(SaveOptions))
    session = default_session()
    name, _, text = given.text.strip().partition(" ")
    if drop := given.values.get("drop"):
        if name:
            raise OptionError("One thing at a time", hint=f"%nebius save --drop {drop}")
        session.drop_prompt(str(drop))
        say(notebook, f"deleted the saved prompt {drop}")
        return
    if not name:
        if given.values:
            raise OptionError("The prompt needs a name", hint="%nebius save NAME --file PATH")
        rows = [(prompt.name, _told(prompt)) for prompt in session.saved_prompts()]
        show_rows(notebook, rows or [("saved", "nothing yet: %nebius save NAME after a %chat")])
        return
    file = given.values.get("file")
    if file and text:
        raise OptionError("There are two prompts", why="a text and a file", hint="take one of them")
    prompt = _from_text(name, read_file(str(file)) if file else text.strip())
    if prompt is None:
        prompt = _last(notebook, name)
    replaced = session.save_prompt(prompt)
    what = "saved in place of the one before" if replaced else "saved"
    say(notebook, f"{name}: {what}; %{prompt.command} --with {name} uses it")


def _from_text(name: str, text: str) -> SavedPrompt | None:
    """Read a prompt from text; its first line may be that of a magic, with flags."""
    if not text:
        return None
    if head := HEAD.match(text):
        return SavedPrompt(name, head[1], head[2], text[head.end() :])
    return SavedPrompt(name, "chat", "", text)


def _last(notebook: Notebook, name: str) -> SavedPrompt:
    if notebook.asked is None:
        raise OptionError(
            "No prompt was asked yet",
            why="the last %chat or %%map of this kernel is what is saved",
            hint=f"run one first, or give the text: %nebius save {name} TEXT",
        )
    command, line, cell = notebook.asked
    return SavedPrompt(name, command, line, cell)


def _told(prompt: SavedPrompt) -> str:
    text = prompt.line if prompt.cell is None else prompt.cell
    flags = "" if prompt.cell is None or not prompt.line.strip() else f"[{prompt.line.strip()}] "
    whole = " ".join(f"{flags}{text}".split())
    return whole if len(whole) <= SHOWN else whole[: SHOWN - 1] + "…"


def filled(options: O, namespace: Mapping[str, Any], notes: list[str]) -> tuple[O, Expanded]:
    """
    Fill the ``{{…}}`` of a prompt, put behind the one that ``--with`` names, if it does.

    Returns
    -------
    tuple
        The options, those of the saved prompt under the cell's own, and the text.

    Raises
    ------
    OptionError
        There is no such prompt, or one of its flags does not fit here.
    """
    if options.with_ is None:
        return options, _expanded(options, options.prompt, namespace)
    saved = _find(options.with_)
    command: Command[Any] = COMMANDS[saved.command]
    base: Any
    base, more = read(command, saved.line, saved.cell, namespace)
    notes += more
    if getattr(base, "with_", None):
        raise OptionError(
            f"The saved prompt {options.with_} uses another one", hint="save its whole text"
        )
    if _is_path(options.with_):
        _refuse_reaching(base, options.with_)
    merged = dataclasses.replace(options, **_under(options, base))
    if base.raw == options.raw:
        both = "\n\n".join(filter(None, (base.prompt, options.prompt)))
        return merged, _expanded(options, both, namespace)
    return merged, _joined(
        _expanded(base, base.prompt, namespace), _expanded(options, options.prompt, namespace)
    )


def _find(name: str) -> SavedPrompt:
    """Find a prompt: a saved one by its name, else a file's."""
    if not _is_path(name):
        return default_session().saved_prompt(name)
    found = _from_text(name, read_file(name))
    if found is None:
        raise OptionError(f"{name} is empty", hint="write the prompt into it")
    return found


def _is_path(name: str) -> bool:
    return re.search(r"[./\\]", name) is not None


def _refuse_reaching(base: Any, path: str) -> None:
    """Refuse a file's flags that would send something else along, unseen."""
    for each in options_of(type(base)):
        if each.name in REACHING and getattr(base, each.name):
            raise OptionError(
                f"The prompt in {path} has {each.long}, which a file may not bring",
                why="it would be sent, or called, without your having written it",
                hint=f"write {each.long} yourself, or look at it and keep it under a name: "
                f"%nebius save NAME --file {path}",
            )


def _under(options: Any, base: Any) -> dict[str, Any]:
    """Give what a saved prompt's flags add to a cell's own."""
    mine = {each.name: getattr(options, each.name) for each in dataclasses.fields(options)}
    usual = {each.name: each.default for each in dataclasses.fields(options)}
    flags = {each.name: each.long for each in options_of(type(base))}
    has_schema = any(mine.get(name) is not None for name in SCHEMAS)
    found: dict[str, Any] = {}
    for name in SHAPING:
        told = getattr(base, name, None)
        # Not by "in": 0 is a temperature and a seed, and equal to False.
        if told is None or told is False or told == () or (name in SCHEMAS and has_schema):
            continue
        if name not in mine:
            if told == type(base).__dataclass_fields__[name].default:
                continue
            raise OptionError(
                f"The saved prompt {options.with_} has {flags[name]}, which does not fit here",
                hint="save it again without that flag",
            )
        if name in ADDED:
            found[name] = (*told, *mine[name])
        elif mine[name] == usual[name]:
            found[name] = told
    return found


def _expanded(options: Any, text: str, namespace: Mapping[str, Any]) -> Expanded:
    expanded = expand_text(options, text, namespace, pictures=True)
    return expanded if expanded.pieces else Expanded(text, [(text, False)])


def _joined(first: Expanded, second: Expanded) -> Expanded:
    if not first.text or not second.text:
        return first if first.text else second
    return Expanded(
        f"{first.text}\n\n{second.text}",
        [*first.pieces, ("\n\n", False), *second.pieces],
        [*first.pictures, *second.pictures],
        [*first.notes, *second.notes],
    )
