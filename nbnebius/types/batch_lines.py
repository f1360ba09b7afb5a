r"""
The lines of batch files: requests going in, answers and errors coming out.

An answer's line holds the completion itself as its ``response`` (as Nebius writes it), or wraps it
in a ``body`` beside a ``status_code`` (as OpenAI does). A line of an error file holds an error of
some shape, or is the request itself again. Nothing here raises for a line that makes no sense: it
becomes a record with an error. Lines come in any order, and may come twice: match by ``custom_id``.

Examples
--------
>>> line = b'{"custom_id": "r1", "response": {"choices": [{"message": {"content": "4"}}]}}\n'
>>> [(one.custom_id, one.text, one.error) for one in read_lines([line[:20], line[20:]])]
[('r1', '4', None)]

Source: https://docs.tokenfactory.nebius.com/ai-models-inference/batch-inference
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

from nbnebius.types.batches import message_of
from nbnebius.types.chat import FrameChoice, FunctionCall, Message, ToolCall, text_of
from nbnebius.types.lines import LONGEST_LINE, LineSplitter
from nbnebius.types.loose import fit, read_json
from nbnebius.types.usage import Usage, read_usage

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from nbnebius.types.lines import Line

BLOCK = 4 * 2**20
"""Bytes read at once."""

_ID = re.compile(rb'"custom_id"\s*:\s*("(?:[^"\\]|\\.){1,600}")')


class _Body(msgspec.Struct, gc=False):
    """A completion or embeddings answer, or an error in its place."""

    choices: list[FrameChoice] | None = None
    data: list[Any] | None = None
    model: str | None = None
    usage: Any = None
    error: Any = None
    detail: Any = None


class _Response(_Body, gc=False):
    """The body itself, or what wraps it."""

    status_code: int | None = None
    body: _Body | None = None


class _Line(msgspec.Struct, gc=False):
    custom_id: str | None = None
    response: _Response | None = None
    error: Any = None
    method: str | None = None
    url: str | None = None
    body: Any = None


class BatchLine(msgspec.Struct, gc=False):
    """
    One line of a batch's output or errors.

    Attributes
    ----------
    number, custom_id
        The line's place in the file, from 1; whose answer it is, where the line tells.
    choices
        A chat's or a completion's answers, as the wire has them.
    data
        An embeddings answer's rows, as the wire has them.
    model, counts
        As the answer tells them; `usage` reads the counts.
    status_code
        The request's own HTTP status, where the line tells it.
    error
        Why there is no answer; None where there is one.
    raw
        The line as it came; empty where it was too long to be kept.
    """

    number: int
    custom_id: str | None = None
    choices: list[FrameChoice] = []
    data: list[Any] = []
    model: str | None = None
    counts: Any = None
    status_code: int | None = None
    error: str | None = None
    raw: bytes = b""

    @property
    def usage(self) -> Usage | None:
        """Tokens, where the answer tells them."""
        return read_usage(self.counts)

    @property
    def text(self) -> str | None:
        """The first choice's content, reasoning and all; None where there is none."""
        if not self.choices:
            return None
        first = self.choices[0]
        piece = first.message or first.delta
        return first.text if piece is None else text_of(piece.content)

    @property
    def finish_reason(self) -> str | None:
        """How the first choice ended."""
        return self.choices[0].finish_reason if self.choices else None

    @property
    def message(self) -> Message:
        """The first choice's message, for `nbnebius.client.reasoning.split_reasoning`."""
        piece = (self.choices[0].message or self.choices[0].delta) if self.choices else None
        if piece is None:
            return Message(content=self.text)
        calls = [
            ToolCall(call.id or "", call.type or "function", _function(call.function))
            for call in piece.tool_calls or ()
        ]
        return Message(
            role=piece.role or "assistant",
            content=text_of(piece.content),
            reasoning=piece.reasoning,
            reasoning_content=piece.reasoning_content,
            tool_calls=calls,
            refusal=piece.refusal,
        )


