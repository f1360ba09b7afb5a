"""
A server whose every word is hostile: answers, reasoning, tool calls, names, lists and errors.

Run in the kernel that asks it::

    with HostileServer() as server:
        neb.connect("x", server.url)
        neb.chat("text 17")    # answered with HOSTILE[17], by a model of that name
        neb.chat("error 17")   # refused with it

Lone halves of characters are left out of it: nothing that is UTF-8 can hold them.
"""

from __future__ import annotations

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from hostile import HOSTILE

TEXTS = tuple(text.encode("utf-8", "replace").decode() for text in HOSTILE)
_ASKED = re.compile(r"(text|error) (\d+)")
_PIECE = 7


class HostileServer:
    """Serve on a free port of 127.0.0.1 until the block ends."""

    def __init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Say nothing."""

    def do_GET(self):
        path = self.path.partition("?")[0]
        lists = {"/v1/models": models, "/v1/files": files, "/v1/batches": batches}
        if path in lists:
            self._json({"object": "list", "data": lists[path](), "has_more": False})
        elif path == "/v0/models":
            self._json({"data": customs()})
        else:
            self._json({"detail": TEXTS[len(path) % len(TEXTS)]}, 404)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        asked = _ASKED.search(body["messages"][-1]["content"])
        text = TEXTS[int(asked[2])]
        if asked[1] == "error":
            self._json(
                {"error": {"message": text, "code": text, "type": text}, "detail": text}, 400
            )
        elif body.get("stream"):
            self._stream(text)
        else:
            self._json(completion(text))

    def _json(self, value, status=200):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _stream(self, text):
        pieces = [text[at : at + _PIECE] for at in range(0, len(text), _PIECE)]
        deltas = [{"reasoning_content": p} for p in pieces] + [{"content": p} for p in pieces]
        chunks = [_chunk(text, delta) for delta in deltas] + [_chunk(text, {}, "stop"), "[DONE]"]
        content = "".join(f"data: {chunk}\n\n" for chunk in chunks).encode()
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def _chunk(model, delta, finish_reason=None):
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return json.dumps({"id": model, "model": model, "choices": [choice]})


def completion(text):
    """Answer with a text wherever a text can stand."""
    message = {"role": "assistant", "content": text, "reasoning_content": text, "refusal": text}
    choice = {"index": 0, "message": message, "finish_reason": text, "stop_reason": text}
    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
    return {"id": text, "model": text, "choices": [choice], "usage": usage, "object": text}


def models():
    """List models with hostile names, owners, descriptions and licenses."""
    return [
        {"id": text or "none", "name": text, "owned_by": text, "description": text,
         "quantization": text, "supported_features": [text], "created": 1,
         "architecture": {"modality": "text->text", "tokenizer": text}}
        for text in TEXTS
    ]  # fmt: skip


def files():
    """List files with hostile names."""
    return [
        {"id": f"file-{at}", "object": "file", "filename": text, "purpose": text, "bytes": 1,
         "status": text, "created_at": 1}
        for at, text in enumerate(TEXTS)
    ]  # fmt: skip


def batches():
    """List batches with hostile names of everything."""
    return [
        {"id": f"batch-{at}", "object": "batch", "status": text, "endpoint": text,
         "input_file_id": text, "errors": {"data": [{"message": text, "code": text}]},
         "metadata": {text[:64]: text}, "created_at": 1}
        for at, text in enumerate(TEXTS)
    ]  # fmt: skip


def customs():
    """List custom models with hostile names and reasons of failing."""
    return [
        {"name": text, "base_model": text, "status": text, "status_reason": text, "source": text}
        for text in TEXTS
    ]
