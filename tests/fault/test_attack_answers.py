"""A3, A4, A15, A23, A24, A25: what an answer holds, how large it is, and what it claims to cost."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import math
import re
import subprocess
import sys
import zlib
from pathlib import Path

import pytest
from hostile import HOSTILE
from hostile_server import TEXTS, HostileServer, completion

import nbnebius as neb
from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.safe import safe_html
from tests.fault.counts import proven, size
from tests.fault.serving import serve

pytestmark = pytest.mark.fault

TESTS = Path(__file__).parents[1]
# What would end the element in which a front end or an export keeps it.
CLOSES = re.compile(r"(?i)</?(script|style|iframe|textarea|xmp)|<!--")
LARGEST_PAGE = 11_000_000  # characters: twice a million, each escaped by five
JSON = {"content-type": "application/json"}
SSE = {"content-type": "text/event-stream"}
# What a terminal or a log obeys, and what turns its reader's eye.
OBEYED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff\U000e0000-\U000e007f]"
)

WATCHED = """
import json, os, sys
sys.path.insert(0, {tests!r})
from hostile import HOSTILE
from hostile_server import TEXTS, HostileServer
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import Markdown
import nbnebius as neb
import pandas, matplotlib, PIL.Image, nh3, markdown_it

shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "nbnebius")
seen, watching = [], []
OWN = tuple({{sys.prefix, sys.base_prefix, os.environ["NBNEBIUS_HOME"], {root!r}}})
def watch(event, arguments):
    if not watching:
        return
    if event == "open" and not str(arguments[0]).startswith(OWN):
        seen.append(["open", str(arguments[0])])
    elif event == "socket.connect" and arguments[1] != address:
        seen.append(["connect", str(arguments[1])])
    elif event in ("socket.getaddrinfo", "urllib.Request", "os.system", "subprocess.Popen", "exec",
                   "webbrowser.open"):
        if event == "socket.getaddrinfo" and arguments[0] in ("127.0.0.1", b"127.0.0.1"):
            return
        if event == "exec" and arguments[0].co_filename.startswith(OWN + ("<frozen", "<string>",
                "<attrs", "<__array", "<lambda", "<decorator")):
            return
        seen.append([event, str(arguments[0])[:100]])

with HostileServer() as server:
    address = ("127.0.0.1", int(server.url.split(":")[2].split("/")[0]))
    neb.connect("x", server.url)
    def ask(at):
        reply = neb.chat(f"text {{at}}", model="m")
        reply._repr_mimebundle_()
        shell.display_formatter.format(reply)
        repr(reply), str(reply), reply.df
        try:
            neb.chat(f"error {{at}}", model="m")
        except neb.NebiusError as error:
            error._render_traceback_()
    for listed in (neb.models, neb.files, neb.batches):
        shell.display_formatter.format(listed())
    ask(0)
    sys.addaudithook(watch)
    watching.append(True)
    for at in range(0, len(TEXTS), {step}):
        ask(at)
    for listed in (neb.models, neb.files, neb.batches):
        shell.display_formatter.format(listed())
    ours = list(seen)
    # The control: the same kind of texts, as IPython shows them by itself.
    seen.clear()
    for text in ("/etc/hostname", "http://127.0.0.1:9/x.md"):
        try:
            Markdown(text)
        except Exception:
            pass
    watching.clear()
