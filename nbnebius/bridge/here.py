"""Async work that has nothing to wait for, run where it is called."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine

T = TypeVar("T")


def at_once(work: Coroutine[Any, Any, T]) -> T:
    """
    Run a coroutine to its end on this thread, without a loop.

    Raises
    ------
    RuntimeError
        It waits for something, so it belongs on a loop; it was ended there.
    """
    try:
        work.send(None)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        work.close()
    raise RuntimeError("work that waits was run where nothing can be waited for")
