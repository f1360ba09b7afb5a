"""An exchange that failed, and how far it had come."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nbnebius.transport.retry import Phase


class Broken(Exception):  # noqa: N818 - it never leaves the transport
    """
    An exchange that failed.

    Attributes
    ----------
    phase
        How far it had come.
    reason
        The library's words, without the key.
    timed_out
        Nothing came in time.
    certificate
        The server's certificate was refused.
    """

    def __init__(
        self, phase: Phase, reason: str, *, timed_out: bool = False, certificate: bool = False
    ) -> None:
        super().__init__(reason)
        self.phase = phase
        self.reason = reason
        self.timed_out = timed_out
        self.certificate = certificate


def refused_certificate(error: BaseException | None) -> bool:
    """Tell whether an error comes from a certificate that was not trusted."""
    import ssl

    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return True
        error = error.__cause__ or error.__context__
    return False
