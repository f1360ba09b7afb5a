"""
A server that takes money: OpenAI's API for chats and embeddings, with books of its own.

``python -m tests.fault.paying_server LEDGER`` prints its address and serves until SIGTERM. What it
executed is on disk before the answer leaves, so that its books, not the client's, say what was
bought. ``GET /stats``, ``GET /ledger`` and ``GET /ports`` (by which connection each text came
last) stand beside the API.
"""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import json
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.fault.http_server import Asked, Connection, serve
from tests.fault.ledger import Execution, Ledger
from tests.fault.limits import Limit
from tests.fault.paying_answers import (
    chat_answer,
    embedding_answer,
    keys_of,
    model_list,
    stream_of,
    text_of,
    tokens_in,
)


@dataclass(slots=True)
class Stats:
    """
    What was seen.

    `cost` is in USD, of the tokens of answers; `unused` is what the last request of a limited
    server left in the bucket.
    """

    requests: int = 0
    executed: int = 0
    refused_429: int = 0
    refused_400: int = 0
    failed_500: int = 0
    cut: int = 0
    in_flight: int = 0
    most_in_flight: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float = 0.0
    unused: float = 0.0


class PayingServer:
    """The routes, and what happens to a request on its way."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.ledger = Ledger(options.ledger)
        self.stats = Stats()
        self.dice = random.Random(options.seed)
        self.limit: Limit | None = None
        if options.per_minute:
            level = options.per_minute if options.level is None else options.level
            self.limit = Limit(options.per_minute, level, told=not options.untold)
        self.ports: dict[str, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    def handle(self, connection: Connection, asked: Asked) -> None:
        path = asked.path
        if path == "/v1/models":
            verbose = "verbose=true" in asked.target
            prices = self.options.price_in, self.options.price_out
            connection.answer(model_list(*prices, verbose=verbose))
        elif path == "/stats":
            connection.answer(dataclasses.asdict(self.stats))
        elif path == "/ports":
            connection.answer(self.ports)
        elif path == "/ledger":
            connection.answer(self.ledger.counts)
        elif path in {"/v1/chat/completions", "/v1/embeddings"}:
            self._sell(connection, json.loads(asked.body))
        else:
            connection.answer(_error("not found", "not_found_error"), 404)

    def _sell(self, connection: Connection, body: dict[str, Any]) -> None:
        """Refuse, fail or execute a request."""
        stats, options = self.stats, self.options
        stats.requests += 1
        self.ports[text_of(body)] = connection.port
        now = time.time()
        headers: dict[str, str] = {}
        if self.limit is not None:
            admitted, headers = self.limit.admit(time.monotonic())
            stats.unused = self.limit.level
            if not admitted:
                stats.refused_429 += 1
                connection.answer(_error("Rate limit", "rate_limit"), 429, headers)
                return
        if options.refuse_text and options.refuse_text in text_of(body):
            stats.refused_400 += 1
            connection.answer(_error("this text is refused", "invalid_request"), 400, headers)
            return
        if options.fail_every and stats.requests % options.fail_every == 0:
            stats.failed_500 += 1
            connection.answer(_error("out of order", "server_error"), 500, headers)
            return
        cut = bool(options.cut_every) and stats.requests % options.cut_every == 0
        task = asyncio.get_running_loop().create_task(
            self._execute(connection, body, now, headers, cut=cut)
        )
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _execute(
        self,
        connection: Connection,
        body: dict[str, Any],
        now: float,
        headers: dict[str, str],
        *,
        cut: bool,
    ) -> None:
        """Enter it in the books, take as long as it takes, and answer."""
        stats = self.stats
        stats.in_flight += 1
        stats.most_in_flight = max(stats.most_in_flight, stats.in_flight)
        try:
            answer = chat_answer(body) if "messages" in body else embedding_answer(body)
            entered = self.ledger.enter(self._bill(body, answer, now))
            # drawn here, in the order of arrival, so that a seed gives the same delays again
            delay = self.options.delay_ms / 1000 * self.dice.uniform(0.5, 1.5)
            await asyncio.sleep(delay)
            await entered
            if cut:
                stats.cut += 1
                connection.cut()
            elif body.get("stream"):
                await self._stream(connection, answer)
            else:
                connection.answer(answer, 200, headers)
        finally:
            stats.in_flight -= 1

    async def _stream(self, connection: Connection, answer: dict[str, Any]) -> None:
        connection.begin_stream()
        for piece in stream_of(answer):
            connection.piece(piece)
            await asyncio.sleep(self.options.piece_ms / 1000)
        connection.piece(b"")

    def _bill(self, body: dict[str, Any], answer: dict[str, Any], now: float) -> list[Execution]:
        stats, usage = self.stats, answer["usage"]
        keys = keys_of(body)
        stats.executed += len(keys)
        stats.prompt_tokens += usage["prompt_tokens"]
        stats.completion_tokens += usage["completion_tokens"]
        paid = usage["prompt_tokens"] * self.options.price_in
        paid += usage["completion_tokens"] * self.options.price_out
        stats.cost += paid / 1e6
        if "messages" in body:
            return [Execution(now, keys[0], usage["prompt_tokens"], usage["completion_tokens"])]
        texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
        return [Execution(now, k, tokens_in(t), 0) for k, t in zip(keys, texts, strict=True)]


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "code": code}}


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ledger", type=Path, help="the file of its books")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay-ms", type=float, default=0.0, help="half to one and a half of it")
    parser.add_argument("--seed", type=int, default=0, help="of the delays")
    parser.add_argument("--piece-ms", type=float, default=0.0, help="between events of a stream")
    parser.add_argument("--price-in", type=float, default=0.5, help="USD per million tokens")
    parser.add_argument("--price-out", type=float, default=1.5, help="USD per million tokens")
    parser.add_argument("--per-minute", type=float, default=0.0, help="requests; 0 is no limit")
    parser.add_argument("--level", type=float, help="requests left of the first minute")
    parser.add_argument("--untold", action="store_true", help="no headers but Retry-After")
    parser.add_argument("--refuse-text", default="", help="400 for texts with this in them")
    parser.add_argument("--fail-every", type=int, default=0, help="every n-th request is a 500")
    parser.add_argument("--cut-every", type=int, default=0, help="executed, and then cut off")
    return parser.parse_args()


async def _main() -> None:
    options = _options()
    await serve(PayingServer(options).handle, options.port)


if __name__ == "__main__":
    asyncio.Runner().run(_main())
