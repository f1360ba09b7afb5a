"""From a broken exchange to an error that says whether it may have been billed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from nbnebius.errors import ConnectError, RequestTimeout, TransportError

if TYPE_CHECKING:
    from nbnebius.transport.broken import Broken

_NAME = re.compile(r"(?i)name or service|nodename|name resolution|getaddrinfo|no address assoc")
_NO_TLS = re.compile(r"(?i)wrong.version.number|record layer|unknown protocol|http request")
_PROXY = re.compile(r"(?i)proxy")
_BILLED = "It was sent, so it may have been billed."


def broken_error(broken: Broken, address: str, *, paid: bool, attempts: int) -> TransportError:
    """
    Return the error for an exchange that broke.

    Parameters
    ----------
    broken
        What happened.
    address
        The server's scheme and host.
    paid
        The request buys something.
    attempts
        How often it was tried.
    """
    if broken.certificate:
        return ConnectError(
            f"{address} shows a certificate that cannot be trusted",
            why=f"{broken.reason}.",
            hint="Behind a company's proxy, set SSL_CERT_FILE to its certificate.",
            attempts=attempts,
        )
    if broken.phase == "connecting":
        why, hint = _unreached(broken, address)
        return ConnectError(
            f"{address} could not be reached",
            why=f"{why}. Nothing was billed.",
            hint=hint,
            attempts=attempts,
        )
    if broken.phase == "sending":
        return ConnectError(
            f"{address} broke off while sending",
            why=f"{broken.reason}. Nothing was billed.",
            hint="Try again; if it stays so, send less at once: fewer or smaller pictures.",
            attempts=attempts,
        )
    billed = _BILLED if paid else ""
    again = "Asking again may pay again." if paid else "Try again in a while."
    if broken.timed_out:
        return RequestTimeout(
            f"{address} did not answer in time",
            why=billed,
            hint=f"{again} connect(timeout=...) waits longer, in seconds.",
            attempts=attempts,
        )
    what = "closed the connection without an answer"
    if broken.phase == "reading":
        what = "broke off in the middle of its answer"
    return TransportError(
        f"{address} {what}", why=billed or broken.reason, hint=again, attempts=attempts
    )


def _unreached(broken: Broken, address: str) -> tuple[str, str]:
    """Say why a server could not be reached, and where to look."""
    reason = broken.reason
    proxy = _proxy_of(address)
    if proxy and ("407" in reason or _PROXY.search(reason)):
        return (
            f"The proxy before it says: {reason}",
            f"{proxy} names the proxy, with user and password where it wants them.",
        )
    if proxy:
        return (
            f"It is asked through a proxy: {reason}",
            f"Is the proxy right that {proxy} names? NO_PROXY lists hosts to reach without it.",
        )
    if _NAME.search(reason):
        return (
            f"Its name is not known: {reason}",
            "Is the address spelled right, and is the network up? Behind a proxy set HTTPS_PROXY.",
        )
    if _NO_TLS.search(reason):
        return "It does not speak TLS", "Does its address begin with http:// in truth?"
    if broken.timed_out:
        return (
            "No connection came about in time",
            "Is the network up? Behind a proxy set HTTPS_PROXY.",
        )
    if urlsplit(address).hostname in {"127.0.0.1", "localhost", "::1"}:
        return reason, "Is a server running there? %nebius sandbox starts one of this package."
    return reason, "Is the address right, and is the network up?"


def _proxy_of(address: str) -> str:
    """Name the variable with the proxy that an address is asked through, "" for none."""
    parts = urlsplit(address)
    if proxy_bypass(parts.netloc):
        return ""
    return next((f"{s.upper()}_PROXY" for s in (parts.scheme, "all") if s in getproxies()), "")
