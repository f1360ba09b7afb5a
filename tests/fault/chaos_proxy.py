"""
A TCP proxy that breaks connections at an exact byte, for tests of what a client makes of it.

It stands between a client and an HTTP server on loopback, and knows only where a request and its
answer begin and end. ``python -m tests.fault.chaos_proxy PORT HOW WHERE`` puts one before any
server, for looking by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import struct
import sys
from dataclasses import dataclass
from typing import Any, Literal, Self, TypeAlias

How: TypeAlias = Literal[
    "reset", "fin", "hole", "refuse", "no TLS", "no name", "drip", "split", "half-close", "stale"
]
Where: TypeAlias = Literal[
    "accepted", "in the request", "before the answer", "in its head", "1 %", "50 %", "99 %", "after"
]
HOWS: tuple[How, ...] = ("reset", "fin", "hole")
WHERES: tuple[Where, ...] = (
    *("accepted", "in the request", "before the answer", "in its head"),
    *("1 %", "50 %", "99 %", "after"),
)
LAST = b"data: [DONE]"
SETTLE = 0.02
"""Seconds before a reset, which overtakes bytes that were not read yet."""


@dataclass(frozen=True, slots=True)
class Fault:
    """
    What goes wrong, and where in the exchange.

    Parameters
    ----------
    how
        ``reset``, ``fin``: the connection is broken off, or ended. ``hole``: nothing comes any
        more. ``drip``, ``split``, ``half-close``: all of it comes, slowly, in pieces, or followed
        by the end of one direction. ``stale``: the connection ends as it is used again. ``refuse``,
        ``no TLS`` and ``no name``: there is no connection at all.
    where
        For the first three.
    """

    how: How
    where: Where = "accepted"

    @property
    def name(self) -> str:
        return f"{self.how} {self.where}" if self.how in HOWS else self.how


FAULTS = (
    *(Fault(how, where) for how in HOWS for where in WHERES),
    *(Fault(how) for how in ("refuse", "no TLS", "no name")),
    *(Fault(how) for how in ("drip", "split", "half-close", "stale")),
)


class ChaosProxy:
    """
    One proxy, on a free port.

    Parameters
    ----------
    target
        The server's port on loopback.
    fault
        What it does.
    hits
        To how many exchanges.
    seed
        Of where within a stretch a cut falls.
    spared
        How many exchanges, or connections where it is those that break, it leaves alone first.

    Attributes
    ----------
    struck
        How often it has done so.
    """

    def __init__(
        self, target: int, fault: Fault, hits: int = 1_000_000, seed: Any = 0, spared: int = 0
    ) -> None:
        self.fault = fault
        self.struck = 0
        self._target = target
        self._hits = hits
        self._spared = spared
        self._dice = random.Random(seed)
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    @property
    def url(self) -> str:
        """Where a client is to ask."""
        scheme = "https" if self.fault.how == "no TLS" else "http"
        host = "nowhere.invalid" if self.fault.how == "no name" else "127.0.0.1"
        return f"{scheme}://{host}:{self.port}/v1/"

    async def __aenter__(self) -> Self:
        if self.fault.how == "refuse":
            with socket.socket() as taken:
                taken.bind(("127.0.0.1", 0))
                self.port = taken.getsockname()[1]
            return self
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def heal(self) -> None:
        """Do nothing any more."""
        self._hits = 0

    def _strikes(self) -> bool:
        if self.struck >= self._hits:
            return False
        if self._spared > 0:
            self._spared -= 1
            return False
        self.struck += 1
        return True

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        server: asyncio.StreamWriter | None = None
        try:
            if self.fault.where == "accepted" and self.fault.how in HOWS and self._strikes():
                await self._break(reader, writer)
                return
            if self.fault.how == "no TLS" and self._strikes():
                writer.write(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
                await reader.read()
                return
            opening = asyncio.ensure_future(asyncio.open_connection("127.0.0.1", self._target))
            try:
                answers, server = await asyncio.shield(opening)
            except asyncio.CancelledError:
                server = (await opening)[1]
                raise
            number = 0
            while await self._exchange(reader, writer, answers, server, number):
                number += 1
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            for one in (writer, server):
                if one is not None:
                    one.close()
                    with contextlib.suppress(ConnectionError, asyncio.CancelledError):
                        await one.wait_closed()

    async def _exchange(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        answers: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        number: int,
    ) -> bool:
        """Pass one request and its answer on; tell whether another may follow."""
        fault = self.fault
        head = await reader.readuntil(b"\r\n\r\n")
        if fault.how == "stale" and number and self._strikes():
            return False
        strikes = (fault.how != "stale") and self._strikes()
        if strikes and fault.where == "in the request":
            await reader.read(self._dice.randint(0, 100))
            await self._break(reader, writer)
            return False
        request = head + await _rest(head, reader)
        server.write(request)
        head = await answers.readuntil(b"\r\n\r\n")
        body = await _rest(head, answers)
        if not strikes:
            writer.write(head + body)
            await writer.drain()
            return True
        if fault.how in HOWS:
            writer.write((head + body)[: self._place(head, body)])
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await self._break(reader, writer)
            return False
        return await self._whole(head + body, reader, writer)

    async def _whole(
        self, data: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """Give all of an answer, in an unusual way."""
        drips = self.fault.how == "drip"
        if self.fault.how == "half-close":
            writer.write(data)
            writer.write_eof()
            await reader.read()
            return False
        places = self._dice.sample(range(len(data)), min(len(data), 12 if drips else 60))
        for begin, end in zip([0, *sorted(places)], [*sorted(places), len(data)], strict=True):
            writer.write(data[begin:end])
            await writer.drain()
            await asyncio.sleep(0.005 if drips else 0)
        return True

    def _place(self, head: bytes, body: bytes) -> int:
        """Choose the byte to cut at."""
        where, length = self.fault.where, len(body)
        if where == "before the answer":
            return 0
        if where == "in its head":
            return self._dice.randint(1, len(head) - 1)
        if where == "1 %":
            return len(head) + self._dice.randint(0, max(1, length // 50))
        if where == "50 %":
            return len(head) + self._dice.randint(length // 4, length * 3 // 4)
        if where == "99 %":
            # of a stream, before what ends it or within
            last = body.rfind(LAST)
            begin = last if last > 0 else length - max(1, length // 50)
            return len(head) + self._dice.randint(begin, length - 1)
        return len(head) + length

    async def _break(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.fault.how == "hole":
            while await reader.read(65_536):  # until the client goes away
                pass
        elif self.fault.how == "reset":
            await asyncio.sleep(SETTLE)
            taken = writer.get_extra_info("socket")
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()
        else:
            writer.close()


async def _rest(head: bytes, reader: asyncio.StreamReader) -> bytes:
    """Read what follows a head: so many bytes, or chunks to their end."""
    lines = head.lower().split(b"\r\n")
    if b"transfer-encoding: chunked" in lines:
        body = b""
        while not body.endswith(b"\r\n0\r\n\r\n"):
            size = await reader.readuntil(b"\r\n")
            body += size + await reader.readexactly(int(size, 16) + 2)
        return body
    told = (line.partition(b":")[2] for line in lines if line.startswith(b"content-length:"))
    return await reader.readexactly(int(next(told, b"0")))


async def _serve(port: int, fault: Fault) -> None:
    async with ChaosProxy(port, fault) as proxy:
        print(proxy.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    _, given, *named = sys.argv
    asyncio.Runner().run(_serve(int(given), Fault(*named)))
