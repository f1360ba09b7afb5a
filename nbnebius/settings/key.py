"""Where the key comes from, and the system's key store."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Literal, TypeAlias

from nbnebius.errors import SettingsError
from nbnebius.types.secret import Secret, is_sendable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

KEY_NAME = "NEBIUS_API_KEY"
KEYRING_SERVICE = "nbnebius"
LARGEST_DOTENV = 100_000  # bytes

Source: TypeAlias = Literal[
    "argument",
    "environment",
    ".env",
    "Colab secrets",
    "keyring",
    "login",
    "sandbox",
    "config",
    "default",
    "recording",
]


def find_key(
    api_key: str | Secret | None, key_source: Source, environ: Mapping[str, str], folder: Path
) -> tuple[Secret | None, Source | None]:
    """Find the key and tell where it came from, in the order that the room promises."""
    if isinstance(api_key, Secret):
        return api_key, key_source
    candidates: tuple[tuple[Callable[[], str | None], Source], ...] = (
        (lambda: api_key, key_source),
        (lambda: environ.get(KEY_NAME), "environment"),
        (lambda: read_dotenv(folder / ".env"), ".env"),
        (_colab_secret, "Colab secrets"),
        (_stored_key, "keyring"),
    )
    for find, source in candidates:
        value = find()
        if value and value.strip():
            return _checked(value, source), source
    return None, None


def _checked(value: str, source: str) -> Secret:
    key = Secret(value)
    if not is_sendable(key):
        raise SettingsError(
            f"The key from {source} holds a character that no key has",
            why="it was probably cut or pasted with something around it",
            hint=f"copy it again and set {KEY_NAME}",
        )
    return key


def read_dotenv(path: Path) -> str | None:
    """Read ``NEBIUS_API_KEY`` from a ``.env`` file; no other name is looked at."""
    try:
        if not path.is_file() or path.stat().st_size > LARGEST_DOTENV:
            return None
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError:
        return None
    found = None
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        if equals and name.strip() == KEY_NAME:
            found = value.split(" #", 1)[0].strip().strip("\"'") or None
    return found


def _colab_secret() -> str | None:
    if "google.colab" not in sys.modules:
        return None
    try:
        from google.colab import userdata

        value = userdata.get(KEY_NAME)
    except Exception:  # noqa: BLE001 - Colab raises its own errors for "not set" and "not allowed"
        return None
    return str(value) if value else None


def _stored_key() -> str | None:
    """Ask the system's key store, where the extra ``keyring`` is installed."""
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        return None
    try:
        import keyring

        kept: str | None = keyring.get_password(KEYRING_SERVICE, KEY_NAME)
    except Exception:  # noqa: BLE001 - each system's key store has its own errors
        return None
    return kept


def store_key(key: Secret) -> None:
    """
    Put a key into the system's key store.

    Raises
    ------
    SettingsError
        The extra ``keyring`` is not installed, or there is no key store.
    """
    from importlib.util import find_spec

    if find_spec("keyring") is None:
        raise SettingsError(
            "The key cannot be kept", why="keyring missing", hint="pip install 'nbnebius[keyring]'"
        )
    try:
        import keyring

        keyring.set_password(KEYRING_SERVICE, KEY_NAME, key.reveal())
    except Exception as error:  # noqa: BLE001 - likewise
        raise SettingsError(
            "The key cannot be kept",
            why=f"this system has no key store that works ({type(error).__name__})",
            hint=f"set {KEY_NAME} in the environment",
        ) from None
