"""
One request on the wire through httpx2: the only module that knows it, with the pool below it.

An `Exchange` tells at any time how far it has come, because whether a broken request may have been
billed depends on that. The key is set here and in `direct`, and nowhere else, and no exception that
leaves either refers to a request, a header or another exception.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import anyio

from nbnebius.transport.broken import Broken, refused_certificate
from nbnebius.transport.headers import WRITTEN_DOWN
from nbnebius.transport.redact import hide_key, redact, shorten
from nbnebius.transport.trust import ssl_context

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    import httpx2

    from nbnebius.transport.request import Timeouts
    from nbnebius.transport.retry import Phase
    from nbnebius.types.secret import Secret


class Library:
    """
    httpx2, for what does not go straight to its server.

    Parameters
    ----------
    timeouts, secret
        As of `Wire`.
    headers
        What every request says.
    keepalive
        Seconds an idle connection is kept.
    proxied
        The environment names a proxy.
    """

    def __init__(
        self,
        timeouts: Timeouts,
        secret: Secret | None,
        headers: Mapping[str, str],
        keepalive: float,
        *,
        proxied: bool,
    ) -> None:
        self.timeouts = timeouts
        self.secret = secret
        self._headers = headers
        self._keepalive = keepalive
        self._proxied = proxied
        self._clients: dict[bool, httpx2.AsyncClient] = {}

    def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | AsyncIterator[bytes] | None,
        params: Mapping[str, Any] | None,
        extensions: Mapping[str, Any] | None,
        *,
        keyed: bool,
        total: float | None,
    ) -> Exchange:
        """Give an exchange; `keyed`: the server may have the key."""
        client = self._client(secure=url.startswith("https:"))
        request = client.build_request(
            method, url, params=params or None, content=body, headers=dict(headers)
        )
        request.extensions.update(extensions or {})
        return Exchange(self, client, request, keyed=keyed, total=total)

    async def close(self) -> None:
        """Close every connection."""
        clients, self._clients = self._clients, {}
        for client in clients.values():
            await client.aclose()

    def _client(self, *, secure: bool) -> httpx2.AsyncClient:
        """Return the client, made at first use: importing httpx2 and reading roots take 120 ms."""
        if secure not in self._clients:
            self._clients[secure] = self._new_client(secure=secure)
        return self._clients[secure]

    def _new_client(self, *, secure: bool) -> httpx2.AsyncClient:
        import ssl
        from http.cookiejar import DefaultCookiePolicy

        import httpx2

        from nbnebius.transport.pool import Pool

        # plain http gets a context without roots, which trusts nobody
        context = ssl_context() if secure else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client = httpx2.AsyncClient(
            verify=context,
            # where the environment names a proxy, httpx2's own transport goes through it
            transport=None if self._proxied else Pool(context, self._keepalive),
            follow_redirects=False,
            # our own deadlines cover reading; the pool is never waited for
            timeout=httpx2.Timeout(None, connect=self.timeouts.connect, write=self.timeouts.write),
            limits=httpx2.Limits(
                max_connections=None,
                max_keepalive_connections=None,
                keepalive_expiry=self._keepalive,
            ),
        )
        client.headers = httpx2.Headers(dict(self._headers))
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client


class Exchange:
    """
    One request and its answer.

    Attributes
    ----------
    phase
        ``connecting``, ``sending``, ``waiting`` (sent, no answer yet) or ``reading``.
    reused
        The connection had served before.
    status, headers
        Of the answer, once it came; the headers' names are in lower case.

    Parameters
    ----------
    library
        Whose it is.
    client, request
        Of httpx2.
    keyed
        Whether the server gets the key; it is taken out of errors either way.
    total
        Seconds for all of it; None for the usual ones.
    """

    def __init__(
        self,
        library: Library,
        client: httpx2.AsyncClient,
        request: httpx2.Request,
        *,
        keyed: bool,
        total: float | None,
    ) -> None:
        self._client = client
        self._secret = library.secret
        self._timeouts = library.timeouts
        self._request: httpx2.Request | None = request
        self._keyed = keyed
        self._response: httpx2.Response | None = None
        self._parts: AsyncIterator[bytes] | None = None
        self._scope: anyio.CancelScope | None = None
        self._until = anyio.current_time() + (self._timeouts.total if total is None else total)
        self.phase: Phase = "connecting"
        self.reused = True
        self.status = 0
        self.headers: dict[str, str] = {}

    async def open(self) -> None:
        """
        Send the request; return when the answer's headers are here.

        Raises `Broken` where they do not come.
        """
        broken = await self._open()
        if broken is not None:
            # raised from here, so that no frame of the traceback holds a header
            raise broken

    async def read(self, seconds: float) -> bytes:
        """
        Return the next bytes of the answer, b"" at its end.

        Parameters
        ----------
        seconds
            How long to wait for them.

        Raises `Broken` where they do not come.
        """
        got = await self._read(seconds)
        if isinstance(got, Broken):
            raise got
        return got

    async def rest(self, seconds: float) -> None:
        """Go on at once: however much has gathered, httpx2 gives one chunk of it at a time."""

    @property
    def is_open(self) -> bool:
        """Whether there is a connection to give back or to close."""
        return self._response is not None and not self._response.is_closed

    async def close(self) -> None:
        """Give the connection back, or close it where the answer was not read to its end."""
        response, self._response, self._request = self._response, None, None
        if response is not None:
            with anyio.CancelScope(shield=True):
                await response.aclose()

    async def _open(self) -> Broken | None:
        import httpx2

        request, self._request = self._request, None
        assert request is not None, "an exchange is opened once"
        if self._secret and self._keyed:
            request.headers["Authorization"] = f"Bearer {self._secret.reveal()}"
        request.extensions["trace"] = self._trace
        try:
            with anyio.CancelScope(deadline=self._until) as scope:
                self._scope = scope
                self._response = await self._client.send(request, stream=True)
        except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
            return self._broken(error, httpx2)
        finally:
            self._scope = None
        if scope.cancelled_caught:
            return Broken(self.phase, "nothing came in time", timed_out=True)
        assert self._response is not None, "sent without an error"
        self.phase = "reading"
        self.status = self._response.status_code
        self.headers = {name.lower(): value for name, value in self._response.headers.items()}
        for name in self.headers.keys() & WRITTEN_DOWN:
            self.headers[name] = hide_key(self.headers[name], self._secret)
        self._parts = self._response.aiter_raw().__aiter__()
        return None

    async def _read(self, seconds: float) -> bytes | Broken:
        import httpx2

        assert self._parts is not None, "opened before read"
        deadline = min(anyio.current_time() + seconds, self._until)
        part = b""
        try:
            with anyio.CancelScope(deadline=deadline) as scope:
                part = await anext(self._parts, b"")
                while not part and not self._response_ended():
                    part = await anext(self._parts, b"")
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            return self._broken(error, httpx2)
        if scope.cancelled_caught:
            return Broken("reading", "nothing came in time", timed_out=True)
        return part

    def _response_ended(self) -> bool:
        return self._response is None or self._response.is_closed

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow how far the request has come: httpcore2 calls this at each step."""
        if event.startswith("connection.connect"):
            self.reused = False
            self.phase = "connecting"
        elif getattr(info.get("request"), "method", b"") == b"CONNECT":
            return  # the proxy's own handshake carries nothing of ours
        elif event.endswith("send_request_headers.started"):
            self.phase = "sending"
        elif event.endswith("send_request_body.complete") and self.phase == "sending":
            self.phase = "waiting"
            if self._scope is not None:
                first = anyio.current_time() + self._timeouts.first_byte
                self._scope.deadline = min(first, self._until)

    def _broken(self, error: Exception, library: Any) -> Broken:
        phase = self.phase
        never_sent = (
            library.ConnectError,
            library.ConnectTimeout,
            library.PoolTimeout,
            library.ProxyError,
            library.UnsupportedProtocol,
            library.InvalidURL,
            library.LocalProtocolError,
        )
        if isinstance(error, never_sent) and phase != "reading":
            phase = "connecting"
        words = str(error) or type(error).__name__
        return Broken(
            phase,
            shorten(redact(words, self._secret), 200),
            timed_out=isinstance(error, library.TimeoutException),
            certificate="CERTIFICATE_VERIFY_FAILED" in words or refused_certificate(error),
        )
