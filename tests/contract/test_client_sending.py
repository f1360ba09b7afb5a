"""What is sent, how often, and what is written down about it, over real sockets."""

import asyncio
import logging
import sys
import traceback

import anyio
import pytest
from asking import BODY, CHAT, INTENT, KEY, PROMPT, Clock, Memory, client, refusal
from raw_server import DONE, Play, RawServer, answer, delta, json_answer, stream

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.transport import Request, Timeouts, Transport

pytestmark = pytest.mark.anyio

OK = json_answer(CHAT)


async def test_the_request():
    async with RawServer([OK]) as server, AsyncClient(KEY, server.url) as asked:
        completion, given = await asked.chat.create(BODY)
    (seen,) = server.requests
    assert (seen.method, seen.target) == ("POST", "/v1/chat/completions")
    assert seen.json == {key: value for key, value in BODY.items() if value is not None}
    assert seen.headers["authorization"] == f"Bearer {KEY}"
    assert seen.headers["accept-encoding"] == "identity"
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["user-agent"].startswith("nbnebius/")
    assert "cookie" not in seen.headers
    assert completion.choices[0].message.content == "hi"
    assert (given.status, given.attempts, given.record) == (200, 1, None)


async def test_the_convenience():
    async with RawServer([OK]) as server, AsyncClient(KEY, server.url) as asked:
        completion = await asked.chat.complete(model="m", messages=BODY["messages"], seed=1)
    assert completion.choices[0].finish_reason == "stop"
    assert server.requests[0].json["seed"] == 1


async def test_paths_hang_off_the_base_or_off_the_host():
    async with RawServer([json_answer({"data": []})]) as server, client(server) as asked:
        await asked.transport.send(Request("GET", "models", params={"a": None, "b": 1}))
        await asked.transport.send(Request("GET", "/v0/models"))
    assert [seen.target for seen in server.requests] == ["/v1/models?b=1", "/v0/models"]


async def test_connections_are_kept():
    async with RawServer([OK]) as server, client(server) as asked:
        for _ in range(5):
            await asked.chat.create(BODY)
    assert server.connections == 1


async def test_connections_are_kept_after_streams():
    play = stream(delta("a", "stop"), DONE)
    async with RawServer([play]) as server, client(server) as asked:
        for _ in range(3):
            async with asked.chat.stream(BODY) as pieces:
                assert [piece.text async for piece in pieces] == ["a"]
    assert server.connections == 1


async def test_cookies_are_not_kept():
    play = Play(answer(b"{}", set_cookie="a=b"))
    async with RawServer([play]) as server, client(server) as asked:
        for _ in range(2):
            await asked.transport.send(Request("GET", "models"))
    assert "cookie" not in server.requests[1].headers


