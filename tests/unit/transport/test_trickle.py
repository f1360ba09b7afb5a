"""How often a running stream is read: at once in its first second, then as it gathers."""

import asyncio
import itertools
import types

import anyio
import pytest

from nbnebius.transport.connection import Connection
from nbnebius.transport.http import Exchange
from nbnebius.transport.request import Timeouts
from nbnebius.transport.streaming import AT_ONCE, GATHER, TRICKLE, EventStream

pytestmark = pytest.mark.anyio

EVENT = b'data: {"a": 1}\n\n'


class Paced:
    """An attempt whose pieces come some time apart; a clock of its own says when it rested."""

    number, record, streamed, ended = 1, None, False, False

    def __init__(self, pieces, seconds):
        self.now = 0.0
        self.rests = []
        self.reads = []
        self._pieces, self._seconds = list(pieces), seconds
        self.exchange = self
        self.headers = {}

    async def read(self, seconds):
        self.now += self._seconds
        self.reads.append(self.now)
        return self._pieces.pop(0) if self._pieces else b""

    async def rest(self, seconds):
        self.rests.append(self.now)
        self.now += seconds

    async def received(self, data):
        pass

    async def end(self, state, body=b"", error=""):
        self.ended = True


async def told(pieces, seconds):
    attempt = Paced(pieces, seconds)
    sender = types.SimpleNamespace(clock=lambda: attempt.now, timeouts=Timeouts())
    stream = EventStream(sender, attempt)
    stream.complete = True
    return [data async for data in stream], attempt


async def test_every_piece_of_the_first_second_is_read_as_it_comes():
    events, attempt = await told([EVENT] * 50, 0.01)
    assert len(events) == 50
    assert attempt.rests == []


async def test_later_a_trickle_gathers_between_two_reads():
    events, attempt = await told([EVENT] * 200, 0.01)
    assert len(events) == 200
    began = attempt.reads[0]
    assert min(attempt.rests) > began + AT_ONCE
    late = [at for at in attempt.reads if at > began + AT_ONCE + 0.02]
    gaps = [b - a for a, b in itertools.pairwise(late)]
    assert min(gaps) >= GATHER


async def test_what_comes_fast_is_never_left_to_gather():
    _, attempt = await told([EVENT * (TRICKLE // len(EVENT) + 1)] * 200, 0.01)
    assert attempt.rests == []


class Wire(asyncio.Transport):
    """A transport that says whether it is read from."""

    def __init__(self, *, secure):
        super().__init__({"sslcontext": object() if secure else None})
        self.said = []

    def pause_reading(self):
        self.said.append("pause")

    def resume_reading(self):
        self.said.append("resume")

    def set_write_buffer_limits(self, high=None, low=None):
        pass


@pytest.mark.parametrize(("secure", "said"), [(False, ["pause", "resume"]), (True, [])])
async def test_over_tls_what_comes_is_taken_at_once(secure, said):
    # asyncio throws away what its TLS layer still holds when the server resets the connection
    connection, wire = Connection(asyncio.get_running_loop()), Wire(secure=secure)
    connection.connection_made(wire)
    connection.leave()
    connection.resume()
    assert wire.said == said


async def test_through_httpx2_nothing_is_left_to_gather():
    # it gives one chunk at a time, so that a pause before each would slow the answer itself down
    with anyio.fail_after(10):
        await Exchange.rest(object(), 3600.0)
