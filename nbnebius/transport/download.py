"""
Fetching a file from an address that a server has named.

Such an address is not to be trusted: it could point into the reader's own network. So it must be
https at a public address, the address that was checked is the one connected to, and no key goes.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import anyio

from nbnebius.errors import ConnectError, NebiusError, ResponseError
from nbnebius.events import Outcome
from nbnebius.transport.about import About
from nbnebius.transport.breaks import broken_error
from nbnebius.transport.broken import Broken
from nbnebius.transport.faults import api_error
from nbnebius.transport.request import JSON_CAP, Request

if TYPE_CHECKING:
    from urllib.parse import SplitResult

    from nbnebius.transport.http import Exchange
    from nbnebius.transport.sending import Transport

_NAT64 = ipaddress.ip_network("64:ff9b::/96")
# What Python 3.11 takes for public, against IANA's registries of special purposes.
_SPECIAL = tuple(
    ipaddress.ip_network(block)
    for block in (
        "192.0.0.0/24",
        "192.88.99.0/24",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "3fff::/20",
        "5f00::/16",
    )
)

MOVED = frozenset({301, 302, 303, 307, 308})
TRIES = 5
PAUSE = 1.0
"""Seconds between two tries: a fresh image's storage answers 404 for a moment."""


async def download(
    transport: Transport,
    url: str,
    cap: int = JSON_CAP,
    *,
    what: str = "the image",
    tries: int = TRIES,
    redirects: int = 0,
) -> bytes:
    """
    Return what is at an address.

    Parameters
    ----------
    transport
        Whose own server may be on loopback, and whose connections are used.
    url
        Where it is.
    cap
        Most bytes.
    what
        What is fetched, for errors.
    tries
        How often it is tried where the server lags behind.
    redirects
        How many other addresses may be followed to; each is checked like the first.

    Raises
    ------
    ResponseError
        The address is refused, or what is there is larger than the cap.
    ConnectError
        The host cannot be found or reached.
    ApiError
        The server there says no.
    """
    request = Request("GET", url)
    if transport.replay is not None:  # nothing is fetched, so no address can do harm
        return b"".join((await transport.replay.find(request, transport.scope)).parts)
    error: NebiusError | None = None
    attempt = 0
    while attempt < tries:
        attempt += 1
        if attempt > 1:
            await transport.sleep(PAUSE)
        target, headers, extensions = await _checked(transport, url, what)
        exchange = transport.unkeyed(target, headers, extensions)
        follow = redirects > 0
        got = await _fetch(exchange, transport.timeouts.idle, what, cap, attempt, follow=follow)
        if isinstance(got, str):
            url, redirects, attempt = urljoin(url, got), redirects - 1, attempt - 1
            continue
        if isinstance(got, bytes):
            if transport.tape is not None:
                outcome = Outcome("done", 200, "application/octet-stream", got)
                await transport.tape.answered(request, outcome, transport.scope)
            return got
        error = got
        if getattr(got, "status", None) not in {404, 500, 502, 503, 504}:
            break
    assert error is not None, "tried at least once"
    raise error


async def _checked(
    transport: Transport, url: str, what: str
) -> tuple[str, dict[str, str], dict[str, str]]:
    """Give the address to connect to, the headers and the extensions; an unsafe one is refused."""
    try:
        parts = urlsplit(url)
        own = f"{parts.scheme}://{parts.netloc}" == transport.address.root
        _check(parts, what, own=own)
        port = parts.port or 443
    except ValueError:
        raise ResponseError(f"{what}'s address cannot be read") from None
    if own:
        return url, {}, {}
    assert parts.hostname is not None, "checked above"
    address = await _public_address(parts.hostname, port, what)
    netloc = f"[{address}]" if ":" in address else address
    target = parts._replace(netloc=f"{netloc}:{port}").geturl()
    # the certificate is still checked against the name
    return target, {"Host": parts.netloc}, {"sni_hostname": parts.hostname}


def _check(parts: SplitResult, what: str, *, own: bool) -> None:
    if parts.username is not None or parts.password is not None:
        raise ResponseError(f"{what}'s address carries a user name or password")
    if own and parts.hostname and is_loopback(parts.hostname):
        return
    if parts.scheme != "https" or not parts.hostname:
        raise ResponseError(f"{what}'s address is not https", why="It was not fetched.")


def is_loopback(host: str) -> bool:
    """Tell whether a host's name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_public(address: str) -> bool:
    """Tell whether an IP address is one of the open internet."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        if ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None and not inner.is_global:
            return False
    special = any(ip in block for block in _SPECIAL if block.version == ip.version)
    return ip.is_global and not ip.is_multicast and not special


async def _public_address(host: str, port: int, what: str) -> str:
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        raise ConnectError(f"{what}'s host cannot be found", hint="Is the network up?") from None
    addresses = [str(entry[4][0]) for entry in found]
    if not addresses or not all(is_public(address) for address in addresses):
        raise ResponseError(
            f"{what}'s address leads into a private network", why="It was not fetched."
        )
    return addresses[0]


async def _fetch(
    exchange: Exchange,
    idle: float,
    what: str,
    cap: int,
    attempt: int,
    *,
    follow: bool,
) -> bytes | NebiusError | str:
    """Fetch once: what is there, the error, or the address that it leads on to."""
    about = About(address=f"{what}'s host")
    body = bytearray()
    try:
        await exchange.open()
        onward = exchange.headers.get("location")
        if follow and onward and exchange.status in MOVED:
            return onward
        while part := await exchange.read(idle):
            body += part
            if len(body) > cap:
                return ResponseError(f"{what} is larger than {cap:,} bytes")
    except Broken as broken:
        return broken_error(broken, about.address, paid=False, attempts=attempt)
    finally:
        await exchange.close()
    if not 200 <= exchange.status < 300:  # noqa: PLR2004 - success
        return api_error(exchange.status, exchange.headers, bytes(body), about, attempt)
    return bytes(body)
