"""
A door before a sandbox that can be held shut.

::

    with Holding(sandbox) as door:
        door.shut()  # what is asked from now on is read and not answered
        ...ask door.base_url...
        door.wait_for_asked()
        ...
        door.wait_for_left()  # whoever asked has gone away
        door.open()
"""

import contextlib
import select
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

LONGEST = 30  # seconds
STEP = 0.05
HOP = {"connection", "content-length", "host", "transfer-encoding", "accept-encoding"}


class Holding:
    """Serve what a sandbox answers, on a port of its own; or nothing, while it is shut."""

    def __init__(self, sandbox):
        self.held = 0  # requests that wait for an answer
        self.asked = 0  # requests that came while it was shut
        self._shut = False
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                outer.serve(self, sandbox.root_url)

            do_POST = do_DELETE = do_GET  # noqa: N815 - the standard library names them

            def log_message(self, *_):
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base_url = f"http://127.0.0.1:{self._server.server_port}/v1/"
        self.api_key = sandbox.api_key

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def shut(self):
        """Answer nothing from now on."""
        self._shut, self.asked = True, 0

    def open(self):
        """Answer what waits, and what comes from now on."""
        self._shut = False

    def wait_for_asked(self):
        """Wait until somebody waits for an answer."""
        self._wait(lambda: self.asked and self.held, "nobody asked")

    def wait_for_left(self):
        """Wait until nobody waits any more."""
        self._wait(lambda: not self.held, "somebody still waits for an answer")

    @staticmethod
    def _wait(condition, otherwise):
        end = time.monotonic() + LONGEST
        while not condition():
            assert time.monotonic() < end, otherwise
            time.sleep(STEP)

    def serve(self, handler, root_url):
        """Answer a request, or hold it until whoever asked goes away."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length") or 0))
        if self._shut:
            with self._lock:
                self.held, self.asked = self.held + 1, self.asked + 1
            try:
                has_left = self._hold(handler.connection)
            finally:
                with self._lock:
                    self.held -= 1
            if has_left:
                handler.close_connection = True
                return
        headers = {k: v for k, v in handler.headers.items() if k.lower() not in HOP}
        request = urllib.request.Request(
            root_url + handler.path.lstrip("/"),
            data=body or None,
            headers=headers,
            method=handler.command,
        )
        try:
            answer = urllib.request.urlopen(request, timeout=LONGEST)
        except urllib.error.HTTPError as error:
            answer = error
        with answer:
            data = answer.read()
        handler.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP:
                handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def _hold(self, connection):
        """Wait until the door is open again, or whoever asked has left; tell whether they have."""
        with contextlib.suppress(OSError):
            while self._shut:
                readable, _, _ = select.select([connection], [], [], STEP)
                if readable and not connection.recv(1):
                    return True
            return False
        return True
