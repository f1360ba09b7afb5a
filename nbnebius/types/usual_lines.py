r"""
The usual lines of a batch's output, many at once and no more of each than a frame needs.

A line is usual when it holds one answer of a chat, with a text and its tokens, and nothing went
wrong: its types here say so, and what does not fit them is no usual line. Such a line is read by
`nbnebius.types.batch_lines`, so that a line means the same whoever reads it.

Examples
--------
>>> answer = b'{"choices":[{"message":{"content":"4"}}],"usage":{"prompt_tokens":7,'
>>> line = b'{"custom_id":"r1","response":' + answer + b'"completion_tokens":1}}}\n'
>>> usual, other = read_runs([line[:50], line[50:] + b"broken"])
>>> usual.ids, [answer.choices[0].message.content for answer in usual.answers], other.error
(['r1'], ['4'], 'line 2 is broken: it is no JSON object')
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import msgspec

from nbnebius.types.batch_lines import BatchLine, read_records
from nbnebius.types.lines import LONGEST_LINE, LineSplitter
from nbnebius.types.usage import MOST_TOKENS

if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator

    from nbnebius.types.lines import Line

BLOCK = 2**20
"""Bytes read at once: what is read, taken apart and let go stays in the processor's cache."""

_BREAK, _OPEN, _CLOSE = b"\n{}"

_Count = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
_Success = Annotated[int, msgspec.Meta(ge=200, le=299)]


class UsualMessage(msgspec.Struct, gc=False):
    """A message that calls no tool."""

    content: str | None = None
    reasoning: str | None = None
    reasoning_content: str | None = None
    tool_calls: tuple[()] | None = None


class UsualChoice(msgspec.Struct, gc=False):
    """One answer."""

    message: UsualMessage
    finish_reason: str | None = None


class UsualUsage(msgspec.Struct, gc=False):
    """The tokens read and written."""

    prompt_tokens: _Count
    completion_tokens: _Count


class UsualAnswer(msgspec.Struct, gc=False):
    """A completion with one choice."""

    choices: tuple[UsualChoice]
    usage: UsualUsage
    model: str | None = None
    error: None = None
    detail: None = None
    status_code: _Success | None = None
    body: None = None


class _Bare(msgspec.Struct, gc=False):
    """A line as Nebius writes it."""

    custom_id: str
    response: UsualAnswer
    error: None = None


class _Wrapper(msgspec.Struct, gc=False):
    body: UsualAnswer
    status_code: _Success | None = None
    error: None = None
    detail: None = None


class _Wrapped(msgspec.Struct, gc=False):
    """A line as OpenAI writes it."""

    custom_id: str
    response: _Wrapper
    error: None = None


class Run(NamedTuple):
    """Usual lines that follow one another: whose answers they hold, and the answers."""

    ids: list[str]
    answers: list[UsualAnswer]


_UNUSUAL = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
_bare = msgspec.json.Decoder(_Bare)
_wrapped = msgspec.json.Decoder(_Wrapped)


def read_file_runs(path: str | os.PathLike[str], block: int = BLOCK) -> Iterator[Run | BatchLine]:
    """Read a batch's file from disk, in flat memory, as `read_runs` does."""
    buffer = bytearray(block)
    view = memoryview(buffer)
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - any path there is
        yield from read_runs(view[:size] for size in iter(lambda: file.readinto(buffer), 0))


def read_runs(blocks: Iterable[bytes | memoryview]) -> Iterator[Run | BatchLine]:
    """
    Read a batch's file that comes in blocks of any size: usual lines in runs, others one by one.

    A block may be written over as soon as the next is asked for.
    """
    reader = _Reader()
    for block in blocks:
        yield from reader.feed(memoryview(block))
    yield from reader.flush()


class _Reader:
    def __init__(self) -> None:
        self._lines = LineSplitter(LONGEST_LINE)
        self._wrapped = False  # how the lines came until now

    def feed(self, block: memoryview) -> Iterator[Run | BatchLine]:
        import numpy as np

        data = np.frombuffer(block, np.uint8)
        breaks = np.flatnonzero(data == _BREAK)
        if not len(breaks):
            yield from self._one_by_one(block)
            return
        begin, end = 0, int(breaks[-1]) + 1
        if self._lines.begun:
            begin = int(breaks[0]) + 1
            yield from self._one_by_one(block[:begin])
            breaks = breaks[1:]
        if len(breaks):
            # No JSON value holds a line break between } and {, so each of these ends a line.
            apart = (
                data[begin] == _OPEN
                and (data[breaks - 1] == _CLOSE).all()
                and (data[breaks[:-1] + 1] == _OPEN).all()
            )
            run = self._all(block[begin:end], len(breaks)) if apart else None
            if run is None:
                yield from self._one_by_one(block[begin:end])
            else:
                self._lines.skip(len(breaks))
                yield run
        if end < len(block):
            yield from self._one_by_one(block[end:])

    def flush(self) -> Iterator[Run | BatchLine]:
        yield from self._runs(self._lines.flush())

    def _all(self, lines: memoryview, count: int) -> Run | None:
        """Read lines that are all usual; None where one of them is not."""
        try:
            run = self._read((_wrapped if self._wrapped else _bare).decode_lines(lines))
        except _UNUSUAL:
            return None
        return run if len(run.ids) == count else None

    def _one_by_one(self, part: memoryview) -> Iterator[Run | BatchLine]:
        return self._runs(self._lines.feed(bytes(part)))

    def _runs(self, lines: Iterable[Line]) -> Iterator[Run | BatchLine]:
        usual: list[Any] = []
        for line in lines:
            found = self._usual(line.content) if line.whole else None
            wrapped = isinstance(found, _Wrapped)
            if usual and (found is None or wrapped != self._wrapped):
                yield self._read(usual)
                usual = []
            if found is None:
                yield from read_records((line,))
            else:
                self._wrapped = wrapped
                usual.append(found)
        if usual:
            yield self._read(usual)

    def _usual(self, line: bytes) -> _Bare | _Wrapped | None:
        for decoder in (_wrapped, _bare) if self._wrapped else (_bare, _wrapped):
            try:
                return decoder.decode(line)
            except _UNUSUAL:
                pass
        return None

    def _read(self, lines: list[Any]) -> Run:
        ids = [line.custom_id for line in lines]
        if self._wrapped:
            return Run(ids, [line.response.body for line in lines])
        return Run(ids, [line.response for line in lines])
