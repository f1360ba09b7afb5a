"""`TextStream`: an answer as an iterator of text pieces."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from nbnebius.errors import NebiusError
from nbnebius.results import Reply

if TYPE_CHECKING:
    from collections.abc import Generator


class TextStream:
    """
    The pieces of an answer's text as they come; `reply` holds the whole at the end.

    Leaving the loop early, or `close`, stops the request at the server.
    """

    def __init__(self, pieces: Generator[str, None, Reply]) -> None:
        self._pieces = pieces
        self._reply: Reply | None = None

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> str:
        try:
            return next(self._pieces)
        except StopIteration as end:
            if isinstance(end.value, Reply):
                self._reply = end.value
            raise StopIteration from None

    @property
    def reply(self) -> Reply:
        """The whole answer; a NebiusError while the stream is still running."""
        if self._reply is None:
            raise NebiusError("The answer is not finished", hint="read the stream to its end first")
        return self._reply

    def close(self) -> None:
        """Stop reading; the request ends at the server."""
        self._pieces.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
