"""A stream means the same however its bytes are cut, and one that was cut short says so."""

import asyncio
import json
import random
from collections import Counter

import pytest
from asking import Clock, Memory

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.events import Intent, TextDelta
from nbnebius.transport.broken import Broken
from nbnebius.transport.sse import SSEDecoder
from tests.fault.counts import FULL, proven, size
from tests.fault.played import Played, PlayedTransport
from tests.fuzz.corpus import recorded_streams

pytestmark = pytest.mark.fault

SEED = 8
BODY = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
HEADERS = {"content-type": "text/event-stream"}


# An event of several lines: a blank line too many would end it early.
LINES = b"data: one\ndata: two\ndata\ndata: four\n\n"


def framings(stream):
    """Write the same events in other ways that the standard allows."""
    yield stream
    yield stream.replace(b"\n", b"\r\n")
    yield stream.replace(b"\n", b"\r")
    yield b"\xef\xbb\xbf" + stream
    yield stream.replace(b"data: ", b": ping\nid: 7\nretry: 10\ndata:")
    yield stream.replace(b"\n\n", b"\n\n: keep-alive\n\n\n")
    yield stream.rstrip(b"\n")


def decode(pieces):
    decoder = SSEDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.flush()


def test_events_are_the_same_wherever_their_bytes_are_cut():
    dice = random.Random(SEED)
    wanted = {LINES + one: decode([LINES + one]) for one in recorded_streams()}
    places = [
        (stream, written, at)
        for stream in wanted
        for written in framings(stream)
        for at in range(len(written) + 1)
    ]
    if not FULL:
        places = dice.sample(places, 20_000)
    different = sum(
        decode([written[:at], written[at:]]) != wanted[stream] for stream, written, at in places
    )
    for stream, events in wanted.items():
        different += decode([bytes([byte]) for byte in stream]) != events
    proven(
        "R8",
        "recorded streams cut at any byte",
        tried=len(places) + len(wanted),
        broken={"other events than uncut": different},
        seed=SEED,
        seen={"streams": len(wanted)},
    )


class Told:
    """What a reader gets of a stream."""

    def __init__(self):
        self.text, self.choices, self.error = "", None, None
        self.state, self.kept = "", b""


async def read(pieces, breaks=None):
    """Read a stream to its end as a chat does."""
    told, memory, clock = Told(), Memory(), Clock()
    played = Played(200, HEADERS, pieces, breaks)

    async def play(_):
        return played

    transport = PlayedTransport(
        play, recorder=memory, sleep=clock.sleep, clock=lambda: clock.now, max_retries=0
    )
    intent = Intent(b"0" * 16, "chat", "s", "m")
    async with AsyncClient(transport=transport) as client:
        try:
            async with client.chat.stream(BODY, intent=intent) as stream:
                try:
                    async for piece in stream:
                        told.text += piece.text if isinstance(piece, TextDelta) else ""
                finally:
                    told.choices = stream.completion.choices
        except errors.NebiusError as error:
            told.error = error
    told.state, told.kept = memory.states[-1], memory.outcomes[-1].body
    return told


def same(one, other):
    return (
        one.text == other.text
        and one.choices == other.choices
        and type(one.error) is type(other.error)
        and one.state == other.state
    )


ENDS = {
    "the end": None,
    "a reset": Broken("reading", "reset"),
    "silence": Broken("reading", "nothing came in time", timed_out=True),
}


async def cut(stream, whole, at, end, broken):
    """Cut a stream in two, and cut it short; count what is broken."""
    pieces = await read([stream[:at], stream[at:]])
    broken["another answer than uncut"] += not same(pieces, whole)
    broken["other bytes kept than came"] += pieces.kept != stream[: len(pieces.kept)]
    short = await read([stream[:at]], ENDS[end])
    broken["a text that is no beginning of the whole"] += not whole.text.startswith(short.text)
    if short.error is None:
        # nothing told that it is not whole, so it has to be
        broken["silently cut"] += short.text != whole.text
        broken["entered as something else"] += short.state != "done"
    else:
        broken["entered as something else"] += short.state not in {"partial", "possibly_paid"}
        partial = getattr(short.error, "partial", short.text)
        broken["the partial text was lost"] += bool(short.text) and partial != short.text
    broken["other bytes kept than came"] += short.kept != stream[: len(short.kept)]


