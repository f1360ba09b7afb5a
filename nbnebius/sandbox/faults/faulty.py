"""The place where faults happen: behind the door, before the routes."""

import asyncio
import random
from collections.abc import Sequence
from http import HTTPStatus

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nbnebius.sandbox.faults.spec import Fault
from nbnebius.sandbox.keeping.ledger import Entry
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import CutError

_SENTENCES = {
    402: (
        "Payment Required: You have exhausted your budget. "
        "Please add funds to continue using the API."
    ),
    429: "Rate limit exceeded",
}
_RETRY = {"retry-after": "1"}
_BUSY = frozenset({429, 503})
_PAGE = "<!doctype html>\n<title>Not what you asked for</title>\n"


class Faulty:
    """
    An application in which things go wrong.

    Parameters
    ----------
    app
        The application in which they do not.
    faults
        What goes wrong. The first refusal that meets a request is its answer.
    seed
        Of what is at random; the same requests in the same order meet the same faults.
    """

    def __init__(self, app: ASGIApp, faults: Sequence[Fault], seed: int) -> None:
        self._app = app
        self._faults = [
            (fault, random.Random(f"{seed} {place}"))  # noqa: S311 - no secret
            for place, fault in enumerate(faults)
        ]
        self._seen = [0] * len(faults)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or fail to."""
        for fault in self._met(scope):
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "cut":
                send = _cut(send, scope["nbnebius.entry"], fault.after)
            else:
                await _answer(fault)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _met(self, scope: Scope) -> list[Fault]:
        if scope["type"] != "http" or scope["path"].startswith("/sandbox/"):
            return []
        met = []
        for place, (fault, dice) in enumerate(self._faults):
            if scope["path"].startswith(fault.path):
                self._seen[place] += 1
                if fault.share.meets(self._seen[place], dice):
                    met.append(fault)
        return met


def _answer(fault: Fault) -> Response:
    if fault.kind == "html":
        return Response(_PAGE, media_type="text/html")
    if fault.kind == "failed":
        return json_answer({"data": None, "message": "Something failed.", "status": "failed"})
    names = {status.value: status.phrase for status in HTTPStatus}
    detail = _SENTENCES.get(fault.status, names.get(fault.status, "Error"))
    headers = _RETRY if fault.status in _BUSY else {}
    return json_answer({"detail": detail}, fault.status, headers)


def _cut(send: Send, entry: Entry, after: int) -> Send:
    async def cut(message: Message) -> None:
        if entry.stream and entry.tokens_sent >= after and message["type"].endswith("body"):
            raise CutError
        await send(message)

    return cut
