"""The sandbox as a process that listens on a socket."""

import asyncio
import contextlib
import logging
import signal
import socket
import sys
from collections.abc import Generator

import uvicorn

from nbnebius.sandbox.app import make_app
from nbnebius.sandbox.gate.patience import PatientProtocol
from nbnebius.sandbox.keeping.store import Store
from nbnebius.sandbox.settings import Settings
from nbnebius.sandbox.state import Sandbox
from nbnebius.sandbox.wire.failures import CutError

# People think between two cells; a client's connection should still be there then.
_IDLE_SECONDS = 300
_BACKLOG = 512


def listen(settings: Settings) -> socket.socket:
    """
    Take the port and listen on it at once, so that nobody else can.

    Raises
    ------
    OSError
        The port is taken, or the host is not one of this computer.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # With the protocol named, asyncio sends small writes at once; else each answer waits 40 ms.
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((settings.host, settings.port))
        listener.listen(_BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def serve(settings: Settings, store: Store, listener: socket.socket) -> None:
    """Serve until SIGTERM or SIGINT; say on stdout when ready."""
    port = listener.getsockname()[1]
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    hosts = [f"{name}:{port}" for name in ("127.0.0.1", "localhost", "[::1]", host)]
    sandbox = Sandbox(settings, store)
    _log_errors_only()
    config = uvicorn.Config(
        make_app(sandbox, hosts),
        http=PatientProtocol,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=_IDLE_SECONDS,
        timeout_graceful_shutdown=0,
    )
    ready = f"NEBIUS_BASE_URL=http://{host}:{port}/v1/\nNEBIUS_API_KEY={settings.api_key}\n"
    _Server(config, ready).run(sockets=[listener])


def _log_errors_only() -> None:
    logging.basicConfig(stream=sys.stderr, level=logging.ERROR, format="%(levelname)s %(message)s")
    logging.getLogger("uvicorn.error").addFilter(_is_error)


def _is_error(record: logging.LogRecord) -> bool:
    """Leave out what ending at once with streams open says, and cut ones: that was meant."""
    if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError | CutError):
        return False
    return "timeout graceful shutdown" not in record.getMessage()


class _Server(uvicorn.Server):
    """A server that says when it is ready and ends with exit code 0 on a signal."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then say so."""
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._ready)
            sys.stdout.flush()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Take the signals as a wish to end, and do not raise them again afterwards."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield
