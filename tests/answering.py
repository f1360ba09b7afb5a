"""
A server that asks a function for each answer, and remembers what it was asked.

::

    with Answering(lambda seen: Says(200, {"ok": True})) as server:
        ...ask server.url...
    assert server.paths == ["/v1/models"]
"""

import json
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True)
class Says:
    """
    One answer: JSON or bytes, or the pieces of a stream with a pause between them.

    Attributes
    ----------
    hold
        After the pieces, keep the connection open until the server ends.
    """

    status: int = 200
    body: Any = b""
    content_type: str = "application/json"
    pieces: Sequence[bytes] = ()
    pause: float = 0.0
    hold: bool = False
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Answering:
    """Serve what `answer` gives for each request, on a free port of 127.0.0.1."""

    def __init__(self, answer: Callable[[Seen], Says]) -> None:
        self.seen: list[Seen] = []
        self._ending = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                length = int(self.headers.get("content-length", 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                path = self.path.partition("?")[0]
                seen = Seen(self.command, path, headers, self.rfile.read(length))
                outer.seen.append(seen)
                try:
                    self._say(answer(seen))
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            do_GET = do_POST = do_DELETE = _serve  # noqa: N815 - the library's names

            def _say(self, says: Says) -> None:
                self.send_response(says.status)
                for name, value in says.headers.items():
                    self.send_header(name, value)
                if says.pieces:
                    self._stream(says)
                    return
                body = says.body if isinstance(says.body, bytes) else json.dumps(says.body).encode()
                self.send_header("content-type", says.content_type)
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _stream(self, says: Says) -> None:
                self.send_header("content-type", "text/event-stream")
                self.send_header("connection", "close")
                self.end_headers()
                for place, piece in enumerate(says.pieces):
                    if place and says.pause:
                        time.sleep(says.pause)
                    self.wfile.write(piece)
                    self.wfile.flush()
                if says.hold:
                    outer._ending.wait()
                self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/v1/"

    @property
    def paths(self) -> list[str]:
        return [seen.path for seen in list(self.seen)]

    def asked(self, path: str) -> list[Seen]:
        """Give the requests of one endpoint, named by the end of its path."""
        return [seen for seen in list(self.seen) if seen.path.endswith(path)]

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


MODELS = {
    "data": [
        {
            "id": "talker",
            "architecture": {"modality": "text->text"},
            "pricing": {"prompt": "0.000001", "completion": "0.000002"},
        },
        {"id": "embedder", "architecture": {"modality": "text->embedding"}},
        {"id": "painter", "architecture": {"modality": "text->image"}},
    ]
}


def said(text: str) -> dict[str, Any]:
    """Give a whole chat answer."""
    return {
        "id": "a",
        "model": "talker",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }


def delta(text: str, finish: str | None = None) -> bytes:
    """Give one event of a streamed chat."""
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    return b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n"


def talking(chat: Callable[[Seen], Says]) -> Callable[[Seen], Says]:
    """Answer the model list, and hand everything else on."""

    def answer(seen: Seen) -> Says:
        return Says(body=MODELS) if seen.path.endswith("/models") else chat(seen)

    return answer
