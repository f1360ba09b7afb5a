"""
A18: the sandbox as others on the same computer, and pages in a browser, would attack it.

Requests are written byte by byte, so that no client library mends them on their way.
"""

from __future__ import annotations

import contextlib
import json
import re
import socket
import sqlite3
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sandbox_fixture import running_sandbox

from nbnebius.sandbox.app import ROUTES
from tests.fault.counts import proven, size

pytestmark = pytest.mark.fault

PATIENCE = 30  # seconds of silence after which nothing more is expected
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT")
NO_TOKENS = {
    "none": [],
    "empty": ["Authorization: Bearer "],
    "another": ["Authorization: Bearer sandbox-wrong"],
    "cut by one": ["Authorization: Bearer {short}"],
    "one longer": ["Authorization: Bearer {key}x"],
    "other case": ["Authorization: Bearer {swapped}"],
    "basic": ["Authorization: Basic {key}"],
    "no scheme": ["Authorization: {key}"],
    "twice": ["Authorization: Bearer {key}", "Authorization: Bearer {key}"],
    "cookie": ["Cookie: token={key}; Authorization=Bearer {key}"],
    "other header": ["X-Api-Key: {key}", "Proxy-Authorization: Bearer {key}"],
}
QUERIES = ("", "?api_key={key}", "?token={key}&access_token={key}", "?Authorization=Bearer%20{key}")
TRICKS = [
    "/", "//", "/.", "/..", "/v1", "/v1/", "//v1/models", "/v1//models", "/./v1/models",
    "/v1/../v1/models", "/v1/models/", "/V1/MODELS", "/v1/models%2f", "/v1%2fmodels",
    "/%76%31/models", "/v1/models;x=1", "/v1/models%00", "/v1/models%0d%0aX:1", "/v1/models#x",
    "/v1/files/../../etc/passwd", "/v1/files/..%2f..%2fetc%2fpasswd", "/v1/files/%2e%2e/content",
    "/v1/images/files/../../models", "/v1/images/files/..%2f..%2fmodels", "/v1/images/files/",
    "/v1/images/files/x?expires=9999999999&signature=", "/v1/images/files/x?expires=-1&signature=0",
    "/docs", "/openapi.json", "/redoc", "/.env", "/sandbox", "/sandbox/", "/metrics", "/health",
    "/favicon.ico", "/robots.txt", "/api/", "/api/../v1/models", "*", "http://127.0.0.1/v1/models",
    "http://169.254.169.254/latest/meta-data/", "/" + "a" * 8_000,
]  # fmt: skip
HOSTS = [
    "127.0.0.1", "localhost", "127.0.0.1:1", "127.0.0.1.evil:{port}", "evil.example:{port}",
    "evil.example", "2130706433:{port}", "0x7f000001:{port}", "0177.0.0.1:{port}", "127.1:{port}",
    "0.0.0.0:{port}", "[::]:{port}", "[::ffff:127.0.0.1]:{port}", "[0:0:0:0:0:0:0:1]:{port}",
    "127.0.0.1:{port}.evil", "127.0.0.1:{port}@evil", "evil@127.0.0.1:{port}", "localhost.:{port}",
    "localhost:{port}:{port}", "LOCALHOST.evil:{port}", "127.0.0.1:0{port}", "127.0.0.2:{port}",
    "127.0.0.1:{port}, evil.example", "", "localhost%00:{port}", "xn--localhost-:{port}",
]  # fmt: skip
PAGES = [
    ["Origin: http://evil.example"],
    ["Origin: https://localhost:{port}"],
    ["Origin: http://localhost"],
    ["Origin: http://127.0.0.1:8888"],
    ["Origin: http://127.0.0.1.evil:{port}"],
    ["Origin: null"],
    ["Origin: "],
    ["Origin: file://"],
    ["Origin: chrome-extension://abc"],
    ["Origin: http://localhost:{port}", "Origin: http://evil.example"],
    ["Sec-Fetch-Site: cross-site"],
    ["Sec-Fetch-Site: CROSS-SITE", "Sec-Fetch-Mode: no-cors"],
    ["Sec-Fetch-Site: unheard-of"],
    ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: empty"],
]
PREFLIGHT = [
    "Origin: http://evil.example",
    "Access-Control-Request-Method: POST",
    "Access-Control-Request-Headers: authorization",
    "Access-Control-Request-Private-Network: true",
]
MEDIA_TYPES = [
    "text/plain", "text/plain; charset=application/json", "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x", "application/xml", "application/octet-stream", "",
    "application/jsonx", "xapplication/json", "application/json, text/plain", "*/*", "text/json",
]  # fmt: skip
CHAT = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x"}]}).encode()
ANSWER = re.compile(rb"HTTP/1\.1 (\d{3})")


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("attacked")) as running:
        yield Attacked(running)


