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
        Caps on the size of a request body and on the time it may take to arrive; for an uploaded
        file, on the time in which nothing arrives.
    file_bytes
        A cap on the size of a file.
    batch_window
        After so many seconds a batch expires.
    batch_rows_per_second
        The pace of batches; 0 means without delay.
    validation_seconds
        How long a custom model is being validated.
    upstream, upstream_key
        The server that chat, completions and embeddings are passed to, and its key.
    fault
        What goes wrong on purpose, as `faults.spec` reads it.
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
    file_bytes: int = 20 * 1024**3
    batch_window: float = 24 * 3600.0
    batch_rows_per_second: float = 0.0
    validation_seconds: float = 1.0
    upstream: str | None = None
    upstream_key: str | None = field(default=None, repr=False)
    fault: str = ""
