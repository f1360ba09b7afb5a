"""A9, A10, A11: redirects, false certificates, and addresses that a server names."""

from __future__ import annotations

import inspect
import json
import socket
import ssl
import subprocess
import sys
from functools import partial
from itertools import product

import anyio
import pytest

import nbnebius as neb
from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.transport.request import Timeouts
from tests.fault.canary import KEY, found_in
from tests.fault.counts import proven
from tests.fault.serving import serve

pytestmark = pytest.mark.fault

PROMPT = "a prompt that nobody else may read"
BODY = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}
STATUSES = (300, 301, 302, 303, 305, 307, 308)


async def _streamed(client):
    async with client.chat.stream(BODY) as stream:
        async for _ in stream:
            pass


# Everything that sends something, or fetches something, with a key.
CALLS = {
    "chat": lambda c: c.chat.create(BODY),
    "stream": _streamed,
    "completion": lambda c: c.completions.create({"model": "m", "prompt": PROMPT}),
    "embed": lambda c: c.embeddings.create({"model": "m", "input": [PROMPT]}),
    "image": lambda c: c.images.generate({"model": "m", "prompt": PROMPT}),
    "rerank": lambda c: c.rerank.create({"model": "m", "query": PROMPT, "documents": [PROMPT]}),
    "models": lambda c: c.models.list(),
    "upload": lambda c: c.files.upload(PROMPT.encode() * 100, filename="a.jsonl"),
    "files": lambda c: c.files.list(),
    "file": lambda c: c.files.retrieve("file-1"),
    "content": lambda c: c.files.content("file-1"),
    "delete": lambda c: c.files.delete("file-1"),
    "batch": lambda c: c.batches.create({"input_file_id": "file-1", "endpoint": "/v1/x"}),
    "batches": lambda c: c.batches.list(),
    "cancel": lambda c: c.batches.cancel("batch-1"),
    "custom models": lambda c: c.custom_models.list(),
}


async def _call(name, url, key=KEY):
    async with AsyncClient(key, url, max_retries=0, timeouts=Timeouts(connect=5)) as client:
        await CALLS[name](client)


def attempt(name, url, key=KEY):
    """Make a call that must fail; give the error."""
    with pytest.raises(errors.NebiusError) as caught:
        anyio.run(partial(_call, name, url, key))
    return caught.value


def test_no_redirect_is_followed_and_nothing_goes_where_it_points():
    tried, unnamed, leaks = 0, [], 0
    ok = (200, {"content-type": "application/json"}, b"{}")
    with serve(lambda _: ok) as thief:
        port = thief.port
        targets = [
            f"http://127.0.0.1:{port}/v1/x", f"http://localhost:{port}/", f"//127.0.0.1:{port}/",
            f"http://user:pass@127.0.0.1:{port}/", f"https://127.0.0.1:{port}/",
            f"http:\\\\127.0.0.1:{port}\\", f"http://127.0.0.1:{port}#@api.tokenfactory.nebius.com",
            "/v1/elsewhere", "?again", "", "javascript:alert(1)", "file:///etc/passwd",
            f"\thttp://127.0.0.1:{port}/", "http://[::1", "data:text/plain,x", "x" * 5_000,
        ]  # fmt: skip
        moves = [{"location": t} for t in targets] + [
            {"refresh": f"0;url=http://127.0.0.1:{port}/"},
            {"location": targets[0], "set-cookie": "a=b; Domain=localhost; Path=/"},
            {"alt-svc": f'h2="127.0.0.1:{port}"; ma=9', "location": targets[0]},
        ]
        step = {}
        with serve(lambda heard: (step["status"], step["headers"], b"moved")) as server:
            cases = list(product(STATUSES, moves, CALLS))
            # Every status with every call, and every target with every call; not all three.
            cases = [c for at, c in enumerate(cases) if at % len(STATUSES) == 0] + [
                (status, moves[0], name) for status in STATUSES for name in CALLS
            ]
            for status, headers, name in cases:
                step.update(status=status, headers=headers)
                before = len(server.heard)
                error = attempt(name, server.url())
                tried += 1
                shown = f"{error}{error!r}{vars(error)}"
                leaks += bool(found_in(shown)) + (PROMPT in shown)
                if headers.get("location") == targets[0] and "127.0.0.1" not in str(error):
                    unnamed.append((name, status, str(error)))
                again = [h for h in server.heard[before + 1 :] if h.method == "POST"]
                leaks += len(again)
            cookies = sum("cookie" in heard.headers for heard in server.heard)
    assert unnamed == []
    proven(
        "A9",
        "redirects of every kind on every call",
        tried=tried,
        broken={
            "requests to the target": len(thief.heard),
            "bytes sent there": thief.bytes,
            "targets not named": len(unnamed),
            "told or sent twice": leaks,
            "cookies kept": cookies,
        },
    )


