"""
Threads: which turns a question is sent after, and which were asked after something else.

A thread is a list of turns. A cell that is run again takes the place of its own turn and sees only
those before it; what stands after it is stale as soon as what was before it differs. All of it is
pure: turns in, decisions out.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.client.reasoning import CLOSE
from nbnebius.errors import OptionError
from nbnebius.journal import KeptTurn, mark_of
from nbnebius.journal.keys import KEY_BYTES
from nbnebius.work.tool_messages import thinks_on

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Message = dict[str, Any]
REASONING = ("reasoning", "reasoning_content")
# VS Code numbers the cells when it opens a file: where one was put between two, the next opening
# gives its neighbours' names to others.
NUMBERED = "vscode-notebook-cell:"


@dataclass(frozen=True, slots=True)
class Placed:
    """
    Where a turn stands in its thread.

    Attributes
    ----------
    thread
        The thread's name, "" for the notebook's own.
    number
        The turn's number, from 1.
    sent
        How many turns before it were sent with it.
    private
        It is kept in memory only.
    """

    thread: str
    number: int
    sent: int
    private: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """What a turn holds: its messages, and the system prompt it was given, if it was."""

    messages: Sequence[Message]
    system: str | None = None

    def pack(self) -> bytes:
        """Write it as JSON, the same for the same content."""
        told = {"messages": list(self.messages), "system": self.system}
        return json.dumps(told, separators=(",", ":")).encode()


def said_in(turn: KeptTurn) -> Said:
    """Read what a turn holds; nothing where it was purged."""
    if turn.said is None:
        return Said(())
    told = json.loads(turn.said)
    return Said(told["messages"], told["system"])


def own_turn(
    turns: Sequence[KeptTurn],
    place: str,
    session: str,
    *,
    lasting: bool,
    asked: Sequence[Message] = (),
) -> KeptTurn | None:
    """
    Find the turn that a cell would replace, or None where its question is a new one.

    Parameters
    ----------
    turns
        The thread's, in order.
    place
        The cell, "" for a plain function call, which never replaces.
    session
        The session that asks.
    lasting
        Whether the place is named by the front end. If it is the cell's text, only the first run
        after a restart goes back to its turn: the same text typed again is a new question.
    asked
        The question, by which a cell is known again whose name was given anew.
    """
    if not place:
        return None
    mine = [turn for turn in turns if turn.place == place]
    earlier = [turn for turn in turns if turn.session != session]
    if lasting and place.startswith(NUMBERED):
        found = [turn for turn in mine if turn.session == session]
        found += [turn for turn in earlier if question_of(said_in(turn)) == list(asked)]
        mine = [*found, *mine]
    return next((turn for turn in mine if lasting or turn in earlier), None)


def turns_before(turns: Sequence[KeptTurn], own: KeptTurn | None) -> list[KeptTurn]:
    """List the turns that are sent before a question; `own` is the turn it replaces."""
    before = turns if own is None else turns[: turns.index(own)]
    return [turn for turn in before if turn.said is not None]


def digest(turns: Iterable[KeptTurn]) -> bytes:
    """Name what is said in some turns, in their order."""
    joined = b"".join(turn.mark for turn in turns if turn.said is not None)
    return hashlib.blake2b(joined, digest_size=KEY_BYTES, person=b"nbnebius-thread1").digest()


def stale_ones(turns: Sequence[KeptTurn]) -> list[bool]:
    """Tell of each turn whether what stands before it is not what it was asked after."""
    return [
        turn.said is not None and turn.said_before != digest(turns[:at])
        for at, turn in enumerate(turns)
    ]


def system_of(turns: Sequence[KeptTurn]) -> str | None:
    """Give the system prompt that holds after some turns: the last one that was given."""
    given = [said.system for said in map(said_in, turns) if said.system]
    return given[-1] if given else None


def compose(
    before: Sequence[KeptTurn], asked: Sequence[Message], system: str | None
) -> list[Message]:
    """Write the messages of a question: the system prompt once, the turns, the question."""
    messages: list[Message] = [{"role": "system", "content": system}] if system else []
    told = [list(said_in(turn).messages) for turn in before]
    for at, turn in enumerate(told):
        messages += _closed(turn, told[at + 1] if at + 1 < len(told) else asked)
    return [*messages, *asked]


def _closed(turn: Sequence[Message], after: Sequence[Message]) -> list[Message]:
    """Leave out tool calls that nobody answers: services refuse a conversation with such."""
    last = dict(turn[-1])
    if last.get("tool_calls") and not (after and after[0].get("role") == "tool"):
        del last["tool_calls"]
        last["content"] = last.get("content") or ""
    return [*turn[:-1], last]


def for_model(messages: Sequence[Message], model: str) -> list[Message]:
    """Take other models' reasoning out of messages, unless this model needs its own."""
    if thinks_on(model):
        return list(messages)
    return [_without_reasoning(message) for message in messages]


