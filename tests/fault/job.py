"""
A child that does one job over a frame and writes down what it got.

``python -m tests.fault.job SPEC OUT``: SPEC is a JSON file of `Spec`, OUT is written whole or not
at all. What the job raised is part of what it got.
"""

from __future__ import annotations

import json
import signal
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pandas as pd

import nbnebius as neb
from nbnebius.journal import Waste, purge
from nbnebius.session.default import default_session

if TYPE_CHECKING:
    from collections.abc import Callable

TEMPLATE = "Judge the following text in a few words: {text}"


@dataclass
class Spec:
    """
    What a child does.

    Parameters
    ----------
    url
        The server.
    rows, name
        How long the frame is, and what makes its texts other than those of other jobs.
    by
        ``map``, or ``chat``: the same with one call per row, from as many threads; ``stream``: one
        streamed call after the other; ``embed``: a vector for each row; ``purge``: no question, but
        what was asked before the option `before` is thrown away.
    in_flight
        How many requests may be on their way.
    options
        Passed on to the function.
    """

    url: str
    rows: int
    name: str = "job"
    by: str = "map"
    in_flight: int = 64
    options: dict[str, Any] = field(default_factory=dict)


def frame_of(spec: Spec) -> pd.DataFrame:
    """Make the input: labels that are no positions, and one row in ten like the one before."""
    texts = [f"{spec.name}, text {i - (i % 10 == 9)} of many" for i in range(spec.rows)]
    labels = [f"row {i * 7919 % 1_000_003}" for i in range(spec.rows)]
    return pd.DataFrame({"text": texts, "size": range(spec.rows)}, index=labels)


def distinct(rows: int) -> int:
    """Count the different rows of a frame of `frame_of`."""
    return rows - rows // 10


def by_map(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    return neb.map(frame, TEMPLATE, concurrency=spec.in_flight, **spec.options)


def by_chat(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Ask row by row, from threads; an equal row waits for the first, so that it finds it kept."""

    def ask(text: str) -> str:
        return neb.chat(TEMPLATE.format(text=text), cache=True, **spec.options).text

    texts = list(dict.fromkeys(frame["text"]))
    with ThreadPoolExecutor(spec.in_flight) as pool:
        answers = dict(zip(texts, pool.map(ask, texts), strict=True))
    return frame.assign(answer=frame["text"].map(answers))


def by_stream(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Ask row by row, each answer as a stream that is read to its end."""
    answers: dict[str, str] = {}
    for text in dict.fromkeys(frame["text"]):
        prompt = TEMPLATE.format(text=text)
        answers[text] = "".join(neb.chat(prompt, cache=True, stream=True, **spec.options))
    return frame.assign(answer=frame["text"].map(answers))


def by_embed(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    found = neb.embed(frame, column="text", **spec.options)
    return found.assign(embedding=[[float(x) for x in row] for row in found["embedding"]])


def by_purge(frame: pd.DataFrame, spec: Spec) -> pd.DataFrame:
    """Purge what was asked before a moment, and ask nothing."""
    purge(default_session().journal, Waste(before=spec.options["before"]))
    return frame


BY: dict[str, Callable[[pd.DataFrame, Spec], pd.DataFrame]] = {
    "map": by_map,
    "chat": by_chat,
    "stream": by_stream,
    "embed": by_embed,
    "purge": by_purge,
}


def run(spec: Spec) -> dict[str, Any]:
    """Do the job; give the answers, the bookkeeping and what was raised."""
    frame = frame_of(spec)
    neb.connect("x", spec.url)
    raised = ""
    try:
        result = BY[spec.by](frame, spec)
    except neb.NebiusError as error:
        raised, result = type(error).__name__, getattr(error, "frame", None)
        print(error, file=sys.stderr)
    told: dict[str, Any] = {"raised": raised, "answers": None, "statuses": {}}
    if result is not None:
        ours = [c for c in result.columns if str(c).startswith("neb_")]
        told["answers"] = json.loads(result.drop(columns=ours).to_json(orient="split"))
        told["dtypes"] = {str(c): str(t) for c, t in result.drop(columns=ours).dtypes.items()}
        if "neb_status" in ours:
            told["statuses"] = dict(Counter(str(status) for status in result["neb_status"]))
        if "neb_cost" in ours:
            told["cost"] = float(result["neb_cost"].sum())
    return told


def main(spec_path: str, out: str) -> None:
    # a shell that starts things in the background has them ignore interrupts
    signal.signal(signal.SIGINT, signal.default_int_handler)
    spec = msgspec.json.decode(Path(spec_path).read_bytes(), type=Spec)
    told = run(spec)
    fresh = Path(f"{out}.new")
    fresh.write_text(json.dumps(told))
    fresh.rename(out)


if __name__ == "__main__":
    main(*sys.argv[1:])
