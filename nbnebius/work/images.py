"""Draw pictures: n pictures are n requests, with seeds one apart."""

from __future__ import annotations

import secrets
import time
from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.client.decode import decode_images
from nbnebius.errors import NebiusError, ResponseError
from nbnebius.events import Note, Observer, Progress
from nbnebius.journal import Bill, Journal, note_reuse
from nbnebius.transport.request import Alias
from nbnebius.types.answers import PictureResult
from nbnebius.types.json import to_json
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.client import AsyncClient
    from nbnebius.types.images import ImageAnswer
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

ENDPOINT = "images/generations"
AT_ONCE = 4
SEEDS = 2**31
SEED_HEADER = "x-nbnebius-seed"
"""Where a recording tells the seed of a picture for which nobody named one."""


class RandomSeed(int):
    """
    A seed that nobody asked for: it is known afterwards, but no part of the request's name.

    So the kept picture of a prompt without a seed is found again.
    """


def first_seed(seed: int | None) -> int:
    """Give the seed to begin with; a random one where none (or -1) was named, so it is known."""
    return RandomSeed(secrets.randbelow(SEEDS)) if seed is None or seed < 0 else seed


async def draw(
    body: Mapping[str, Any],
    count: int,
    *,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
    observer: Observer,
) -> list[PictureResult]:
    """
    Draw `count` pictures of one prompt, from ``body["seed"]`` on.

    Pictures that fail are told to `observer`; the others are given.

    Raises
    ------
    NebiusError
        None could be drawn; the first reason is raised.
    """
    results: dict[int, PictureResult] = {}
    failures: dict[int, NebiusError] = {}
    limiter = anyio.CapacityLimiter(AT_ONCE)
    base = body["seed"]

    async def one(index: int) -> None:
        async with limiter:
            try:
                results[index] = await _draw_one(
                    {**body, "seed": int(base) + index},
                    index if isinstance(base, RandomSeed) else None,
                    client,
                    journal,
                    origin,
                    price,
                )
            except NebiusError as error:
                failures[index] = error
                return
        observer(
            Progress("pictures", len(results), count, cost=total(r.cost for r in results.values()))
        )

    async with anyio.create_task_group() as tasks:
        for index in range(count):
            tasks.start_soon(one, index)
    if failures:
        first = failures[min(failures)]
        if not results:
            raise first
        observer(Note(f"{len(failures)} of {count} pictures failed: {first.what}"))
    return [results[index] for index in sorted(results)]


async def _draw_one(
    body: dict[str, Any],
    unseeded: int | None,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
) -> PictureResult:
    name = body if unseeded is None else {**body, "seed": f"random {unseeded}"}
    key = origin.key(ENDPOINT, name)
    started = time.monotonic()
    kept = await origin.kept(journal, key)
    if kept:
        answer_body, record = decode_images(kept.body), kept.record
        seed = body["seed"] if unseeded is None else await _kept_seed(journal, record)
        if (tape := client.transport.tape) is not None and not origin.private:
            told = None if unseeded is None else {SEED_HEADER: str(seed)}
            tape.keep(ENDPOINT, name, kept.content_type, kept.body, told=told)
        data = await _content(answer_body, client)
        await note_reuse(journal, "image", origin.service, body["model"], 1, kept.cost)
        return PictureResult(
            data,
            seed,
            body["prompt"],
            body["model"],
            0.0,
            kept.cost,
            kept.seconds,
            kept.bought_at,
            {**body, "seed": seed},
        )
    intent = origin.intent(key, "image", body, price)
    alias = None
    if unseeded is not None:
        alias = Alias(to_json(name), {SEED_HEADER: str(body["seed"])})
    drawn, answer = await client.images.generate(body, intent=intent, alias=alias)
    if alias is not None and client.transport.replay is not None:
        body = {**body, "seed": int(answer.headers.get(SEED_HEADER, body["seed"]))}
    cost = price.of_images(1)
    if answer.record is not None:
        await journal.bill(answer.record, Bill(images=1, cost=cost))
    data = await _content(drawn, client)
    seconds = time.monotonic() - started
    return PictureResult(
        data, body["seed"], body["prompt"], body["model"], cost, cost, seconds, None, body
    )


async def _kept_seed(journal: Journal, record: int) -> int:
    import json

    from nbnebius.journal import kept_request

    request = await kept_request(journal, record)
    return int(json.loads(request).get("seed", -1)) if request else -1


async def _content(drawn: ImageAnswer, client: AsyncClient) -> bytes:
    if not drawn.data:
        raise ResponseError("The server sent no picture", hint="try again or try another model")
    datum = drawn.data[0]
    try:
        data = datum.content()
    except ValueError:
        raise ResponseError("The server sent a picture that is not base64") from None
    if data is None and datum.url:
        data = await client.images.fetch(datum.url)
    if not data:
        raise ResponseError("The server sent an empty picture", hint="try again")
    return data
