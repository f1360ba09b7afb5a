"""What a sandbox is started with."""

import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import platformdirs

DEFAULT_PORT = 8010


def default_data_folder() -> Path:
    """Give the folder that is used when none is named."""
    home = os.environ.get("NBNEBIUS_HOME")
    if home:
        return Path(home) / "sandbox"
    return Path(platformdirs.user_data_dir("nbnebius")) / "sandbox"


def random_key() -> str:
    """Make a bearer token of 256 bits that nobody can take for a real key."""
    return "sandbox-" + secrets.token_urlsafe(32)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    Everything that can be chosen about a sandbox.

    Parameters
    ----------
    host, port
        Where it listens. Port 0 takes a free one.
    api_key
        The bearer token that every route asks for.
    data
        The folder that holds ``sandbox.sqlite``.
    tokens_per_second
        The pace of streams; 0 means without delay.
    requests_per_minute, tokens_per_minute
        Limits in place of the catalog's own, for all models.
    body_bytes, body_seconds
        Caps on the size of a request body and on the time it may take to arrive.
    """

    host: str = "127.0.0.1"
    port: int = DEFAULT_PORT
    api_key: str = field(default_factory=random_key, repr=False)
    data: Path = field(default_factory=default_data_folder)
    tokens_per_second: float = 100.0
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    body_bytes: int = 64 * 1024 * 1024
    body_seconds: float = 60.0
