"""Inputs near a recorded one, drawn from a seed, where nothing guides by coverage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.fuzz.corpus import PIECES, seeds

if TYPE_CHECKING:
    import random

LONGEST = 8_000


def mutated(name: str, dice: random.Random) -> bytes:
    """Draw an input of a target: a recorded one with a few places changed, or noise."""
    known = seeds(name)
    if not known or dice.random() < 0.05:
        return dice.randbytes(dice.randint(0, 200))
    data = bytearray(dice.choice(known)[:LONGEST])
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5, 8))):
        at = dice.randint(0, len(data))
        upto = min(len(data), at + dice.choice((1, 1, 2, 8, 60)))
        change = dice.randrange(7)
        if change == 0:
            del data[at:upto]
        elif change == 1:
            data[at:upto] = dice.choice(PIECES)
        elif change == 2:
            data[at:at] = dice.choice(PIECES)
        elif change == 3:
            data[at:upto] = dice.randbytes(upto - at)
        elif change == 4:
            del data[at:]
        elif change == 5:
            data[at:at] = data[at:upto] * dice.choice((1, 3, 40))
        else:
            other = dice.choice(known)
            begin = dice.randint(0, len(other))
            data[at:upto] = other[begin : begin + dice.choice((8, 60, 400))]
    return bytes(data[: 2 * LONGEST])
