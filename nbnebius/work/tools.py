"""The functions that a model may call, and what comes of its calls."""

from __future__ import annotations

import difflib
import inspect
import time
from asyncio import CancelledError
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from nbnebius.client.surrogates import mend
from nbnebius.errors import OptionError
from nbnebius.work.tool_arguments import ArgumentsError, fit_arguments, read_arguments
from nbnebius.work.tool_schema import describe_tool
from nbnebius.work.tool_signature import Signature, check_name, read_signature
from nbnebius.work.tool_texts import call_text, cut, error_text, result_text

if TYPE_CHECKING:
    from nbnebius.types.chat import ToolCall

LONGEST_RESULT: Final = 20_000
"""Characters of a result that go back to the model, some 5,000 tokens."""

CallHere: TypeAlias = Callable[[Callable[[], Any]], Awaitable[Any]]
"""Calls a function on the thread where the user is, and gives its result or raises its error."""


@dataclass(frozen=True, slots=True)
class ToolResult:
    """
    What came of one call.

    Attributes
    ----------
    arguments
        As the model gave them; its text where that was no JSON object.
    text
        What went back to the model.
    error
        The text says what went wrong, or that the user refused.
    seconds
        How long the tool ran; 0 where it did not.
    """

    name: str
    arguments: Mapping[str, Any] | str
    text: str
    error: bool
    seconds: float


@dataclass(frozen=True, slots=True)
class RemoteTool:
    """
    A tool that runs elsewhere, as those of an MCP server.

    Attributes
    ----------
    entry
        As it goes into a request's ``tools``.
    call
        Takes the arguments, and gives a text and whether it tells of an error.
    """

    entry: Mapping[str, Any]
    call: Callable[[Mapping[str, Any]], Awaitable[tuple[str, bool]]]


Tool: TypeAlias = Callable[..., Any] | RemoteTool | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Local:
    signature: Signature
    function: Callable[..., Any]


class _Wrong(Exception):  # noqa: N818 - it never leaves this module
    """Why a call was not run, in words for the model."""


class Toolbox:
    """
    The tools of one chat.

    Parameters
    ----------
    functions
        Python functions, plain or async; tools of `nbnebius.work.mcp_tools.open_mcp`; or entries
        of the API's ``tools`` as they are, which are offered but cannot be run here.
    longest
        Characters of a result that go back to the model; the rest is cut, and the cut is stated.

    Raises
    ------
    OptionError
        One of them cannot be a tool, or two have the same name.

    Examples
    --------
    >>> def double(n: int) -> int:
    ...     return 2 * n
    >>> [entry["function"]["name"] for entry in Toolbox([double]).entries]
    ['double']
    """

    def __init__(self, functions: Sequence[Tool], *, longest: int = LONGEST_RESULT) -> None:
        self.entries: list[dict[str, Any]] = []
        self._longest = longest
        self._tools: dict[str, _Local | RemoteTool | None] = {}
        self._done: dict[tuple[str, str, str], ToolResult] = {}
        for function in functions:
            self._add(function)

    def _add(self, tool: Tool) -> None:
        kept: _Local | RemoteTool | None = None
        if isinstance(tool, Mapping):
            entry = dict(tool)
        elif isinstance(tool, RemoteTool):
            entry, kept = dict(tool.entry), tool
        elif callable(tool):
            entry, kept = describe_tool(tool), _Local(read_signature(tool), tool)
        else:
            raise OptionError(
                f"A {type(tool).__name__} cannot be a tool",
                hint="give functions, or entries as the API takes them",
            )
        self.entries.append(entry)
        function = entry.get("function")
        if not isinstance(function, Mapping):
            if entry.get("type", "function") == "function":
                raise OptionError(
                    "This mapping is no tool", why='it has no "function" with a name in it'
                )
            return  # a tool of the service's own
        name = str(function.get("name", ""))
        check_name(name)
        if name in self._tools:
            raise OptionError(f"Two tools are called {name}", hint="rename one of them")
        self._tools[name] = kept

    def leaves(self, call: ToolCall) -> bool:
        """Tell whether a call is left to the caller: its tool was offered as an entry only."""
        return self._tools.get(call.function.name, call) is None

    async def run(
        self,
        call: ToolCall,
        *,
        approve: Callable[[str], bool] | None = None,
        call_here: CallHere,
    ) -> ToolResult:
        """
        Run what a model called; whatever goes wrong comes back as a text for it.

        The very same call (its id, name and arguments) is run once, however often it comes.

        Parameters
        ----------
        call
            As the model wrote it.
        approve
            Asks the user, by a question that shows the call; None where nobody wants to be asked.
        call_here
            Where plain functions, and `approve`, are called. Async ones run on the loop.

        Raises
        ------
        KeyboardInterrupt, SystemExit
            Raised inside the tool, or by an interrupt: they end more than the call.
        """
        name, arguments = call.function.name, call.function.arguments
        identity = (call.id, name, arguments)
        if call.id and identity in self._done:
            return self._done[identity]
        result = await self._run(name, arguments, approve, call_here)
        self._done[identity] = result
        return result

    async def _run(
        self,
        name: str,
        written: str,
        approve: Callable[[str], bool] | None,
        call_here: CallHere,
    ) -> ToolResult:
        arguments: Mapping[str, Any] | str = written
        started = 0.0
        try:
            tool = self._find(name)
            arguments = given = _read(written)
            ready = _prepare(tool, given)
            if approve is not None:
                await _ask(approve, f"Run {call_text(name, given)}?", call_here)
            started = time.monotonic()
            text, failed = await ready(call_here)
        except _Wrong as error:
            text, failed = f"Error: {error}", True
        seconds = time.monotonic() - started if started else 0.0
        return ToolResult(name, arguments, cut(mend(text), self._longest), failed, seconds)

    def _find(self, name: str) -> _Local | RemoteTool:
        tool = self._tools.get(name)
        if tool is not None:
            return tool
        if name in self._tools:
            raise _Wrong(f"{name} cannot be run here")
        near = difflib.get_close_matches(name, self._tools, 1)
        listed = ", ".join(self._tools) or "none"
        guess = f" (did you mean {near[0]}?)" if near else ""
        raise _Wrong(f"there is no tool {name!r}{guess}; the tools are: {listed}")


