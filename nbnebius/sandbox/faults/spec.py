"""
The language of ``--fault``.

Faults are separated by commas. Each is a kind, then its options after colons, then, after an
``@``, the beginning of the paths that it is for::

    429:5%                        one request in twenty is refused, at random
    500:1/3@/v1/chat              every third chat request fails
    503:first=2                   the first two requests fail
    slow:2s                       every answer waits two seconds (or slow:300ms)
    cut:after=20                  every stream breaks off after twenty tokens
    html                          every answer is a web page, with a 200
    failed                        every answer is {"status": "failed"}, with a 200
    seed=7                        the seed of what is at random
"""

import random
import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["status", "slow", "cut", "html", "failed"]

_STATUS = re.compile(r"[45]\d\d")
_SECONDS = re.compile(r"(\d+(?:\.\d+)?)(ms|s)")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%")
_FRACTION = re.compile(r"(\d+)/(\d+)")
_WHOLE = 100


class FaultError(ValueError):
    """A fault that cannot be read."""


@dataclass(frozen=True, slots=True)
class Share:
    """Which requests a fault meets: some at random, some of every so many, or the first ones."""

    percent: float = 100.0
    some: int = 1
    of: int = 1
    first: int | None = None

    def meets(self, number: int, dice: random.Random) -> bool:
        """Tell whether it meets a request; the first one has the number 1."""
        if self.first is not None and number > self.first:
            return False
        if (number - 1) % self.of < self.of - self.some:
            return False
        return self.percent >= _WHOLE or dice.random() * _WHOLE < self.percent


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong."""

    kind: Kind
    share: Share = Share()
    path: str = "/"
    status: int = 0
    seconds: float = 0.0
    after: int = 0


def read_faults(text: str) -> tuple[list[Fault], int]:
    """
    Read a whole specification.

    Returns
    -------
    tuple
        The faults, and the seed.

    Raises
    ------
    FaultError
        What cannot be read.
    """
    faults, seed = [], 0
    for item in filter(None, (part.strip() for part in text.split(","))):
        name, _, number = item.partition("=")
        if name == "seed" and number.isdecimal():
            seed = int(number)
        else:
            faults.append(_read_fault(item))
    return faults, seed


def _read_fault(item: str) -> Fault:
    front, _, path = item.partition("@")
    kind, *options = front.split(":")
    values: dict[str, float] = {}
    share = Share()
    for option in options:
        share = _read_option(option, item, share, values)
    where = path or "/"
    seconds, after = values.get("seconds", 0.0), values.get("after")
    if _STATUS.fullmatch(kind) and not values:
        return Fault("status", share, where, status=int(kind))
    if kind == "slow" and list(values) == ["seconds"]:
        return Fault("slow", share, where, seconds=seconds)
    if kind == "cut" and after is not None and len(values) == 1:
        return Fault("cut", share, where, after=int(after))
    if kind == "html" and not values:
        return Fault("html", share, where)
    if kind == "failed" and not values:
        return Fault("failed", share, where)
    raise FaultError(f"{item!r} is no fault; try 429:5%, 500:1/3, cut:after=20, slow:2s or html.")


def _read_option(option: str, item: str, share: Share, values: dict[str, float]) -> Share:
    name, _, number = option.partition("=")
    if found := _PERCENT.fullmatch(option):
        return Share(percent=float(found[1]))
    if (found := _FRACTION.fullmatch(option)) and 0 < int(found[1]) <= int(found[2]):
        return Share(some=int(found[1]), of=int(found[2]))
    if name == "first" and number.isdecimal():
        return Share(first=int(number))
    if name == "after" and number.isdecimal():
        values["after"] = int(number)
    elif found := _SECONDS.fullmatch(option):
        values["seconds"] = float(found[1]) / (1000 if found[2] == "ms" else 1)
    else:
        raise FaultError(f"{option!r} in {item!r} cannot be read.")
    return share
