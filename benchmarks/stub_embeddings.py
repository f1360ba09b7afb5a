"""
A server that answers embeddings at once, from vectors made beforehand, as its own process.

``python -m benchmarks.stub_embeddings DIMS`` prints its port. Both contenders of
``benchmarks.embed`` get the same bytes from it, in base64 as both ask for.
"""

from __future__ import annotations

import base64
import json
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = {"data": [{"id": "stub", "architecture": {"modality": "text->embedding"}}]}
DISTINCT = 256


def serve(dims: int) -> None:
    """Serve until the process is ended."""
    import numpy as np

    rows = np.random.default_rng(0).normal(size=(DISTINCT, dims)).astype("<f4")
    vectors = [base64.b64encode(row.tobytes()) for row in rows]

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._say(json.dumps(MODELS).encode())

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            assert body["encoding_format"] == "base64"
            data = b",".join(
                b'{"object":"embedding","index":%d,"embedding":"%s"}'
                % (place, vectors[hash(text) % DISTINCT])
                for place, text in enumerate(body["input"])
            )
            used = len(body["input"]) * 8
            self._say(
                b'{"object":"list","model":"stub","data":[%s],'
                b'"usage":{"prompt_tokens":%d,"total_tokens":%d}}' % (data, used, used)
            )

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_port, flush=True)
    server.serve_forever()


if __name__ == "__main__":
    os.environ.setdefault("PYTHONHASHSEED", "0")
    serve(int(sys.argv[1]))
