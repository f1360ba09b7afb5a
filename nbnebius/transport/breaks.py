"""From a broken exchange to an error that says whether it may have been billed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import ConnectError, RequestTimeout, TransportError

if TYPE_CHECKING:
    from nbnebius.transport.broken import Broken

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
    if broken.phase in {"connecting", "sending"}:
        doing = (
            "could not be reached" if broken.phase == "connecting" else "broke off while sending"
        )
        return ConnectError(
            f"{address} {doing}",
            why=f"{broken.reason}. Nothing was billed.",
            hint="Is the address right, and is the network up?",
            attempts=attempts,
        )
    billed = _BILLED if paid else ""
    if broken.timed_out:
        return RequestTimeout(
            f"{address} did not answer in time",
            why=billed,
            hint="Asking again may pay again." if paid else "Try again in a while.",
            attempts=attempts,
        )
    what = "closed the connection without an answer"
    if broken.phase == "reading":
        what = "broke off in the middle of its answer"
    return TransportError(f"{address} {what}", why=billed or broken.reason, attempts=attempts)