class Attacked:
    """A sandbox, and requests to it of exactly the given bytes."""

    def __init__(self, sandbox):
        self.sandbox = sandbox
        self.address = urlsplit(sandbox.base_url)
        self.key = sandbox.api_key
        self.bearer = f"Authorization: Bearer {self.key}"
        self.words = {
            "key": self.key,
            "short": self.key[:-1],
            "swapped": self.key.swapcase(),
            "port": self.address.port,
        }

    def fill(self, text):
        for name, value in self.words.items():
            text = text.replace(f"{{{name}}}", str(value))
        return text

    def connect(self):
        return socket.create_connection((self.address.hostname, self.address.port), PATIENCE)

    def send(self, method, path, headers=(), body=b"", *, host="127.0.0.1:{port}"):
        """Send a request; give the status (0 for a connection that was closed) and the answer."""
        lines = [f"{method} {self.fill(path)} HTTP/1.1"]
        lines += [] if host is None else [f"Host: {self.fill(host)}"]
        lines += [self.fill(header) for header in headers]
        lines += [f"Content-Length: {len(body)}"] if body else []
        return self.raw("\r\n".join([*lines, "Connection: close", "", ""]).encode("latin-1") + body)

    def raw(self, data):
        answer = b""
        with self.connect() as connection, contextlib.suppress(OSError):
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
        found = ANSWER.match(answer)
        return int(found[1]) if found else 0, answer

    def executed(self):
        """Count what it did for anybody, in its own log."""
        _, answer = self.send("GET", "/sandbox/requests", [self.bearer])
        rows = json.loads(answer.partition(b"\r\n\r\n")[2])["data"]
        return sum(row["status"] == 200 for row in rows)


def routes():
    for route in ROUTES:
        yield re.sub(r"{[^}]*}", "x", route.path)


def test_no_route_opens_without_the_key(box):
    tried, opened, silent = 0, [], 0
    paths = sorted({*routes(), *TRICKS})
    cases = [(method, path, "") for path in paths for method in METHODS]
    cases += [("GET", path, query) for path in routes() for query in QUERIES[1:]]
    headers = list(NO_TOKENS.values())
    for at, (method, path, query) in enumerate(cases):
        # Each case in CI with one way of lacking the key, in turn; in full with all of them.
        chosen = headers if size(0, 1) else [headers[at % len(headers)]]
        for given in chosen:
            body = CHAT if method in {"POST", "PUT", "PATCH"} else b""
            more = ["Content-Type: application/json"] if body else []
            status, answer = box.send(method, path + query, [*given, *more], body)
            tried += 1
            silent += status == 0
            if status not in {0, 400, 401, 421}:
                opened.append((method, path, given, status))
            if box.key.encode() in answer:
                opened.append(("echoes the key", path))
    assert opened == []
    proven(
        "A18",
        "every route and many tricks without the key",
        tried=tried,
        broken={"let in": len(opened)},
        seen={"routes": len(ROUTES), "hung up on": silent, "ways to lack the key": len(NO_TOKENS)},
    )


def test_other_names_and_other_pages_are_refused_even_with_the_key(box):
    before = box.executed()
    opened, tried, headers_of_cors = [], 0, 0
    for host in [*HOSTS, None]:
        for path in ("/v1/models", "/v1/files", "/sandbox/requests"):
            status, _ = box.send("GET", path, [box.bearer], host=host)
            tried += 1
            opened += [(host, path, status)] if status not in {0, 400, 421} else []
    status, _ = box.send("GET", "/v1/models", [box.bearer, "Host: evil.example"])
    opened += [("two hosts", status)] if status not in {0, 400, 421} else []
    for given in PAGES:
        for method, path in (("GET", "/v1/models"), ("POST", "/v1/chat/completions")):
            more = ["Content-Type: application/json"] if method == "POST" else []
            body = CHAT if method == "POST" else b""
            status, answer = box.send(method, path, [box.bearer, *given, *more], body)
            tried += 1
            opened += [(given, path, status)] if status != 403 else []
            headers_of_cors += b"access-control" in answer.lower()
    for path in routes():
        status, answer = box.send("OPTIONS", path, PREFLIGHT)
        tried += 1
        opened += [("preflight", path, status)] if status not in {401, 403} else []
        headers_of_cors += b"access-control" in answer.lower()
    assert opened == []
    proven(
        "A18",
        "other hosts, other origins and preflights, with the key",
        tried=tried + 1,
        broken={
            "let in": len(opened),
            "CORS headers": headers_of_cors,
            "executed": box.executed() - before,
        },
    )