async def test_the_recorder_is_asked_before_and_told_before_anyone_reads():
    async with RawServer([OK]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            _, given = await asked.chat.create(BODY, intent=INTENT)
    assert memory.entries == [("sending 1", 0), ("ended 1 done", 1)]
    assert memory.outcomes[0].body == given.body
    assert given.record == 1
    assert memory.intents[0].request == server.requests[0].body


async def test_an_answer_that_cannot_be_read_was_written_down_first():
    async with RawServer([json_answer({"choices": "none"})]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            with pytest.raises(errors.ResponseError):
                await asked.chat.create(BODY, intent=INTENT)
    assert memory.states == ["done"]
    assert memory.outcomes[0].body == b'{"choices": "none"}'


async def test_nothing_is_sent_when_it_cannot_be_written_down():
    class Full(Memory):
        async def sending(self, intent, attempt):
            raise errors.JournalError("the disk is full")

    async with RawServer([OK]) as server, client(server, Full()) as asked:
        with pytest.raises(errors.JournalError):
            await asked.chat.create(BODY, intent=INTENT)
    assert server.requests == []


@pytest.mark.parametrize(
    ("plays", "states"),
    [
        ([refusal(503), refusal(503), OK], ["failed", "failed", "done"]),
        ([refusal(429, retry_after="2"), OK], ["failed", "done"]),
        ([refusal(429), refusal(429), OK], ["failed", "failed", "done"]),
        ([refusal(500), OK], ["possibly_paid", "done"]),
        ([refusal(500)], ["possibly_paid"] * 3),
        ([refusal(408)], ["failed"] * 4),
        ([refusal(400)], ["failed"]),
        ([refusal(402)], ["failed"]),
        ([Play(b"", close=True)], ["possibly_paid"]),
        ([Play(b"", reset=True)], ["possibly_paid"]),
        ([OK, Play(b"", close=True), OK], ["done"]),
        ([Play(b"HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n{", close=True)], ["possibly_paid"]),
        ([Play(answer(b"<html>", content_type="text/html"))], ["possibly_paid"]),
        ([Play(answer(b'{"id": "c", "cho'))], ["possibly_paid"]),
        ([Play(answer(b'{"error": {"message": "x"}}'))], ["possibly_paid"]),
        ([Play(b"nonsense\r\n\r\n", close=True)], ["possibly_paid"]),
    ],
)
async def test_attempts_in_the_record_are_requests_at_the_server(plays, states):
    async with RawServer(plays) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            if states[-1] == "done":
                _, given = await asked.chat.create(BODY, intent=INTENT)
                assert given.attempts == len(states)
            else:
                with pytest.raises(errors.NebiusError) as caught:
                    await asked.chat.create(BODY, intent=INTENT)
                assert PROMPT not in str(caught.value)
    assert memory.states == states
    assert len(server.requests) == len(states)


async def test_a_kept_connection_that_was_closed_is_tried_once_more():
    async with RawServer([OK, Play(b"", close=True), OK]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            await asked.chat.create(BODY, intent=INTENT)
            await asked.chat.create(BODY, intent=INTENT)
    assert memory.states == ["done", "possibly_paid", "done"]


async def test_max_retries_none():
    for play in (refusal(503), refusal(429), refusal(500)):
        async with RawServer([play]) as server, client(server, max_retries=0) as asked:
            with pytest.raises(errors.ApiError):
                await asked.chat.create(BODY)
        assert len(server.requests) == 1


async def test_retry_after_is_obeyed():
    clock, events = Clock(), []
    plays = [refusal(429, retry_after="7"), OK]
    async with RawServer(plays) as server, client(server, clock=clock) as asked:
        asked.transport.observer = events.append
        await asked.chat.create(BODY)
    assert sum(clock.slept) == 7.5
    assert [(event.reason, event.seconds, event.attempt) for event in events] == [
        ("rate limit", 7.5, 2)
    ]


async def test_the_wait_for_429_ends():
    clock = Clock()
    async with (
        RawServer([refusal(429, retry_after="100")]) as server,
        client(server, clock=clock) as asked,
    ):
        with pytest.raises(errors.RateLimitError) as caught:
            await asked.chat.create(BODY)
    assert caught.value.retry_after == 100
    assert 800 < sum(clock.slept) <= 900


async def test_the_pace_follows_the_headers():
    clock = Clock()
    headers = {
        "x_ratelimit_limit_requests": "60",
        "x_ratelimit_remaining_requests": "0",
        "x_ratelimit_reset_requests": "60s",
    }
    play = json_answer(CHAT, **headers)
    async with RawServer([play]) as server, client(server, clock=clock) as asked:
        await asked.chat.create(BODY)
        assert asked.rate_limits.limit_requests == 60
        await asked.chat.create(BODY)
    assert clock.slept == [1]


async def test_no_connection():
    async with RawServer([OK]) as server:
        url = server.url
    clock, memory = Clock(), Memory()
    server.url_was = url
    transport = Transport(url, None, recorder=memory, sleep=clock.sleep, jitter=lambda: 0.5)
    async with AsyncClient(transport=transport) as asked:
        with pytest.raises(errors.ConnectError) as caught:
            await asked.chat.create(BODY, intent=INTENT)
    assert caught.value.attempts == 4
    assert memory.states == ["failed"] * 4


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_redirects_are_not_followed(status):
    async with RawServer([OK]) as target:
        play = Play(answer(b"", status, location=f"{target.root}/v1/chat/completions?q=1"))
        async with RawServer([play]) as server:
            for asked in (AsyncClient(KEY, server.url), client(server)):
                async with asked:
                    with pytest.raises(errors.ApiError, match=r"127.0.0.1.*not followed"):
                        await asked.chat.create(BODY)
                    with pytest.raises(errors.ApiError, match="not followed"):
                        await asked.models.list()
    assert target.requests == []
    assert target.connections == 0


async def test_a_web_page_with_200():
    play = Play(answer(b"<!doctype html><html>hello", content_type="text/html"))
    async with RawServer([play]) as server, client(server) as asked:
        with pytest.raises(errors.ResponseError, match="look at the address"):
            await asked.chat.create(BODY)
        with pytest.raises(errors.ResponseError, match="look at the address"):
            async with asked.chat.stream(BODY) as pieces:
                await anext(pieces)
        with pytest.raises(errors.ResponseError, match="web page"):
            await asked.models.list()


async def test_byte_caps():
    async with RawServer([Play(answer(b"[" + b" " * 10_000 + b"]"))]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            with pytest.raises(errors.ResponseError, match="larger than 5,000"):
                await asked.transport.send(
                    Request("POST", "x", body=b"{}", cap=5_000, intent=INTENT)
                )
    assert memory.states == ["possibly_paid"]


async def test_a_server_that_says_nothing_in_time():
    async with RawServer([Play(b"", hold=True)]) as server:
        memory = Memory(server)
        async with client(server, memory, timeouts=Timeouts(first_byte=0.05)) as asked:
            with pytest.raises(errors.RequestTimeout, match="may have been billed"):
                await asked.chat.create(BODY, intent=INTENT)
        await server.gone.wait()
    assert memory.states == ["possibly_paid"]
    assert len(server.requests) == 1


async def test_a_pause_that_is_asked_for_holds_before_the_next_one_takes_the_place():
    clock, sent = Clock(), []

    class Gate:
        """Lets one in at a time."""

        def __init__(self):
            self.free = anyio.Semaphore(1)

        async def turn(self):
            await self.free.acquire()

        def released(self, **_):
            self.free.release()

        def sent(self):
            sent.append(clock.now)

        def check(self): ...

        failed = paused = lambda *_, **__: None

    class Slow(Memory):
        async def ended(self, record, outcome):
            await super().ended(record, outcome)
            await asyncio.sleep(0.01)  # the next one has its place meanwhile

    flow = Gate()
    async with (
        RawServer([refusal(429, retry_after="7"), OK]) as server,
        client(server, Slow(server), clock) as asked,
        anyio.create_task_group() as group,
    ):
        for _ in range(2):
            request = Request("POST", "chat/completions", body=b"{}", intent=INTENT, flow=flow)
            group.start_soon(asked.transport.send, request)
    assert sent[0] == 0.0
    assert min(sent[1:]) >= 7.0
    assert len(sent) == 3


async def test_cancelling_closes_the_connection_and_is_written_down():
    async with RawServer([Play(b"", hold=True)]) as server:
        memory = Memory(server)
        arrived = anyio.Event()
        server.on_request = lambda _: arrived.set()
        async with client(server, memory) as asked:
            async with anyio.create_task_group() as group:
                group.start_soon(lambda: asked.chat.create(BODY, intent=INTENT))
                await arrived.wait()
                await anyio.sleep(0.01)
                group.cancel_scope.cancel()
            await server.gone.wait()
    assert memory.states == ["possibly_paid"]


async def test_cancelling_before_anything_was_sent():
    async with RawServer([OK]) as server:
        memory = Memory(server)

        class Slow(Memory):
            async def sending(self, intent, attempt):
                number = await super().sending(intent, attempt)
                scope.cancel()
                return number

        memory = Slow(server)
        async with client(server, memory) as asked:
            with anyio.CancelScope() as scope:
                await asked.chat.create(BODY, intent=INTENT)
    assert memory.states == ["failed"]
    assert server.requests == []


@pytest.mark.parametrize("moment", ["sending", "ended"])
async def test_a_native_cancellation_waits_for_the_record(moment):
    class Slow(Memory):
        async def sending(self, intent, attempt):
            number = await super().sending(intent, attempt)
            await self.interrupted("sending")
            return number

        async def ended(self, record, outcome):
            await self.interrupted("ended")
            await super().ended(record, outcome)

        async def interrupted(self, now):
            if now == moment:
                task.cancel()
                await asyncio.sleep(0.01)

    async with RawServer([OK]) as server:
        memory = Slow(server)
        async with client(server, memory) as asked:
            task = asyncio.ensure_future(asked.chat.create(BODY, intent=INTENT))
            with pytest.raises(asyncio.CancelledError):
                await task
    assert memory.states == (["failed"] if moment == "sending" else ["done"])


async def test_native_cancellation_while_waiting():
    async with RawServer([Play(b"", hold=True)]) as server:
        memory = Memory(server)
        server.on_request = lambda _: asyncio.get_running_loop().call_later(0.01, task.cancel)
        async with client(server, memory) as asked:
            task = asyncio.ensure_future(asked.chat.create(BODY, intent=INTENT))
            with pytest.raises(asyncio.CancelledError):
                await task
            await server.gone.wait()
    assert memory.states == ["possibly_paid"]


async def test_deleting_needs_no_answer():
    async with RawServer([Play(b"HTTP/1.1 204 X\r\n\r\n")]) as server, client(server) as asked:
        given = await asked.transport.send(Request("DELETE", "files/1"))
    assert (given.status, given.body) == (204, b"")


@pytest.mark.parametrize("key", ["schlüssel-0123456789", "two words here", "a\nb: c"])
def test_a_key_that_cannot_be_sent(key):
    with pytest.raises(errors.SettingsError) as caught:
        AsyncClient(key)
    assert key not in str(caught.value)


async def test_the_key_is_in_no_error_and_no_log(caplog):
    echo = Play(answer(f'{{"detail": "bad key {KEY} for {PROMPT}"}}'.encode(), 401))
    broken = Play(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n", close=True)
    nonsense = Play(b"?" * 50 + b"\r\n\r\n", close=True)
    async with RawServer([echo, broken, nonsense]) as server:
        with caplog.at_level(logging.DEBUG):
            async with AsyncClient(KEY, server.url, max_retries=0) as asked:
                for _ in range(3):
                    with pytest.raises(errors.NebiusError) as caught:
                        await asked.chat.create(BODY)
                    error = caught.value
                    assert error.__cause__ is None
                    assert error.__context__ is None or error.__suppress_context__
                    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
                    text = "".join(shown.format()) + str(vars(error)) + repr(error.args)
                    assert KEY not in text
                    assert PROMPT not in text
                assert KEY not in repr(asked) + repr(vars(asked)) + repr(asked.transport)
    assert KEY not in caplog.text


async def test_no_frame_of_a_traceback_shows_the_key():
    async with (
        RawServer([Play(b"", close=True)]) as server,
        AsyncClient(KEY, server.url, max_retries=0) as asked,
    ):
        with pytest.raises(errors.TransportError) as caught:
            await asked.chat.create(BODY)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    ours = [frame for frame in shown.stack if "nbnebius/" in frame.filename]
    assert ours
    assert all(KEY not in str(frame.locals) for frame in ours)


@pytest.mark.parametrize("url", ["", "ftp://x", "http://", "https://u:p@x/v1", "http://[", "x y"])
def test_addresses_that_make_no_sense(url):
    with pytest.raises(errors.SettingsError) as caught:
        AsyncClient(KEY, url)
    assert "u:p" not in str(caught.value)


def test_bases():
    for given in ("https://x.test/v1", "https://x.test/v1/", " https://x.test/v1// "):
        assert AsyncClient(None, given).base_url == "https://x.test/v1/"
    assert AsyncClient(None, "http://[::1]:8/v1").transport.address.root == "http://[::1]:8"
    assert "tokenfactory" in AsyncClient().base_url


def test_nothing_heavy_is_imported():
    import subprocess

    code = "import sys, nbnebius.client; print({'httpx2', 'numpy', 'ssl'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() in {"set()", "{'ssl'}"}
