"""
Streamed answers: how fast they are decoded, and what one costs that grows in a cell.

``python -m benchmarks.streams`` (``--quick`` for short ones). The cells run in real kernels; what
leaves them is counted as the front end gets it.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.answers import CHAT, token
from benchmarks.contest import ROOT, Goal, Report, Spent, Table, compete, main, number
from benchmarks.stub import counts_at, running

if TYPE_CHECKING:
    from collections.abc import Callable

OURS, PRIVATE, SDK = "nbnebius, kept", "nbnebius, private=True", "openai"
CELL, EVERY = "%%chat", "update_display(Markdown) on every token"
PROMPT = "Tell of a tent in a storm."


def by_sdk(setting: dict[str, Any]) -> Callable[[], None]:
    import openai

    client = openai.OpenAI(api_key="x", base_url=setting["url"])

    def ask(tokens: int) -> str:
        chunks = client.chat.completions.create(
            model=CHAT,
            messages=[{"role": "user", "content": PROMPT}],
            max_tokens=tokens,
            stream=True,
        )
        return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)

    return _asked(ask, setting)


def and_kept(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=False)


def in_private(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=True)


def _by_us(setting: dict[str, Any], *, private: bool) -> Callable[[], None]:
    import nbnebius as neb

    neb.connect("x", setting["url"])
    return _asked(
        lambda n: "".join(neb.chat(PROMPT, model=CHAT, max_tokens=n, private=private, stream=True)),
        setting,
    )


def _asked(ask: Callable[[int], str], setting: dict[str, Any]) -> Callable[[], None]:
    ask(50)
    tokens = setting["tokens"]
    whole = "".join(map(token, range(tokens)))

    def work() -> None:
        for _ in range(setting["answers"]):
            assert ask(tokens) == whole

    return work


CELLS = {
    CELL: """
%load_ext nbnebius
import nbnebius
nbnebius.connect("x", {url!r})
=====
%%chat -m {model} --max-tokens {tokens}
{prompt}
""",
    EVERY: """
import openai
from IPython.display import Markdown, display
client = openai.OpenAI(api_key="x", base_url={url!r})
=====
text, place = "", display(Markdown(""), display_id=True)
for chunk in client.chat.completions.create(
    model={model!r},
    messages=[{{"role": "user", "content": {prompt!r}}}],
    max_tokens={tokens},
    stream=True,
):
    if chunk.choices and chunk.choices[0].delta.content:
        text += chunk.choices[0].delta.content
        place.update(Markdown(text))
""",
}


@dataclass(slots=True)
class _Seen:
    """What came from a kernel while a cell ran."""

    messages: int = 0
    bytes: int = 0
    first: float = 0.0  # when the first token was seen, seconds of the clock on the wall
    told: str = ""


def in_a_kernel(name: str, url: str, tokens: int) -> Spent:
    """Let an answer grow in a cell of a fresh kernel; tell its CPU, and what left it."""
    from jupyter_client.manager import KernelManager

    prepare, cell = CELLS[name].strip().split("\n=====\n")
    given = {"url": url, "model": CHAT, "prompt": PROMPT}
    manager = KernelManager(kernel_name="python3")
    assert manager.kernel_spec is not None
    manager.kernel_spec.argv[0] = sys.executable
    with tempfile.TemporaryDirectory(prefix="nbnebius-") as home:
        manager.start_kernel(
            cwd=home, env={**os.environ, "PYTHONPATH": str(ROOT), "NBNEBIUS_HOME": home}
        )
        client = manager.blocking_client()
        client.start_channels()
        try:
            client.wait_for_ready(timeout=60)
            _run(client, prepare.format(**given))
            _run(client, cell.format(**given, tokens=5))
            _run(client, "import time as _time; _cpu = _time.process_time()")
            began = time.perf_counter()
            seen = _run(client, cell.format(**given, tokens=tokens))
            wall = time.perf_counter() - began
            cpu = float(_run(client, "print(_time.process_time() - _cpu)").told)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
    sent = counts_at(url)["first_token_ms"] / 1000
    more = {"messages": seen.messages, "bytes": seen.bytes, "first_ms": (seen.first - sent) * 1000}
    return Spent(wall, cpu, 0.0, more)


def _run(client: Any, code: str) -> _Seen:
    """Run a cell to its end."""
    seen, asked = _Seen(), client.execute(code)
    first = token(0).strip()
    while True:
        message = client.get_iopub_msg(timeout=120)
        if message["parent_header"].get("msg_id") != asked:
            continue
        kind, content = message["msg_type"], message["content"]
        if kind == "error":
            raise RuntimeError("\n".join(content["traceback"]))
        if kind == "status" and content["execution_state"] == "idle":
            return seen
        if kind in {"display_data", "update_display_data", "stream"}:
            text = json.dumps(content)
            seen.messages += 1
            seen.bytes += len(text)
            if not seen.first and first in str(content.get("data", "")):
                seen.first = time.time()
            seen.told += str(content.get("text", ""))


def cells(tokens: int, rate: int) -> Table:
    """Let both grow the same answer, each in its kernel and from its server, at the same time."""
    names = [n for n in CELLS if n != EVERY or importlib.util.find_spec("openai")]

    def grow(name: str) -> Spent:
        with running(token_ms=1000 / rate) as url:
            return in_a_kernel(name, url, tokens)

    with ThreadPoolExecutor(len(names)) as pool:
        spent = {name: [one] for name, one in zip(names, pool.map(grow, names), strict=True)}
    title = f"An answer of {tokens:,} tokens grows in a cell, at {rate} tokens/s"
    return Table(title, "token", tokens, spent, EVERY if EVERY in spent else CELL)


def run(*, quick: bool = False) -> Report:
    """Answer the questions."""
    report = Report("Streamed answers")
    tokens, answers = 4_000, 2 if quick else 10
    with running() as url:
        setting = {"url": url, "tokens": tokens, "answers": answers}
        spent = compete(
            {PRIVATE: in_private, OURS: and_kept, SDK: by_sdk}, setting, 1 if quick else 2
        )
    title = f"{answers} answers of {tokens:,} chunks, as fast as they come"
    table = Table(title, "chunk", tokens * answers, spent, SDK if SDK in spent else PRIVATE)
    for name in (PRIVATE, OURS):
        report.goals.append(
            Goal(
                f"stream decoding, {name}: openai's CPU per chunk, of ours",
                10,
                table.ratio(SDK, name, "cpu"),
                least=True,
            )
        )
    grown = cells(200 if quick else 4_000, 100)
    report.tables += [table, grown]
    size = f"{grown.count:,} tokens"
    for what, asked in (("bytes", 1 / 30), ("cpu", 1 / 8)):
        told = {"bytes": "bytes to the front end", "cpu": "CPU of the kernel"}[what]
        report.goals.append(
            Goal(
                f"{size} into a cell: {told}, of an update on every token",
                asked,
                grown.ratio(CELL, EVERY, what),
            )
        )
    shown = grown.median(CELL, "first_ms")
    report.goals.append(
        Goal("milliseconds from the first token's bytes to the front end", 30, shown)
    )
    for name, turns in grown.spent.items():
        told = turns[0].more
        report.notes.append(
            f"{name}: {told['messages']:,.0f} messages, {told['bytes'] / 1e6:.2f} MB, "
            f"first token after {number(told['first_ms'])} ms."
        )
    return report


if __name__ == "__main__":
    main(run)
