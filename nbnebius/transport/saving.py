"""
An answer of any size into a file, in flat memory.

It is written beside its place and renamed when it is whole, so that no half of a file stands where
a whole one is looked for. Where the connection breaks, the rest is asked for (``Range``); a server
that sends everything again instead is taken from the beginning.
"""

from __future__ import annotations

import math
import random
import re
import secrets
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.errors import ApiError, NebiusError, OptionError, ResponseError
from nbnebius.events import Retrying
from nbnebius.transport.answers import is_html
from nbnebius.transport.breaks import broken_error
from nbnebius.transport.broken import Broken
from nbnebius.transport.meter import Meter
from nbnebius.transport.retry import backoff
from nbnebius.types.record import replace

if TYPE_CHECKING:
    import os
    from typing import BinaryIO

    from nbnebius.transport.attempt import Attempt
    from nbnebius.transport.request import Request
    from nbnebius.transport.sending import Transport

TRIES = 8
"""Failures in a row without one new byte."""

_RANGE = re.compile(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)")


async def save(transport: Transport, request: Request, path: str | os.PathLike[str]) -> Path:
    """
    Write an answer's body into a file, which is replaced where it is there already.

    Returns
    -------
    Path
        Where it is, once it is whole.

    Raises
    ------
    OptionError
        The path is a folder, or its folder is not there.
    NebiusError
        The server says no, or the connection broke again and again, or the disk refuses.
    """
    place = Path(path)
    _check_place(place)
    beside = place.with_name(f".{place.name[:100]}.{secrets.token_hex(4)}.part")
    try:
        with beside.open("xb") as file:
            await _Saving(transport, request, file).run()
        if transport.tape is not None:
            await transport.tape.keep_file(request, beside, transport.scope)
        beside.replace(place)
    except OSError as error:
        raise NebiusError(f"{place} cannot be written", why=f"{error.strerror}.") from None
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)
    return place


def _check_place(place: Path) -> None:
    if place.is_dir():
        raise OptionError(f"{place} is a folder", hint="Name the file to write.")
    if not place.parent.is_dir():
        raise OptionError(f"there is no folder {place.parent}")


class _Saving:
    """One file while it comes."""

    def __init__(self, transport: Transport, request: Request, file: BinaryIO) -> None:
        self._transport = transport
        self._request = replace(request, total=math.inf)
        self._file = file
        self._total: int | None = None
        self._tag = ""

    async def run(self) -> None:
        """Ask until all of it is here."""
        transport, failures, most = self._transport, 0, 0
        while True:
            error = await self._try(failures + 1)
            if error is None:
                return
            # a server that begins anew each time makes no progress
            failures = 0 if self._file.tell() > most else failures + 1
            most = max(most, self._file.tell())
            if failures >= min(TRIES, transport.max_retries) or not transport.max_retries:
                raise error
            seconds = backoff(failures, random.random)
            if transport.observer is not None:
                transport.observer(Retrying("the connection broke", seconds, failures + 1))
            await transport.sleep(seconds)

    async def _try(self, number: int) -> NebiusError | None:
        """Receive as much as comes; return what went wrong, where trying again may help."""
        have = self._file.tell()
        request = self._request
        if have:
            headers = {"Range": f"bytes={have}-"} | ({"If-Range": self._tag} if self._tag else {})
            request = replace(request, headers={**request.headers, **headers})
        try:
            attempt = await self._transport.open_stream(request)
        except ApiError as error:
            if not have or error.status != 416:  # noqa: PLR2004 - the range is refused
                raise
            self._restart()
            return error
        try:
            await self._receive(attempt, have)
        except Broken as broken:
            await attempt.end("failed", error=broken.reason)
            address = self._transport.address.root
            return broken_error(broken, address, paid=False, attempts=number)
        except BaseException:
            await attempt.abandon()
            raise
        await attempt.end("done", saved=True)
        return None

    async def _receive(self, attempt: Attempt, have: int) -> None:
        exchange = attempt.exchange
        self._check(exchange.headers)
        if exchange.status == 206 and have:  # noqa: PLR2004 - the part that was asked for
            found = _RANGE.fullmatch(exchange.headers.get("content-range", "").strip().lower())
            if found is None or int(found[1]) != have:
                self._restart()
                raise Broken("reading", "another part came than was asked for")
            self._total = int(found[2]) if found[2] != "*" else self._total
        else:
            self._restart()
            length = exchange.headers.get("content-length", "")
            self._total = int(length) if length.isascii() and length.isdigit() else None
            tag = exchange.headers.get("etag", "")
            self._tag = tag if tag.startswith('"') else ""  # a weak one does not vouch for bytes
        meter = Meter(self._transport.observer, self._total, self._file.tell())
        while part := await exchange.read(self._transport.timeouts.idle):
            self._file.write(part)
            meter.add(len(part))
        if self._total is not None and self._file.tell() != self._total:
            raise Broken("reading", "it ended before its announced length")

    def _check(self, headers: dict[str, str]) -> None:
        if is_html(b"", headers.get("content-type", "")):
            raise ResponseError(f"{self._transport.address.root} answered with a web page")
        if headers.get("content-encoding", "identity").lower() not in {"", "identity"}:
            raise ResponseError("the file came compressed, which was not asked for")

    def _restart(self) -> None:
        self._file.seek(0)
        self._file.truncate()