def test_what_is_no_json_is_refused_and_no_socket_is_upgraded(box):
    opened, tried = [], 0
    posts = [route.path for route in ROUTES if "POST" in route.methods and "{" not in route.path]
    for path in posts:
        for media_type in MEDIA_TYPES:
            if path == "/v1/files" and media_type.startswith("multipart/form-data"):
                continue  # a file is uploaded so
            given = [box.bearer, *([f"Content-Type: {media_type}"] if media_type else [])]
            status, _ = box.send("POST", path, given, CHAT)
            tried += 1
            opened += [(path, media_type, status)] if status != 415 else []
    upgrade = [
        "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    ]  # fmt: skip
    for path in routes():
        for given in (upgrade, [*upgrade, "Origin: http://evil.example"], [*upgrade, box.bearer]):
            status, _ = box.send("GET", path, given)
            tried += 1
            opened += [("upgraded", path, status)] if status == 101 else []
            if box.bearer not in given:
                opened += [("let in", path, status)] if status not in {401, 403} else []
    assert opened == []
    proven("A18", "other media types and upgrades", tried=tried, broken={"let in": len(opened)})


def test_bodies_and_heads_without_measure_are_cut(box):
    host = f"Host: 127.0.0.1:{box.address.port}"
    head = f"POST /v1/chat/completions HTTP/1.1\r\n{host}\r\n{box.bearer}\r\n"
    json_type = "Content-Type: application/json\r\n"
    sent = {
        "10 GB announced": f"{head}{json_type}Content-Length: {10 * 1024**3}\r\n\r\n",
        "10^30 bytes announced": f"{head}{json_type}Content-Length: {10**30}\r\n\r\n",
        "a negative length": f"{head}{json_type}Content-Length: -1\r\n\r\n",
        "two lengths": f"{head}{json_type}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{{}}",
        "length and chunks": f"{head}{json_type}Content-Length: 2\r\n"
        "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n",
        "an unknown coding": f"{head}{json_type}Transfer-Encoding: xchunked\r\n\r\n",
        "a folded header": f"{head}X: a\r\n b\r\n{json_type}Content-Length: x\r\n\r\n",
        "a head of 1 MB": f"{head}X: {'a' * 1_000_000}\r\n\r\n",
        "100,000 headers": head + "X: y\r\n" * 100_000 + "\r\n",
        "another protocol": "SSH-2.0-OpenSSH_9\r\n\r\n",
        "TLS": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        "an old protocol": "GET /v1/models\r\n\r\n",
        "nested 100,000 deep": f"{head}{json_type}Content-Length: 100000\r\n\r\n" + "[" * 100_000,
    }
    bad = []
    for name, data in sent.items():
        with box.connect() as connection:
            with contextlib.suppress(OSError):
                connection.sendall(data.encode("latin-1"))
                connection.shutdown(socket.SHUT_WR)
            answer = b""
            with contextlib.suppress(OSError):
                while part := connection.recv(65536):
                    answer += part
        if b" 200 " in answer.partition(b"\r\n")[0] or answer.count(b"HTTP/1.1 2"):
            bad.append((name, answer[:80]))
    alive, _ = box.send("GET", "/v1/models", [box.bearer])
    assert bad == []
    proven(
        "A18",
        "bodies and heads without measure",
        tried=len(sent),
        broken={"answered with success": len(bad), "no longer serving": int(alive != 200)},
    )


def test_silent_and_slow_connections_keep_nobody_out(box):
    many = size(100, 400)
    with contextlib.ExitStack() as stack:
        for at in range(many):
            connection = stack.enter_context(box.connect())
            if at % 3:  # a third says nothing at all
                head = f"POST /v1/embeddings HTTP/1.1\r\nHost: 127.0.0.1:{box.address.port}\r\n"
                connection.sendall(head.encode())
            if at % 3 == 2:
                more = f"{box.bearer}\r\nContent-Type: application/json\r\nContent-Length: 99\r\n"
                connection.sendall(f"{more}\r\n{{".encode())
        served = sum(box.send("GET", "/v1/models", [box.bearer])[0] == 200 for _ in range(20))
    proven(
        "A18",
        "connections that say nothing, or begin and do not go on",
        tried=many,
        broken={"others who had to wait": 20 - served},
    )


def test_it_listens_on_loopback_alone_and_keeps_its_files_to_itself(box):
    port = f"{box.address.port:04X}"
    tables = "".join(Path("/proc/net", name).read_text() for name in ("tcp", "tcp6"))
    lines = [line.split() for line in tables.splitlines()]
    listening = [line[1] for line in lines if line[3] == "0A" and line[1].endswith(f":{port}")]
    wide = [where for where in listening if not where.startswith("0100007F:")]
    modes = {path.name: path.stat().st_mode & 0o077 for path in box.sandbox.data.rglob("*")}
    modes["the folder"] = box.sandbox.data.stat().st_mode & 0o077
    database = sqlite3.connect(f"file:{box.sandbox.data / 'sandbox.sqlite'}?mode=ro", uri=True)
    stored = "\n".join(database.iterdump())
    database.close()
    assert listening
    proven(
        "A18",
        "where it listens, and who may read what it keeps",
        tried=len(listening) + len(modes),
        broken={
            "listens to others": len(wide),
            "readable for others": sum(map(bool, modes.values())),
            "key in its database": int(box.key in stored),
        },
    )


def test_two_sandboxes_do_not_take_each_others_key(box, tmp_path):
    with running_sandbox(tmp_path, "--api-key", "another-key-of-another-box") as other:
        refused = Attacked(other).send("GET", "/v1/models", [box.bearer])[0]
        port = urlsplit(other.base_url).port
        code = other.stop()
    # What was its port is nobody's now, and answers nothing.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), PATIENCE).close()
    proven(
        "A18",
        "a key at another sandbox, and a port after its end",
        tried=2,
        broken={"let in": int(refused != 401), "did not end well": int(code != 0)},
    )
