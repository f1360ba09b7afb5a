"""Nobody comes in without the key, from another origin, by another name, or with too much."""

import contextlib
import http.client
import json
import re
import socket
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from sandbox_fixture import running_sandbox

from nbnebius.sandbox.app import ROUTES
from nbnebius.sandbox.gate.signing import Signer

NO_TOKEN = {"detail": "Couldn't authenticate. Reason: token is not present"}
WRONG_TOKEN = {"detail": "Couldn't authenticate. Reason: Unable authenticate"}
UNKNOWN = ["/", "/docs", "/openapi.json", "/v1", "/v1/none", "/v1/models/", "//v1/models", "/.env"]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


def send(sandbox, method, path, *, body=None, key=None, skip_host=False, **headers):
    """Send a request with exactly the headers that are given."""
    address = urlsplit(sandbox.base_url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
    try:
        connection.putrequest(method, path, skip_host=skip_host, skip_accept_encoding=True)
        if key is not None:
            connection.putheader("Authorization", f"Bearer {key}")
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        data = None if body is None else json.dumps(body).encode()
        if data is not None:
            connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        answer = connection.getresponse()
        content = answer.read()
        return answer.status, dict(answer.getheaders()), content
    finally:
        connection.close()


def all_requests():
    for route in ROUTES:
        path = re.sub(r"{[^}]*}", "x", route.path)
        for method in sorted(route.methods | {"OPTIONS", "DELETE", "PUT"}):
            yield method, path
    for path in UNKNOWN:
        yield "GET", path
        yield "POST", path


@pytest.mark.parametrize(("method", "path"), list(all_requests()))
def test_every_route_asks_for_the_key(sandbox, method, path):
    for key, expected in ((None, NO_TOKEN), ("wrong", WRONG_TOKEN), ("", NO_TOKEN)):
        body = {} if method in {"POST", "PUT"} else None
        status, headers, content = send(
            sandbox, method, path, body=body, key=key, Content_Type="application/json"
        )
        assert status == 401
        assert headers["x-nbnebius-sandbox"]
        if method != "HEAD":
            assert json.loads(content) == expected


@pytest.mark.parametrize(
    "value",
    [
        "sandbox-test-key",
        "Basic sandbox-test-key",
        "Bearer",
        "Bearer sandbox-test-key x",
        "Bearer sandbox-test-ke",
        "Bearer sandbox-test-keyy",
    ],
)
def test_the_key_must_be_a_whole_bearer_token(sandbox, value):
    assert send(sandbox, "GET", "/v1/models", Authorization=value)[0] == 401


def test_the_scheme_may_be_written_in_any_case(sandbox):
    authorization = f"bearer {sandbox.api_key}"
    assert send(sandbox, "GET", "/v1/models", Authorization=authorization)[0] == 200


def test_two_authorization_headers_are_none(sandbox):
    authorization = f"Bearer {sandbox.api_key}"
    status, _, _ = send(
        sandbox, "GET", "/v1/models", Authorization=authorization, authorization=authorization
    )
    assert status == 401


@pytest.mark.parametrize(
    "host", ["127.0.0.1.evil:{port}", "evil.example", "127.0.0.1", "localhost", "2130706433:{port}",
             "127.0.0.1:{port}.evil", "127.0.0.1:1", "[::]:{port}", "0.0.0.0:{port}", ""]
)  # fmt: skip
def test_other_hosts_are_refused(sandbox, host):
    host = host.format(port=urlsplit(sandbox.base_url).port)
    status, _, _ = send(
        sandbox, "GET", "/v1/models", key=sandbox.api_key, skip_host=True, Host=host
    )
    assert status in {400, 403, 421}


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_loopback_hosts_are_let_in(sandbox, host):
    host = f"{host}:{urlsplit(sandbox.base_url).port}"
    status, _, _ = send(
        sandbox, "GET", "/v1/models", key=sandbox.api_key, skip_host=True, Host=host
    )
    assert status == 200


def test_no_host_is_refused(sandbox):
    assert send(sandbox, "GET", "/v1/models", key=sandbox.api_key, skip_host=True)[0] in {400, 421}


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8888"},
        {"Sec_Fetch_Site": "cross-site"},
    ],
)
def test_web_pages_of_other_origins_are_refused_even_with_the_key(sandbox, headers):
    status, answered, _ = send(sandbox, "GET", "/v1/models", key=sandbox.api_key, **headers)
    assert status == 403
    assert not [name for name in answered if name.lower().startswith("access-control")]


