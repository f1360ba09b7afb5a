"""The tools of MCP servers: a tiny one of our own, and ones that do not work."""

import builtins
import sys

import anyio
import pytest
from answering import Answering, Says

from nbnebius.errors import NebiusError, OptionError
from nbnebius.types.chat import FunctionCall, ToolCall
from nbnebius.work import mcp_tools
from nbnebius.work.mcp_tools import open_mcp
from nbnebius.work.tools import Toolbox

# The protocol in the raw: a line of JSON in, a line of JSON out.
SERVER = """
import json, os, sys

TOOLS = [
    {"name": "shout.loud", "description": "Shout.", "inputSchema": {
        "type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}},
    {"name": "fail", "inputSchema": {"type": "object"}},
    {"name": "secret", "inputSchema": {"type": "object"}},
    {"name": "picture", "inputSchema": {"type": "object"}},
    {"name": "die", "inputSchema": {"type": "object"}},
]

def text(said, **more):
    return {"content": [{"type": "text", "text": said}], **more}

def call(name, given):
    if name == "shout.loud":
        return text(given["text"].upper())
    if name == "fail":
        return text("it does not work", isError=True)
    if name == "secret":
        return text(str("NEBIUS_API_KEY" in os.environ) + os.environ.get("GIVEN", ""))
    if name == "picture":
        return {"content": [{"type": "image", "data": "AAAA", "mimeType": "image/png"}]}
    os._exit(3)

def answer(method, given):
    if method == "initialize":
        return {"protocolVersion": given["protocolVersion"], "capabilities": {"tools": {}},
                "serverInfo": {"name": "tiny", "version": "1"}}
    if method == "tools/list":
        if given.get("cursor") is None:
            return {"tools": TOOLS[:2], "nextCursor": "more"}
        return {"tools": TOOLS[2:]}
    if method == "tools/call":
        return call(given["name"], given.get("arguments") or {})
    return {}

for line in sys.stdin:
    asked = json.loads(line)
    if "id" in asked:
        said = answer(asked["method"], asked.get("params") or {})
        print(json.dumps({"jsonrpc": "2.0", "id": asked["id"], "result": said}), flush=True)
"""


@pytest.fixture
def command(tmp_path):
    path = tmp_path / "tiny server.py"
    path.write_text(SERVER)
    return [sys.executable, str(path)]


async def here(function):
    return function()


def use(spec, *calls):
    """Open a server, run calls of its tools, and give what came of them and its entries."""

    async def work():
        async with open_mcp(spec) as tools:
            box = Toolbox(tools)
            came = [
                await box.run(ToolCall(str(at), "function", FunctionCall(*one)), call_here=here)
                for at, one in enumerate(calls)
            ]
            return came, box.entries

    return anyio.run(work)


def protocol(seen):
    """Answer as a server does that speaks the protocol over HTTP, without streams."""
    if seen.method != "POST":
        return Says(405)
    asked = seen.json
    if "id" not in asked:
        return Says(202)
    given = asked.get("params") or {}
    said = {
        "initialize": {
            "protocolVersion": given.get("protocolVersion"),
            "capabilities": {"tools": {}},
            "serverInfo": {"name": "tiny", "version": "1"},
        },
        "tools/list": {"tools": [{"name": "ping", "inputSchema": {"type": "object"}}]},
        "tools/call": {"content": [{"type": "text", "text": "pong"}]},
    }
    return Says(body={"jsonrpc": "2.0", "id": asked["id"], "result": said[asked["method"]]})


def test_a_server_is_reached_by_its_address_with_the_headers_given():
    with Answering(protocol) as server:
        came, _ = use({"url": server.url, "headers": {"X-Key": "k"}}, ("ping", "{}"))
    assert (came[0].text, came[0].error) == ("pong", False)
    assert all(one.headers["x-key"] == "k" for one in server.seen)


def test_the_tools_of_all_pages_are_offered(command):
    _, entries = use(command)
    names = [entry["function"]["name"] for entry in entries]
    assert names == ["shout_loud", "fail", "secret", "picture", "die"]
    assert entries[0]["function"]["description"] == "Shout."
    assert entries[0]["function"]["parameters"]["required"] == ["text"]


def test_calls_go_to_the_server_and_results_come_back(command, monkeypatch):
    monkeypatch.setenv("NEBIUS_API_KEY", "canary")
    came, _ = use(
        {"command": command[0], "args": command[1:], "env": {"GIVEN": " given"}},
        ("shout_loud", '{"text": "hey"}'),
        ("fail", "{}"),
        ("secret", "{}"),
        ("picture", "{}"),
    )
    assert [(one.text, one.error) for one in came] == [
        ("HEY", False),
        ("Error: it does not work", True),
        ("False given", False),
        ("[image image/png: not shown]", False),
    ]


def test_a_server_that_dies_is_told_to_the_model(command):
    came, _ = use(command, ("die", "{}"), ("fail", "{}"))
    assert [one.error for one in came] == [True, True]


def test_a_command_may_be_one_line(command):
    came, _ = use(f"'{command[0]}' '{command[1]}'", ("shout_loud", '{"text": "a"}'))
    assert came[0].text == "A"


def test_an_error_of_the_block_comes_out_as_it_is(command):
    async def work():
        async with open_mcp(command):
            raise NebiusError("mine")

    with pytest.raises(NebiusError, match="mine"):
        anyio.run(work)


def test_a_cancelled_block_ends_the_server(command):
    async def work():
        with anyio.move_on_after(0.5) as scope:
            async with open_mcp(command):
                scope.cancel()
                await anyio.sleep(3600)
        return scope.cancelled_caught

    assert anyio.run(work)


@pytest.mark.parametrize(
    ("code", "words"),
    [("raise SystemExit('no licence')", "no licence"), ("print('hello')", "does not work")],
)
def test_a_server_that_does_not_start_says_why(code, words):
    with pytest.raises(NebiusError, match=words):
        use([sys.executable, "-c", code])


def test_a_command_that_is_not_there_is_named():
    with pytest.raises(NebiusError, match="MCP server no-such-program-here does not work"):
        use("no-such-program-here --flag")


def test_an_address_where_nobody_listens_is_an_error():
    with pytest.raises(NebiusError, match="does not work"):
        use("http://127.0.0.1:9/mcp")


def test_a_silent_server_is_given_up(command, monkeypatch):
    monkeypatch.setattr(mcp_tools, "START", 0.2)
    with pytest.raises(NebiusError, match="said nothing"):
        use([sys.executable, "-c", "import sys; sys.stdin.read()"])


@pytest.mark.parametrize(
    "spec",
    [
        "",
        [],
        {},
        "an 'open quote",
        {"command": "a", "url": "https://b"},
        {"url": "ftp://b"},
        {"url": "https://"},
        {"command": "a", "comand": "b"},
        {"url": "http://far.example/mcp", "headers": {"Authorization": "x"}},
    ],
)
def test_a_spec_that_makes_no_sense_is_refused(spec):
    with pytest.raises(OptionError):
        use(spec)


def test_without_the_package_the_extra_is_named(command, monkeypatch):
    real = builtins.__import__

    def without(name, *rest):
        if name.partition(".")[0] == "mcp":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(OptionError, match="package mcp") as caught:
        use(command)
    assert "nbnebius[mcp]" in caught.value.hint