async def _ask(approve: Callable[[str], bool], question: str, call_here: CallHere) -> None:
    if not await call_here(lambda: approve(question)):
        raise _Wrong("the user refused this call")


_Ready: TypeAlias = Callable[[CallHere], Awaitable[tuple[str, bool]]]


def _read(written: str) -> dict[str, Any]:
    try:
        return read_arguments(written)
    except ArgumentsError as error:
        raise _Wrong(f"{error}; nothing was run. They were: {cut(written, 500)}") from None


def _prepare(tool: _Local | RemoteTool, given: dict[str, Any]) -> _Ready:
    """Check the arguments; give what runs the tool with them."""
    if isinstance(tool, RemoteTool):
        return lambda _: _run_remote(tool, given)
    try:
        by_place, by_name = fit_arguments(tool.signature, given)
    except ArgumentsError as error:
        raise _Wrong(f"the arguments do not fit: {error}; nothing was run") from None
    function = tool.function
    return lambda call_here: _run_local(lambda: function(*by_place, **by_name), call_here)


async def _run_remote(tool: RemoteTool, given: dict[str, Any]) -> tuple[str, bool]:
    try:
        return await tool.call(given)
    except Exception as error:  # noqa: BLE001 - tools may fail in any way
        _let_through(error)
        return error_text(error), True


async def _run_local(function: Callable[[], Any], call_here: CallHere) -> tuple[str, bool]:
    def run() -> tuple[str, bool] | Awaitable[Any]:
        try:
            value = function()
            return value if inspect.isawaitable(value) else (result_text(value), False)
        except CancelledError as error:  # something of the tool's own was cancelled
            return error_text(error), True
        except Exception as error:  # noqa: BLE001 - likewise
            _let_through(error)
            return error_text(error), True

    # What a coroutine function does, it does on the loop: where the user is, none can be awaited.
    came = await call_here(run)
    if isinstance(came, tuple):
        return str(came[0]), bool(came[1])
    try:
        return result_text(await came), False
    except Exception as error:  # noqa: BLE001 - tools may fail in any way
        _let_through(error)
        return error_text(error), True


def _let_through(error: Exception) -> None:
    """Raise an interrupt that calls itself an ordinary error, as `Stopped` does, as what it is."""
    if isinstance(error, KeyboardInterrupt):
        raise KeyboardInterrupt from error
