"""Limits refill, patterns match, and slow bodies are cut."""

import asyncio
import re
import socket
from functools import partial

import anyio
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from nbnebius.sandbox.engines.guided import UnguidableError, follow_pattern
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.gate import patience
from nbnebius.sandbox.gate.guard import CappedBody
from nbnebius.sandbox.gate.limits import Limits
from nbnebius.sandbox.keeping.ledger import LISTED, Entry, Ledger
from nbnebius.sandbox.keeping.store import Store
from nbnebius.sandbox.server import listen
from nbnebius.sandbox.settings import Settings, default_data_folder
from nbnebius.sandbox.wire.failures import ApiError


def test_requests_refill_with_time():
    now = [0.0]
    limits = Limits(lambda: now[0])
    for left in ("1", "0"):
        assert limits.admit("m", (2, 100), 1)["x-ratelimit-remaining-requests"] == left
    with pytest.raises(ApiError) as caught:
        limits.admit("m", (2, 100), 1)
    assert (caught.value.status, caught.value.headers["retry-after"]) == (429, "30")
    limits.admit("another", (2, 100), 1)
    now[0] = 30.0
    limits.admit("m", (2, 100), 1)


def test_tokens_of_answers_count_against_the_next_request():
    now = [0.0]
    limits = Limits(lambda: now[0])
    limits.admit("m", (60, 100), 50)
    limits.spend("m", 110)
    with pytest.raises(ApiError) as caught:
        limits.admit("m", (60, 100), 10)
    assert caught.value.headers["retry-after"] == "42"
    assert caught.value.headers["x-ratelimit-remaining-tokens"] == "0"
    now[0] = 42.0
    headers = limits.admit("m", (60, 100), 10)
    assert headers["x-ratelimit-reset-tokens"] == "60s"
    assert headers["x-ratelimit-dynamic-period-usage-tokens"] == "100%"


def test_a_prompt_above_a_whole_minute_waits_for_a_full_bucket_only():
    limits = Limits(lambda: 0.0)
    limits.admit("m", (60, 100), 1000)
    with pytest.raises(ApiError):
        limits.admit("m", (60, 100), 1)


PATTERNS = [
    r"\d{3}-\d{4}",
    r"[A-Z][a-z]+", r"(yes|no)", r"^\w+@\w+\.(com|org)$", r"a*b+c?", r"[^abc]{2,4}",
    r"(?:ab){3}", r"(?P<year>\d{4})", r"\$\d+\.\d\d", r"", r"[a-c\d_-]+", r"x{0,2}|y",
    r"(a|b(c|d))*z",
]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
@given(variant=st.integers(0, 1000))
def test_a_pattern_is_matched(pattern, variant):
    text = follow_pattern(pattern, "", Voice([], variant))
    assert re.fullmatch(pattern, text)


@pytest.mark.parametrize(
    "pattern", ["(", "[", "a{", "*", r"(a)\1", "(?=a)b", "(?i)a", "a" * 501, ")"]
)
def test_a_pattern_that_cannot_be_followed_is_said_to_be_one(pattern):
    with pytest.raises(UnguidableError):
        follow_pattern(pattern, "", Voice([]))


def receiver(*messages, forever=False):
    left = list(messages)

    async def receive():
        if not left and forever:
            await anyio.sleep_forever()
        return left.pop(0)

    return receive


def read(receive, **caps):
    settings = Settings(api_key="x", **caps)

    async def read_all():
        body = CappedBody(receive, settings, None)
        content = b""
        while True:
            message = await body()
            content += message.get("body", b"")
            if not message.get("more_body"):
                return content

    return anyio.run(read_all)


def test_a_body_that_never_ends_is_cut_by_time():
    start = {"type": "http.request", "body": b"{", "more_body": True}
    with pytest.raises(ApiError) as caught:
        read(receiver(start, forever=True), body_seconds=0.01)
    assert caught.value.status == 408


def test_a_body_above_the_cap_is_cut_by_size():
    pieces = [{"type": "http.request", "body": b"12345", "more_body": True}] * 3
    assert read(receiver(pieces[0], {"type": "http.request", "body": b"67"}), body_bytes=7)
    with pytest.raises(ApiError) as caught:
        read(receiver(*pieces), body_bytes=7)
    assert caught.value.status == 413


def test_the_log_lists_the_latest_and_keeps_how_they_ended(tmp_path):
    store = Store(tmp_path)
    ledger = Ledger(store)
    for number in range(LISTED + 5):
        entry = Entry(f"id-{number}", "/v1/models", "test", status=200)
        ledger.begin(entry)
        if number:
            ledger.end(entry)
    listed = ledger.listing()
    assert len(listed) == LISTED
    assert listed[0]["id"] == f"id-{LISTED + 4}"
    store.close()
    again = Store(tmp_path)
    states = dict(again.query("SELECT id, state FROM requests"))
    assert states["id-0"] == "running"
    Ledger(again)
    states = dict(again.query("SELECT id, state FROM requests"))
    assert (states["id-0"], states["id-1"]) == ("failed", "finished")
    again.close()


def test_the_data_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path))
    assert default_data_folder() == tmp_path / "sandbox"
    monkeypatch.delenv("NBNEBIUS_HOME")
    assert default_data_folder().name == "sandbox"


def test_settings_do_not_show_the_key():
    assert "secret" not in repr(Settings(api_key="secret"))


def test_a_request_head_that_never_ends_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.01)

    async def never_called(scope, receive, send):
        raise AssertionError

    async def talk():
        config = uvicorn.Config(never_called, log_config=None, lifespan="off")
        config.load()
        state = ServerState()
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: patience.PatientProtocol(config, state, {}), "127.0.0.1", 0
        )
        address = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(*address)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        content = await reader.read()
        writer.close()
        server.close()
        await server.wait_closed()
        return content

    assert anyio.run(talk) == b""


def test_an_upload_may_take_any_time_as_long_as_something_arrives():
    async def ends(*, upload):
        pieces = [{"type": "http.request", "body": b"12345", "more_body": True}] * 3
        body = CappedBody(receiver(*pieces), Settings(api_key="x"), None, upload=upload)
        found = []
        for _ in pieces:
            await anyio.sleep(0.01)
            await body()
            found.append(body._until)
        return found

    assert len(set(anyio.run(partial(ends, upload=True)))) == 3
    assert len(set(anyio.run(partial(ends, upload=False)))) == 1


def test_an_upload_that_falls_silent_is_cut():
    async def read_upload():
        settings = Settings(api_key="x", body_seconds=0.01)
        start = {"type": "http.request", "body": b"1", "more_body": True}
        body = CappedBody(receiver(start, forever=True), settings, None, upload=True)
        return [await body() for _ in range(2)]

    with pytest.raises(ApiError) as caught:
        anyio.run(read_upload)
    assert caught.value.status == 408


def test_an_upload_has_the_cap_of_files():
    async def begin(announced, *, upload):
        settings = Settings(api_key="x", file_bytes=10_000_000, body_bytes=10)
        CappedBody(receiver(), settings, announced, upload=upload)

    anyio.run(partial(begin, "10000500", upload=True))
    for announced, upload in (("20000000", True), ("11", False)):
        with pytest.raises(ApiError) as caught:
            anyio.run(partial(begin, announced, upload=upload))
        assert caught.value.status == 413


def test_small_writes_are_sent_at_once():
    listener = listen(Settings(api_key="x", port=0))
    # asyncio turns Nagle's algorithm off for sockets that name their protocol, only for those.
    assert listener.proto == socket.IPPROTO_TCP
    listener.close()
