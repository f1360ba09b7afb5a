"""The one door: every request passes here before any route can see it."""

import asyncio
import hmac
import uuid
from collections.abc import Callable, Iterable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nbnebius.sandbox.keeping.ledger import Entry, Ledger
from nbnebius.sandbox.settings import Settings
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import ApiError, refused

_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})
_NO_TOKEN = "Couldn't authenticate. Reason: token is not present"  # noqa: S105 - a sentence
_WRONG_TOKEN = "Couldn't authenticate. Reason: Unable authenticate"  # noqa: S105 - likewise
_OWN_PAGE = frozenset({"same-origin", "same-site", "none"})

_UPLOAD = ("POST", "/v1/files")
_FORM_AROUND_FILE = 1024 * 1024

SANDBOX_HEADER = "x-nbnebius-sandbox"


class Guard:
    """
    A pure ASGI middleware around the whole application.

    It asks every request for the bearer token, whatever its path; lets in only the hosts that
    it was told; refuses web pages of other origins; accepts JSON bodies only (and forms where files
    are uploaded), of bounded size and within bounded time; and writes the request log.

    Parameters
    ----------
    app
        The application behind the door.
    settings
        The key and the caps.
    hosts
        The values of ``Host`` that are let in.
    sandbox_id
        Named in a header of every answer.
    ledger
        The request log.
    signed
        Tells whether a path and a query are an address that opens without a token.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: Settings,
        hosts: Iterable[str],
        sandbox_id: str,
        ledger: Ledger,
        signed: Callable[[str, str], bool],
    ) -> None:
        self._app = app
        self._settings = settings
        self._hosts = frozenset(hosts)
        self._origins = frozenset(f"http://{host}" for host in self._hosts)
        self._sandbox_id = sandbox_id
        self._ledger = ledger
        self._signed = signed

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it here."""
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = _Headers(scope)
        entry = Entry(uuid.uuid4().hex, scope["path"], headers.first("user-agent") or "")
        scope["nbnebius.entry"] = entry
        logged = not scope["path"].startswith("/sandbox/")
        marked = self._marked(entry, send)
        if logged:
            self._ledger.begin(entry)
        try:
            self._check(scope, headers)
            announced, upload = headers.first("content-length"), _is_upload(scope)
            capped = CappedBody(receive, self._settings, announced, upload=upload)
            await self._app(scope, capped, marked)
        except ApiError as error:
            answer = json_answer(error.body, error.status, {**error.headers, "connection": "close"})
            await answer(scope, receive, marked)
        except BaseException:
            entry.broken = True
            raise
        finally:
            if logged:
                self._ledger.end(entry)

    def _marked(self, entry: Entry, send: Send) -> Send:
        marks = [
            (SANDBOX_HEADER.encode(), self._sandbox_id.encode()),
            (b"x-request-id", entry.id.encode()),
        ]

        async def marked(message: Message) -> None:
            if message["type"] == "http.response.start":
                entry.status = message["status"]
                message = {**message, "headers": [*message.get("headers", []), *marks]}
            await send(message)

        return marked

    def _check(self, scope: Scope, headers: "_Headers") -> None:
        if headers.only("host") not in self._hosts:
            raise refused(421, "This sandbox does not answer to that host name.")
        origin = headers.first("origin")
        if origin is not None and (headers.only("origin") not in self._origins):
            raise refused(403, "This sandbox does not answer to web pages.")
        if (headers.first("sec-fetch-site") or "none").lower() not in _OWN_PAGE:
            raise refused(403, "This sandbox does not answer to web pages.")
        self._check_token(scope, headers)
        if scope["method"] in _WITH_BODY and not _is_empty(headers):
            self._check_media_type(scope, headers)

    def _check_media_type(self, scope: Scope, headers: "_Headers") -> None:
        media_type = (headers.first("content-type") or "").split(";")[0].strip().lower()
        allowed = ["application/json"]
        if _is_upload(scope):
            allowed.append("multipart/form-data")
        if media_type not in allowed:
            words = " or ".join(reversed(allowed))
            raise refused(415, f"The Content-Type of this request must be {words}.")

    def _check_token(self, scope: Scope, headers: "_Headers") -> None:
        if scope["method"] in {"GET", "HEAD"}:
            query = scope["query_string"].decode("latin-1")
            if self._signed(scope["path"], query):
                return
        scheme, _, token = (headers.only("authorization") or "").partition(" ")
        if scheme.lower() != "bearer" or not token.strip():
            raise refused(401, _NO_TOKEN)
        key = self._settings.api_key.encode("latin-1", "replace")
        if not hmac.compare_digest(token.strip().encode("latin-1"), key):
            raise refused(401, _WRONG_TOKEN)


def _is_upload(scope: Scope) -> bool:
    return (scope["method"], scope["path"]) == _UPLOAD


def _is_empty(headers: "_Headers") -> bool:
    """Tell whether a request has neither a body nor a type for one, as a cancelling one may."""
    if headers.first("content-type") is not None or headers.first("transfer-encoding") is not None:
        return False
    return headers.first("content-length") in {None, "0"}


class _Headers:
    """The headers of a request, as they came."""

    def __init__(self, scope: Scope) -> None:
        self._raw: list[tuple[bytes, bytes]] = scope["headers"]

    def all(self, name: str) -> list[str]:
        return [value.decode("latin-1") for key, value in self._raw if key == name.encode()]

    def first(self, name: str) -> str | None:
        return next(iter(self.all(name)), None)

    def only(self, name: str) -> str | None:
        """Give a header that stands there once; twice is a trick and counts as absent."""
        values = self.all(name)
        return values[0] if len(values) == 1 else None


class CappedBody:
    """
    The receiving side of a request, with a cap on the body's size and on its time.

    Parameters
    ----------
    receive
        The server's own receiving side.
    settings
        The caps.
    announced
        The value of ``Content-Length``.
    upload
        Whether this is a file: it may be as large as files may be, and take any time as long as
        something arrives.

    Raises
    ------
    ApiError
        413 for a body that is too large, 408 for one that takes too long.
    """

    def __init__(
        self,
        receive: Receive,
        settings: Settings,
        announced: str | None,
        *,
        upload: bool = False,
    ) -> None:
        self._receive = receive
        cap = settings.file_bytes + _FORM_AROUND_FILE if upload else settings.body_bytes
        self._left = self._cap = cap
        self._upload = upload
        self._patience = settings.body_seconds
        self._until = self._now() + self._patience
        self._complete = False
        if announced is not None and announced.isdecimal() and int(announced) > self._cap:
            raise self._too_large()

    async def __call__(self) -> Message:
        """Receive the next message."""
        if self._complete:
            return await self._receive()
        if self._upload:
            # Counted from here, so that the time in which the file is written costs nobody.
            self._until = self._now() + self._patience
        try:
            async with asyncio.timeout_at(self._until):
                message = await self._receive()
        except TimeoutError:
            raise refused(408, "The request body took too long to arrive.") from None
        if message["type"] == "http.request":
            self._left -= len(message.get("body", b""))
            self._complete = not message.get("more_body", False)
            if self._left < 0:
                raise self._too_large()
        return message

    @staticmethod
    def _now() -> float:
        return asyncio.get_running_loop().time()

    def _too_large(self) -> ApiError:
        return refused(413, f"The request body is larger than {self._cap} bytes.")
