"""
Every kind of error that a user can meet, each produced for real, and what the page says of it.

``python tests/error_kinds.py > docs/errors.md`` writes the page; a test holds it to what is raised.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from raw_server import Play, RawServer, answer, delta, json_answer, stream
from sandbox_fixture import start_sandbox

import nbnebius as neb

if TYPE_CHECKING:
    from collections.abc import Callable

SECRET = "a-prompt-nobody-must-see"
KEY = "a-key-nobody-must-see-0123456789"
MODEL = "Qwen/Qwen3-32B"
LIST = json_answer({"object": "list", "data": [{"id": "m", "object": "model"}]})
PAGE = b"<!DOCTYPE html><html><title>Sign in to the airport's network</title></html>"
DOORS = ("NEBIUS_", "NBNEBIUS_", "HTTP", "http", "ALL_PROXY", "all_proxy", "no_proxy", "NO_PROXY")


class Ground:
    """Where errors are made: servers, a folder and an environment of its own, gone at the end."""

    def __enter__(self):
        self._kept, self._cwd = dict(os.environ), Path.cwd()
        self._stack = contextlib.ExitStack()
        self.folder = Path(self._stack.enter_context(tempfile.TemporaryDirectory()))
        for name in [name for name in os.environ if name.startswith(DOORS)]:
            del os.environ[name]
        os.environ |= {"NBNEBIUS_HOME": str(self.folder / "home"), "NBNEBIUS_CONFIRM_USD": "1000"}
        os.chdir(self.folder)
        self._loop = None
        return self

    def __exit__(self, *exc):
        from nbnebius.session import close_default

        close_default()
        os.chdir(self._cwd)
        self._stack.close()
        os.environ.clear()
        os.environ |= self._kept

    def serve(self, *plays, secure=False, chat=True):
        """Serve the model list, if a chat asks for it, and then the plays; give the address."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            thread = threading.Thread(target=self._loop.run_forever)
            thread.start()
            self._stack.callback(self._loop.close)
            self._stack.callback(thread.join)
            self._stack.callback(self._loop.call_soon_threadsafe, self._loop.stop)
        server = RawServer([LIST, *plays] if chat else list(plays))
        self._now(server.__aenter__())
        self._stack.callback(self._now, server.__aexit__(None, None, None))
        return server.url

    def _now(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(20)

    def secure(self, *, speaks_tls=True):
        """Serve https with a certificate that nobody vouches for, or none; give the address."""
        made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
        made += ["-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=localhost"]
        subprocess.run(made, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain("cert.pem", "key.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        self._stack.callback(listener.close)

        def shake():
            with contextlib.suppress(OSError):
                while True:
                    one, _ = listener.accept()
                    with contextlib.suppress(OSError), one:
                        if speaks_tls:
                            context.wrap_socket(one, server_side=True).close()
                        else:
                            one.recv(9)
                            one.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        threading.Thread(target=shake, daemon=True).start()
        return f"https://127.0.0.1:{listener.getsockname()[1]}/v1/"

    def sandbox(self, *arguments):
        """Start a sandbox and connect to it."""
        running = start_sandbox(self.folder, *arguments)
        self._stack.callback(running.stop)
        self.connect(running.base_url, running.api_key)
        return running

    def connect(self, url, key=KEY, **options):
        neb.connect(key, url, max_retries=0, **options)

    def chat(self, *plays, **options):
        """Ask a server that answers with the plays."""
        self.connect(self.serve(*plays))
        neb.chat(SECRET, model="m", **options)


@dataclass(frozen=True)
class Kind:
    """A kind of error: how it is made, its class, what it means and what to do."""

    title: str
    make: Callable[[Ground], Any]
    error: str
    means: str
    words: tuple[str, ...] = field(default=())


def _says(status, detail, **headers):
    return json_answer({"detail": detail}, status, **headers)


def _no_key(ground):
    neb.chat(SECRET)


def _wrong_key(ground):
    running = ground.sandbox()
    ground.connect(running.base_url, "wrong-" + KEY)
    neb.chat(SECRET)


def _foreign_key(ground):
    os.environ["NEBIUS_API_KEY"] = "sandbox-" + KEY
    neb.chat(SECRET)


def _plain_http(ground):
    os.environ |= {"NEBIUS_API_KEY": KEY, "NEBIUS_BASE_URL": "http://example.com/v1/"}
    neb.chat(SECRET)


def _bad_address(ground):
    neb.connect(KEY, "ftp://nowhere")


def _unknown_model(ground):
    ground.sandbox()
    neb.chat(SECRET, model="Qwen/Qwen3-23B")


def _wrong_type(ground):
    ground.sandbox()
    neb.chat(SECRET, model="stability-ai/sdxl")


def _no_vision(ground):
    from PIL import Image

    ground.sandbox()
    neb.chat(SECRET, model=MODEL, images=Image.new("RGB", (8, 8)))


def _no_tools(ground):
    def weather(city: str) -> str:
        """Say how the weather is."""
        return city

    says = 'm does not support tools: "auto" tool choice requires --enable-auto-tool-choice'
    ground.chat(json_answer({"error": {"message": says}}, 400), tools=weather)


def _too_long(ground):
    ground.sandbox()
    neb.chat(f"{SECRET} " * 20_000, model=MODEL)


def _cut_answer(ground):
    ground.sandbox()
    neb.chat(f"{SECRET}: name ten people", model=MODEL, schema="name, why", max_tokens=4)


def _stream_cut(ground):
    ground.connect(ground.serve(stream(delta("Once upon "), end=False, reset=True)))
    "".join(neb.chat(SECRET, model="m", stream=True))


def _dns(ground):
    ground.connect("https://no-such-host.invalid/v1/")
    neb.chat(SECRET, model="m")


def _refused(ground):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}/v1/"
    ground.connect(url)
    neb.chat(SECRET, model="m")


def _certificate(ground):
    ground.connect(ground.secure())
    neb.chat(SECRET, model="m")


def _not_tls(ground):
    ground.connect(ground.secure(speaks_tls=False))
    neb.chat(SECRET, model="m")


def _no_proxy(ground):
    os.environ["HTTPS_PROXY"] = "http://127.0.0.1:9"
    ground.connect("https://api.tokenfactory.nebius.com/v1/")
    neb.chat(SECRET, model="m")


def _proxy_says_no(ground):
    refusal = Play(answer(b"", 407, "text/plain", proxy_authenticate="Basic"), close=True)
    os.environ["HTTPS_PROXY"] = ground.serve(refusal, chat=False).removesuffix("/v1/")
    ground.connect("https://api.tokenfactory.nebius.com/v1/")
    neb.chat(SECRET, model="m")


def _timeout(ground):
    ground.connect(ground.serve(Play(hold=True)), timeout=0.3)
    neb.chat(SECRET, model="m")


def _budget(ground):
    ground.sandbox()
    frame = {"text": ["one", "two"]}
    neb.map(_frame(frame), "Say {text}", budget=0.000001, max_tokens=50, model=MODEL)


def _frame(columns):
    import pandas as pd

    return pd.DataFrame(columns)


def _rows_failed(ground):
    ground.sandbox("--fault", "422:100%@/v1/chat")
    neb.map(_frame({"text": ["one", "two"]}), "Say {text}", model=MODEL)


def _no_home(ground):
    (ground.folder / "home").write_text("a file")
    ground.chat()


def _disk_full(ground):
    import resource

    ground.connect(ground.serve(json_answer({})))
    neb.models()
    from nbnebius.session import default_session

    assert default_session().journal
    kept = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, kept[1]))
    try:
        neb.chat(SECRET * 10_000, model="m")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, kept)


