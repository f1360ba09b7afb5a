"""
Turn texts into vectors, buying each distinct text once.

What is kept comes from the journal; the rest is sent in groups, a few at a time. A group that the
server refuses is halved until the text at fault stands alone, so that one bad row costs one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio
import msgspec

from nbnebius.client.decode import decode_embeddings
from nbnebius.errors import (
    BadRequestError,
    NebiusError,
    ReplayError,
    ResponseError,
    UnprocessableEntityError,
)
from nbnebius.events import Observer, Progress
from nbnebius.journal import (
    Bill,
    Journal,
    KeptVector,
    find_vectors,
    note_reuse,
    own_key,
    text_key,
    unfiled_embeddings,
)
from nbnebius.types.answers import EmbeddingResult
from nbnebius.work.estimate import estimate_tokens
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.client import AsyncClient
    from nbnebius.types.usage import Usage
    from nbnebius.work.origin import Origin
    from nbnebius.work.price import Price

GROUP_TEXTS = 128
GROUP_TOKENS = 30_000
AT_ONCE = 4


@dataclass(slots=True)
class _Order:
    """The texts still to buy, each once, and what is known of each so far."""

    client: AsyncClient
    journal: Journal
    origin: Origin
    price: Price
    model: str
    dimensions: int | None
    observer: Observer
    total: int
    kept: dict[bytes, KeptVector]
    kept_before: frozenset[bytes]
    failures: dict[bytes, NebiusError] = field(default_factory=dict)
    cost: float | None = 0.0


async def embed(
    texts: Sequence[str | None],
    *,
    model: str,
    dimensions: int | None,
    client: AsyncClient,
    journal: Journal,
    origin: Origin,
    price: Price,
    observer: Observer,
) -> EmbeddingResult:
    """
    Embed `texts`; None and blank ones are skipped.

    Raises
    ------
    NebiusError
        Nothing at all could be embedded; the first reason is raised.
    """
    keys = [
        text_key(origin.service, model, dimensions, text) if text and text.strip() else None
        for text in texts
    ]
    wanted = {key: text for key, text in zip(keys, texts, strict=True) if key and text}
    kept: dict[bytes, KeptVector] = {}
    if not origin.private:
        await _file_the_rest(journal, origin.service, model, price)
        kept = await find_vectors(journal, list(wanted))
        saved = total(_price(price, vector.tokens) for vector in kept.values())
        await note_reuse(journal, "embedding", origin.service, model, len(kept), saved)
    order = _Order(
        client,
        journal,
        origin,
        price,
        model,
        dimensions,
        observer,
        len(wanted),
        kept,
        frozenset(kept),
    )
    _hand_over(order, [(wanted[key], vector) for key, vector in kept.items()])
    missing = [(key, text) for key, text in wanted.items() if key not in order.kept]
    _tell(order)
    limiter = anyio.CapacityLimiter(AT_ONCE)

    async def buy(group: list[tuple[bytes, str]]) -> None:
        async with limiter:
            await _buy(order, group)

    async with anyio.create_task_group() as tasks:
        for group in _groups(missing):
            tasks.start_soon(buy, group)
    if order.failures and not order.kept:
        raise next(iter(order.failures.values()))
    return _collect(order, keys)


async def _file_the_rest(journal: Journal, service: str, model: str, price: Price) -> None:
    """File vectors that were paid for before an interrupt or a crash, so that none is lost."""
    for record, request, answer in await unfiled_embeddings(journal, service, model):
        body = msgspec.json.decode(request)
        texts, dimensions = body["input"], body.get("dimensions")
        try:
            embeddings = decode_embeddings(answer)
        except NebiusError:
            continue
        if len(embeddings.vectors) == len(texts):
            pairs = [(text_key(service, model, dimensions, text), text) for text in texts]
            await journal.bill(record, _bill(embeddings.usage, price))
            await journal.keep_vectors(
                record, _kept_vectors(pairs, embeddings.vectors, embeddings.usage)
            )


def _bill(usage: Usage | None, price: Price) -> Bill:
    return Bill(usage.prompt_tokens if usage else None, 0, cost=price.of_usage(usage))


def _hand_over(order: _Order, vectors: Sequence[tuple[str, KeptVector]]) -> None:
    """Give vectors to a recording, text by text: what is asked together differs next time."""
    tape = order.client.transport.tape
    if tape is not None and vectors and not order.origin.private:
        tape.keep_vectors(
            {"model": order.model, "dimensions": order.dimensions},
            [(text, kept.vector, kept.tokens) for text, kept in vectors],
        )


def _kept_vectors(
    group: Sequence[tuple[bytes, str]],
    vectors: NDArray[np.float32],
    usage: Usage | None,
    tokens: Sequence[float | None] | None = None,
) -> list[KeptVector]:
    shares = tokens or _shares([text for _, text in group], usage.prompt_tokens if usage else None)
    return [
        KeptVector(key, row.tobytes(), share)
        for (key, _), row, share in zip(group, vectors, shares, strict=True)
    ]


def _groups(missing: list[tuple[bytes, str]]) -> list[list[tuple[bytes, str]]]:
    groups: list[list[tuple[bytes, str]]] = []
    room = 0
    for key, text in missing:
        size = estimate_tokens(text)
        if not groups or len(groups[-1]) >= GROUP_TEXTS or size > room:
            groups.append([])
            room = GROUP_TOKENS
        groups[-1].append((key, text))
        room -= size
    return groups


async def _buy(order: _Order, group: list[tuple[bytes, str]]) -> None:
    body: dict[str, Any] = {
        "model": order.model,
        "input": [text for _, text in group],
        "dimensions": order.dimensions,
    }
    # The vectors carry the texts' own keys; the request that fetched them needs none.
    intent = order.origin.intent(own_key(), "embedding", body, order.price)
    try:
        embeddings, answer = await order.client.embeddings.create(body, intent=intent)
        vectors, usage = embeddings.vectors, embeddings.usage
        if len(vectors) != len(group):
            raise ResponseError(
                f"The server sent {len(vectors)} vectors for {len(group)} texts",
                hint="try again; if it stays so, try another model",
            )
    except (BadRequestError, UnprocessableEntityError, ReplayError) as error:
        if len(group) == 1:
            order.failures[group[0][0]] = error
            return
        half = len(group) // 2
        await _buy(order, group[:half])
        await _buy(order, group[half:])
        return
    except NebiusError as error:
        order.failures.update((key, error) for key, _ in group)
        return
    bought = _kept_vectors(group, vectors, usage, embeddings.tokens)
    _hand_over(order, [(text, one) for (_, text), one in zip(group, bought, strict=True)])
    cost = order.price.of_usage(usage)
    order.cost = None if cost is None or order.cost is None else order.cost + cost
    if answer.record is not None:
        await order.journal.bill(answer.record, _bill(usage, order.price))
        if not order.origin.private:
            await order.journal.keep_vectors(answer.record, bought)
    order.kept.update((vector.key, vector) for vector in bought)
    _tell(order)


def _shares(texts: list[str], tokens: int | None) -> list[float | None]:
    if tokens is None:
        return [None] * len(texts)
    weights = [max(1, estimate_tokens(text)) for text in texts]
    return [tokens * weight / sum(weights) for weight in weights]


def _tell(order: _Order) -> None:
    order.observer(
        Progress("texts", len(order.kept), order.total, len(order.kept_before), order.cost)
    )


def _collect(order: _Order, keys: Sequence[bytes | None]) -> EmbeddingResult:
    import numpy as np

    width = len(next(iter(order.kept.values())).vector) // 4 if order.kept else 0
    _refuse_other_sizes(order, width)
    vectors = np.full((len(keys), width), np.nan, dtype=np.float32)
    status: list[Literal["ok", "skipped", "failed"]] = []
    errors: list[str | None] = []
    tokens: list[float | None] = []
    cost: list[float | None] = []
    seen: set[bytes] = set()
    for row, key in enumerate(keys):
        found = order.kept.get(key) if key else None
        if key is None:
            status.append("skipped")
        elif found is None:
            status.append("failed")
        else:
            status.append("ok")
            vectors[row] = np.frombuffer(found.vector, dtype="<f4")
        failure = order.failures.get(key) if key else None
        errors.append(failure.what if failure else None)
        # A text that stands twice is paid once, and what was kept costs nothing now.
        paid = found is not None and key not in seen and key not in order.kept_before
        share = found.tokens if found else None
        tokens.append(share if found else None)
        cost.append(_price(order.price, share) if paid else (0.0 if found else None))
        if key:
            seen.add(key)
    return EmbeddingResult(
        vectors=vectors,
        status=status,
        errors=errors,
        cached=[bool(key) and key in order.kept_before for key in keys],
        tokens=tokens,
        cost=cost,
        model=order.model,
        dimensions=width,
    )


def _refuse_other_sizes(order: _Order, width: int) -> None:
    """Fail what has another size than the rest: the model behind the id has changed."""
    for key, found in list(order.kept.items()):
        if (size := len(found.vector) // 4) != width:
            del order.kept[key]
            order.failures[key] = ResponseError(
                f"its vector has {size} dimensions, the others {width}",
                hint="embed all texts with one model and one --dimensions",
            )


def _price(price: Price, tokens: float | None) -> float | None:
    if tokens is None or price.tokens_in is None:
        return None
    return tokens * price.tokens_in / 1_000_000