# -- certificates ------------------------------------------------------------------------------

EXTENSION = (
    "[x]\nsubjectAltName={names}\nbasicConstraints=CA:{ca}\n[req]\ndistinguished_name=n\n[n]\n"
)


def certify(folder, name, *, names="DNS:localhost", ca="FALSE", days=2, by=None):
    """Make a certificate and its key in one file, by openssl; signed by itself or by another."""
    config = folder / f"{name}.cnf"
    config.write_text(EXTENSION.format(names=names, ca=ca))
    key, request, made = (folder / f"{name}.{end}" for end in ("key", "csr", "crt"))
    new = [
        "openssl",
        "req",
        "-new",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        key,
        "-out",
        request,
        "-subj",
        f"/CN={name}",
        "-config",
        config,
    ]
    signer = ["-CA", folder / f"{by}.crt", "-CAkey", folder / f"{by}.key"] if by else []
    signed = ["openssl", "x509", "-req", "-in", request, "-out", made, "-extfile", config,
              "-extensions", "x", "-days", str(days), *(signer or ["-signkey", key])]  # fmt: skip
    for command in (new, [*signed, *(["-CAcreateserial"] if by else [])]):
        subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return made, key


def test_no_certificate_that_is_not_right_is_accepted(tmp_path, monkeypatch):
    certify(tmp_path, "ca", ca="TRUE")
    certify(tmp_path, "other", ca="TRUE")
    made = {
        "right": certify(tmp_path, "right", by="ca"),
        "self-signed": certify(tmp_path, "selfsigned"),
        "of another authority": certify(tmp_path, "stranger", by="other"),
        "for another name": certify(tmp_path, "wrongname", names="DNS:elsewhere.example", by="ca"),
        "for a name that begins so": certify(tmp_path, "pre", names="DNS:localhost.evil", by="ca"),
        "for a wildcard above": certify(tmp_path, "wild", names="DNS:*", by="ca"),
        "expired": certify(tmp_path, "expired", days=-1, by="ca"),
        "signed by one that may not": certify(tmp_path, "grandchild", by="right"),
    }
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.crt"))
    from nbnebius.transport import trust

    trust.ssl_context.cache_clear()
    ok = json.dumps({"choices": [{"message": {"content": "x"}}], "data": []}).encode()
    heard, accepted, tried, certificates = {}, [], 0, 0
    for name, (certificate, key) in made.items():
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        with serve(lambda _: (200, {"content-type": "application/json"}, ok), context) as server:
            if name == "right":
                anyio.run(_call, "chat", server.url("localhost"))
                found = server.heard[0]
                assert found.headers["authorization"] == f"Bearer {KEY}"
                continue
            for call in ("chat", "stream", "models", "upload", "content"):
                error = attempt(call, server.url("localhost"))
                tried += 1
                certificates += "certificate" in str(error).lower()
                accepted += [name] if server.heard else []
            heard[name] = len(server.heard)
    # TLS that is older than it may be, and none at all where some is asked for.
    old = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    old.load_cert_chain(*made["right"])
    old.set_ciphers("DEFAULT@SECLEVEL=0")
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        old.minimum_version = ssl.TLSVersion.TLSv1
        old.maximum_version = ssl.TLSVersion.TLSv1_1
    for context in (old, None):
        with serve(lambda _: (200, {}, ok), context) as server:
            attempt("chat", f"https://localhost:{server.port}/v1/")
            tried += 1
            accepted += [context] if server.heard else []
    trust.ssl_context.cache_clear()
    switches = {
        name
        for function in (neb.connect, neb.AsyncClient, neb.Session, neb.models)
        for name in inspect.signature(function).parameters
        if name in {"verify", "insecure", "ssl", "cert", "check_hostname", "trust_env"}
    }
    proven(
        "A10",
        "false certificates, old TLS and none",
        tried=tried,
        broken={
            "accepted": len(accepted),
            "requests that came through": sum(heard.values()),
            "not told as a certificate's": len(heard) * 5 - certificates,
            "switches that turn the check off": len(switches),
        },
        seen={"certificates": len(made)},
    )