print(json.dumps([ours, seen]))
"""


def test_an_answer_that_names_a_file_or_an_address_opens_neither(tmp_path):
    step = size(3, 1)
    code = WATCHED.format(tests=str(TESTS), root=str(TESTS.parent), step=step)
    ran = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-2000:]
    ours, control = json.loads(ran.stdout.splitlines()[-1])
    assert ours == []
    proven(
        "A3",
        "answers, errors and lists that name files and addresses, under an audit hook",
        tried=2 * len(TEXTS[::step]) + 3 * len(TEXTS),
        broken={
            "files opened, connections and code": len(ours),
            "the control noticed nothing": int(len(control) < 2),
        },
        seen={"opened by IPython's own Markdown": len(control)},
    )


def test_what_is_saved_in_a_notebook_is_plain_and_bounded():
    tried, strange, largest = 0, [], 0
    long = [
        "x" * 5_000_000,
        "<b>" * 1_000_000,
        "a\n" * 2_000_000,
        "**a** " * 800_000,
        "\x00" * 10**6,
    ]
    long = [*long, "\x00" * 10**6]
    for text in [*HOSTILE, *long]:
        bundle = answer_bundle(text, reasoning=text, footer=text[:200], note=text[:200])
        tried += 1
        strange += [text[:40]] if set(bundle) != {"text/html", "text/plain"} else []
        page = bundle["text/html"]
        strange += (
            [text[:40]] if re.search(r"(?i)</?(script|style|iframe|textarea|xmp)", page) else []
        )
        strange += [text[:40]] if "<!--" in page else []
        if text in long:
            largest = max(largest, len(page))
            strange += (
                ["not cut"] if "more characters" not in page and len(page) > 6_000_000 else []
            )
    assert strange == []
    proven(
        "A4",
        "what a saved notebook would hold of hostile and of very long answers",
        tried=tried,
        broken={"other types, open scripts, or no bound": len(strange)},
        seen={"characters of the largest page": largest},
    )


# -- bombs -------------------------------------------------------------------------------------

MEGABYTE = 2**20
MEMORY_CAP = 300 * MEGABYTE


def bombs():
    """Give answers that are small to send and large to read, or that no reader foresaw."""
    chat = json.dumps(completion("x")).encode()
    zeros = gzip.compress(b" " * 100 * MEGABYTE, 9)
    deep = b"[" * 10**6 + b"]" * 10**6
    wrapped = b'{"choices":' + deep + b"}"
    event = b"data: " + json.dumps({"choices": [{"index": 0, "delta": {"content": "a"}}]}).encode()
    yield "gzip", {**JSON, "content-encoding": "gzip"}, zeros
    yield "gzip in gzip", {**JSON, "content-encoding": "gzip, gzip"}, gzip.compress(zeros)
    yield "deflate", {**JSON, "content-encoding": "deflate"}, zlib.compress(b" " * 50 * MEGABYTE)
    yield "brotli by name", {**JSON, "content-encoding": "br"}, b"\xff" * 1000
    yield "an unknown coding", {**JSON, "content-encoding": "x"}, chat
    yield "deep", JSON, deep
    yield "deep inside an answer", JSON, wrapped
    yield "deep objects", JSON, b'{"a":' * 10**6 + b"1" + b"}" * 10**6
    yield "above the cap", JSON, b" " * (65 * MEGABYTE) + chat
    yield "many keys", JSON, b"{" + b",".join(b'"k%d":1' % n for n in range(300_000)) + b"}"
    yield "the same key twice", JSON, chat[:-1] + b"," + chat[1:]
    yield "numbers without end", JSON, b'{"choices":[],"usage":{"prompt_tokens":1e400}}'
    yield "a number of a million digits", JSON, b'{"choices":[],"created":' + b"9" * 10**6 + b"}"
    yield "NaN", JSON, b'{"choices":[],"usage":{"prompt_tokens":NaN,"total_tokens":-Infinity}}'
    yield "lone surrogates", JSON, json.dumps(completion("\ud800\udfff")).encode()
    yield "NUL", JSON, json.dumps(completion("\0" * 1000)).encode() + b"\0\0"
    yield "UTF-16", JSON, json.dumps(completion("x")).encode("utf-16")
    yield "half a character", JSON, chat.replace(b'"x"', b'"\xff\xfe\xc3"')
    yield "other types everywhere", JSON, b'{"choices":{"0":1},"usage":[],"model":7,"id":null}'
    yield "choices of nothing", JSON, b'{"choices":[null,1,"x",[],{}]}'
    yield "a million choices", JSON, b'{"choices":[' + b"{}," * 500_000 + b"{}]}"
    yield "only a list", JSON, b"[]"
    yield "nothing", JSON, b""
    yield "a page", {"content-type": "text/html"}, b"<html><script>x</script>"
    yield "a picture", {"content-type": "image/png"}, b"\x89PNG\r\n"
    yield "an event of 20 MB", SSE, b"data: " + b"x" * 20 * MEGABYTE + b"\n\n"
    yield "a line without end", SSE, b"x" * 20 * MEGABYTE
    yield "many events", SSE, (event + b"\n\n") * size(20_000, 200_000) + b"data: [DONE]\n\n"
    yield "only pings", SSE, b": ping\n\n" * 200_000
    yield "deep events", SSE, b"data: " + wrapped + b"\n\n"
    yield "events of nothing", SSE, b"data: null\n\ndata: 1\n\ndata: []\n\ndata: {}\n\n" * 1000


# In a process of its own, so that what they took can be measured.
BOMBED = """
import resource, sys
import nbnebius as neb
import pandas
url, names = sys.argv[1], sys.argv[2:]
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
CALLS = {
    "chat": lambda: neb.chat("x", model="m", cache=False),
    "stream": lambda: list(neb.chat("x", model="m", stream=True, cache=False)),
    "embed": lambda: neb.embed(["x"], model="m"),
    "models": lambda: neb.models(),
    "files": lambda: neb.files(),
}
def call_all(number, name):
    neb.connect("x", url.replace("/v1/", f"/{number}/v1/"), max_retries=0)
    for what, call in CALLS.items():
        try:
            repr(call())
            print(name, what, "answered")
        except neb.NebiusError as error:
            print(name, what, type(error).__name__)
        except Exception as error:
            print(name, what, "CRASHED", type(error).__name__, repr(error)[:200])
