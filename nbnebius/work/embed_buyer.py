"""Sending the groups of an embedding's texts: halved where refused, filed where answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import anyio

from nbnebius import errors
from nbnebius.journal import own_key, too_small
from nbnebius.transport.shield import hear
from nbnebius.work.filing import Unfiled, bill_of, kept_vectors, share_out

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from nbnebius.client import AsyncClient
    from nbnebius.events import Observer
    from nbnebius.journal import Journal
    from nbnebius.types.usage import Usage
    from nbnebius.work.embed import Embedding

AT_ONCE = 8
AGAIN = 0.05  # seconds until a budget is looked at again
_REFUSED = {400, 413, 422}


async def embed(
    order: Embedding, client: AsyncClient, journal: Journal, observer: Observer
) -> None:
    """
    Read what is kept and buy the rest; the order's `result` gives what came of it.

    Raises
    ------
    NebiusError
        Nothing at all could be embedded; the first reason is raised.
    """
    await order.read_kept(client, journal)
    order.tell(observer)
    if not order.is_whole:
        unfiled = Unfiled(journal)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(order.halt.limit, tasks.cancel_scope, lambda: order.tell(observer))
            async with anyio.create_task_group() as buyers:
                for _ in range(AT_ONCE):
                    buyer = _Buyer(order, client, journal, observer, unfiled)
                    buyers.start_soon(buyer.work)
            tasks.cancel_scope.cancel()
    order.raise_if_hopeless()


@dataclass(slots=True)
class _Buyer:
    """
    Sends groups of an embedding's texts, one after the other; several work side by side.

    What one group's answer leaves to be filed shares a commit with the next group's intent.
    """

    order: Embedding
    client: AsyncClient
    journal: Journal
    observer: Observer
    unfiled: Unfiled
    _filing: list[asyncio.Future[None]] = field(default_factory=list)

    async def work(self) -> None:
        """Buy until nothing is left that may be sent."""
        while group := self.order.next_group():
            await self._buy(group)
        try:
            self._queue(self.unfiled.file())
        except errors.JournalError as error:
            self.order.unkept(error)
        await self._filed(self._filing)

    async def _buy(self, group: list[int]) -> None:
        order = self.order
        if not order.may_send:
            order.give_back(group)
            return
        body: dict[str, Any] = {
            "model": order.model,
            "input": order.texts_of(group),
            "dimensions": order.dimensions,
        }
        # The vectors carry the texts' own keys; the request that fetched them needs none.
        intent = order.origin.intent(own_key(), "embedding", body, order.price)
        try:
            embeddings, answer = await self.client.embeddings.create(body, intent=intent)
        except (errors.ApiError, errors.OptionError, errors.ReplayError) as error:
            if isinstance(error, errors.ApiError) and error.status not in _REFUSED:
                order.failed(group, error)
                return
            order.refused(group, error)
            if len(group) > 1:
                half = len(group) // 2
                await self._buy(group[:half])
                await self._buy(group[half:])
            return
        except errors.BudgetReached as error:
            tight = too_small(self.journal.purses, intent.cost_bound)
            if tight is None or tight.may_fit_later(intent.cost_bound or 0.0):
                # What is on its way holds more than it will cost: there is room later.
                order.give_back(group)
                await anyio.sleep(AGAIN)
            else:
                order.end(group, error)
            return
        except errors.NebiusError as error:
            if isinstance(error, errors.ResponseError) and error.record is not None:
                await self.journal.give_up(error.record, error.what)
            order.failed(group, error)
            return
        except anyio.get_cancelled_exc_class():
            order.cut_off(group)
            raise
        usage = embeddings.usage
        shares = embeddings.tokens or share_out(
            body["input"], usage.prompt_tokens if usage else None
        )
        if (tape := self.client.transport.tape) is not None and not order.origin.private:
            # Text by text: what is asked together differs next time.
            rows = zip(body["input"], embeddings.vectors, shares, strict=True)
            tape.keep_vectors(
                order.asked, [(text, row.tobytes(), share) for text, row, share in rows]
            )
        order.sold(group, embeddings.vectors, shares, usage)
        earlier, self._filing = self._filing, []
        try:
            self._file(answer.record, group, embeddings.vectors, shares, usage)
        except errors.JournalError as error:
            order.unkept(error)
        await self._filed(earlier)
        order.tell(self.observer)

    async def _filed(self, filing: Sequence[asyncio.Future[None]]) -> None:
        """Wait until what was queued is on disk."""
        for one in filing:
            try:
                await one
            except errors.JournalError as error:
                self.order.unkept(error)

    def _file(
        self,
        record: int | None,
        group: Sequence[int],
        vectors: NDArray[np.float32],
        shares: Sequence[float | None],
        usage: Usage | None,
    ) -> None:
        """Queue what a group cost, and its vectors once enough of them have gathered."""
        if record is None:
            return
        self._queue([self.journal.bill(record, bill_of(usage, self.order.price))])
        if not self.order.origin.private:
            kept = kept_vectors(self.order.keys_of(group), vectors, shares)
            self._queue(self.unfiled.add(record, kept))

    def _queue(self, filing: Sequence[asyncio.Future[None]]) -> None:
        for one in filing:
            one.add_done_callback(hear)  # after a cancellation nobody else does
            self._filing.append(one)
