"""``python -m nbnebius.sandbox``."""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from pathlib import Path

from nbnebius.sandbox.keeping.store import Store
from nbnebius.sandbox.lifetime import exit_with
from nbnebius.sandbox.options import add_options
from nbnebius.sandbox.server import listen, serve
from nbnebius.sandbox.settings import DEFAULT_PORT, Settings, default_data_folder, random_key

_CANNOT_START = 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sandbox until it is told to end; give the exit code."""
    options = _parser().parse_args(argv)
    settings = Settings(
        host=options.host,
        port=options.port,
        api_key=options.api_key or random_key(),
        data=options.data or default_data_folder(),
        tokens_per_second=options.tokens_per_second,
        requests_per_minute=options.requests_per_minute,
        tokens_per_minute=options.tokens_per_minute,
        batch_window=options.batch_window,
        batch_rows_per_second=options.batch_rows_per_second,
        validation_seconds=options.validation_seconds,
        upstream=options.upstream,
        upstream_key=options.upstream_key_from_env,
        fault=options.fault,
    )
    try:
        listener = listen(settings)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        print(
            f"The sandbox cannot listen on {settings.host}:{settings.port} ({reason}); "
            "name another --port, or 0 for a free one.",
            file=sys.stderr,
        )
        return _CANNOT_START
    if options.exit_with:
        exit_with(options.exit_with)
    try:
        store = Store(settings.data)
    except (OSError, sqlite3.Error) as error:
        listener.close()
        print(
            f"The sandbox cannot keep its data in {settings.data} ({error}); name another --data.",
            file=sys.stderr,
        )
        return _CANNOT_START
    serve(settings, store, listener)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m nbnebius.sandbox",
        description="The Nebius API on loopback. Ends on SIGTERM or Ctrl-C.",
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (%(default)s)")
    parser.add_argument(
        "--port", type=int, default=DEFAULT_PORT, help="0 takes a free one (%(default)s)"
    )
    parser.add_argument("--api-key", help="the key to ask for (a random one)")
    parser.add_argument("--data", type=Path, help="the folder to keep things in")
    parser.add_argument(
        "--tokens-per-second",
        type=float,
        default=100.0,
        help="the pace of streams, 0 for no delay (%(default)g)",
    )
    parser.add_argument("--exit-with", type=int, metavar="PID", help="end when that process ends")
    for unit in ("requests", "tokens"):
        parser.add_argument(
            f"--{unit}-per-minute", type=int, help=f"a limit on {unit} for every model"
        )
    add_options(parser)
    return parser


if __name__ == "__main__":
    sys.exit(main())
