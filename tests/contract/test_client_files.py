"""Files over real sockets: uploads that stream, answers that get lost, downloads that break."""

import os
import sys
import threading
from email import message_from_bytes
from pathlib import Path
from wsgiref.handlers import format_date_time

import anyio
import pytest
from asking import KEY, Clock, client, refusal
from raw_server import STREAM_HEAD, Play, RawServer, answer, chunk, json_answer

from nbnebius import errors
from nbnebius.events import Progress, Retrying
from nbnebius.types.secret import Secret

pytestmark = pytest.mark.anyio

FILE = {"id": "file-1", "object": "file", "bytes": 3, "created_at": 1730723658, "purpose": "batch"}
LOST = Play(b"", close=True)
NOW = 1_800_000_000.0
DATE = format_date_time(NOW)


def form(seen):
    """Read a multipart request as another library reads it."""
    kind = seen.headers["content-type"].encode()
    parts = message_from_bytes(b"content-type: " + kind + b"\r\n\r\n" + seen.body).get_payload()
    names = [part.get_param("name", header="content-disposition") for part in parts]
    return dict(zip(names, parts, strict=True))


def listing(*rows, **more):
    return json_answer({"object": "list", "data": list(rows), **more}, date=DATE)


def upload_row(**more):
    return {"id": "file-9", "bytes": 3, "created_at": NOW, "filename": "a.jsonl", **more}


# -- upload ------------------------------------------------------------------------------------


def several(content):
    yield from (content[:1], content[1:])


async def gradually(content):
    for piece in several(content):
        yield piece


@pytest.mark.parametrize("given", ["path", "text", "bytes", "iterator", "async iterator", "none"])
async def test_an_upload(given, tmp_path):
    content = b"" if given == "none" else b"one\r\ntwo\n--x"
    path = tmp_path / "a b.jsonl"
    path.write_bytes(content)
    source = {
        "path": path,
        "text": str(path),
        "bytes": content,
        "iterator": several(content),
        "async iterator": gradually(content),
        "none": content,
    }[given]
    async with (
        RawServer([json_answer(FILE)]) as server,
        client(server, secret=Secret(KEY)) as asked,
    ):
        told = []
        asked.transport.observer = told.append
        file = await asked.files.upload(source, ai_project_id="p")
    assert (file.id, file.bytes) == ("file-1", 3)
    (seen,) = server.requests
    assert seen.target == "/v1/files?ai_project_id=p"
    assert "transfer-encoding" not in seen.headers
    parts = form(seen)
    assert parts["purpose"].get_payload() == "batch"
    assert parts["file"].get_payload(decode=True).removesuffix(b"\n") == content.removesuffix(b"\n")
    assert content in seen.body
    name = parts["file"].get_filename()
    assert name == "a b.jsonl" if given in {"path", "text"} else name.startswith("upload-")
    assert told == ([Progress("bytes", len(content), len(content))] if content else [])


async def test_a_name_with_quotes_and_line_breaks(tmp_path):
    async with RawServer([json_answer(FILE)]) as server, client(server) as asked:
        await asked.files.upload(b"x", "fine-tune\r\nX: y", filename='a"b\r\nX-Evil: 1ü.jsonl')
    head = server.requests[0].body.partition(b"application/jsonl")[0].decode()
    assert 'filename="a%22b%0D%0AX-Evil: 1ü.jsonl"' in head
    assert "\r\nX" not in head


async def test_a_connection_that_breaks_before_or_while_sending(tmp_path):
    plays = [Play(read=False), Play(read=False), json_answer(FILE)]
    path = tmp_path / "a.jsonl"
    path.write_bytes(os.urandom(2**20))
    async with RawServer(plays) as server:
        # the server breaks off two connections, then takes it
        clock = Clock()
        original = server._play

        def played():
            play = original()
            if not play.read:
                server._next += 1
            return play

        server._play = played
        server._next = 0
        async with client(server, clock=clock) as asked:
            file = await asked.files.upload(path)
    assert file.id == "file-1"
    assert len(server.requests) == 1
    assert path.read_bytes() in server.requests[0].body


