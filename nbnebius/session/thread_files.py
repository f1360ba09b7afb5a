"""Threads in files: JSON that any chat library reads, and Markdown for people."""

from __future__ import annotations

import datetime as dt
import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.work.thread import (
    Said,
    answer_of,
    compose,
    made_turn,
    question_of,
    said_in,
    split_turns,
    system_of,
    text_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.journal import KeptTurn

LARGEST = 64_000_000  # bytes; a conversation with many pictures
ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


def write_thread(path: Path, name: str, turns: Sequence[KeptTurn]) -> None:
    """
    Write a thread into a new file: Markdown where its name ends in ``.md``, else JSON.

    Raises
    ------
    OptionError
        The file is there already, or cannot be written.
    """
    markdown = path.suffix.lower() in {".md", ".markdown"}
    text = _markdown(name, turns) if markdown else _json(name, turns)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise OptionError(
            f"There is a file {path.name} already", hint="name another one, or delete it first"
        ) from None
    except OSError as error:
        raise OptionError(f"{path.name} cannot be written", why=error.strerror or "") from None


def _json(name: str, turns: Sequence[KeptTurn]) -> str:
    told = {
        "thread": name,
        "messages": compose(turns, [], system_of(turns)),
        "turns": [
            {
                "model": turn.model,
                "asked": _day(turn.asked_at),
                "state": turn.state,
                "tokens": turn.tokens,
                "usd": turn.cost,
            }
            for turn in turns
        ],
    }
    return json.dumps(told, indent=1, ensure_ascii=False) + "\n"


def _markdown(name: str, turns: Sequence[KeptTurn]) -> str:
    parts = [f"# Thread {name}"]
    if system := system_of(turns):
        parts.append(f"System prompt: {system}")
    for number, turn in enumerate(turns, 1):
        said = said_in(turn)
        cut = ", not finished" if turn.state == "partial" else ""
        parts.append(f"## {number}. {turn.model or 'imported'}, {_day(turn.asked_at)}{cut}")
        quoted = text_of(question_of(said)).replace("\n", "\n> ")
        parts += [f"> {quoted}", answer_of(said)]
    return "\n\n".join(parts) + "\n"


def _day(seconds: float) -> str:
    return dt.datetime.fromtimestamp(seconds, tz=dt.UTC).isoformat(timespec="seconds")


def read_thread(path: Path, *, session: str) -> tuple[str, list[KeptTurn]]:
    """
    Read a thread from JSON: one of `write_thread`, or any list of messages.

    Returns
    -------
    tuple
        The name that stands in it, or that the file has, and the turns.

    Raises
    ------
    OptionError
        It is no such file.
    """
    told = _load(path)
    name, facts = path.stem, []
    if isinstance(told, dict):
        named, listed = told.get("thread"), told.get("turns")
        name = named if isinstance(named, str) and named else name
        facts = [f for f in listed if isinstance(f, dict)] if isinstance(listed, list) else []
        told = told.get("messages")
    if not isinstance(told, list) or not told:
        raise _no_thread(path, "it holds no list of messages")
    messages = [_message(message, path) for message in told]
    cut = split_turns(messages)
    facts = facts if len(facts) == len(cut) else [{}] * len(cut)
    turns: list[KeptTurn] = []
    for said, fact in zip(cut, facts, strict=True):
        turns.append(_turn(said, fact, turns, session))
    return re.sub(r"[^\w.-]+", "-", name).strip("-._")[:60], turns


def _load(path: Path) -> Any:
    try:
        if path.stat().st_size > LARGEST:
            raise OptionError(f"{path.name} has more than {LARGEST:,} bytes")
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise OptionError(
            f"{path.name} cannot be read",
            why=error.strerror or "",
            hint=f"the notebook's folder is {Path.cwd().name}",
        ) from None
    except (ValueError, RecursionError):
        raise _no_thread(path, "it is no JSON") from None


def _turn(
    said: Said, fact: Mapping[str, Any], before: Sequence[KeptTurn], session: str
) -> KeptTurn:
    model, tokens, cost = fact.get("model"), fact.get("tokens"), fact.get("usd")
    return made_turn(
        said,
        before,
        position=len(before) + 1,
        session=session,
        state="partial" if fact.get("state") == "partial" else "done",
        model=model[:200] if isinstance(model, str) else "",
        asked_at=time.time(),
        tokens=tokens if isinstance(tokens, int) and tokens >= 0 else None,
        cost=float(cost) if isinstance(cost, int | float) and 0 <= cost < float("inf") else None,
    )


def _message(message: Any, path: Path) -> dict[str, Any]:
    content = message.get("content") if isinstance(message, dict) else 0
    # a role of another kind than text may not even be looked up
    if not isinstance(content, str | list | None) or str(message.get("role")) not in ROLES:
        raise _no_thread(path, 'a message is {"role": "user", "content": "…"}')
    return dict(message)


def _no_thread(path: Path, why: str) -> OptionError:
    return OptionError(
        f"{path.name} holds no conversation",
        why=why,
        hint="%nebius threads export NAME FILE writes one that can be read",
    )
