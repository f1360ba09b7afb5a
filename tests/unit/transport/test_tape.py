"""The names of requests on a recording, and its file."""

import json
import os
import sqlite3
import stat
from contextlib import closing

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.client.multipart import post_file, prepare
from nbnebius.errors import ReplayError
from nbnebius.events import Intent, Outcome
from nbnebius.transport import Request, Transport
from nbnebius.transport.tape import Recording, Replaying
from nbnebius.transport.tape.file import APPLICATION, VERSION
from nbnebius.transport.tape.names import content_of, request_name, text_name, texts_in, told_by
from nbnebius.transport.tape.recording import PART, is_final

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)
BODIES = st.dictionaries(TEXTS.filter(lambda name: name not in {"stream", "input"}), VALUES)


def name(body, path="chat/completions"):
    return request_name("POST", path, content_of(body))


# -- names -------------------------------------------------------------------------------------


@given(BODIES)
def test_a_name_does_not_depend_on_the_order_of_fields_or_on_what_is_left_out(body):
    turned = dict(reversed(body.items()))
    assert name(body) == name(turned) == name(msgspec.json.encode(body))
    assert name({**body, "left_out": None}) == name(body)


@given(BODIES)
def test_how_the_answer_travels_is_no_part_of_the_name(body):
    streamed = {**body, "stream": True, "stream_options": {"include_usage": True}}
    assert name(streamed) == name({**body, "encoding_format": "base64"}) == name(body)


@given(BODIES, BODIES)
def test_other_content_has_another_name(one, other):
    told = [json.dumps(content_of(body), sort_keys=True) for body in (one, other)]
    assert (name(one) == name(other)) is (told[0] == told[1])
    assert name({**one, "prompt": "a"}) != name({**one, "prompt": "b"})
    assert name(one) != name(one, "completions")


@given(BODIES, st.lists(TEXTS, min_size=1, max_size=5), TEXTS)
def test_a_text_has_one_name_in_whatever_group_it_is_asked(body, texts, more):
    alone = content_of({**body, "input": more})
    grouped = content_of({**body, "input": [*texts, more]})
    assert text_name(grouped, more) == text_name(alone, more)
    assert text_name(alone, more) == request_name("POST", "embeddings", alone)
    assert text_name(alone, more + "!") != text_name(alone, more)


@given(st.binary(max_size=50), st.binary(max_size=50))
def test_bytes_that_are_no_json_are_told_apart(one, other):
    told = [content_of(b"--mark " + data) for data in (one, other)]
    assert (told[0] == told[1]) is (one == other)


def test_params_method_and_server_tell_requests_apart():
    names = {
        request_name("GET", "files"),
        request_name("DELETE", "files"),
        request_name("GET", "files", params={"limit": 5}),
        request_name("GET", "files", params={"after": 5}),
        request_name("GET", "files", scope="open_webui"),
    }
    assert len(names) == 5
    assert request_name("GET", "files", params={"limit": None}) in names
    assert request_name("GET", "a", params={"x": 1, "y": 2}) == request_name(
        "GET", "a", params={"y": 2, "x": 1}
    )


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ("one", ["one"]),
        (["one", "two"], ["one", "two"]),
        ([1, 2, 3], None),
        ([[1, 2], [3]], None),
        ([], None),
        (None, None),
    ],
)
def test_only_texts_are_named_one_by_one(given, found):
    assert texts_in("embeddings", {"model": "m", "input": given}) == found
    assert texts_in("chat/completions", {"model": "m", "input": given}) is None


@pytest.mark.anyio
async def test_an_upload_is_named_by_its_content_alone():
    transport = Transport("http://127.0.0.1:9/v1/", None)

    async def told(content, purpose="batch", filename=None):
        async with prepare(content, filename) as source:
            return await told_by(post_file(transport, "files", {"purpose": purpose}, source, {}))

    first = await told(b"one\n")
    assert await told(iter([b"on", b"e\n"])) == first
    assert await told(b"one\n", filename="other.jsonl") == first
    assert await told(b"two\n") != first
    assert await told(b"one\n", "fine-tune") != first


@pytest.mark.parametrize("status", [200, 204, 206, 400, 404, 405, 409, 413, 422, 501])
def test_what_would_come_again_is_recorded(status):
    assert is_final(status)


@pytest.mark.parametrize("status", [0, 302, 401, 402, 403, 407, 408, 425, 429, 500, 502, 503, 504])
def test_what_depends_on_the_moment_or_the_key_is_not(status):
    assert not is_final(status)


# -- the file ----------------------------------------------------------------------------------

CHAT = Request("POST", "chat/completions", body=b'{"model":"m","messages":[]}', lane="m")


def whole(body, status=200):
    return Outcome("done" if status < 300 else "failed", status, "application/json", body)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a file?with #marks.tape"


