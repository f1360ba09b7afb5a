"""
Nebius's own peculiarities, served by name.

::

    with serving({"chat/completions": told("chat", "think_never_closed")}):
        neb.chat(PROMPT)

The shapes are in ``tests/wire/nebius``; `connected` makes the default session, so that tests see
what a user of the public functions sees.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from answering import MODELS, Answering, Says, Seen

import nbnebius as neb

FOLDER = Path(__file__).parent / "wire" / "nebius"
KEY = "canary-key-0123456789-abcdef"
Route = Says | list[Says] | Callable[[Seen], Says]
PROMPT = "the canary sang a secret song of forty-two notes"


def shapes(family: str) -> dict[str, dict[str, Any]]:
    """Read all shapes of a family, by name."""
    return json.loads((FOLDER / f"{family}.json").read_text("utf-8"))


def told(family: str, name: str) -> Says:
    """Give an answer of one shape."""
    return says(shapes(family)[name])


def says(shape: Mapping[str, Any]) -> Says:
    """Give an answer: JSON, a text, JSON lines, or the events of a stream."""
    if "events" in shape:
        pieces = [_event(one) for one in shape["events"]]
        if shape.get("unfinished"):
            pieces[-1] = pieces[-1].rstrip()
        return Says(pieces=pieces)
    if "lines" in shape:
        lines = [one if isinstance(one, str) else json.dumps(one) for one in shape["lines"]]
        return Says(body=("\n".join(lines) + "\n").encode(), content_type="application/jsonl")
    return Says(
        status=shape.get("status", 200),
        body=shape["text"].encode() if "text" in shape else shape["body"],
        content_type=shape.get("content_type", "application/json"),
        headers=shape.get("headers", {}),
    )


def _event(one: Any) -> bytes:
    if isinstance(one, str) and one.startswith(":"):
        return f"{one}\n\n".encode()
    return f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n".encode()


@contextmanager
def serving(routes: Mapping[str, Route], **connect: Any) -> Iterator[Answering]:
    """
    Serve answers by the end of the path and connect to them; a list is used up one by one,
    a function is asked.

    The model list is `MODELS` where no route says otherwise; a path without a route is a 404.
    """
    plays = {"/v1/models": Says(body=MODELS), **routes}

    def answer(seen: Seen) -> Says:
        for ending in sorted(plays, key=len, reverse=True):
            if seen.path.endswith(ending):
                play = plays[ending]
                if callable(play):
                    return play(seen)
                if isinstance(play, list):
                    return play.pop(0) if len(play) > 1 else play[0]
                return play
        return Says(404, {"detail": "Not Found"})

    with Answering(answer) as server:
        neb.connect(KEY, server.url, **{"max_retries": 0, **connect})
        yield server


def shown(error: neb.NebiusError) -> str:
    """Give all that a user can see of an error, which is at most three lines."""
    lines = error._render_traceback_()
    assert 1 <= len(lines) <= 3
    assert all(line == " ".join(line.splitlines()) for line in lines)
    kept = {name: value for name, value in vars(error).items() if name != "reply"}
    return "\n".join([*lines, str(error), repr(error), repr(kept)])
