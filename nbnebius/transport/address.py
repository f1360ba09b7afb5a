"""Where requests go: a base URL, its host, and what is below each."""

from __future__ import annotations

from urllib.parse import urlsplit

from nbnebius.errors import SettingsError
from nbnebius.types.record import Record


class Address(Record, frozen=True):
    """
    A server's address.

    Attributes
    ----------
    root
        Scheme, host and port: ``https://api.tokenfactory.nebius.com``.
    base
        The base URL, with a slash at its end.
    """

    root: str
    base: str

    def url(self, path: str) -> str:
        """Return a path's URL: below the base, or with a leading slash below the host."""
        return self.root + path if path.startswith("/") else self.base + path


def read_address(base_url: str) -> Address:
    """
    Read a base URL.

    Raises
    ------
    SettingsError
        It is not http(s), has no host, or carries a user name or password.
    """
    try:
        parts = urlsplit(base_url.strip())
        port = parts.port
    except ValueError:
        raise SettingsError("the base URL is not an address") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise SettingsError(
            "the base URL is not an http(s) address",
            hint="It looks like https://api.tokenfactory.nebius.com/v1/.",
        )
    if parts.username is not None or parts.password is not None:
        raise SettingsError(
            "the base URL carries a user name or password",
            hint="Put the key into NEBIUS_API_KEY; addresses end up in logs.",
        )
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    root = f"{parts.scheme}://{host}" + (f":{port}" if port else "")
    path = parts.path.rstrip("/")
    return Address(root=root, base=f"{root}{path}/")
