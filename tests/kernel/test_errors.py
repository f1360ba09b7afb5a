"""Errors: three lines at most, of our own kind, without key or prompt, and the notebook stops."""

import asyncio
import threading

import nbformat
import pytest
from raw_server import Play, RawServer, answer, delta, json_answer, stream

pytestmark = pytest.mark.kernel

SECRET = "a-prompt-nobody-must-see"
MODELS = json_answer({"object": "list", "data": [{"id": "m", "object": "model"}]})


def assert_good_error(cell, ename, *words):
    assert cell.status == "error"
    assert cell.ename == ename, cell.message
    assert len(cell.message.splitlines()) <= 3
    shown = str(cell.outputs)
    assert "Traceback" not in shown
    assert SECRET not in shown
    for word in words:
        assert word in cell.message


@pytest.fixture
def raw_server():
    """Serve given plays from a thread."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    servers = []

    def serve(*plays):
        server = RawServer(list(plays))
        asyncio.run_coroutine_threadsafe(server.__aenter__(), loop).result(20)
        servers.append(server)
        return server

    yield serve
    for server in servers:
        asyncio.run_coroutine_threadsafe(server.__aexit__(None, None, None), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    thread.join(20)
    loop.close()


@pytest.mark.parametrize("code", [f"%chat {SECRET}", "%embed 'x'", "%image x", "%models"])
def test_no_key(start_kernel, code):
    kernel = start_kernel()
    assert_good_error(
        kernel.run(code), "SettingsError", "NEBIUS_API_KEY", "%nebius login", "%nebius sandbox"
    )
    assert "NEBIUS_API_KEY" in kernel.ok("%nebius").plain


def test_wrong_key(start_kernel, sandbox):
    kernel = start_kernel(sandbox, NEBIUS_API_KEY="wrong-key-0123456789")
    cell = kernel.run(f"%chat {SECRET}")
    assert_good_error(cell, "AuthenticationError")
    assert "wrong-key-0123456789" not in str(cell.outputs)


def test_no_network(start_kernel):
    kernel = start_kernel(NEBIUS_BASE_URL="http://127.0.0.1:9/v1/", NEBIUS_API_KEY="k-0123456789")
    kernel.ok("import nbnebius as neb; neb.connect(max_retries=0)")
    cell = kernel.run(f"%chat {SECRET}")
    assert_good_error(cell, "ConnectError", "127.0.0.1:9")


@pytest.mark.parametrize(
    ("code", "ename", "words"),
    [
        ("%chat -m Qwen/Qwen3-23B {S}", "NotFoundError", ["Qwen/Qwen3-32B", "%models"]),
        ("%embed -m Qwen/Qwen3-Embeding '{S}'", "NotFoundError", ["Qwen/Qwen3-Embedding-8B"]),
        ("%image -m flux {S}", "NotFoundError", ["flux"]),
        ("%chat -m stability-ai/sdxl {S}", "OptionError", ["%models --type chat"]),
        ("%chat --temprature 1 {S}", "OptionError", ["--temperature"]),
        ("%%chat --temprature 1\n{S}", "OptionError", ["--temperature"]),
        ("%chat", "OptionError", ["The prompt is empty"]),
        ("%chat -t 0", "OptionError", ["The prompt is empty"]),
        ("%%chat\n  \n", "OptionError", ["The prompt is empty"]),
        ("%image", "OptionError", ["empty"]),
        ("%embed", "OptionError", ["nothing to embed"]),
        ("%embed two words", "OptionError", ["quote it"]),
        ("%embed nothere", "OptionError", ["quote it"]),
        ("%embed 'open", "OptionError", ["quotes"]),
        ("%embed --by line 'x'", "OptionError", ["--by"]),
        ("%chat -t 9 {S}", "OptionError", ["temperature", "from 0 to 2"]),
        ("%chat --max-tokens 0 {S}", "OptionError", ["max_tokens"]),
        ("%chat -t0.2 --dry-run {S}", "OptionError", ["-t 0.2"]),
        ("%chat -o class {S}", "OptionError", ["class"]),
        ("%chat --set temprature=1 {S}", "OptionError", ["temperature"]),
        ("%image --save house.png {S}", "OptionError", ["folder"]),
        ("%chat -t warm {S}", "OptionError", ["it takes a number"]),
        ("%chat " + "--stop x " * 5 + "{S}", "UnprocessableEntityError|BadRequestError", ["stop"]),
        ("%image --width 5 {S}", "OptionError", ["width"]),
        ("%image --format gif {S}", "OptionError", ["webp or jpg or png"]),
        ("%models --sort nothing", "OptionError", ["nothing"]),
        ("%nebius statsu", "OptionError", ["did you mean status?"]),
        ("%nebius config temprature 1", "OptionError", ["did you mean temperature?"]),
        ("%nebius config temperature warm", "OptionError", ["a number from 0 to 2"]),
        ("%nebius help chta", "OptionError", ["did you mean chat?"]),
    ],
)
def test_each_error_in_words(kernel, code, ename, words):
    cell = kernel.run(code.replace("{S}", SECRET))
    assert cell.ename in ename.split("|"), cell.message
    assert_good_error(cell, cell.ename, *words)


def test_on_failure_an_old_variable_is_left_untouched(kernel):
    kernel.ok("got = 'old'")
    for code in (
        "%chat -m nope -o got Hi",
        "%%chat got <<\n{{nope}}",
        "got = %chat -m nope Hi",
        "%embed -m nope -o got 'x'",
        "%image -m nope -o got x",
    ):
        assert kernel.run(code).status == "error"
        assert kernel.value("got") == "'old'"


def test_a_server_that_answers_with_a_page(start_kernel, raw_server):
    page = answer(b"<html><body>Welcome to our proxy</body></html>", 200, "text/html")
    server = raw_server(Play(page))
    kernel = start_kernel(NEBIUS_BASE_URL=server.url, NEBIUS_API_KEY="k-0123456789")
    cell = kernel.run(f"%chat -m m {SECRET}")
    assert cell.ename in {"ResponseError", "StreamError"}
    assert_good_error(cell, cell.ename)
    assert "<html>" not in cell.message


def test_a_stream_that_is_cut(start_kernel, raw_server):
    server = raw_server(MODELS, stream(delta("Once upon "), delta("a time"), end=False, reset=True))
    kernel = start_kernel(NEBIUS_BASE_URL=server.url, NEBIUS_API_KEY="k-0123456789")
    kernel.ok("got = 'old'")
    cell = kernel.run(f"%%chat got =<< -m m\n{SECRET}")
    assert_good_error(cell, "StreamError")
    assert "Once upon a time" in cell.plain
    assert "cut off: what had come is kept" in cell.plain
    assert kernel.value("got.text") == "'Once upon a time'"
    assert kernel.value("got.partial") == "True"


def test_an_answer_that_stands_where_reasoning_belongs_is_shown(start_kernel, raw_server):
    # Some models put all they say there, and end as if that were the answer.
    thought = delta("", delta={"content": None, "reasoning": "The answer is 42."})
    server = raw_server(MODELS, stream(thought, delta("", "stop", delta={})))
    kernel = start_kernel(NEBIUS_BASE_URL=server.url, NEBIUS_API_KEY="k-0123456789")
    cell = kernel.ok("got = %chat -m m What is it?")
    assert kernel.value("got.text") == "'The answer is 42.'"
    assert "The answer is 42." in cell.plain


def test_a_line_that_told_of_waiting_is_wiped(start_kernel, raw_server):
    late = Play(
        [answer(b'{"detail": "no"}', 403)[:40], answer(b'{"detail": "no"}', 403)[40:]], pause=2
    )
    server = raw_server(MODELS, late)
    kernel = start_kernel(NEBIUS_BASE_URL=server.url, NEBIUS_API_KEY="k-0123456789")
    cell = kernel.run(f"%chat -m m {SECRET}")
    assert_good_error(cell, "PermissionDeniedError")
    assert any("waiting for" in p["data"]["text/plain"] for p in cell.paints)
    assert "waiting for" not in cell.plain


@pytest.mark.parametrize(
    ("code", "ename"),
    [
        ("%chat --nonsense Hi", "OptionError"),
        ("%%chat -m nope\nHi", "NotFoundError"),
        ("import nbnebius; nbnebius.embed('Hi', model='nope')", "NotFoundError"),
    ],
)
def test_an_error_stops_a_notebook(tmp_path, sandbox, kernel, code, ename):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    cells = ["%load_ext nbnebius", code, "after = 1"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
    client = NotebookClient(notebook, timeout=60, kernel_name="python3")
    with pytest.raises(CellExecutionError, match=ename):
        client.execute(env=kernel.environment, cwd=str(tmp_path))
    assert notebook.cells[1].outputs[0].ename == ename
    assert notebook.cells[2].execution_count is None
