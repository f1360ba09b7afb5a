"""
What keeping takes: answers per second, alone and together, and the bytes of one.

``python -m benchmarks.journal 2000``. Each answer is an intent, a raw answer and a bill, as a row
of `map` writes them. The claim is about the ratio: a lone number says more of the disk than of us.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
import time
from pathlib import Path

import anyio

from nbnebius.events import Intent, Outcome
from nbnebius.journal import Bill, Journal, own_key

ANSWER = (
    b'{"id":"chatcmpl-0123456789","object":"chat.completion","created":1700000000,"model":"m",'
    b'"choices":[{"index":0,"message":{"role":"assistant","content":"{\\"label\\":\\"positive\\",'
    b'\\"why\\":\\"It boils fast and looks lovely.\\"}"},"finish_reason":"stop"}],'
    b'"usage":{"prompt_tokens":57,"completion_tokens":19,"total_tokens":76}}'
)


async def keep(journal: Journal, count: int, together: int) -> float:
    """Keep so many answers, so many at a time; the seconds come back."""
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            intent = Intent(own_key(), "chat", "s", "m", cost_bound=0.001, keeps_request=False)
            record = await journal.sending(intent, 1)
            await journal.ended(record, Outcome("done", 200, body=ANSWER))
            await journal.bill(record, Bill(57, 19, cost=0.00001))

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(together)))
    return time.perf_counter() - began


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.sqlite"
        journal = Journal(path)
        few = max(20, count // 20)
        alone = few / anyio.run(keep, journal, few, 1)
        empty = path.stat().st_size
        together = count / anyio.run(keep, journal, count, 64)
        size = (path.stat().st_size - empty) / count
        journal.close()
    print(f"one at a time: {alone:,.0f} answers/s")
    print(f"64 at a time:  {together:,.0f} answers/s, {together / alone:.1f} times as many")
    print(f"an answer of {len(ANSWER)} bytes takes {size:,.0f} bytes with all that is known of it")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