@pytest.mark.parametrize("lost", [LOST, refusal(500), refusal(502), json_answer({"ok": True})])
async def test_an_upload_whose_answer_is_lost_is_found(lost):
    old = upload_row(id="file-8", created_at=NOW - 100)
    other = upload_row(id="file-7", bytes=4)
    plays = [lost, listing(), listing(old, other, upload_row())]
    async with RawServer(plays) as server, client(server) as asked:
        file = await asked.files.upload(b"abc", filename="a.jsonl")
    assert file.id == "file-9"
    assert [seen.method for seen in server.requests].count("POST") == 1


async def test_an_upload_that_did_not_arrive_is_sent_again_and_told():
    plays = [LOST, listing(upload_row(created_at=NOW - 1000)), listing(), listing(), listing()]
    plays += [json_answer(FILE)]
    async with RawServer(plays) as server, client(server) as asked:
        told = []
        asked.transport.observer = told.append
        file = await asked.files.upload(b"abc", filename="a.jsonl")
    assert file.id == "file-1"
    assert [seen.method for seen in server.requests].count("POST") == 2
    assert Retrying("the file did not arrive", 0.0, 2) in told


async def test_an_upload_is_not_sent_again_where_nobody_wants_that():
    async with RawServer([LOST, listing()]) as server, client(server, max_retries=0) as asked:
        with pytest.raises(errors.TransportError):
            await asked.files.upload(b"abc", filename="a.jsonl")
    assert [seen.method for seen in server.requests].count("POST") == 1


async def test_a_file_of_an_earlier_upload_is_not_taken_for_this_one():
    mine = upload_row(id="file-1")
    plays = [
        json_answer(FILE),
        LOST,
        *[listing(mine, has_more=False)] * 3,
        json_answer(FILE),
    ]
    async with RawServer(plays) as server, client(server) as asked:
        await asked.files.upload(b"abc", filename="a.jsonl")
        await asked.files.upload(b"xyz", filename="a.jsonl")
    assert [seen.method for seen in server.requests].count("POST") == 3


async def test_an_upload_in_doubt_that_cannot_be_looked_up():
    async with RawServer([LOST, refusal(404)]) as server, client(server) as asked:
        with pytest.raises(errors.TransportError) as caught:
            await asked.files.upload(b"abc")
    assert "list the files" in caught.value.hint


async def test_an_upload_that_is_refused():
    async with RawServer([refusal(401)]) as server, client(server) as asked:
        with pytest.raises(errors.AuthenticationError):
            await asked.files.upload(b"abc")
    assert len(server.requests) == 1


@pytest.mark.parametrize("change", [b"", b"longer than before"])
async def test_a_file_that_changes_while_it_is_sent(tmp_path, change):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"abc")
    async with RawServer([json_answer(FILE)]) as server, client(server) as asked:
        original = Path.open

        def opened(self, *arguments, **more):
            if self == path:
                with original(self, "wb") as file:
                    file.write(change)
            return original(self, *arguments, **more)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Path, "open", opened)
            with pytest.raises(errors.OptionError, match="was changed"):
                await asked.files.upload(path)
    assert not server.requests


@pytest.mark.parametrize("content", ["no/such/file", ".", 7, ["text"], None])
async def test_what_cannot_be_uploaded(content):
    async with RawServer([json_answer(FILE)]) as server, client(server) as asked:
        with pytest.raises(errors.OptionError):
            await asked.files.upload(content)
    assert not server.requests


UPLOADING = """
import resource, sys, anyio
from nbnebius.client import AsyncClient

async def main():
    told = []
    async with AsyncClient(None, sys.argv[1]) as client:
        client.transport.observer = told.append
        await client.files.upload(b"warm", filename="w")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if sys.argv[2] == "-":
            await client.files.upload(bytes(2**20) for _ in range(300))
        else:
            await client.files.upload(sys.argv[2])
        print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 2**10, len(told))

anyio.run(main)
"""


