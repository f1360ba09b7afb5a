"""Every status of 400 to 599 is met as it should be: how often, how soon, and what is entered."""

import asyncio
import itertools
import random

import pytest
from asking import Clock, Memory

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.transport import Transport
from tests.fault.counts import proven, size
from tests.fault.nine import NINE, Nine

pytestmark = pytest.mark.fault

SEED = 6
ASKED = 60  # seconds of Retry-After
LONGEST = 15 * 60  # seconds that 429s may hold one request up

BODIES = {
    "JSON": (b'{"error": {"message": "no", "type": "some_error", "code": "some"}}', "json", False),
    "HTML": (b"<!doctype html><html><body>Bad gateway</body></html>", "html", False),
    "empty": (b"", "json", False),
    "cut": (b'{"error": {"message": "n', "json", True),
}
ERRORS = {
    400: errors.BadRequestError,
    401: errors.AuthenticationError,
    402: errors.PaymentRequiredError,
    403: errors.PermissionDeniedError,
    404: errors.NotFoundError,
    422: errors.UnprocessableEntityError,
    429: errors.RateLimitError,
}


def expected(status, kind):
    """
    The table of what is done: how often it is sent, and how each attempt is entered.

    Not billed is 4xx and 503; 408 is sent again three times, 503 eight times. 500, 502 and 504 may
    have been billed: two more times where each is paid for, as often as 503 where nothing is paid.
    What is made and stays is looked for instead: a batch is then given up, a file sent once more.
    """
    if status == 408:
        return 4, "failed"
    if status == 503:
        return 9, "failed"
    if status < 500:
        return 1, "failed"
    if kind == "upload":
        return 2, None
    if kind == "batch":
        return 1, None
    if status in {500, 502, 504}:
        return (9, None) if kind == "read" else (3, "possibly_paid")
    return 1, "possibly_paid"


def answer(status, told, *, after):
    body, kind, cut = told
    length = len(body) + 100 * cut
    more = f"retry-after: {ASKED}\r\n" if after else ""
    head = f"HTTP/1.1 {status} X\r\ncontent-type: text/{kind}\r\n{more}content-length: {length}"
    return head.encode() + b"\r\n\r\n" + body, cut


class Cell:
    """One cell of the matrix, and what was wrong with it."""

    def __init__(self, status, after, body, endpoint):
        self.status, self.after, self.endpoint = status, after, endpoint
        self.raw, self.cut = answer(status, BODIES[body], after=after)
        self.clock = Clock()
        self.came: list[float] = []
        self.memory = Memory()

    def instead(self, connection, asked):
        if not self.endpoint.is_asked(asked):
            return False
        self.came.append(self.clock.now)
        connection.send(self.raw, close=self.cut)
        return True

    async def run(self, server):
        server.instead = self.instead
        transport = Transport(
            server.url,
            None,
            recorder=self.memory,
            sleep=self.clock.sleep,
            jitter=lambda: 0.5,
            clock=lambda: self.clock.now,
        )
        async with AsyncClient(transport=transport) as client:
            try:
                await self.endpoint.ask(client, "question")
            except errors.NebiusError as error:
                return self.judge(error)
        return ["an answer was made of a refusal"]

    def judge(self, error):
        wrong = []
        kind = {"files upload": "upload", "batches create": "batch"}.get(self.endpoint.name)
        attempts, state = expected(self.status, kind or self.endpoint.kind)
        if self.status == 429:
            waited = self.came[-1] - self.came[0]
            step = ASKED + 1 if self.after else 31
            if not LONGEST - step < waited <= LONGEST:
                wrong.append("a rate limit is waited for too long or too short")
            attempts = len(self.came)
        if len(self.came) != attempts:
            wrong.append("sent too often or too seldom")
        pauses = [b - a for a, b in itertools.pairwise(self.came)]
        # a file is sent again because it was looked for in vain, not because of Retry-After
        if self.after and kind != "upload" and any(pause < ASKED for pause in pauses):
            wrong.append("sent before Retry-After")
        if self.endpoint.kind == "paid" and self.memory.states != [state] * attempts:
            wrong.append("entered as something else")
        kind = ERRORS.get(
            self.status, errors.ServerError if self.status >= 500 else errors.ApiError
        )
        if type(error) is not kind or error.status != self.status:
            wrong.append("another error than its status says")
        if self.endpoint.kind != "made" and error.attempts != len(self.came):
            wrong.append("attempts that the server did not see")
        return wrong


def test_every_status_is_met_as_the_table_says():
    cells = list(itertools.product(range(400, 600), (True, False), BODIES, NINE))
    random.Random(SEED).shuffle(cells)
    del cells[size(1440, 14_400) :]
    broken = dict.fromkeys(
        (
            "an answer was made of a refusal",
            "a rate limit is waited for too long or too short",
            "sent too often or too seldom",
            "sent before Retry-After",
            "entered as something else",
            "another error than its status says",
            "attempts that the server did not see",
        ),
        0,
    )

    async def run():
        asked = 0
        async with Nine() as server:
            for at in cells:
                cell = Cell(*at)
                for wrong in await cell.run(server):
                    broken[wrong] += 1
                    print(wrong, at[:3], at[3].name, len(cell.came), cell.memory.states)
                asked += len(cell.came)
        return asked

    with asyncio.Runner() as runner:
        asked = runner.run(run())
    proven(
        "R6",
        "statuses 400 to 599 at nine endpoints",
        tried=len(cells),
        broken=broken,
        seed=SEED,
        seen={"requests that the server saw": asked},
    )