call_all(len(names), "warm")
for number, name in enumerate(names):
    before = peak()
    call_all(number, name)
    print("grown", peak() - before, name)
"""


def test_no_body_however_large_or_deep_is_more_than_an_error(tmp_path):
    names, heads, bodies = zip(*bombs(), strict=True)

    def answer(heard):
        at = int(heard.path.split("/")[1])
        return (200, heads[at], bodies[at]) if at < len(names) else (404, JSON, b"{}")

    with serve(answer) as server:
        ran = subprocess.run(
            [sys.executable, "-W", "ignore", "-c", BOMBED, server.url(), *names],
            capture_output=True, text=True, check=False, cwd=tmp_path,
        )  # fmt: skip
    lines = ran.stdout.splitlines()
    assert ran.returncode == 0, (lines[-1:], ran.stderr[-1000:])
    grown = {line.split(" ", 2)[2]: int(line.split()[1]) for line in lines if line[:5] == "grown"}
    crashed = [line for line in lines if "CRASHED" in line]
    large = {name: n // MEGABYTE for name, n in grown.items() if n > MEMORY_CAP}
    assert crashed == []
    assert large == {}
    proven(
        "A15",
        "bodies that are compressed, deep, endless or of another shape",
        tried=len(lines) - len(grown),
        broken={
            "crashed": len(crashed),
            "took more than 300 MB": len(large),
            "bodies left out": len(names) - len(grown),
        },
        seen={
            "bodies": len(grown),
            "taken as answers": sum(line.endswith("answered") for line in lines),
            "megabytes of the largest": max(grown.values()) // MEGABYTE,
        },
    )


# -- terminals, time, money --------------------------------------------------------------------


def test_nothing_that_a_terminal_obeys_is_printed(monkeypatch):
    from IPython.core.interactiveshell import InteractiveShell

    from nbnebius.errors import NebiusError

    texts = [f"{before}{text}" for text in HOSTILE for before in ("", "\x1b[31m", "a\rb\x08")]
    shell = InteractiveShell.instance()
    obeyed, tried = [], 0
    try:
        shell.run_line_magic("load_ext", "nbnebius")
        out, err = io.StringIO(), io.StringIO()
        with (
            HostileServer() as server,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            neb.connect("x", server.url)
            for at in range(0, len(TEXTS), size(8, 1)):
                shell.run_cell_magic("chat", "-m m", f"text {at}")
                with pytest.raises(NebiusError) as caught:
                    neb.chat(f"error {at}", model="m")
                print("\n".join(caught.value._render_traceback_()))
                tried += 2
        printed = out.getvalue() + err.getvalue()
        # What the terminal's own line is repainted with is ours.
        printed = printed.replace("\r\x1b[K", "").replace("\x1b[K", "").replace("\r", "")
        obeyed += sorted({repr(found) for found in OBEYED.findall(printed)})
        shell.run_line_magic("unload_ext", "nbnebius")
    finally:
        InteractiveShell.clear_instance()
    for text in texts:
        shown = answer_bundle(text, reasoning=text, footer=text, note=text)["text/plain"]
        tried += 1
        obeyed += OBEYED.findall(shown)
    assert obeyed == []
    proven(
        "A23",
        "what a terminal obeys, in answers, errors and lines",
        tried=tried,
        broken={"printed as it came": len(obeyed)},
    )


SLOW = [
    "[", "]", "*", "_", "`", "~", "|", "> ", "- ", "1. ", "# ", "\\", "<", "&", "!", "(", ")", "$",
    "[a](", "![", "[a]: b\n", "**a", "`` ` ", "|-", "| a ", "<!--", "<a ", "&#", "\t", "\n", "\\(",
    "$$\n", "~~~\n", "```x\n", "a@b.", "http://a", "*a_", "_*", "[[", "](<", '"', "'", "\u0301",
]  # fmt: skip
TIMES_LONGER = 4
MOST_TIMES = 8  # four times for what is linear, sixteen for what is quadratic


def test_no_text_makes_rendering_much_slower_than_its_length():
    length = size(300, 10_000)
    worst, tried, over = 0.0, 0, []
    for piece in [*SLOW, *("".join(pair) for pair in zip(SLOW, SLOW[7:], strict=False))]:
        tried += 1
        short, long = (
            count_calls(safe_html, "a " + (piece * at)[:at] + "\n\na")
            for at in (length, TIMES_LONGER * length)
        )
        worst = max(worst, long / short)
        over += [(piece, long / short)] if long > MOST_TIMES * short else []
    assert over == []
    proven(
        "A24",
        "texts that make a Markdown parser go in circles, by calls counted at two lengths",
        tried=tried,
        broken={"more than linear": len(over)},
        seen={"percent more calls for 300 percent more text, at worst": math.ceil(100 * worst)},
    )


def count_calls(function, text):
    """Count the calls of Python and of C that a call makes."""
    count = 0

    def see(*_):
        nonlocal count
        count += 1

    sys.setprofile(see)
    try:
        function(text)
    finally:
        sys.setprofile(None)
    return count


LIES = [-1, -(10**18), 0, 10**18, 10**400, 1e308, "NaN", "-5", "1e400", None, True, [], {}, "", "x"]
PRICES = [
    "-1",
    "NaN",
    "inf",
    "-inf",
    "1e400",
    "",
    "free",
    None,
    True,
    [],
    {},
    -0.5,
    "1e-400",
    "0x1",
]
BOUND = 0.01


def test_no_lie_about_tokens_or_prices_moves_the_money():
    tried, wrong = 0, []
    step = {}

    def answer(heard):
        if heard.path.startswith("/v1/models"):
            price = step["price"]
            row = {"id": "m", "pricing": {"prompt": price, "completion": price},
                   "architecture": {"modality": "text->text"}}  # fmt: skip
            return 200, JSON, json.dumps({"data": [row]}).encode()
        said = completion("x")
        said["usage"] = step["usage"]
        return 200, JSON, json.dumps(said).encode()

    with serve(answer) as server:
        for price in ["0.000001", *PRICES]:
            for lie in LIES if price == "0.000001" else LIES[:4]:
                step["price"] = price
                step["usage"] = {
                    "prompt_tokens": lie, "completion_tokens": lie, "total_tokens": lie,
                    "completion_tokens_details": {"reasoning_tokens": lie},
                }  # fmt: skip
                neb.connect("x", server.url())
                reply = neb.chat("a word", model="m", max_tokens=10, cache=False)
                tried += 1
                cost = reply.cost
                fine = cost is None or (math.isfinite(cost) and cost >= 0)
                wrong += [] if fine else [(price, lie, cost)]
                repr(reply), reply._repr_mimebundle_()
        sums = neb.usage("model")["cost"]
        wrong += [("sum", float(n)) for n in sums if not (math.isnan(n) or 0 <= n < math.inf)]
        # A budget holds by what is asked for, whatever the answers say of themselves.
        step["price"], step["usage"] = "0.000001", {"prompt_tokens": -(10**12), "total_tokens": -1}
        neb.connect("x", server.url(), budget=BOUND)
        sent = 0
        with contextlib.suppress(neb.BudgetReached):
            for at in range(60):
                neb.chat(f"word {at}", model="m", max_tokens=1_000, cache=False)
                sent += 1
    assert wrong == []
    most = BOUND / (1_000 * 0.000001)
    proven(
        "A25",
        "tokens and prices that cannot be",
        tried=tried + sent,
        broken={"money that cannot be": len(wrong), "sent beyond the budget": int(sent > most + 1)},
        seen={"calls until the budget held": sent},
    )
