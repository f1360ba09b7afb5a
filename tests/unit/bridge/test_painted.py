"""Pieces of a text gather for whoever paints them; nothing is lost, late or out of order."""

import queue
import random
import threading
import time

import pytest

from nbnebius.bridge import Mailbox
from nbnebius.bridge.mailbox import GATHERED
from nbnebius.events import Note, ReasoningDelta, TextDelta


def taken(box, seconds=10.0):
    """Take until the end."""
    while (item := box.take(seconds)) is not None:
        yield item


def test_a_piece_that_wakes_nobody_is_taken_all_the_same():
    box = Mailbox.painted()
    box(TextDelta("one"))
    box(TextDelta("two"))
    assert [box.take(10.0), box.take(10.0)] == [TextDelta("one"), TextDelta("two")]
    box(TextDelta("three"))  # rings no bell
    assert box.take(10.0) == TextDelta("three")


def test_where_nothing_comes_the_wait_ends():
    box = Mailbox.painted()
    with pytest.raises(queue.Empty):
        box.take(0.01)
    box(TextDelta("one"))
    assert box.take(0.0) == TextDelta("one")
    with pytest.raises(queue.Empty):
        box.take(2 * GATHERED)


@pytest.mark.parametrize("seed", range(4))
def test_all_comes_in_its_order_whatever_it_is(seed):
    dice, box, sent = random.Random(seed), Mailbox.painted(), []

    def send():
        for number in range(400):
            kind = dice.choice([TextDelta, TextDelta, TextDelta, ReasoningDelta, Note, "call"])
            sent.append(number if kind == "call" else kind(str(number)))
            if kind == "call":
                box.call(lambda number=number: came.append(number))
            else:
                box(sent[-1])
            time.sleep(dice.choice([0, 0, 0, 0.0005, 0.002]))
        box.finish()

    came = []
    sender = threading.Thread(target=send)
    sender.start()
    for item in taken(box):
        if callable(item):
            item()
        else:
            came.append(item)
    sender.join()
    assert came == sent
