"""Streams over real sockets: as they come, as they end, as they break."""

import anyio
import pytest
from asking import BODY, CHAT, INTENT, Clock, Memory, client, refusal
from raw_server import DONE, STREAM_HEAD, Play, RawServer, answer, chunk, delta, event, stream

from nbnebius import errors
from nbnebius.events import ReasoningDelta, TextDelta
from nbnebius.transport import Timeouts

pytestmark = pytest.mark.anyio

USAGE = event({"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 2}})


async def read(asked, intent=INTENT):
    """Return the pieces, the stream, and the error it ended with."""
    seen = []
    try:
        async with asked.chat.stream(BODY, intent=intent) as pieces:
            async for piece in pieces:
                seen.append(piece)  # noqa: PERF401 - what came before an error is looked at
    except errors.NebiusError as error:
        return seen, None, error
    return seen, pieces, None


async def played(play, **more):
    async with RawServer([play]) as server:
        memory = Memory(server)
        async with client(server, memory, **more) as asked:
            seen, pieces, error = await read(asked)
    return "".join(piece.text for piece in seen), pieces, error, memory, server


async def test_a_whole_stream():
    play = stream(delta("he"), delta("llo"), delta("", "stop"), USAGE, DONE)
    text, pieces, error, memory, server = await played(play)
    assert (text, error) == ("hello", None)
    assert pieces.completion.choices[0].finish_reason == "stop"
    assert pieces.completion.usage.total_tokens == 3
    assert pieces.record == 1
    assert pieces.first_token_seconds is not None
    assert memory.entries[0] == ("sending 1", 0)
    assert memory.states == ["done"]
    assert memory.outcomes[0].content_type == "text/event-stream"
    assert memory.outcomes[0].body.endswith(DONE)
    sent = server.requests[0].json
    assert sent["stream"] is True
    assert sent["stream_options"] == {"include_usage": True}


async def test_reasoning_and_text_are_told_apart():
    reasoning = event({"choices": [{"index": 0, "delta": {"reasoning": "hm"}}]})
    play = stream(reasoning, delta("<think>"), delta("so</think>4", "stop"), DONE)
    async with RawServer([play]) as server, client(server) as asked:
        seen, _, _ = await read(asked, None)
    assert seen == [ReasoningDelta("hm"), ReasoningDelta("so"), TextDelta("4")]


@pytest.mark.parametrize(
    ("play", "text", "kind", "state"),
    [
        (stream(delta("a"), delta("b", "stop")), "ab", None, "done"),
        (stream(delta("a", "stop"), end=False, close=True), "a", None, "done"),
        (stream(delta("a"), DONE), "a", None, "done"),
        (stream(delta("a"), DONE, b"data: {"), "a", None, "done"),
        (stream(delta("a"), b"data: [DONE]"), "a", None, "done"),
        (stream(delta("a"), delta("b", "length"), DONE), "ab", None, "done"),
        (stream(delta("a")), "a", errors.StreamError, "partial"),
        (stream(delta("a"), end=False, close=True), "a", errors.StreamError, "partial"),
        (stream(delta("a"), end=False, reset=True), "a", errors.StreamError, "partial"),
        (stream(delta("a"), event({"error": {"message": "boom"}})), "a", errors.StreamError,
         "partial"),
        (stream(delta("a"), b"data: {nonsense\n\n"), "a", errors.StreamError, "partial"),
        (stream(event({"error": {"message": "no", "code": 404}})), "", errors.NotFoundError,
         "possibly_paid"),
        (stream(event({"error": {"message": "no"}})), "", errors.ServerError, "possibly_paid"),
        (stream(event({"error": "no"}), DONE), "", errors.ServerError, "possibly_paid"),
        (stream(event({"object": "error", "message": "no", "code": 400})), "",
         errors.ServerError, "possibly_paid"),
        (stream(), "", errors.ResponseError, "possibly_paid"),
        (stream(DONE), "", errors.ResponseError, "possibly_paid"),
        (stream(b": ping\n\n"), "", errors.ResponseError, "possibly_paid"),
        (stream(USAGE, DONE), "", errors.ResponseError, "done"),
        (stream(end=False, close=True), "", errors.TransportError, "possibly_paid"),
        (stream(b"data: nonsense\n\n"), "", errors.ResponseError, "possibly_paid"),
    ],
)  # fmt: skip
async def test_every_end(play, text, kind, state):
    seen, _, error, memory, server = await played(play)
    assert seen == text
    assert (type(error) if error else None) is kind
    assert memory.states == [state]
    assert len(server.requests) == 1
    if kind is errors.StreamError:
        assert error.partial == text
        assert delta("a") in memory.outcomes[0].body


async def test_an_empty_stream_names_the_likely_cause():
    _, _, error, _, _ = await played(stream())
    assert "context" in str(error)


async def test_plain_json_where_a_stream_was_asked_for():
    import json

    for content_type in ("application/json", "text/event-stream"):
        play = Play(answer(json.dumps(CHAT).encode(), content_type=content_type))
        text, pieces, error, memory, _ = await played(play)
        assert (text, error, memory.states) == ("hi", None, ["done"])
        assert pieces.completion.choices[0].finish_reason == "stop"


async def test_a_refusal_is_tried_again_before_the_stream_begins():
    async with RawServer([refusal(503), stream(delta("a", "stop"), DONE)]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            seen, pieces, _ = await read(asked)
    assert seen == [TextDelta("a")]
    assert memory.states == ["failed", "done"]
    assert pieces.attempts == 2


async def test_every_cut_of_the_bytes():
    data = delta("äö🙂") + b": ping\r\n\r\n" + delta("b", "stop") + USAGE + DONE
    for size in (1, 2, 5):
        pieces = [chunk(data[at : at + size]) for at in range(0, len(data), size)]
        text, found, error, _, _ = await played(Play([STREAM_HEAD, *pieces, chunk(b"")]))
        assert (text, error) == ("äö🙂b", None)
        assert found.completion.usage.total_tokens == 3


async def test_halves_of_a_character_are_joined():
    play = stream(delta("a\ud83d"), delta("\udc69b", "stop"), DONE)
    async with RawServer([play]) as server, client(server) as asked:
        seen, pieces, _ = await read(asked, None)
    assert [piece.text for piece in seen] == ["a", "👩b"]
    assert pieces.completion.choices[0].message.content == "a👩b"


async def test_pings_are_no_events():
    pings = [b": ping\n\n"] * 40
    play = stream(delta("a"), *pings, pause=0.02, end=False, hold=True)
    clock = Clock()
    async with RawServer([play]) as server:
        memory = Memory(server)
        clock.now = 0.0
        timeouts = Timeouts(idle=0.1)
        async with client(server, memory, clock, timeouts=timeouts) as asked:
            asked.transport.clock = anyio.current_time
            seen, _, error = await read(asked)
    assert seen == [TextDelta("a")]
    assert isinstance(error, errors.StreamError)
    assert memory.states == ["partial"]


async def test_leaving_early_stops_the_answer_and_keeps_it():
    async with RawServer([stream(delta("a"), end=False, hold=True)]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            async with asked.chat.stream(BODY, intent=INTENT) as pieces:
                assert await anext(pieces) == TextDelta("a")
            await server.gone.wait()
    assert memory.states == ["partial"]
    assert memory.outcomes[0].body == delta("a")
    assert pieces.text == "a"


async def test_cancelling_keeps_all_bytes():
    async with RawServer([stream(delta("a"), end=False, hold=True)]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            with anyio.CancelScope() as scope:
                async with asked.chat.stream(BODY, intent=INTENT) as pieces:
                    async for _ in pieces:
                        scope.cancel()
            await server.gone.wait()
    assert scope.cancelled_caught
    assert memory.states == ["partial"]
    assert memory.outcomes[0].body == delta("a")
    assert pieces.completion.choices[0].message.content == "a"


async def test_a_running_stream_is_kept_as_it_goes():
    async with RawServer([stream(delta("a"), delta("b", "stop"), DONE)]) as server:
        clock = Clock()
        memory = Memory(server)
        async with (
            client(server, memory, clock) as asked,
            asked.chat.stream(BODY, intent=INTENT) as pieces,
        ):
            async for _ in pieces:
                clock.now += 1
    assert delta("a") not in memory.received_bytes or memory.received_bytes.startswith(delta("a"))
    assert memory.outcomes[0].body.startswith(memory.received_bytes)
    assert memory.received_bytes


async def test_text_completions_stream():
    frames = [
        event({"choices": [{"index": 0, "text": text, "finish_reason": finish}]})
        for text, finish in (("a", None), ("b", "stop"))
    ]
    async with RawServer([stream(*frames, DONE)]) as server, client(server) as asked:
        async with asked.completions.stream({"model": "m", "prompt": "x"}) as pieces:
            assert [piece.text async for piece in pieces] == ["a", "b"]
        assert pieces.completion.choices[0].text == "ab"
    assert server.requests[0].path == "/v1/completions"


SLOWLY = [delta(f"{n} ") for n in range(160)]


async def test_a_trickle_is_read_whole_and_leaves_its_connection_open():
    pieces = [STREAM_HEAD, *map(chunk, [*SLOWLY, delta("", "stop"), USAGE, DONE]), b"0\r\n\r\n"]
    async with RawServer([Play(pieces, pause=0.01)]) as server, client(server) as asked:
        for _ in range(2):
            seen, pieces, error = await read(asked, None)
            assert error is None
            assert "".join(piece.text for piece in seen) == "".join(f"{n} " for n in range(160))
    assert server.connections == 1


@pytest.mark.parametrize("how", [{"reset": True}, {"close": True}])
async def test_a_trickle_that_breaks_off_while_it_gathers_keeps_what_had_come(how):
    pieces = [STREAM_HEAD, *map(chunk, SLOWLY)]
    text, _, error, memory, _ = await played(Play(pieces, pause=0.01, **how))
    assert isinstance(error, errors.StreamError)
    assert text.startswith("0 1 2 3 ")
    # not every system gives what it still holds of a connection that was reset
    assert len(text.split()) > 120
    assert memory.states == ["partial"]
    assert error.partial == text


async def test_a_trickle_is_cancelled_while_it_gathers():
    pieces = [STREAM_HEAD, *map(chunk, SLOWLY)]
    async with RawServer([Play(pieces, pause=0.01, hold=True)]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            with anyio.move_on_after(1.4) as scope:
                await read(asked)
        assert scope.cancelled_caught
        with anyio.fail_after(10):
            await server.gone.wait()
    assert memory.states == ["partial"]
