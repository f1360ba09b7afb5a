"""Signed, expiring addresses: the only ones that open without a bearer token."""

import hashlib
import hmac
import time
from collections.abc import Callable
from urllib.parse import parse_qs, urlencode

IMAGES = "/v1/images/files/"


class Signer:
    """
    Signs paths for a while.

    Parameters
    ----------
    key
        The secret of this data folder.
    clock
        Gives the time in seconds.
    """

    def __init__(self, key: bytes, clock: Callable[[], float] = time.time) -> None:
        self._key = key
        self._clock = clock

    def sign(self, path: str, seconds: int) -> str:
        """Give the path with its expiry and signature."""
        expires = int(self._clock()) + seconds
        return f"{path}?{urlencode({'expires': expires, 'signature': self._mark(path, expires)})}"

    def opens(self, path: str, query: str) -> bool:
        """Tell whether path and query are one that was signed and has not expired."""
        if not path.startswith(IMAGES):
            return False
        values = parse_qs(query)
        expires, signature = values.get("expires", []), values.get("signature", [])
        if len(expires) != 1 or len(signature) != 1 or not expires[0].isdecimal():
            return False
        if len(expires[0]) > len("9999999999") or int(expires[0]) < self._clock():
            return False
        mark = self._mark(path, int(expires[0]))
        return hmac.compare_digest(mark.encode(), signature[0].encode())

    def _mark(self, path: str, expires: int) -> str:
        message = f"{path}\n{expires}".encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()