def _held(ground):
    os.environ["NBNEBIUS_EXCLUSIVE"] = "1"
    code = (
        "import nbnebius as neb\n"
        "from nbnebius.session import default_session\n"
        "assert default_session().journal\n"
        "print('held', flush=True)\ninput()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout.readline() == "held\n"
        try:
            ground.chat()
        finally:
            other.communicate("\n")


def _newer_journal(ground):
    import sqlite3

    (ground.folder / "home").mkdir()
    with contextlib.closing(sqlite3.connect(ground.folder / "home" / "journal.sqlite")) as journal:
        journal.execute("PRAGMA user_version = 999")
    ground.chat()


def _broken_settings(ground):
    (ground.folder / "home").mkdir()
    (ground.folder / "home" / "config.json").write_text("{")
    neb.chat(SECRET)


def _project_too_bold(ground):
    Path("pyproject.toml").write_text('[tool.nbnebius]\nbase_url = "https://elsewhere"\n')
    neb.chat(SECRET)


def _no_recording(ground):
    os.environ["NBNEBIUS_REPLAY"] = "notebook.tape"
    neb.chat(SECRET)


def _not_recorded(ground):
    from nbnebius.session import default_session

    ground.sandbox()
    default_session().record("notebook.tape")
    neb.chat("Hello", model=MODEL)
    default_session().record(None)
    default_session().replay("notebook.tape")
    neb.chat(SECRET, model=MODEL)


def _not_the_schema(ground):
    said = json_answer({"choices": [{"message": {"content": "No."}, "finish_reason": "stop"}]})
    ground.chat(said, schema="name, age int")


def _too_many_rounds(ground):
    def look(at: str) -> str:
        """Look at something."""
        return at

    call = {"id": "1", "type": "function", "function": {"name": "look", "arguments": '{"at":"x"}'}}
    message = {"role": "assistant", "content": None, "tool_calls": [call]}
    ground.chat(
        json_answer({"choices": [{"message": message, "finish_reason": "tool_calls"}]}), tools=look
    )


KINDS = (
    Kind(
        "No API key",
        _no_key,
        "SettingsError",
        "No key was found: not as an argument, in the environment, in `.env`, or by a login.",
        ("NEBIUS_API_KEY", "%nebius login", "%nebius sandbox"),
    ),
    Kind(
        "The key is not accepted",
        _wrong_key,
        "AuthenticationError",
        "The server knows no such key: it is cut, revoked, or of another service.",
        ("%nebius login",),
    ),
    Kind(
        "A sandbox's key for the real service",
        _foreign_key,
        "SettingsError",
        "The environment holds the key of a sandbox and not its address.",
        ("NEBIUS_BASE_URL", "%nebius sandbox"),
    ),
    Kind(
        "A key over plain http",
        _plain_http,
        "SettingsError",
        "A key goes over plain http to this machine only, unless you give both yourself.",
        ("https", "connect()"),
    ),
    Kind(
        "The key may not do that",
        lambda g: g.chat(_says(403, "Project is read-only")),
        "PermissionDeniedError",
        "The key is known and has no right to this: a model, a project, or an upload.",
        ("project",),
    ),
    Kind(
        "The address is none",
        _bad_address,
        "SettingsError",
        "What stands in `base_url` or `NEBIUS_BASE_URL` is no http address.",
        ("https://host/v1/",),
    ),
    Kind(
        "No such model",
        _unknown_model,
        "NotFoundError",
        "The id is misspelled, or the model is gone; the nearest ids are named.",
        (MODEL, "%models"),
    ),
    Kind(
        "The model does other work",
        _wrong_type,
        "OptionError",
        "The model exists and is of another type: it draws, embeds, or cannot chat.",
        ("%models --type chat",),
    ),
    Kind(
        "The model cannot see",
        _no_vision,
        "OptionError",
        "A picture was given to a model that reads text only.",
        ("%models --type vision",),
    ),
    Kind(
        "The model cannot call tools",
        _no_tools,
        "BadRequestError",
        "The server runs this model without tools.",
        ("another model",),
    ),
    Kind(
        "The prompt is too long",
        _too_long,
        "BadRequestError",
        "Prompt and answer together do not fit the model's context; it says by how many tokens.",
        ("tokens too long", "max_tokens"),
    ),
    Kind(
        "A field is refused",
        lambda g: g.chat(
            json_answer(
                {"detail": [{"loc": ["body", "stop"], "msg": "too many", "type": "x"}]}, 422
            )
        ),
        "UnprocessableEntityError",
        "The server names the field and its complaint.",
        ("stop: too many", "--dry-run"),
    ),
    Kind(
        "The request is refused",
        lambda g: g.chat(_says(400, "logit_bias is not for this model")),
        "BadRequestError",
        "The server cannot work with the request; its words follow.",
        ("logit_bias is not for this model", "--dry-run"),
    ),
    Kind(
        "The request is too large",
        lambda g: g.chat(Play(answer(b"<html>413</html>", 413, "text/html"))),
        "ApiError",
        "The server, or a proxy before it, takes no body of this size: most often a picture.",
        ("too large", "fewer or smaller pictures"),
    ),
    Kind(
        "Too many requests",
        lambda g: g.chat(_says(429, "Rate limit exceeded", retry_after="20")),
        "RateLimitError",
        "The limit of requests or tokens per minute is reached. A job waits by itself; this is "
        "raised once the retries are used up.",
        ("20 seconds", "%models"),
    ),
    Kind(
        "The account is empty",
        lambda g: g.chat(_says(402, "Insufficient balance")),
        "PaymentRequiredError",
        "The server asks for payment; a 429 that means money is read as the same.",
        ("funds",),
    ),
    Kind(
        "The server failed",
        lambda g: g.chat(_says(500, "CUDA error")),
        "ServerError",
        "The server is at fault. What may have been billed is listed as possibly paid in "
        "`%nebius`.",
        ("500", "Try again"),
    ),
    Kind(
        "The server is overloaded",
        lambda g: g.chat(Play(answer(PAGE, 503, "text/html"))),
        "ServerError",
        "A gateway answers in the server's place, most often for a minute or two.",
        ("503", "Try again"),
    ),
    Kind(
        "A web page instead of an answer",
        lambda g: g.chat(Play(answer(PAGE, 200, "text/html"))),
        "ResponseError|StreamError",
        "A sign-in page of a network, a proxy, or a web site stands at this address.",
        ("web page", "sign-in page", "/v1/"),
    ),
    Kind(
        "A redirect",
        lambda g: g.chat(Play(answer(b"", 302, location="https://elsewhere.example/login"))),
        "ApiError",
        "The server sends the request on to another address. It is not followed.",
        ("https://elsewhere.example", "NEBIUS_BASE_URL"),
    ),
    Kind(
        "A path that is not there",
        lambda g: g.chat(_says(404, "Not Found")),
        "NotFoundError",
        "The server is there and has no such path: most often the address lacks `/v1/`.",
        ("/v1/",),
    ),
    Kind(
        "An answer that is no answer",
        lambda g: g.chat(Play(answer(b'{"choices": [{"mess', 200))),
        "ResponseError",
        "The answer is cut or no JSON; its beginning is kept in `error.body`.",
        ("Try again",),
    ),
    Kind(
        "The host's name is unknown",
        _dns,
        "ConnectError",
        "No address is known for the host: it is misspelled, or the network is down.",
        ("no-such-host.invalid", "spelled"),
    ),
    Kind(
        "Nobody listens",
        _refused,
        "ConnectError",
        "The machine is there and no server listens at this port.",
        ("Nothing was billed", "running"),
    ),
    Kind(
        "The certificate is not trusted",
        _certificate,
        "ConnectError",
        "The server's certificate is signed by nobody that this machine trusts.",
        ("SSL_CERT_FILE",),
    ),
    Kind(
        "No TLS at this port",
        _not_tls,
        "ConnectError",
        "The address says https and the server speaks plain http.",
        ("http://",),
    ),
    Kind(
        "The proxy cannot be reached",
        _no_proxy,
        "ConnectError",
        "`HTTPS_PROXY` names a proxy that does not answer.",
        ("HTTPS_PROXY",),
    ),
    Kind(
        "The proxy refuses",
        _proxy_says_no,
        "ConnectError",
        "The proxy wants a user name and a password.",
        ("HTTPS_PROXY",),
    ),
    Kind(
        "No answer in time",
        _timeout,
        "RequestTimeout",
        "The request was sent and nothing came. It may have been billed.",
        ("may have been billed", "timeout"),
    ),
    Kind(
        "The connection closed without an answer",
        lambda g: g.chat(Play(close=True)),
        "TransportError",
        "The server took the request and went away. It may have been billed.",
        ("may have been billed", "Asking again may pay again"),
    ),
    Kind(
        "A stream that broke off",
        _stream_cut,
        "StreamError",
        "What had come is shown, kept, and in `error.reply`.",
        ("What had come is kept",),
    ),
    Kind(
        "An answer cut at max_tokens",
        _cut_answer,
        "AnswerError",
        "With a schema a cut answer is an error; without one the footer says so.",
        ("--max-tokens",),
    ),
    Kind(
        "An answer that does not fit its schema",
        _not_the_schema,
        "AnswerError",
        "The answer was paid for and is in `error.reply`; `--repair` asks once more.",
        ("--fresh",),
    ),
    Kind(
        "A model that goes on calling tools",
        _too_many_rounds,
        "ToolRoundsError",
        "The rounds are used up. The last answer is in `error.reply`.",
        ("tool",),
    ),
    Kind(
        "A budget is reached",
        _budget,
        "BudgetReached",
        "The next request could cost more than is left. The rows that are done are kept.",
        ("larger budget",),
    ),
    Kind(
        "Rows failed",
        _rows_failed,
        "RowsFailed",
        "More rows failed than `--allow-failed` allows; `error.frame` holds all of them.",
        ("neb_error",),
    ),
    Kind(
        "The journal cannot be opened",
        _no_home,
        "JournalError",
        "The state folder is missing, a file, or not yours to write to.",
        ("NBNEBIUS_HOME",),
    ),
    Kind(
        "The disk is full",
        _disk_full,
        "JournalError",
        "Nothing is sent that could not be written down first.",
        ("free some space",),
    ),
    Kind(
        "Another kernel holds the journal",
        _held,
        "JournalError",
        "On a network's file system, or with NBNEBIUS_EXCLUSIVE=1, one kernel at a time uses it.",
        ("shut that kernel down",),
    ),
    Kind(
        "The journal is of a newer version",
        _newer_journal,
        "JournalError",
        "A newer nbnebius wrote it; this one leaves it alone.",
        ("upgrade",),
    ),
    Kind(
        "The settings file is broken",
        _broken_settings,
        "SettingsError",
        "`config.json` in the state folder is not JSON.",
        ("mend it or delete it",),
    ),
    Kind(
        "A project sets too much",
        _project_too_bold,
        "SettingsError",
        "An opened folder may choose models, their aliases and parameters, never an address.",
        ("base_url", "pyproject.toml"),
    ),
    Kind(
        "There is no recording",
        _no_recording,
        "ReplayError",
        "`NBNEBIUS_REPLAY` names a file that is not there.",
        ("notebook.tape",),
    ),
    Kind(
        "A request that was not recorded",
        _not_recorded,
        "ReplayError",
        "The notebook asks something that its recording does not hold.",
        ("%nebius record",),
    ),
)


def produce(kind):
    """Make an error of a kind and give it."""
    with Ground() as ground:
        try:
            kind.make(ground)
        except neb.NebiusError as error:
            return error, shown(error, ground.folder)
    raise AssertionError(f"{kind.title}: nothing was raised")


def shown(error, folder):
    """Give the error as a cell shows it, without what is different each time."""
    lines = "\n".join(error._render_traceback_())
    lines = lines.replace(str(folder), "~").replace(str(folder.resolve()), "~")
    lines = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:8010", lines)
    lines = re.sub(r"process \d+", "process 4711", lines)
    lines = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d", "2026-11-30 12:00", lines)
    lines = re.sub(r"known: \[Errno -?\d+\] [\w ,]+", "known: Name or service not known", lines)
    return re.sub(r" \(_ssl\.c:\d+\)", "", lines).replace(f" on {socket.gethostname()}", "")


INTRODUCTION = """\
# Errors

Errors are raised, never printed, so that "Run All", nbclient and papermill stop at them. Each has
three lines: what failed, why, and what to do. All are children of `neb.NebiusError`, with `what`,
`why` and `hint`; answers of a server have `status`, `code` and `request_id` besides. No key, no
prompt and no header stands in any of them. What is below is what a test produces, word by word.
`%nebius doctor` looks for the usual causes.
"""


def section(kind, text):
    """Write a kind's part of the page."""
    return f"## {kind.title}\n\n{kind.means}\n\n```text\n{text}\n```\n"


if __name__ == "__main__":
    pages = [section(kind, produce(kind)[1]) for kind in KINDS]
    sys.stdout.write("\n".join([INTRODUCTION, *pages]))