def test_its_own_origin_is_let_in(sandbox):
    origin = sandbox.root_url.removesuffix("/")
    assert send(sandbox, "GET", "/v1/models", key=sandbox.api_key, Origin=origin)[0] == 200


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""],
)
def test_a_body_must_say_that_it_is_json(sandbox, media_type):
    status, _, _ = send(
        sandbox, "POST", "/v1/embeddings", body={}, key=sandbox.api_key, Content_Type=media_type
    )
    assert status == 415


def test_a_body_that_announces_too_much_is_refused_at_once(sandbox):
    status, _, _ = send(
        sandbox,
        "POST",
        "/v1/embeddings",
        key=sandbox.api_key,
        Content_Type="application/json",
        Content_Length=str(10 * 1024**3),
    )
    assert status == 413


def test_a_body_that_goes_on_for_ever_is_cut(sandbox):
    address = urlsplit(sandbox.base_url)
    piece = b"10000\r\n" + b" " * 0x10000 + b"\r\n"
    with socket.create_connection((address.hostname, address.port), timeout=30) as connection:
        head = (
            f"POST /v1/embeddings HTTP/1.1\r\nHost: {address.netloc}\r\n"
            f"Authorization: Bearer {sandbox.api_key}\r\nContent-Type: application/json\r\n"
            "Transfer-Encoding: chunked\r\n\r\n"
        )
        connection.sendall(head.encode())
        answer = b""
        # It hangs up, as it should.
        with contextlib.suppress(OSError):
            for _ in range(2000):
                connection.sendall(piece)
        with contextlib.suppress(OSError):
            answer = connection.recv(1000)
    assert not answer or b" 413 " in answer.splitlines()[0]
    assert b" 200 " not in answer


def test_a_web_socket_is_not_opened(sandbox):
    status, _, _ = send(
        sandbox, "GET", "/v1/models", Connection="Upgrade", Upgrade="websocket",
        Sec_WebSocket_Key="dGhlIHNhbXBsZSBub25jZQ==", Sec_WebSocket_Version="13",
    )  # fmt: skip
    assert status == 401


def image_path(sandbox):
    body = {"model": "stability-ai/sdxl", "prompt": "A boat", "width": 64, "height": 64}
    status, _, content = send(
        sandbox, "POST", "/v1/images/generations",
        body=body, key=sandbox.api_key, Content_Type="application/json",
    )  # fmt: skip
    assert status == 200
    url = urlsplit(json.loads(content)["data"][0]["url"])
    return url.path, url.query


def test_a_signed_picture_opens_without_the_key(sandbox):
    path, query = image_path(sandbox)
    status, headers, content = send(sandbox, "GET", f"{path}?{query}")
    assert status == 200
    assert headers["content-type"] == "image/webp"
    assert content.startswith(b"RIFF")


def test_a_signature_opens_nothing_else(sandbox):
    path, query = image_path(sandbox)
    other, _ = image_path(sandbox)
    expires, signature = (part.partition("=")[2] for part in query.split("&"))
    tricks = [
        f"{other}?{query}",
        path,
        f"{path}?expires={int(expires) + 1}&signature={signature}",
        f"{path}?expires={expires}&signature={signature[:-1]}",
        f"{path}?expires={expires}&signature=",
        f"{path}?expires={expires}&expires=9999999999&signature={signature}",
        f"/v1/images/files/../../models?{query}",
        f"/v1/models?{query}",
        f"{path}?expires=%D9%A1&signature={signature}",
    ]
    assert {send(sandbox, "GET", trick)[0] for trick in tricks} == {401}
    assert send(sandbox, "DELETE", f"{path}?{query}")[0] == 401


def test_a_signature_expires():
    now = [1000.0]
    signer = Signer(b"key", lambda: now[0])
    path, _, query = signer.sign("/v1/images/files/x.webp", 60).partition("?")
    assert signer.opens(path, query)
    now[0] += 61
    assert not signer.opens(path, query)


def test_every_answer_names_the_sandbox_and_the_request(sandbox):
    answers = [send(sandbox, "GET", path, key=sandbox.api_key) for path in ("/v1/models", "/none")]
    assert len({headers["x-nbnebius-sandbox"] for _, headers, _ in answers}) == 1
    assert len({headers["x-request-id"] for _, headers, _ in answers}) == 2


def test_prompt_and_key_are_in_no_file(sandbox):
    secret = "a-prompt-that-nobody-may-keep"
    body = {"model": "nobody/none", "messages": [{"role": "user", "content": secret}]}
    send(
        sandbox, "POST", "/v1/chat/completions",
        body=body, key=sandbox.api_key, Content_Type="application/json",
    )  # fmt: skip
    for file in filter(Path.is_file, sandbox.data.rglob("*")):
        content = file.read_bytes()
        assert secret.encode() not in content
        assert sandbox.api_key.encode() not in content
    assert (sandbox.data / "sandbox.sqlite").stat().st_mode & 0o077 == 0