# -- addresses that a server names -------------------------------------------------------------

HOSTS = [
    "127.0.0.1", "127.0.0.1.", "127.1", "2130706433", "0x7f.1", "0177.0.0.1", "0", "0.0.0.0",
    "localhost", "LOCALHOST", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[fe80::1]", "[fe80::1%25lo]",
    "[fc00::1]", "[fd00:ec2::254]", "[ff02::1]", "[2001:db8::1]", "10.0.0.1", "10.255.255.255",
    "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.1.1",
    "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "240.0.0.1",
    "255.255.255.255", "0.1.2.3", "192.0.0.8",
]  # fmt: skip
OTHERS = [
    "http://93.184.216.34/x", "file:///etc/passwd", "gopher://93.184.216.34/", "ftp://93.184.216.34/",
    "data:image/png;base64,AAAA", "javascript:x", "https://user:pw@93.184.216.34/", "//127.0.0.1/x",
    "", "https://", "https:///x", "https://[::1", "https://127.0.0.1:99999/", "/etc/passwd", "x",
    "HTTPS://127.0.0.1/", "https://127.0.0.1@evil.example@127.0.0.1/", "https://%31%32%37.0.0.1/",
    "https://①②⑦.⓪.⓪.①/", "https://127.0.0.1\\@93.184.216.34/", "https://93.184.216.34:bad/",
    "unix:///run/docker.sock", "https://0x7f000001/", "ws://127.0.0.1/", "https://127.0.0.1\t/",
]  # fmt: skip
# A name may lead somewhere else each time it is asked about.
NAMES = {
    "private.example": [["10.0.0.1"]],
    "both.example": [["93.184.216.34", "10.0.0.1"]],
    "loopback6.example": [["::1"]],
    "mapped.example": [["::ffff:169.254.169.254"]],
    "rebinding.example": [["93.184.216.34"], ["127.0.0.1"]],
    "nobody.example": [[]],
}
_watching: list = []


def _watch(event, arguments):
    if _watching and event == "socket.connect":
        _watching[0].append(arguments[1])
        # Nobody out there is bothered by a test.
        raise ConnectionRefusedError(111, "refused by the test")


def test_an_address_that_a_server_names_leads_nowhere_private(monkeypatch):
    sys.addaudithook(_watch)
    asked: dict[str, int] = {}
    real = socket.getaddrinfo

    def resolve(host, port, *more, **other):
        name = host.decode() if isinstance(host, bytes) else host
        if name not in NAMES:
            return real(host, port, *more, **other)
        turns = NAMES[name]
        addresses = turns[min(asked.get(name, 0), len(turns) - 1)]
        asked[name] = asked.get(name, 0) + 1
        if not addresses:
            raise socket.gaierror(-2, "no such name")
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, port))
            for a in addresses
        ]

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    urls = [f"https://{host}{port}/x.png" for host in HOSTS for port in ("", ":8888")]
    urls += OTHERS + [f"https://{name}/x.png" for name in NAMES]
    found, refused = [], 0
    _watching.append(found)
    try:
        for url in urls:
            with pytest.raises(errors.NebiusError) as caught:
                anyio.run(partial(_fetch, url))
            refused += 1
            assert not found_in(str(caught.value))
    finally:
        _watching.clear()
    public = {"93.184.216.34"}
    inside = [address for address in found if address[0] not in public]
    assert inside == []
    proven(
        "A11",
        "addresses in private networks, other schemes, and names that change",
        tried=len(urls),
        broken={"not refused": len(urls) - refused, "connections inside": len(inside)},
        seen={"connections tried to public addresses": len(found)},
    )


async def _fetch(url):
    timeouts = Timeouts(connect=1.0)
    async with AsyncClient(KEY, "https://api.tokenfactory.nebius.com/v1/", timeouts=timeouts) as c:
        c.transport.sleep = anyio.lowlevel.checkpoint
        await c.images.fetch(url)
