"""
A server that does next to nothing, so that what is measured is the client.

``python -m benchmarks.stub`` prints its address and serves until SIGTERM, on a bare asyncio
protocol (with uvloop where that is installed): chats, streams, embeddings, files and one batch,
all made beforehand or once for each shape that is asked. ``--delay-ms`` is what every answer takes;
``--token-ms`` is the pace of a stream; ``--list-ms`` is what the slowest of three catalogs takes.
``GET /counts`` tells what came in.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, cast

from benchmarks import answers

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK = 2**20
COUNTS = ("asked", "connections", "received", "first_token_ms")


class Stub(asyncio.Protocol):
    """One connection; answers leave in the order of their requests, as clients do not pipeline."""

    delay = 0.0
    pause = 0.0
    list_delay = 0.0
    output: Path | None = None
    asked = 0
    connections = 0
    received = 0
    first_token_ms = 0

    def __init__(self) -> None:
        self._buffer = b""
        self._swallow = 0  # bytes of an upload that are still to come
        self._loop = asyncio.get_running_loop()
        self._may_write = asyncio.Event()
        self._may_write.set()
        Stub.connections += 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is no subclass of it

    def pause_writing(self) -> None:
        self._may_write.clear()

    def resume_writing(self) -> None:
        self._may_write.set()

    def data_received(self, data: bytes) -> None:
        Stub.received += len(data)
        if self._swallow:
            taken = min(self._swallow, len(data))
            self._swallow -= taken
            data = data[taken:]
            if self._swallow:
                return
            self._write(answers.UPLOADED)
        data = self._buffer + data if self._buffer else data
        while (end := data.find(b"\r\n\r\n")) >= 0:
            head = data[:end].lower()
            if head.startswith(b"post /v1/files"):
                data = self._begin_upload(head, data[end + 4 :])
                continue
            length = _length(head)
            if len(data) < end + 4 + length:
                break
            self._serve(head, data[end + 4 : end + 4 + length])
            data = data[end + 4 + length :]
        self._buffer = data

    def _begin_upload(self, head: bytes, data: bytes) -> bytes:
        """Throw away what is uploaded; return what follows it."""
        length = _length(head)
        self._swallow = max(0, length - len(data))
        if not self._swallow:
            self._write(answers.UPLOADED)
        return data[length:]

    def _serve(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"post /v1/chat/completions"):
            Stub.asked += 1
            if b'"stream":true' in body or b'"stream": true' in body:
                self._stream(json.loads(body))
                return
            answer = answers.CHATTED
        elif head.startswith(b"post /v1/embeddings"):
            Stub.asked += 1
            answer = answers.embedded(body)
        else:
            self._write_free(head)
            return
        if Stub.delay:
            self._loop.call_later(Stub.delay, self._write, answer)
        else:
            self._write(answer)

    def _write_free(self, head: bytes) -> None:
        """Answer what costs nothing."""
        path = head.split(b" ", 2)[1].partition(b"?")[0]
        if path in answers.LISTS:
            answer, share = answers.LISTS[path]
            self._loop.call_later(Stub.list_delay * share, self._write, answer)
        elif head.startswith(b"get /v1/batches/"):
            self._write(answers.BATCH)
        elif head.startswith(b"get /v1/files/") and Stub.output is not None:
            self._task = asyncio.ensure_future(self._send_file(Stub.output))
        else:
            counts = {name: getattr(Stub, name) for name in COUNTS}
            self._write(answers.whole(counts))

    def _stream(self, asked: dict[str, object]) -> None:
        tokens = int(str(asked.get("max_tokens") or 100))
        if not Stub.pause:
            self._write(answers.stream(tokens))
        else:
            self._task = asyncio.ensure_future(self._send_tokens(tokens))

    async def _send_tokens(self, tokens: int) -> None:
        head, events, tail = answers.stream_parts(tokens)
        self._write(head)
        Stub.first_token_ms = round(time.time() * 1000)
        began = self._loop.time()
        for place, event in enumerate(events):
            await asyncio.sleep(max(0.0, began + place * Stub.pause - self._loop.time()))
            self._write(event)
        self._write(tail)

    async def _send_file(self, path: Path) -> None:
        with path.open("rb") as file:
            self._write(answers.head(file.seek(0, os.SEEK_END), "application/octet-stream"))
            file.seek(0)
            while block := file.read(BLOCK):
                await self._may_write.wait()
                self._write(block)

    def _write(self, answer: bytes) -> None:
        if not self._transport.is_closing():
            self._transport.write(answer)


def _length(head: bytes) -> int:
    at = head.find(b"content-length:")
    return int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0


async def _serve(port: int) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Stub, "127.0.0.1", port, backlog=1024)
    ended = asyncio.Event()
    loop.add_signal_handler(signal.SIGTERM, ended.set)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1/", flush=True)
    await ended.wait()
    server.close()


@contextlib.contextmanager
def running(
    delay_ms: float = 0.0,
    *,
    token_ms: float = 0.0,
    list_ms: float = 0.0,
    output: Path | None = None,
) -> Iterator[str]:
    """Give the address of a stub that runs as its own process for the length of a block."""
    times = {"--delay-ms": delay_ms, "--token-ms": token_ms, "--list-ms": list_ms}
    options = [word for name, value in times.items() for word in (name, str(value))]
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.stub", *options),
            *(("--output", str(output)) if output else ()),
        ],
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


def counts_at(url: str) -> dict[str, int]:
    """
    Ask a stub how much was ``asked``, over how many ``connections``, in ``received`` bytes.

    ``first_token_ms`` is when the last paced stream sent its first token, on the clock on the wall.
    """
    with urllib.request.urlopen(url.removesuffix("v1/") + "counts", timeout=60) as answer:
        return {name: int(count) for name, count in json.load(answer).items()}


def requests_at(url: str) -> int:
    """Ask a stub how many chats and embeddings it was asked for."""
    return counts_at(url)["asked"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n\n")[0])
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="what every answer takes")
    parser.add_argument("--token-ms", type=float, default=0.0, help="what every token takes")
    parser.add_argument("--list-ms", type=float, default=0.0, help="what the slowest list takes")
    parser.add_argument("--output", type=Path, help="the output file of its one batch")
    options = parser.parse_args()
    Stub.delay, Stub.pause = options.delay_ms / 1000, options.token_ms / 1000
    Stub.list_delay, Stub.output = options.list_ms / 1000, options.output
    factory = None
    with contextlib.suppress(ImportError):
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_serve(options.port))


if __name__ == "__main__":
    main()
