"""A server in a thread of its own that answers as a function says, over http or https."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

    Answer = tuple[int, dict[str, str], bytes]


@dataclass(slots=True)
class Heard:
    """One request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(slots=True)
class Serving:
    """A running server, and what it heard."""

    port: int
    scheme: str
    heard: list[Heard] = field(default_factory=list)

    def url(self, host: str = "127.0.0.1") -> str:
        """Give its base URL under one of this machine's names."""
        return f"{self.scheme}://{host}:{self.port}/v1/"

    @property
    def bytes(self) -> int:
        """How many bytes of bodies it was sent."""
        return sum(len(each.body) for each in self.heard)


@contextlib.contextmanager
def serve(answer: Callable[[Heard], Answer], context: ssl.SSLContext | None = None):
    """Serve on a free port of 127.0.0.1 for the length of a block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            """Say nothing."""

        def handle(self):
            # A client that will not talk breaks off.
            with contextlib.suppress(OSError):
                super().handle()

        def answer(self):
            length = int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            heard = Heard(self.command, self.path, headers, self.rfile.read(length))
            serving.heard.append(heard)
            status, more, body = answer(heard)
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **more}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_DELETE = do_PUT = do_HEAD = answer  # noqa: N815 - the library's names

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            """Say nothing of a handshake that failed: that is what is wanted."""

        def get_request(self):
            connection, address = super().get_request()
            if context is not None:
                connection.settimeout(10)
                connection = context.wrap_socket(
                    connection, server_side=True, do_handshake_on_connect=False
                )
            return connection, address

    server = Server(("127.0.0.1", 0), Handler)
    serving = Serving(server.server_port, "https" if context else "http")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield serving
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