def _function(wire: Any) -> FunctionCall:
    if wire is None:
        return FunctionCall()
    told = wire.arguments
    arguments = msgspec.json.encode(told).decode() if isinstance(told, dict) else told
    return FunctionCall(wire.name or "", arguments or "")


_UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_decode = msgspec.json.Decoder(_Line).decode


def read_lines(blocks: Iterable[bytes], *, longest_line: int = LONGEST_LINE) -> Iterator[BatchLine]:
    """Read a batch file that comes in blocks of any size, in flat memory."""
    splitter = LineSplitter(longest_line)
    for block in blocks:
        yield from read_records(splitter.feed(block))
    yield from read_records(splitter.flush())


def read_file(path: str | os.PathLike[str], block: int = BLOCK) -> Iterator[BatchLine]:
    """Read a batch file from disk, in flat memory."""
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - any path there is
        yield from read_lines(iter(lambda: file.read(block), b""))


def read_records(lines: Iterable[Line]) -> Iterator[BatchLine]:
    """Read lines that have been told apart; those without anything in them are no records."""
    for number, content, whole in lines:
        if not whole:
            yield BatchLine(number, _id_in(content), error=f"line {number} is too long")
        elif number == 1:
            if (first := content.removeprefix(b"\xef\xbb\xbf")).strip():
                yield read_line(first, 1)
        elif content and not content.isspace():
            yield read_line(content, number)


def read_line(raw: bytes, number: int = 1) -> BatchLine:
    """Read one line, whatever is in it; this never fails."""
    try:
        line = _decode(raw)
    except _UNREADABLE:
        try:
            line = _loosely(read_json(raw))
        except ValueError:
            what = f"line {number} is broken: it is no JSON object"
            return BatchLine(number, _id_in(raw), error=what, raw=raw)
    response = line.response
    if response is None:
        response = _bare(line, raw)
    if response is None:
        what = message_of(line.error) or _unanswered(line)
        return BatchLine(number, line.custom_id, error=what, raw=raw)
    body: _Body = response if response.body is None else response.body
    return BatchLine(
        number,
        line.custom_id,
        body.choices or [],
        body.data or [],
        body.model,
        body.usage,
        response.status_code,
        _error(line, response, body),
        raw,
    )


def _loosely(value: Any) -> _Line:
    line = fit(value, _Line)
    response = value.get("response")
    if isinstance(response, str):  # JSON written as a text
        try:
            response = read_json(response)
        except ValueError:
            line.error = line.error or response
    if isinstance(response, dict):
        line.response = fit(response, _Response)
        if isinstance(response.get("body"), str):
            line.response.body = _body_in(response["body"])
    return line


def _bare(line: _Line, raw: bytes) -> _Response | None:
    """Find an answer without its wrapper: in a body, or beside the id."""
    told = line.body
    if told is None and line.error is None:
        told = read_json(raw)
    if not isinstance(told, dict) or not told.get("choices"):
        return None
    response = fit(told, _Response)
    response.body = None
    return response


def _body_in(text: str) -> _Body:
    try:
        return fit(read_json(text), _Body)
    except ValueError:
        return _Body(error=text)


def _error(line: _Line, response: _Response, body: _Body) -> str | None:
    """Say why there is no answer; None where there is one."""
    status = response.status_code
    refused = status is not None and not 200 <= status < 300  # noqa: PLR2004 - success
    told = (line.error, body.error, response.error, body.detail, response.detail)
    words = next((words for one in told if one is not None and (words := message_of(one))), None)
    if words or refused:
        return words or f"the request ended with status {status}"
    if not body.choices and not body.data:
        return "the response holds no answer"
    return None


def _unanswered(line: _Line) -> str:
    if line.method or line.url or line.body is not None:
        return "the request came back without an answer"
    return "the line holds no response"


def _id_in(raw: bytes) -> str | None:
    """Find the id in a line that is broken."""
    found = _ID.search(raw)
    try:
        return None if found is None else str(read_json(found[1]))
    except ValueError:
        return None
