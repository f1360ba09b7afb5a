"""
A server that does next to nothing, so that what is measured is the client.

``python -m benchmarks.stub`` prints its address and serves until SIGTERM: one chat and one
embedding model, answers made beforehand, on a bare asyncio protocol (with uvloop where that is
installed). ``--delay-ms`` makes every answer take as long. ``GET /requests`` counts what was asked.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

CHAT, EMBEDDING = "stub/chat", "stub/embed"
DIMENSIONS = 256
TEXT = "a fair review, on the whole content, with one small complaint"


def _answer(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


def _row(name: str, modality: str) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": 1,
        "owned_by": "stub",
        "context_length": 131_072,
        "architecture": {"modality": modality, "tokenizer": "Other"},
        "pricing": {"prompt": "0.0000001", "completion": "0.0000003", "image": "0", "request": "0"},
    }


MODELS = _answer(
    {
        "object": "list",
        "data": [_row(CHAT, "text->text"), _row(EMBEDDING, "text->embedding")],
    }
)
CHATTED = _answer(
    {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": CHAT,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 24, "completion_tokens": 13, "total_tokens": 37},
    }
)
VECTOR = base64.b64encode(b"\0\0\x80\x3e" * DIMENSIONS).decode()


def _embedded(body: bytes) -> bytes:
    texts = json.loads(body)["input"]
    count = 1 if isinstance(texts, str) else len(texts)
    data = [{"object": "embedding", "index": i, "embedding": VECTOR} for i in range(count)]
    usage = {"prompt_tokens": 8 * count, "total_tokens": 8 * count}
    return _answer({"object": "list", "data": data, "model": EMBEDDING, "usage": usage})


class Stub(asyncio.Protocol):
    """One connection; answers leave in the order of their requests, as clients do not pipeline."""

    delay = 0.0
    asked = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        data = self._buffer + data if self._buffer else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            at = head.find(b"content-length:")
            length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
            if len(data) < end + 4 + length:
                break
            self._serve(head, data[end + 4 : end + 4 + length])
            data = data[end + 4 + length :]
        self._buffer = data

    def _serve(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"post /v1/chat/completions"):
            answer = CHATTED
        elif head.startswith(b"post /v1/embeddings"):
            answer = _embedded(body)
        else:
            models = head.startswith(b"get /v1/models")
            self._write(MODELS if models else _answer({"requests": Stub.asked}))
            return
        Stub.asked += 1
        if Stub.delay:
            self._loop.call_later(Stub.delay, self._write, answer)
        else:
            self._write(answer)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stub, "127.0.0.1", port, backlog=1024)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/", flush=True)
    await ended.wait()
    server.close()


@contextlib.contextmanager
def running(delay_ms: float = 0.0):
    """Give the address of a stub that runs as its own process for the length of a block."""
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.stub", "--delay-ms", str(delay_ms)],
        cwd=Path(__file__).parents[1],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        url = process.stdout.readline().strip()
        if not url:
            raise RuntimeError("the stub did not start")
        yield url
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


def requests_at(url: str) -> int:
    """Ask a stub how many chats and embeddings it was asked for."""
    with urllib.request.urlopen(url.removesuffix("v1/") + "requests", timeout=60) as answer:
        return int(json.load(answer)["requests"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="what every answer takes")
    options = parser.parse_args()
    Stub.delay = options.delay_ms / 1000
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(options.port))


if __name__ == "__main__":
    main()