def _without_reasoning(message: Message) -> Message:
    if message.get("role") != "assistant":
        return message
    told = {name: value for name, value in message.items() if name not in REASONING}
    content = told.get("content")
    if told.get("tool_calls") and isinstance(content, str) and CLOSE in content:
        told["content"] = content.partition(CLOSE)[2].strip() or None
    return told


def split_system(messages: Sequence[Mapping[str, Any]]) -> tuple[str | None, list[Message]]:
    """Part the system prompt that a list of messages begins with from the rest."""
    rest = [dict(message) for message in messages]
    found: list[str] = []
    while rest and rest[0].get("role") == "system":
        found.append(_text(rest.pop(0).get("content")))
    return "\n\n".join(filter(None, found)) or None, rest


def question_of(said: Said) -> list[Message]:
    """Give the messages of a turn that stand before its answer."""
    roles = [message.get("role") for message in said.messages]
    end = roles.index("assistant") if "assistant" in roles else len(roles)
    return list(said.messages[:end])


def text_of(messages: Iterable[Message]) -> str:
    """Give the text of some messages, for people; a picture is told as such."""
    return "\n\n".join(filter(None, (_text(message.get("content")) for message in messages)))


def pictures_in(messages: Iterable[Message]) -> tuple[str, ...]:
    """List the URLs of the pictures in some messages; data URLs hold the picture itself."""
    contents = [message.get("content") for message in messages]
    parts = [part for c in contents if isinstance(c, list) for part in c if isinstance(part, dict)]
    told = [part.get("image_url") for part in parts]
    urls = [one.get("url") if isinstance(one, dict) else one for one in told]
    return tuple(url for url in urls if isinstance(url, str))


def _text(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "\n\n".join(
        str(part.get("text", "[picture]")) if isinstance(part, dict) else str(part)
        for part in parts
    )


def answer_of(said: Said) -> str:
    """Give the text of a turn's last answer."""
    last = said.messages[-1] if said.messages else {}
    return _text(last.get("content")) if last.get("role") == "assistant" else ""


def split_turns(messages: Sequence[Mapping[str, Any]]) -> list[Said]:
    """
    Cut a conversation into turns: each begins with the user's question.

    Raises
    ------
    OptionError
        It does not begin with a question, or its last question has no answer.
    """
    turns: list[list[Message]] = []
    systems: list[str | None] = []
    waiting: str | None = None
    for message in map(dict, messages):
        role = message.get("role")
        if role in {"system", "developer"}:
            waiting = _text(message.get("content")) or waiting
            continue
        follows = bool(turns) and turns[-1][-1]["role"] == "user"
        if role == "user" and not follows:
            turns.append([])
            systems.append(waiting)
            waiting = None
        if not turns:
            raise OptionError(
                "The conversation does not begin with a question",
                why=f"its first message is of role {str(role)[:20]!r}",
            )
        turns[-1].append(message)
    for number, turn in enumerate(turns, 1):
        if turn[-1]["role"] != "assistant":
            raise OptionError(
                f"Question {number} of the conversation has no answer",
                hint="take it out, or add the answer",
            )
    return [Said(turn, system) for turn, system in zip(turns, systems, strict=True)]


def made_turn(
    said: Said,
    before: Sequence[KeptTurn],
    *,
    position: int,
    number: int = 0,
    place: str = "",
    session: str,
    call: int | None = None,
    state: str = "done",
    model: str = "",
    asked_at: float,
    tokens: int | None = None,
    cost: float | None = None,
) -> KeptTurn:
    """Make a turn that was asked after others; its marks follow from what was said."""
    packed = said.pack()
    return KeptTurn(
        number,
        position,
        place,
        session,
        call,
        state,
        model,
        asked_at,
        tokens,
        cost,
        digest(before),
        mark_of(packed),
        packed,
    )
