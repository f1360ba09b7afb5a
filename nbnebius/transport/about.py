"""What a request was, as far as its error may tell, and how its answer is called."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from nbnebius.transport.headers import REQUEST_IDS
from nbnebius.transport.redact import printable, prompts_in, redact, shorten
from nbnebius.types.loose import read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.transport.request import Request
    from nbnebius.types.secret import Secret


@dataclass(frozen=True, slots=True)
class About:
    """
    What the request was, as far as its error may tell.

    Attributes
    ----------
    address
        Scheme and host, without path or key.
    path
        The path below it.
    model
        The model's id, which is no secret.
    secret
        The key, to be taken out of the server's words.
    sent
        The request's JSON body: its prompts are taken out likewise. It is read only where a server
        has something to say.
    """

    address: str = ""
    path: str = ""
    model: str = ""
    secret: Secret | None = field(default=None, repr=False)
    sent: bytes | None = field(default=None, repr=False)

    def clean(self, text: str, longest: int = 300) -> str:
        """Return a server's words as they may be shown."""
        # twice the length first: redaction may shorten, and a body may be megabytes
        return shorten(redact(text[: longest * 10], self.secret, self._prompts()), longest)

    def _prompts(self) -> list[str]:
        if self.sent is None:
            return []
        try:
            return list(prompts_in(read_json(self.sent)))
        except ValueError:
            return []


def about_request(request: Request, address: str, secret: Secret | None) -> About:
    """Return what errors about a request may tell, and must not."""
    return About(
        address=address,
        path=request.path,
        model=request.lane,
        secret=secret,
        sent=request.body if isinstance(request.body, bytes) else None,
    )


def request_id(headers: Mapping[str, str]) -> str | None:
    """Return the id that the server's support asks for."""
    for name in REQUEST_IDS:
        if value := headers.get(name):
            return shorten(printable(value), 100)
    return None