class Swallowing:
    """A server that reads uploads without keeping them."""

    def __init__(self):
        import socket

        self.sizes = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}/v1/"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self):
        connection, _ = self._socket.accept()
        with connection, connection.makefile("rb") as reader:
            for _ in range(2):
                length = 0
                while (line := reader.readline()).strip():
                    if line.lower().startswith(b"content-length:"):
                        length = int(line.split(b":")[1])
                self.sizes.append(length)
                while length:
                    length -= len(reader.read(min(length, 2**20)))
                connection.sendall(json_answer(FILE).data)

    def close(self):
        self._socket.close()
        self._thread.join()


@pytest.mark.parametrize("given", ["file", "iterator"])
async def test_an_upload_takes_flat_memory(tmp_path, given):
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(300 * 2**20)
    server = Swallowing()
    command = [sys.executable, "-c", UPLOADING, server.url, str(path) if given == "file" else "-"]
    run = await anyio.run_process(command, check=False)
    server.close()
    assert run.returncode == 0, run.stderr.decode()
    grown, told = (int(word) for word in run.stdout.split())
    assert server.sizes[1] > 300 * 2**20
    assert grown < 40
    assert 100 < told < 320


# -- list, retrieve, delete --------------------------------------------------------------------


async def test_files_are_listed_page_after_page():
    first = [{"id": f"file-{at}"} for at in range(100)]
    plays = [listing(*first), listing({"id": "file-100"}), listing({"id": "file-100"})]
    async with RawServer(plays) as server, client(server) as asked:
        found = await asked.files.list(purpose="batch", ai_project_id="p")
    assert [file.id for file in found] == [f"file-{at}" for at in range(101)]
    assert server.requests[0].target == "/v1/files?purpose=batch&ai_project_id=p&limit=100"
    assert server.requests[1].target.endswith("&limit=100&after=file-99")
    assert len(server.requests) == 3


async def test_a_few_files():
    async with RawServer([listing({"id": "a"}, {"id": "b"})]) as server, client(server) as asked:
        assert [file.id for file in await asked.files.list(limit=1, after="x")] == ["a"]
    assert server.requests[0].target == "/v1/files?limit=1&after=x"


async def test_a_file_is_told_about_and_deleted():
    plays = [
        json_answer(FILE),
        json_answer({"id": "file-1", "deleted": True}),
        Play(answer(b"", 204)),
    ]
    async with RawServer(plays) as server, client(server) as asked:
        assert (await asked.files.retrieve("file-1")).raw == FILE
        assert (await asked.files.delete("file-1")).deleted is True
        assert (await asked.files.delete("file/2")).deleted is True
    assert [(seen.method, seen.target) for seen in server.requests] == [
        ("GET", "/v1/files/file-1"),
        ("DELETE", "/v1/files/file-1"),
        ("DELETE", "/v1/files/file%2F2"),
    ]


async def test_a_deletion_whose_first_answer_was_lost():
    async with RawServer([LOST, refusal(404)]) as server, client(server) as asked:
        assert (await asked.files.delete("file-1")).deleted is True
    async with RawServer([refusal(404)]) as server, client(server) as asked:
        with pytest.raises(errors.NotFoundError):
            await asked.files.delete("file-1")


@pytest.mark.parametrize("file_id", ["", "..", " "])
async def test_no_id(file_id):
    async with RawServer([listing()]) as server, client(server) as asked:
        for ask in (asked.files.retrieve, asked.files.delete, asked.files.content):
            with pytest.raises(errors.OptionError):
                await ask(file_id)
    assert not server.requests


# -- content -----------------------------------------------------------------------------------

DATA = bytes(range(256)) * 400


def part_of(at, **headers):
    head = answer(DATA[at:], 206, "application/octet-stream", **headers)
    return head.replace(
        b"content-type",
        b"content-range: bytes %d-%d/%d\r\ncontent-type" % (at, len(DATA) - 1, len(DATA)),
        1,
    )


def cut(at, **headers):
    whole = answer(DATA, 200, "application/octet-stream", **headers)
    return Play(whole[: len(whole) - len(DATA) + at], close=True)


