"""Where work is done: small work at once, large work beside the event loop."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from starlette.concurrency import run_in_threadpool

P = ParamSpec("P")
T = TypeVar("T")

_SMALL = 3000


async def do(tokens: int, work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """
    Do some work on so many tokens.

    A hand-over to a thread takes longer than answering a short prompt; a long one would keep
    everybody else waiting.
    """
    if tokens <= _SMALL:
        return work(*args, **kwargs)
    return await run_in_threadpool(work, *args, **kwargs)
