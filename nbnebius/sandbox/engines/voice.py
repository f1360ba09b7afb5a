"""Choices that look free and are not: the same request always speaks the same way."""

import hashlib
import json
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")

_STRIDE = 389


class Voice:
    """
    Picks among wordings.

    Two voices whose seeds are neighbours differ in every pick, so that another seed, or the next
    of several choices, is seen to be another one.

    Parameters
    ----------
    body
        What shapes the answer; equal bodies speak equally.
    variant
        Which of the answers to this body.
    """

    def __init__(self, body: object, variant: int = 0) -> None:
        # A body may be a number already: then it is the base of a voice that was made before.
        if not isinstance(body, int):
            body = number_of(json.dumps(body, sort_keys=True, default=str))
        self._base = body
        self._variant = variant

    def next(self, step: int) -> "Voice":
        """Give the voice for a step of the same answer, some way off from its neighbours."""
        return Voice(self._base, self._variant + step * _STRIDE)

    def pick(self, options: Sequence[T], salt: str = "") -> T:
        """Pick one of the options."""
        return options[self.number(salt) % len(options)]

    def number(self, salt: str = "") -> int:
        """Give a whole number for a purpose; the next variant gives the next one."""
        return (self._base ^ number_of(salt)) % (1 << 48) + self._variant

    def between(self, low: int, high: int, salt: str = "") -> int:
        """Give a whole number within bounds, both included."""
        return low + self.number(salt) % (high - low + 1)


def number_of(text: str) -> int:
    """Give a text's own 64-bit number, the same in every process."""
    digest = hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