async def test_content_as_bytes():
    async with RawServer([Play(answer(DATA))]) as server, client(server) as asked:
        assert await asked.files.content("file-1") == DATA
        with pytest.raises(errors.ResponseError, match="larger"):
            await asked.files.content("file-1", cap=100)
    assert server.requests[0].target == "/v1/files/file-1/content"


async def test_content_into_a_file(tmp_path):
    path = tmp_path / "out.jsonl"
    path.write_text("old")
    async with RawServer([Play(answer(DATA))]) as server, client(server) as asked:
        told = []
        asked.transport.observer = told.append
        assert await asked.files.save("file-1", path) == path
    assert path.read_bytes() == DATA
    assert told == [Progress("bytes", len(DATA), len(DATA))]
    assert list(tmp_path.iterdir()) == [path]


async def test_a_download_is_taken_up_where_it_broke(tmp_path):
    plays = [
        cut(1000, etag='"v1"'),
        Play(part_of(1000)[:-500], close=True),
        Play(part_of(len(DATA) - 500)),
    ]
    async with RawServer(plays) as server, client(server) as asked:
        await asked.files.save("file-1", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA
    assert [seen.headers.get("range") for seen in server.requests] == [
        None,
        "bytes=1000-",
        f"bytes={len(DATA) - 500}-",
    ]
    assert server.requests[1].headers["if-range"] == '"v1"'


@pytest.mark.parametrize(
    "second",
    [
        Play(answer(DATA)),
        Play(part_of(7), close=True),
        Play(answer(b"", 416)),
        Play(answer(DATA, 206)),
    ],
)
async def test_a_download_begins_anew_where_it_cannot_be_taken_up(tmp_path, second):
    plays = [cut(1000), second, Play(answer(DATA))]
    async with RawServer(plays) as server, client(server) as asked:
        await asked.files.save("file-1", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA


async def test_a_download_of_unknown_length(tmp_path):
    pieces = [STREAM_HEAD, chunk(DATA[:100])]
    whole = Play([STREAM_HEAD, chunk(DATA) + chunk(b"")])
    async with RawServer([Play(pieces, close=True), whole]) as server, client(server) as asked:
        await asked.files.save("file-1", tmp_path / "out")
    assert (tmp_path / "out").read_bytes() == DATA


async def test_a_download_that_breaks_for_ever_leaves_nothing(tmp_path):
    path = tmp_path / "out"
    path.write_text("old")
    async with RawServer([cut(1000)]) as server, client(server) as asked:
        with pytest.raises(errors.TransportError, match="broke off"):
            await asked.files.save("file-1", path)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
    assert len(server.requests) == 9


@pytest.mark.parametrize(
    ("play", "error"),
    [
        (refusal(404), errors.NotFoundError),
        (Play(answer(b"<html>", content_type="text/html")), errors.ResponseError),
        (Play(answer(b"x", content_encoding="gzip")), errors.ResponseError),
    ],
)
async def test_a_download_that_is_refused(tmp_path, play, error):
    async with RawServer([play]) as server, client(server) as asked:
        with pytest.raises(error):
            await asked.files.save("file-1", tmp_path / "out")
    assert not list(tmp_path.iterdir())
    assert len(server.requests) == 1


@pytest.mark.parametrize("place", [".", "no/such/folder/out"])
async def test_a_place_that_cannot_be_written(tmp_path, place):
    async with RawServer([Play(answer(DATA))]) as server, client(server) as asked:
        with pytest.raises(errors.OptionError):
            await asked.files.save("file-1", tmp_path / place)
    assert not server.requests


async def test_a_download_that_is_cancelled_leaves_nothing(tmp_path):
    play = Play([answer(DATA * 20)[:-100]], hold=True)
    begun = anyio.Event()
    async with (
        RawServer([play]) as server,
        client(server) as asked,
        anyio.create_task_group() as tasks,
    ):
        asked.transport.observer = lambda event: begun.set()
        tasks.start_soon(asked.files.save, "file-1", tmp_path / "out")
        await begun.wait()
        assert list(tmp_path.glob(".out*"))
        tasks.cancel_scope.cancel()
    assert not list(tmp_path.iterdir())
