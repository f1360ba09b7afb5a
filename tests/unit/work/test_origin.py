"""Who asks decides what may be shown instead of asking."""

import anyio
import pytest

from nbnebius.events import Outcome
from nbnebius.journal import Journal
from nbnebius.work.origin import Origin
from nbnebius.work.price import Price

BODY = {"model": "m", "messages": [{"role": "user", "content": "hello"}], "max_tokens": 5}
ENDPOINT = "chat/completions"


@pytest.fixture
def new_journal(tmp_path):
    opened = []

    def open_one():
        opened.append(Journal(tmp_path / "home" / "journal.sqlite"))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


def buy(journal, origin):
    """Ask as the work does; tell whether a kept answer was shown instead."""

    async def ask():
        key = origin.key(ENDPOINT, BODY)
        if await origin.kept(journal, key):
            return True
        record = await journal.sending(origin.intent(key, "chat", BODY, Price()), 1)
        await journal.ended(record, Outcome("done", 200, body=b"{}"))
        return False

    return anyio.run(ask)


def shared(place="", reuse="restart"):
    return Origin("s", place, reuse=reuse, shared=True)


def test_calls_that_share_nothing_have_keys_of_their_own():
    alone = Origin("s")
    assert alone.key(ENDPOINT, BODY) != alone.key(ENDPOINT, BODY)
    assert shared("a").key(ENDPOINT, BODY) == shared("b").key(ENDPOINT, BODY)


def test_restart_shows_once_per_session_and_place(new_journal):
    first = new_journal()
    assert [buy(first, shared("a")), buy(first, shared("a")), buy(first, shared("b"))] == [
        False,
        False,
        False,
    ]
    second = new_journal()
    assert [buy(second, shared("a")), buy(second, shared("a")), buy(second, shared("b"))] == [
        True,
        False,
        True,
    ]


def test_asking_afresh_counts_as_having_asked(new_journal):
    buy(new_journal(), shared("a"))
    second = new_journal()
    assert not buy(second, shared("a", "never"))
    assert not buy(second, shared("a"))


def test_always_and_never(new_journal):
    journal = new_journal()
    assert [buy(journal, shared(reuse="never")) for _ in range(2)] == [False, False]
    assert [buy(journal, shared(reuse="always")) for _ in range(2)] == [True, True]


def test_a_private_intent_carries_no_request():
    origin = Origin("s", "a", private=True)
    intent = origin.intent(b"k" * 16, "chat", BODY, Price(1.0, 1.0))
    assert (intent.request, intent.private, intent.service) == (b"", True, "s")
    assert intent.cost_bound > 0
    open_intent = shared("a").intent(b"k" * 16, "chat", BODY, Price())
    assert b"hello" in open_intent.request
    assert (open_intent.model, open_intent.place, open_intent.cost_bound) == ("m", "a", None)
