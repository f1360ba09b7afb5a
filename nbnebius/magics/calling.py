"""What the paid magics share: expansion of options, the dry run, the caller, and capture."""

from __future__ import annotations

import json
from collections import ChainMap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from nbnebius.commands.common import OutputOptions, PaidOptions
from nbnebius.errors import OptionError
from nbnebius.magics.expansion import Expanded, expand
from nbnebius.magics.history import Names
from nbnebius.magics.screen import Screen, say, show_text
from nbnebius.rendering.answer import usd
from nbnebius.session import Caller, Prepared, Session
from nbnebius.work.estimate import estimate_messages, estimate_tokens

if TYPE_CHECKING:
    from datetime import datetime

    from nbnebius.commands import Command
    from nbnebius.commands.option import Option
    from nbnebius.magics.magic import Notebook
    from nbnebius.work.origin import Reuse

P = TypeVar("P", bound=OutputOptions)
SHOWN_BODY = 4_000  # characters of a dry run's request


def namespace_of(notebook: Notebook, local: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the names that a magic sees: a function's own first, then the notebook's."""
    user: dict[str, Any] = notebook.shell.user_ns
    names = user if local is user else ChainMap(dict(local), user)
    return Names(names, notebook)


def read(
    command: Command[P], line: str, cell: str | None, namespace: Mapping[str, Any]
) -> tuple[P, list[str]]:
    """Parse a magic's line, the ``{{…}}`` of its options' values filled; notes tell of what was."""
    notes: list[str] = []

    def fill(option: Option, text: str) -> str:
        if option.name == "out":
            return text
        filled = expand(text, namespace, as_json=option.kind == "pairs")
        if filled.pictures:
            raise OptionError(
                f"A picture cannot stand in {option.long}",
                hint="put it into the prompt, or name its variable as --images NAME",
            )
        notes.extend(filled.notes)
        return filled.text

    return command.parse(line, cell, fill=fill), notes


def expand_text(
    options: PaidOptions, text: str, namespace: Mapping[str, Any], *, pictures: bool = False
) -> Expanded:
    """Fill the ``{{…}}`` of a command's text, unless ``--raw`` says not to."""
    if options.raw:
        return Expanded(text)
    expanded = expand(text, namespace)
    if expanded.pictures and not pictures:
        raise OptionError(
            "A picture cannot stand in this text", hint="only a chat model can be shown one"
        )
    return expanded


def caller(
    notebook: Notebook,
    session: Session,
    options: PaidOptions,
    screen: Screen,
    place: str | None = None,
) -> Caller:
    """Say who calls: this cell, with the reuse that its flags and the settings allow."""
    reuse: Reuse = "never" if options.fresh else session.config.get("reuse")
    at = notebook.place() if place is None else place
    return Caller(at, reuse, True, screen.see, screen.tick)  # noqa: FBT003 - shared


def private(options: PaidOptions) -> bool | None:
    """Give the flag, or None to let the settings decide."""
    return True if options.private else None


def show_dry_run(notebook: Notebook, prepared: Prepared, *, readable: bool = False) -> None:
    """
    Show the request, its tokens and its price; nothing is sent.

    With `readable`, messages are shown whole and as they read, rather than as JSON.
    """
    body = dict(prepared.body)
    said = ""
    if readable:
        said = "".join(f"{m['role']}:\n{m['content']}\n\n" for m in body["messages"])
    rest = {name: body[name] for name in body if not (readable and name == "messages")}
    text = json.dumps(_shortened(rest), indent=2, ensure_ascii=False)
    if len(text) > SHOWN_BODY:
        text = f"{text[:SHOWN_BODY]}\n… ({len(text):,} characters)"
    text = said + text
    if prepared.kind == "image":
        tokens = None
    elif "messages" in body:
        tokens = estimate_messages(body["messages"]) + estimate_tokens(
            json.dumps([body[name] for name in ("tools", "response_format") if name in body])
        )
    else:
        tokens = sum(estimate_tokens(t) for t in body.get("input", []))
    lines = [text, ""]
    if tokens is not None:
        reading = prepared.price.tokens_in
        cost = None if reading is None else tokens * reading / 1_000_000
        lines.append(f"about {tokens:,} tokens to read (an estimate): {usd(cost)}")
    if prepared.count > 1:
        lines.append(f"{prepared.count} requests, seeds one apart")
    bound = prepared.bound
    at_most = "its highest price is unknown" if bound is None else f"at most {usd(bound)}"
    lines.append(f"{at_most}. Nothing was sent.")
    show_text(notebook, "\n".join(lines))


def _shortened(value: Any) -> Any:
    """Cut what nobody reads: the base64 of pictures, and long lists."""
    if isinstance(value, str):
        if value.startswith("data:") and len(value) > 80:  # noqa: PLR2004 - a picture
            return f"{value[:40]}… ({len(value):,} characters)"
        return value
    if isinstance(value, Mapping):
        return {k: _shortened(v) for k, v in value.items()}
    if isinstance(value, list):
        few = [_shortened(v) for v in value[:20]]
        return few if len(value) <= len(few) else [*few, f"… ({len(value):,} in all)"]
    return value


def say_kept(notebook: Notebook, kept_from: datetime, which: str = "") -> None:
    """Tell that an answer was kept, in an output of its own: the answer's stays the same."""
    day = f"{kept_from.astimezone():%d %b}".lstrip("0")
    text = f"{which}kept from {day}, USD 0; run again to ask anew"
    say(notebook, text, {"nbnebius": {"kept": True}})


def give(notebook: Notebook, value: Any, options: PaidOptions) -> Any:
    """Hand over what a magic has shown: to a variable, or as the cell's value, shown once."""
    if options.out:
        notebook.bind(options.out, value)
        return None
    if not notebook.in_kernel and notebook.is_bare():
        # A terminal would print an empty Out[n] for what it has shown already.
        notebook.bind("_", value)
        return None
    notebook.shown(value)
    return value
