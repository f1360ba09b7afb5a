"""Files: uploaded in flat memory, listed, read in parts, deleted; their names are never paths."""

import contextlib
import http.client
import json
import os
import secrets
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import openai
import pytest
from sandbox_fixture import running_sandbox

BOUNDARY = "----a-boundary-of-a-test"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(sandbox):
    with openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0) as client:
        yield client


def post(sandbox, body, content_type=f"multipart/form-data; boundary={BOUNDARY}", **headers):
    """Send a body, which may be an iterator, and give the answer."""
    address = urlsplit(sandbox.base_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
    headers |= {"Authorization": f"Bearer {sandbox.api_key}", "Content-Type": content_type}
    try:
        # A server that refuses early may hang up while the rest is sent.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            connection.request("POST", "/v1/files", body, headers)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


def field(name, value):
    return (
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
    ).encode()


def file_head(name):
    line = f'Content-Disposition: form-data; name="file"; filename="{name}"'
    return f"--{BOUNDARY}\r\n{line}\r\nContent-Type: text/plain\r\n\r\n".encode()


END = f"\r\n--{BOUNDARY}--\r\n".encode()


def test_the_life_of_a_file(client):
    content = secrets.token_bytes(300_000)
    made = client.files.create(file=("requests.jsonl", content), purpose="batch")
    assert made.id.startswith("file-")
    assert (made.object, made.purpose) == ("file", "batch")
    assert (made.bytes, made.filename) == (len(content), "requests.jsonl")
    assert client.files.retrieve(made.id) == made
    assert client.files.content(made.id).read() == content
    assert made.id in {file.id for file in client.files.list()}
    gone = client.files.delete(made.id)
    assert (gone.id, gone.object, gone.deleted) == (made.id, "file", True)
    for ask in (client.files.retrieve, client.files.content, client.files.delete):
        with pytest.raises(openai.NotFoundError) as caught:
            ask(made.id)
        assert caught.value.body == {"detail": f"The file `{made.id}` does not exist."}
    assert made.id not in {file.id for file in client.files.list()}


def test_the_list_has_pages_and_ends(tmp_path):
    with (
        running_sandbox(tmp_path) as sandbox,
        openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key) as client,
    ):
        made = [client.files.create(file=b"1", purpose="batch").id for _ in range(23)]
        tuned = client.files.create(file=b"1", purpose="fine-tune").id
        page = client.files.list()
        assert (len(page.data), page.has_more) == (10, True)
        assert [file.id for file in client.files.list()] == [tuned, *reversed(made)]
        assert [file.id for file in client.files.list(limit=4, purpose="batch")] == made[::-1]
        assert [file.id for file in client.files.list(purpose="fine-tune")] == [tuned]
        with pytest.raises(openai.NotFoundError):
            client.files.list(after="file-none")
        # deleted while it is read
        for file in client.files.list(limit=5):
            client.files.delete(file.id)
        assert client.files.list().data == []
        assert not [path for path in (sandbox.data / "files").iterdir() if path.is_file()]


@pytest.mark.parametrize("query", ["limit=0", "limit=x", "limit=10001"])
def test_a_wrong_limit_is_refused(client, query):
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.get(f"/files?{query}", cast_to=object)
    assert caught.value.body["detail"][0]["loc"] == ["query", "limit"]


def test_parts_of_a_file(client):
    made = client.files.create(file=b"0123456789", purpose="batch")
    raw = client.files.with_raw_response

    def part(wish, **more):
        return raw.content(made.id, extra_headers={"Range": wish, **more})

    for wish, content, span in (
        ("bytes=2-4", b"234", "bytes 2-4/10"),
        ("bytes=7-", b"789", "bytes 7-9/10"),
        ("bytes=-2", b"89", "bytes 8-9/10"),
    ):
        answer = part(wish)
        assert (answer.status_code, answer.content) == (206, content)
        assert answer.headers["content-range"] == span
    tag = raw.content(made.id).headers["etag"]
    assert part("bytes=2-4", **{"If-Range": tag}).status_code == 206
    assert part("bytes=2-4", **{"If-Range": '"other"'}).content == b"0123456789"
    with pytest.raises(openai.APIStatusError) as caught:
        part("bytes=10-")
    assert caught.value.status_code == 416
    assert caught.value.response.headers["content-range"] == "bytes */10"


def test_an_empty_file(client):
    made = client.files.create(file=("empty", b""), purpose="batch")
    assert made.bytes == 0
    assert client.files.content(made.id).read() == b""


@pytest.mark.parametrize(
    "name",
    ["../../.bashrc", "/etc/passwd", "..\\..\\x", "CON", ".ipynb", "a\u202eb", "x" * 5000,
     "\x1b]52;c;eA==\x07", ""]
)  # fmt: skip
def test_names_are_shown_and_never_used_as_paths(sandbox, name):
    before = {path.name for path in (sandbox.data / "files").glob("*")}
    body = field("purpose", "batch") + file_head(name) + b"1" + END
    status, made = post(sandbox, body)
    assert status == 200
    assert made["filename"] == name[:1024]
    after = {path.name for path in (sandbox.data / "files").glob("*")}
    assert after - before == {made["id"]}
    path = sandbox.data / "files" / made["id"]
    assert path.read_bytes() == b"1"
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("id", ["..%2F..%2Fsandbox.sqlite", "..%2fsandbox.sqlite", "%00"])
def test_an_id_is_no_path_either(client, id):
    for ending in ("", "/content"):
        with pytest.raises(openai.NotFoundError):
            client.get(f"/files/{id}{ending}", cast_to=object)


