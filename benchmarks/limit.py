"""
The limit: what the stub itself can answer, asked by connections that do nothing else.

``python -m benchmarks.limit``. Bytes are sent and counted, nothing is read; no client can be
faster than this against the same server.
"""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.answers import CHAT, CHATTED
from benchmarks.contest import Report, Table, compete, main
from benchmarks.stub import running

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = "bytes out, bytes counted"


class _Asker(asyncio.Protocol):
    def __init__(self, request: bytes, left: list[int], done: asyncio.Event) -> None:
        self._request, self._left, self._done = request, left, done
        self._came = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._ask()

    def data_received(self, data: bytes) -> None:
        self._came += len(data)
        if self._came >= len(CHATTED):
            self._came = 0
            self._left[1] -= 1
            if self._left[1] == 0:
                self._done.set()
            self._ask()

    def _ask(self) -> None:
        if self._left[0] > 0:
            self._left[0] -= 1
            self._transport.write(self._request)


def by_bytes(setting: dict[str, Any]) -> Callable[[], None]:
    where = urlsplit(setting["url"])
    message = {"role": "user", "content": "Is this review friendly? " * 3}
    body = json.dumps({"model": CHAT, "messages": [message], "max_tokens": 64})
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()

    async def ask_all() -> None:
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        left = [setting["count"], setting["count"]]
        made = [
            await loop.create_connection(
                lambda: _Asker(request, left, done), where.hostname, where.port
            )
            for _ in range(setting["in_flight"])
        ]
        await done.wait()
        for transport, _ in made:
            transport.close()

    def work() -> None:
        with asyncio.Runner() as runner:
            runner.run(ask_all())

    return work


def run(*, quick: bool = False) -> Report:
    """Measure it."""
    report = Report("The limit")
    count = 10_000 if quick else 100_000
    with running() as url:
        for in_flight in (1, 64):
            setting = {"url": url, "count": count, "in_flight": in_flight}
            spent = compete({LIMIT: by_bytes}, setting, 1)
            title = f"{count:,} requests, {in_flight} in flight"
            report.tables.append(Table(title, "request", count, spent, LIMIT))
    return report


if __name__ == "__main__":
    main(run)
