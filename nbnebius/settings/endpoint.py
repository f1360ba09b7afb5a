"""
Where the key and the address come from.

A key: argument, then ``NEBIUS_API_KEY``, then ``.env`` beside the notebook (only that one name is
read from it), then Colab's secrets, then the system's key store; ``%nebius login`` hands one over
as an argument. An address: argument, then ``NEBIUS_BASE_URL`` (or ``NEBIUS_API_BASE``), then the
user's config. Never from the project's folder: an opened folder must not be able to send a key
elsewhere.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from nbnebius.errors import SettingsError
from nbnebius.settings.key import KEY_NAME, Source, find_key
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nbnebius.types.secret import Secret

DEFAULT_BASE_URL = "https://api.tokenfactory.nebius.com/v1/"
ALIAS_HOSTS = frozenset({"api.studio.nebius.com", "api.studio.nebius.ai"})
SANDBOX_KEY = "sandbox-"  # what a sandbox's own random keys begin with
STRANGE_IN_HOST = re.compile(r"[^\w.:%-]")  # \w: names of any script
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


class Endpoint(Record, frozen=True):
    """An address and the key that may be sent to it, each with where it came from."""

    base_url: str
    base_source: Source
    key: Secret | None = None
    key_source: Source | None = None
    note: str = ""

    @property
    def host(self) -> str:
        """The host's name, without port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def is_nebius(self) -> bool:
        """Whether it is one of Nebius's own hosts."""
        return is_nebius_host(self.host)

    @property
    def is_loopback(self) -> bool:
        """Whether it is on this machine."""
        return self.host in LOOPBACK


def normalise_base_url(text: str) -> str:
    """
    Turn what people paste into ``scheme://host[:port]/…/v1/``.

    With or without ``/v1``, a slash, or a whole endpoint's path.

    Raises
    ------
    SettingsError
        It is no http(s) address, or it holds a user name or a password.
    """
    given = text.strip().strip("\"'")
    if "://" not in given:
        try:
            bare_host = urlsplit(f"//{given}").hostname
        except ValueError:
            bare_host = None
        given = f"{'http' if bare_host in LOOPBACK else 'https'}://{given}"
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host_is_plain = parts.hostname and not STRANGE_IN_HOST.search(parts.hostname)
    if parts.scheme not in {"http", "https"} or not parts.hostname or not host_is_plain:
        raise SettingsError(
            "The base URL is no address",
            why="it must look like https://host/v1/",
            hint=f"the real service is {DEFAULT_BASE_URL}",
        )
    if parts.username or parts.password:
        raise SettingsError(
            "The base URL holds a user name or password",
            why="addresses are shown and logged, keys are not",
            hint=f"take it out of the URL and set {KEY_NAME}",
        )
    path = parts.path.rstrip("/")
    for tail in ("/chat/completions", "/embeddings", "/completions", "/models"):
        path = path.removesuffix(tail)
    if not path.endswith("/v1"):
        path = path + "/v1" if not path.endswith("/api") else path
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    netloc = f"{host}:{port}" if port else host
    return urlunsplit((parts.scheme, netloc, path + "/", "", ""))


def is_nebius_host(host: str) -> bool:
    """Tell whether `host` belongs to Nebius."""
    return (
        host in ALIAS_HOSTS
        or host == "tokenfactory.nebius.com"
        or host.endswith((".tokenfactory.nebius.com", ".nebius.com", ".nebius.cloud"))
    )


def find_endpoint(
    api_key: str | Secret | None = None,
    base_url: str | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    key_source: Source = "argument",
    folder: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Endpoint:
    """
    Put an address and a key together by the rules at the top.

    Raises
    ------
    SettingsError
        A bad address, or a key that would travel over plain http.
    """
    environ = os.environ if environ is None else environ
    address, base_source = _find_base(base_url, environ, config or {})
    url = normalise_base_url(address)
    host = urlsplit(url).hostname or ""
    key, found_in = find_key(api_key, key_source, environ, folder or Path.cwd())
    note = ""
    told = found_in == key_source
    same_environment = base_source == "environment" or url == _environment_url(environ)
    if key and not told and not is_nebius_host(host) and not same_environment:
        # A key the user did not name in this call stays with the host it was made for.
        note = f"the key from {found_in} is not sent to {host}: pass api_key to send one"
        key, found_in = None, None
    both_told = told and base_source == "argument"
    if key and is_nebius_host(host) and key.reveal().startswith(SANDBOX_KEY):
        raise SettingsError(
            "This key is a sandbox's, and the address is Nebius's own",
            why=f"the key comes from {found_in}; .env files give no address",
            hint="set NEBIUS_BASE_URL to what the sandbox printed, or use %nebius sandbox",
        )
    if key and url.startswith("http://") and host not in LOOPBACK and not both_told:
        raise SettingsError(
            f"A key would travel to {host} over plain http",
            why="anyone on the way could read it",
            hint="use https, or pass both base_url and api_key to connect()",
        )
    if host in ALIAS_HOSTS:
        note = f"{host} is the service's former address; {DEFAULT_BASE_URL} is the present one"
    return Endpoint(url, base_source, key, found_in, note)


def find_address(config: Mapping[str, Any]) -> str:
    """Give the address that is in force without an argument, normalised; no key is looked for."""
    return normalise_base_url(_find_base(None, os.environ, config)[0])


def _environment_url(environ: Mapping[str, str]) -> str | None:
    """Give the environment's own address, None where it has none that makes sense."""
    address, source = _find_base(None, environ, {})
    try:
        return normalise_base_url(address) if source == "environment" else None
    except SettingsError:
        return None


def _find_base(
    base_url: str | None, environ: Mapping[str, str], config: Mapping[str, Any]
) -> tuple[str, Source]:
    if base_url:
        return base_url, "argument"
    for name in ("NEBIUS_BASE_URL", "NEBIUS_API_BASE"):
        if told := environ.get(name):
            return told, "environment"
    if told := config.get("base_url"):
        return str(told), "config"
    return DEFAULT_BASE_URL, "default"


def missing_key() -> SettingsError:
    """Say what to do where there is no key."""
    return SettingsError(
        "There is no API key",
        why=f"neither {KEY_NAME}, nor a .env file beside the notebook, nor a login gave one",
        hint=f"set {KEY_NAME} or run %nebius login; to try without a key run %nebius sandbox",
    )