@pytest.mark.parametrize(
    ("body", "locs"),
    [
        (END, [["body", "file"], ["body", "purpose"]]),
        (field("purpose", "batch") + END[2:], [["body", "file"]]),
        (file_head("x") + b"1" + END, [["body", "purpose"]]),
        (field("purpose", "nothing") + file_head("x") + b"1" + END, [["body", "purpose"]]),
        (
            file_head("x") + b"1\r\n" + field("purpose", "batch_output") + END[2:],
            [["body", "purpose"]],
        ),
        (field("purpose", "batch") + field("file", "text") + END[2:], [["body", "file"]]),
    ],
)
def test_a_form_that_lacks_something_lists_what(sandbox, body, locs):
    status, answer = post(sandbox, body)
    assert status == 422
    assert [problem["loc"] for problem in answer["detail"]] == locs
    assert not list((sandbox.data / "files").glob("incoming-*"))


def test_a_body_that_is_json_lacks_everything(sandbox):
    status, answer = post(sandbox, b"{}", "application/json")
    assert status == 422
    assert [problem["type"] for problem in answer["detail"]] == ["missing", "missing"]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"nonsense", f"multipart/form-data; boundary={BOUNDARY}"),
        (field("purpose", "batch") + file_head("x") + b"12345", None),
        (b"x", "multipart/form-data"),
    ],
)
def test_a_broken_form_is_refused_and_leaves_nothing(sandbox, body, content_type):
    status, answer = post(sandbox, body, *filter(None, [content_type]))
    assert status == 400
    assert answer["detail"].startswith("There was an error parsing the body")
    assert not list((sandbox.data / "files").glob("incoming-*"))


@pytest.mark.parametrize("content_type", ["text/plain", "application/octet-stream"])
def test_other_types_are_refused(sandbox, content_type):
    assert post(sandbox, b"1", content_type)[0] == 415


def test_an_upload_that_announces_more_than_the_cap_is_refused_at_once(sandbox):
    status, _ = post(sandbox, b"", **{"Content-Length": str(30 * 1024**3)})
    assert status == 413


def memory(pid):
    """Give the resident memory of a process, in bytes: the highest ever where that is known."""
    status = Path(f"/proc/{pid}/status")
    if status.exists():
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) * 1024
    shown = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True
    )
    return int(shown.stdout) * 1024


def test_a_file_of_100000_lines_needs_flat_memory(tmp_path):
    line = json.dumps(
        {
            "custom_id": "request-%06d",
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": "m", "messages": [{"role": "user", "content": "x" * 1000}]},
        }
    ).encode()
    size = 0

    def lines():
        nonlocal size
        yield field("purpose", "batch") + file_head("large.jsonl")
        for start in range(0, 100_000, 1000):
            piece = b"".join(line % number + b"\n" for number in range(start, start + 1000))
            size += len(piece)
            yield piece
        yield END

    with running_sandbox(tmp_path) as sandbox:
        post(sandbox, field("purpose", "batch") + file_head("x") + b"1" + END)
        before = memory(sandbox.process.pid)
        status, made = post(sandbox, lines())
        assert (status, made["bytes"]) == (200, size)
        assert size > 100 * 1024**2
        address = urlsplit(sandbox.base_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=120)
        headers = {"Authorization": f"Bearer {sandbox.api_key}"}
        connection.request("GET", f"/v1/files/{made['id']}/content", headers=headers)
        answer = connection.getresponse()
        received = 0
        while piece := answer.read(1024**2):
            received += len(piece)
        connection.close()
        assert received == size
        assert memory(sandbox.process.pid) - before < 30 * 1024**2


def test_a_client_that_leaves_in_the_middle_leaves_nothing_behind(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        address = urlsplit(sandbox.base_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.putrequest("POST", "/v1/files")
        connection.putheader("Authorization", f"Bearer {sandbox.api_key}")
        connection.putheader("Content-Type", f"multipart/form-data; boundary={BOUNDARY}")
        connection.putheader("Content-Length", str(50 * 1024**2))
        connection.endheaders()
        connection.send(field("purpose", "batch") + file_head("x") + b"1" * 8 * 1024**2)
        connection.close()
        with openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key) as client:
            assert client.files.list().data == []
            for _ in range(1000):
                lines = client.get(f"{sandbox.root_url}sandbox/requests", cast_to=object)["data"]
                if lines[-1]["state"] != "running":
                    break
        assert lines[-1]["state"] == "cancelled"
        assert not list((sandbox.data / "files").glob("incoming-*"))
    assert (tmp_path / "sandbox-stderr.txt").read_text() == ""


def test_what_an_earlier_process_left_on_its_way_is_taken_away(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        post(sandbox, field("purpose", "batch") + file_head("x") + b"1" + END)
        left = sandbox.data / "files" / "incoming-left"
        left.write_bytes(os.urandom(10))
    with running_sandbox(tmp_path):
        assert not left.exists()