def test_an_answer_is_the_same_wherever_cut_and_one_cut_short_says_so():
    dice = random.Random(SEED)
    # text completions are another resource's
    streams = [one for one in recorded_streams() if b"text_completion" not in one]
    places = [(stream, at) for stream in streams for at in range(len(stream) + 1)]
    places = dice.sample(places, min(len(places), size(10_000, 100_000)))
    broken = Counter()

    async def run():
        wholes = {stream: await read([stream]) for stream in streams}
        for stream, at in places:
            await cut(stream, wholes[stream], at, dice.choice(list(ENDS)), broken)

    with asyncio.Runner() as runner:
        runner.run(run())
    kinds = (
        "another answer than uncut",
        "a text that is no beginning of the whole",
        "silently cut",
        "entered as something else",
        "the partial text was lost",
        "other bytes kept than came",
    )
    proven(
        "R8",
        "streamed answers cut in two, and cut short",
        tried=2 * len(places),
        broken={kind: broken[kind] for kind in kinds},
        seed=SEED,
    )


def frame(text=None, finish=None, **more):
    choice = {"index": 0, "delta": {"content": text} if text else {}, "finish_reason": finish}
    return json.dumps({"id": "c", "choices": [choice], **more})


def told(*datas):
    return "".join(f"data: {data}\n\n" for data in datas).encode()


DONE = "[DONE]"
LONG = "x" * 10_000_000
NO_CHOICES = json.dumps({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})
BARE = json.dumps({"id": "c", "object": "chat.completion.chunk"})
# what comes; the text; the error; how it is entered
FRAMINGS = {
    "two in one piece": (told(frame("a"), frame("b", "stop"), DONE), "ab", None, "done"),
    "no blank line at the end": (told(frame("a", "stop"), DONE)[:-2], "a", None, "done"),
    "no blank line behind the last word": (
        told(frame("a"), frame("b", "stop"))[:-2],
        "ab",
        None,
        "done",
    ),
    "DONE missing": (told(frame("a", "stop")), "a", None, "done"),
    "DONE early": (told(frame("a"), DONE, frame("b", "stop")), "a", None, "done"),
    "DONE only": (told(DONE), "", errors.ResponseError, "possibly_paid"),
    "pings only": (b": ping\n\n" * 50, "", errors.ResponseError, "possibly_paid"),
    "nothing": (b"", "", errors.ResponseError, "possibly_paid"),
    "neither finish nor DONE": (told(frame("a")), "a", errors.StreamError, "partial"),
    "error frame first": (told('{"error": "full"}'), "", errors.ServerError, "possibly_paid"),
    "error frame": (told(frame("a"), '{"error": {}}', DONE), "a", None, "done"),
    "error frame later": (
        told(frame("a"), '{"error": {"message": "full"}}'),
        "a",
        errors.StreamError,
        "partial",
    ),
    "no JSON": (told(frame("a"), "{oops"), "a", errors.StreamError, "partial"),
    "no choices": (told(BARE, frame("a"), BARE, frame("b", "stop")), "ab", None, "done"),
    "usage alone": (told(frame("a", "stop"), NO_CHOICES, DONE), "a", None, "done"),
    "finish alone": (told(frame("a"), frame(None, "length"), DONE), "a", None, "done"),
    "a line of 10 MB": (told(frame(LONG, "stop"), DONE), LONG, None, "done"),
    "a line of 20 MB": (
        told(frame(LONG + LONG, "stop"), DONE),
        "",
        errors.ResponseError,
        "possibly_paid",
    ),
}


def test_every_framing_of_a_stream_is_read_as_it_is_meant():
    wrong = []

    async def run():
        for name, (data, text, error, state) in FRAMINGS.items():
            for pieces in ([data], [data[:7], data[7 : len(data) // 2], data[len(data) // 2 :]]):
                got = await read(pieces)
                if (got.text, type(got.error), got.state) != (text, error or type(None), state):
                    wrong.append((name, got.text[:50], got.error, got.state))

    with asyncio.Runner() as runner:
        runner.run(run())
    print(wrong)
    proven(
        "R8",
        "framings of streams that servers are known to send",
        tried=2 * len(FRAMINGS),
        broken={"read as something else": len(wrong)},
    )