async def record(path, *bodies, request=CHAT):
    recording = Recording(path)
    await recording.describe({"service": "nebius"})
    for body in bodies:
        await recording.answered(request, whole(body), "")
    recording.close()


async def answers(path, count, request=CHAT):
    replaying = Replaying(path)
    found = [b"".join((await replaying.find(request)).parts) for _ in range(count)]
    replaying.close()
    return found


@pytest.mark.anyio
async def test_the_nth_asking_gets_the_nth_answer_and_the_last_one_again(path):
    await record(path, b"{1}", b"{2}")
    assert await answers(path, 4) == [b"{1}", b"{2}", b"{2}", b"{2}"]


@pytest.mark.anyio
async def test_the_same_kernel_goes_on_with_its_take_and_another_one_begins_anew(path, monkeypatch):
    await record(path, b"{1}")
    await record(path, b"{2}")
    assert await answers(path, 2) == [b"{1}", b"{2}"]
    monkeypatch.setattr(os, "getpid", lambda: -1)
    await record(path, b"{3}")
    assert await answers(path, 2) == [b"{3}", b"{3}"]


@pytest.mark.anyio
@pytest.mark.parametrize("size", [0, 1, PART, PART + 1, 3 * PART + 5])
async def test_a_body_of_any_size_comes_back_whole(path, size):
    body = os.urandom(size)
    await record(path, body)
    assert await answers(path, 1) == [body]


@pytest.mark.anyio
@pytest.mark.parametrize("state", ["partial", "possibly_paid", "failed"])
async def test_half_an_answer_is_not_recorded(path, state):
    recording = Recording(path)
    await recording.describe({"service": "nebius"})
    await recording.answered(CHAT, Outcome(state, 200, "text/event-stream", b"data: {"), "")
    recording.close()
    with pytest.raises(ReplayError):
        await answers(path, 1)


@pytest.mark.anyio
async def test_a_private_call_and_a_part_of_a_file_are_not_recorded(path):
    private = Request(
        "POST",
        CHAT.path,
        body=CHAT.body,
        intent=Intent(b"k", "chat", "nebius", "m", private=True),
    )
    part = Request("GET", "files/f/content", headers={"Range": "bytes=5-"})
    recording = Recording(path)
    await recording.describe({"service": "nebius"})
    await recording.answered(private, whole(b"{}"), "")
    await recording.answered(part, whole(b"rest"), "")
    recording.close()
    for request in (CHAT, Request("GET", "files/f/content")):
        with pytest.raises(ReplayError):
            await answers(path, 1, request)


@pytest.mark.anyio
async def test_a_new_file_is_its_owners_and_one_that_is_there_keeps_its_mode(
    path,
):
    await record(path, b"{1}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    await record(path, b"{2}")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


@pytest.mark.anyio
async def test_a_replay_changes_nothing_and_needs_no_right_to_write(path):
    await record(path, b"{1}")
    path.chmod(0o400)
    before = path.read_bytes()
    assert await answers(path, 2) == [b"{1}", b"{1}"]
    assert path.read_bytes() == before


def test_an_empty_file_is_what_a_killed_kernel_leaves_and_is_gone_on_with(path):
    path.touch()
    Recording(path).close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (APPLICATION,)
    with pytest.raises(ReplayError, match="holds nothing yet"):
        Replaying(path)


def test_a_newer_format_is_refused_by_name(path):
    Recording(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(f"PRAGMA user_version={VERSION + 1}")
    for opening in (Recording, Replaying):
        with pytest.raises(ReplayError, match="newer version"):
            opening(path)


def test_a_recording_with_a_trigger_in_it_is_refused(path):
    Recording(path).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute(
            "CREATE TRIGGER t AFTER INSERT ON answers BEGIN DELETE FROM answers; END"
        )
    for opening in (Recording, Replaying):
        with pytest.raises(ReplayError, match="is no recording"):
            opening(path)


def test_a_folder_or_a_place_that_cannot_be_written_is_an_error(tmp_path):
    with pytest.raises(ReplayError, match="cannot be"):
        Recording(tmp_path)
    with pytest.raises(ReplayError, match="cannot be written"):
        Recording(tmp_path / "nowhere" / "a.tape")


@pytest.mark.anyio
async def test_vectors_come_with_each_texts_own_tokens(path):
    recording = Recording(path)
    await recording.describe({"service": "nebius"})
    body = {"model": "e", "dimensions": None}
    recording.keep_vectors(body, [("a", b"\0\0\x80?", 1.5), ("b", b"\0\0\0@", 2.25)])
    recording.close()
    sent = msgspec.json.encode(
        {"model": "e", "input": ["b", "a", "b"], "encoding_format": "base64"}
    )
    (answer,) = await answers(path, 1, Request("POST", "embeddings", body=sent))
    read = msgspec.json.decode(answer)
    assert [one["nbnebius_tokens"] for one in read["data"]] == [2.25, 1.5, 2.25]
    assert read["usage"]["prompt_tokens"] == 6
