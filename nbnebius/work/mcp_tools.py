"""The tools of an MCP server, through the ``mcp`` package (the extra of the same name)."""

from __future__ import annotations

import re
import shlex
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Any, Final, TypeAlias
from urllib.parse import urlsplit

from nbnebius.errors import NebiusError, OptionError
from nbnebius.work.tool_docs import LONGEST_DESCRIPTION
from nbnebius.work.tools import RemoteTool

if TYPE_CHECKING:
    from mcp import ClientSession

McpSpec: TypeAlias = str | Sequence[str] | Mapping[str, Any]
"""An address, a command line, its words, or an entry of the usual ``mcpServers`` setting."""

START: Final = 60.0
"""Seconds that a server has to say which tools it offers."""
MOST_PAGES: Final = 100

_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_-]")
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_FIELDS: Final = frozenset({"url", "command", "args", "env", "cwd", "headers", "type", "transport"})


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a server is: an address, or a command that starts it."""

    url: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    sse: bool = False
    command: str = ""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None

    @property
    def name(self) -> str:
        return self.command or f"{urlsplit(self.url).scheme}://{urlsplit(self.url).hostname}"


@asynccontextmanager
async def open_mcp(spec: McpSpec) -> AsyncIterator[list[RemoteTool]]:
    """
    Connect to an MCP server, and give its tools for a `Toolbox`.

    A server that is a command is started, and ends with the context. It gets only the harmless
    part of the environment, so no key, unless ``env`` says more. Enter and leave the context in
    one task; the tools work inside it only.

    Parameters
    ----------
    spec
        ``"https://host/mcp"``; ``"uvx mcp-server-time"`` or its words as a list; or a mapping
        with ``command``, ``args``, ``env``, ``cwd``, or with ``url``, ``headers`` and, for
        servers of the older kind, ``type: sse``.

    Raises
    ------
    OptionError
        The package is not installed, or `spec` makes no sense.
    NebiusError
        The server cannot be started or reached, or does not answer.
    """
    place = _read(spec)
    _need_package()
    # The server's task groups would wrap an error of the block: it is raised after they ended.
    raised: BaseException | None = None
    opened = False
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as complaints:
        try:
            async with AsyncExitStack() as stack:
                tools = await _connect(stack, place, complaints)
                opened = True
                try:
                    yield tools
                except BaseException as error:  # noqa: BLE001 - raised again below
                    raised = error
        except Exception as error:  # noqa: BLE001 - the package's, and whatever the server did
            if not opened:  # what goes wrong at the end undoes nothing
                raise _not_there(place, error, complaints) from None
    if raised is not None:
        raise raised


def _read(spec: McpSpec) -> _Place:
    if isinstance(spec, str):
        spec = {"url": spec} if spec.startswith(("http://", "https://")) else _words(spec)
    if not isinstance(spec, Mapping):
        words = [str(word) for word in spec]
        spec = {"command": words[0] if words else "", "args": words[1:]}
    if unknown := set(spec) - _FIELDS:
        raise OptionError(
            f"An MCP server has no {', '.join(sorted(map(str, unknown)))}",
            why=f"it is told by {', '.join(sorted(_FIELDS))}",
        )
    command, url = str(spec.get("command") or ""), str(spec.get("url") or "")
    if bool(command) == bool(url):
        raise OptionError("An MCP server is either a command or a URL", hint="give one of the two")
    headers = {str(name): str(value) for name, value in (spec.get("headers") or {}).items()}
    if url:
        _check_address(url, secret=bool(headers))
    return _Place(
        url,
        headers,
        "sse" in {spec.get("type"), spec.get("transport")},
        command,
        tuple(str(word) for word in spec.get("args") or ()),
        {str(name): str(value) for name, value in (spec.get("env") or {}).items()},
        str(spec["cwd"]) if spec.get("cwd") else None,
    )


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError as error:
        raise OptionError("The MCP server's command cannot be read", why=str(error)) from None


def _check_address(url: str, *, secret: bool) -> None:
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise OptionError("This is no address of an MCP server", why="it takes http:// or https://")
    if secret and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
        raise OptionError(
            "Headers for an MCP server go over https only",
            why="anybody on the way could read them",
            hint="use the https address",
        )


def _need_package() -> None:
    try:
        import mcp  # noqa: F401
    except ImportError:
        raise OptionError(
            "MCP servers need the package mcp",
            why="it is not installed",
            hint="pip install 'nbnebius[mcp]'",
        ) from None


async def _connect(stack: AsyncExitStack, place: _Place, complaints: IO[str]) -> list[RemoteTool]:
    from anyio import fail_after
    from mcp import ClientSession

    streams = await stack.enter_async_context(_streams(place, complaints))
    session = await stack.enter_async_context(ClientSession(streams[0], streams[1]))
    with fail_after(START):
        await session.initialize()
        listed = await _list_tools(session)
    return [_remote(session, one) for one in listed]


@asynccontextmanager
async def _streams(place: _Place, complaints: IO[str]) -> AsyncIterator[Sequence[Any]]:
    if place.command:
        from mcp import StdioServerParameters, stdio_client

        server = StdioServerParameters(
            command=place.command,
            args=list(place.args),
            env=dict(place.env) or None,
            cwd=place.cwd,
        )
        # Not this process's stderr: in a kernel that is no file.
        async with stdio_client(server, errlog=complaints) as streams:  # type: ignore[arg-type]
            yield streams
    elif place.sse:
        from mcp.client.sse import sse_client

        async with sse_client(place.url, headers=dict(place.headers)) as streams:
            yield streams
    else:
        async with _streamable(place) as streams:
            yield streams


@asynccontextmanager
async def _streamable(place: _Place) -> AsyncIterator[Sequence[Any]]:
    from mcp.client import streamable_http

    modern = getattr(streamable_http, "streamable_http_client", None)
    if modern is None:
        older: Any = vars(streamable_http)["streamablehttp_client"]
        async with older(place.url, headers=dict(place.headers)) as streams:
            yield streams
        return
    from mcp.shared._httpx_utils import create_mcp_http_client

    async with (
        create_mcp_http_client(headers=dict(place.headers)) as http,
        modern(place.url, http_client=http) as streams,
    ):
        yield streams


async def _list_tools(session: ClientSession) -> list[dict[str, Any]]:
    from mcp.types import PaginatedRequestParams

    found: list[dict[str, Any]] = []
    page = await session.list_tools()
    for _ in range(MOST_PAGES):
        # The package's own names changed once; those of the protocol did not.
        told = page.model_dump(by_alias=True, mode="json")
        found += told["tools"]
        if not told.get("nextCursor"):
            break
        page = await session.list_tools(params=PaginatedRequestParams(cursor=told["nextCursor"]))
    return found


def _remote(session: ClientSession, told: Mapping[str, Any]) -> RemoteTool:
    name = str(told["name"])

    async def call(arguments: Mapping[str, Any]) -> tuple[str, bool]:
        result = await session.call_tool(name, dict(arguments))
        return _read_result(result.model_dump(by_alias=True, mode="json"))

    function = {
        "name": _FOREIGN.sub("_", name)[:64],
        "description": str(told.get("description") or told.get("title") or name)[
            :LONGEST_DESCRIPTION
        ],
        "parameters": told.get("inputSchema") or {"type": "object", "properties": {}},
    }
    return RemoteTool({"type": "function", "function": function}, call)


def _read_result(told: Mapping[str, Any]) -> tuple[str, bool]:
    pieces = [_read_part(part) for part in told.get("content") or ()]
    text = "\n".join(piece for piece in pieces if piece)
    structured = told.get("structuredContent")
    if not text and structured is not None:
        import msgspec

        text = msgspec.json.encode(structured).decode()
    failed = bool(told.get("isError"))
    return (f"Error: {text}" if failed else text), failed


def _read_part(part: Mapping[str, Any]) -> str:
    """Read one part of a result; what is no text is named."""
    if part.get("type") == "text":
        return str(part.get("text") or "")
    inside = part.get("resource")
    if isinstance(inside, Mapping) and isinstance(inside.get("text"), str):
        return str(inside["text"])
    about = part.get("uri") or part.get("mimeType") or ""
    return f"[{part.get('type', 'something')} {about}: not shown]".replace(" :", ":")


def _not_there(place: _Place, error: Exception, complaints: IO[str]) -> NebiusError:
    if isinstance(error, NebiusError):
        return error
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    complaints.seek(0)
    last = [line.strip() for line in complaints.read()[-10_000:].splitlines() if line.strip()][-1:]
    slow = isinstance(error, TimeoutError)
    why = f"it said nothing for {START:.0f} s" if slow else f"{type(error).__name__}: {error}"
    return NebiusError(
        f"The MCP server {place.name} does not work",
        why="; ".join([why[:500], *(f"its last words: {words[:300]}" for words in last)]),
        hint="try its command in a terminal" if place.command else "check the address",
    )
