"""
What a proof counted: kept as JSON where `NBN_COUNTS` says, for `tests.fault.report` to publish.

`NBN_FAULT_SIZE=full` asks for the sizes of a release; anything else for the small ones of CI.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

FULL = os.environ.get("NBN_FAULT_SIZE") == "full"


def size(small: int, full: int) -> int:
    """Give how many a proof tries: `small` in CI, `full` for a release."""
    return full if FULL else small


@dataclass(slots=True, frozen=True)
class Proof:
    """
    One proof of one promise.

    Attributes
    ----------
    row
        The promise: ``R1`` to ``R21`` or ``A1`` to ``A25``.
    what
        What was tried, in a few words.
    test
        The test that counted, as pytest names it.
    seed
        What the random choices were drawn from; `None` where nothing was random.
    tried
        How often.
    broken
        How often each promise was broken: a count of zero is a promise kept.
    seen
        What else was counted, and is promised by nobody.
    """

    row: str
    what: str
    test: str
    seed: int | None
    tried: int
    broken: dict[str, int]
    seen: dict[str, int]


def proven(
    row: str,
    what: str,
    *,
    tried: int,
    broken: dict[str, int],
    seed: int | None = None,
    seen: dict[str, int] | None = None,
) -> None:
    """
    Keep what a proof counted, and fail if it tried nothing or if a promise was broken.

    Raises
    ------
    AssertionError
        If nothing was tried, or any count of `broken` is not zero.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    proof = Proof(row, what, test, seed, tried, dict(broken), dict(seen or {}))
    if folder := os.environ.get("NBN_COUNTS"):
        name = "".join(c if c.isalnum() else "-" for c in f"{row} {what}").lower()
        Path(folder).mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(proof), indent=1, sort_keys=True) + "\n"
        (Path(folder) / f"{name}.json").write_text(text)
    assert tried > 0, f"{row}: nothing was tried"
    assert {name: n for name, n in broken.items() if n} == {}, proof
