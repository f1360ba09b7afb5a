"""Another server with the same API, which answers in the place of the sandbox's own engines."""

import asyncio
import ipaddress
import re
from collections.abc import AsyncGenerator, Mapping
from urllib.parse import urlsplit

import httpx2
import msgspec
from starlette.responses import Response

from nbnebius.sandbox.keeping.ledger import Entry
from nbnebius.sandbox.wire.failures import ApiError, CutError, refused
from nbnebius.sandbox.wire.flow import ByteStream

_TIMES = httpx2.Timeout(600.0, connect=10.0)
_MOST_TRIES = 4
_LONGEST_WAIT = 10.0
_EVENTS = re.compile(rb".*?\n\n|.+", re.DOTALL)
_PASSED = ("content-type", "retry-after", "retry-after-ms")
_PASSED_FAMILY = "x-ratelimit-"
_TOO_MANY, _SERVER_ERROR = 429, 500


class Upstream:
    """
    A client of the other server.

    Parameters
    ----------
    url
        Its address; one without a path gets ``/v1``.
    key
        Its key, if it asks for one.
    """

    def __init__(self, url: str, key: str | None) -> None:
        parts = urlsplit(url)
        path = parts.path.rstrip("/") or "/v1"
        self._base = f"{parts.scheme}://{parts.netloc}{path}/"
        headers = {"authorization": f"Bearer {key}"} if key else {}
        # A proxy from the environment has no way to this computer's own servers.
        direct = _is_loopback(parts.hostname or "")
        self._client = httpx2.AsyncClient(headers=headers, timeout=_TIMES, trust_env=not direct)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def relay(self, path: str, content: bytes, entry: Entry) -> Response | ByteStream:
        """
        Pass a request on, and its answer back, streamed if it is a stream.

        Raises
        ------
        ApiError
            502 or 504 when there is no answer to pass back.
        """
        try:
            response = await self._send("POST", path, content)
            headers = _passed(response.headers)
            if headers.get("content-type", "").startswith("text/event-stream"):
                entry.stream = True
                events = _events(response, entry)
                return ByteStream(events, entry, response.status_code, headers)
            try:
                whole = await response.aread()
            finally:
                await response.aclose()
        except httpx2.TransportError as error:
            raise _unreachable(error) from None
        entry.tokens_sent = _completion_tokens(whole)
        return Response(whole, response.status_code, headers)

    async def ask(self, path: str, body: Mapping[str, object]) -> dict[str, object]:
        """
        Ask for a whole answer; try again when the server is busy.

        Raises
        ------
        ApiError
            The other server's refusal.
        """
        content = msgspec.json.encode(body)
        for attempt in range(_MOST_TRIES):
            try:
                response = await self._client.post(
                    self._base + path, content=content, headers=_JSON
                )
            except httpx2.TransportError as error:
                failure, wish = _unreachable(error), None
            else:
                answer = _object(response.content)
                if response.is_success and answer is not None:
                    return answer
                failure = ApiError(response.status_code, answer or {"detail": response.text})
                wish = response.headers.get("retry-after")
            if not _passing(failure.status) or attempt == _MOST_TRIES - 1:
                break
            await asyncio.sleep(_wait(wish, attempt))
        raise failure

    async def models(self, *, verbose: bool) -> list[dict[str, object]]:
        """
        Give the rows of the other server's model list.

        Raises
        ------
        ApiError
            It gave none.
        """
        params = {"verbose": "true"} if verbose else {}
        try:
            response = await self._client.get(self._base + "models", params=params)
        except httpx2.TransportError as error:
            raise _unreachable(error) from None
        body = _object(response.content) or {}
        if not response.is_success:
            raise ApiError(response.status_code, body or {"detail": response.text})
        rows = body.get("data")
        return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []

    async def _send(self, method: str, path: str, content: bytes) -> httpx2.Response:
        request = self._client.build_request(
            method, self._base + path, content=content, headers=_JSON
        )
        return await self._client.send(request, stream=True)


_JSON = {"content-type": "application/json"}


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _passed(headers: httpx2.Headers) -> dict[str, str]:
    return {
        name: value
        for name, value in headers.items()
        if name in _PASSED or name.startswith(_PASSED_FAMILY)
    }


async def _events(response: httpx2.Response, entry: Entry) -> AsyncGenerator[bytes, None]:
    try:
        async for piece in response.aiter_bytes():
            for event in _EVENTS.findall(piece):
                yield event
                entry.tokens_sent += event.startswith(b"data: {")
    except httpx2.TransportError:
        raise CutError from None
    finally:
        await response.aclose()


def _unreachable(error: httpx2.TransportError) -> ApiError:
    late = isinstance(error, httpx2.TimeoutException)
    # Not the error's own words: they may hold the address with a name and a password in it.
    reason = f"The upstream server gave no answer ({type(error).__name__})."
    return refused(504 if late else 502, reason)


def _object(content: bytes) -> dict[str, object] | None:
    try:
        value = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _completion_tokens(content: bytes) -> int:
    usage = (_object(content) or {}).get("usage")
    tokens = usage.get("completion_tokens") if isinstance(usage, dict) else None
    return tokens if isinstance(tokens, int) else 0


def _passing(status: int) -> bool:
    return status == _TOO_MANY or status >= _SERVER_ERROR


def _wait(wish: str | None, attempt: int) -> float:
    try:
        seconds = float(wish) if wish else 0.5 * 2**attempt
    except ValueError:
        seconds = 1.0
    return min(max(seconds, 0.0), _LONGEST_WAIT)
