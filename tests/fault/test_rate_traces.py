"""Rate limits that are told or not, and that move: kept to and used, hours of them on a clock."""

import asyncio
import itertools
import random
from collections import Counter

import pytest

from nbnebius import errors
from nbnebius.transport import Request
from nbnebius.work.map.gate import Gate, Turn
from tests.fault.counts import proven, size
from tests.fault.moving_limit import Bucket, MovingLimit
from tests.fault.played import Played, PlayedTransport
from tests.fault.virtual_time import VirtualLoop

pytestmark = pytest.mark.fault

SEED = 9
IN_FLIGHT = 64
TOKENS = 500  # of a request, as it is guessed; it takes half to one and a half of it
SETTLED = 120.0  # seconds after which the share of refusals counts
LEAST_USE = 0.9
MOST_REFUSED = {"with units": 0.01, "plain": 0.01, "retry-after alone": 0.15, "nothing": 0.15}
REFUSED = b'{"error": {"message": "slow down", "code": "rate_limit"}}'


class Kernel:
    """One kernel's client and job, which has always more to ask."""

    def __init__(self, limit, dice, share):
        self.limit, self.dice = limit, dice
        self.loop = asyncio.get_running_loop()
        self.closed_until, self.early, self.failed = 0.0, 0, 0
        self.gate = Gate(IN_FLIGHT, self.loop.time)
        self.transport = PlayedTransport(self.play, clock=self.loop.time, jitter=dice.random)
        self.transport.share_limits(share)

    async def play(self, request):
        self.early += self.loop.time() < self.closed_until - 1e-3
        takes = self.dice.uniform(0.5, 1.5) * TOKENS
        admitted, headers = self.limit.admit(self.loop.time(), takes)
        await asyncio.sleep(self.dice.uniform(0.5, 3.0) if admitted else 0.05)
        if admitted:
            return Played(200, headers)
        if "retry-after" in headers:
            until = self.loop.time() + float(headers["retry-after"])
            self.closed_until = max(self.closed_until, until)
        return Played(429, headers, (REFUSED,))

    async def work(self, ends):
        while self.loop.time() < ends:
            turn, served = Turn(self.gate, lambda _: None), False
            request = Request(
                "POST", "chat/completions", body=b"{}", lane="m", tokens=TOKENS, flow=turn
            )
            try:
                await self.transport.send(request)
                served = True
            except errors.RateLimitError:
                self.failed += 1
            finally:
                turn.end(served=served)


def trace(telling, kernels, requests, tokens, seed, *, moves, seconds):
    """Ask without end for so many seconds; give the limit's books and the kernels."""
    dice = random.Random(seed)
    limit = MovingLimit(
        Bucket(requests, level=requests),
        Bucket(tokens, level=tokens),
        telling,
        random.Random(seed) if moves else None,
    )

    async def run():
        those = [Kernel(limit, dice, 1 / kernels) for _ in range(kernels)]
        async with asyncio.TaskGroup() as workers:
            for kernel in those:
                for _ in range(2 * IN_FLIGHT):
                    workers.create_task(kernel.work(seconds))
        return those

    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return limit, runner.run(run())


def judge(limit, kernels, first_level):
    """Give what was broken, and the use and the share of refusals in thousandths."""
    settled = [admitted for at, admitted in limit.log if at >= SETTLED]
    refused = 1 - sum(settled) / len(settled)
    use = max(
        bucket.taken / (bucket.given + level)
        for bucket, level in zip((limit.requests, limit.tokens), first_level, strict=True)
    )
    broken = Counter(
        {
            "Retry-After broken": sum(kernel.early for kernel in kernels),
            "rows marked as failed by a 429": sum(kernel.failed for kernel in kernels),
            "less than 90 % of the limit used": int(use < LEAST_USE),
            "more refused than is allowed": int(refused > MOST_REFUSED[limit.telling]),
        }
    )
    return broken, round(1000 * use), round(1000 * refused)


def test_limits_are_kept_to_and_used():
    kinds = list(
        itertools.product(
            MOST_REFUSED, (1, 2, 4), ((60, 400_000), (600, 60_000), (120, 1e10)), (False, True)
        )
    )
    random.Random(SEED).shuffle(kinds)
    count = size(4, 120)
    broken, uses, shares, asked = Counter(), [], {}, 0
    for number in range(count):
        telling, kernels, level, moves = kinds[number % len(kinds)]
        limit, those = trace(
            telling, kernels, *level, f"{SEED} {number}", moves=moves, seconds=size(1200, 2700)
        )
        wrong, use, share = judge(limit, those, level)
        if +wrong:
            print(telling, kernels, level, moves, dict(+wrong), use, share)
        broken += wrong
        uses.append(use)
        told = "told" if MOST_REFUSED[telling] < 0.05 else "untold"
        shares[told] = max(shares.get(told, 0), share)
        asked += limit.seen
    names = (
        "Retry-After broken",
        "rows marked as failed by a 429",
        "less than 90 % of the limit used",
        "more refused than is allowed",
    )
    proven(
        "R9",
        "rate limits that move, told and untold, for one to four kernels",
        tried=count,
        broken={name: broken[name] for name in names},
        seed=SEED,
        seen={
            "requests": asked,
            "least use in thousandths": min(uses),
            **{f"most refused in thousandths, {told}": share for told, share in shares.items()},
        },
    )
