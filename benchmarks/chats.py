"""
One chat after another, and a fresh process to its first answer.

``python -m benchmarks.chats`` (``--quick`` for few). The limit is a bare socket that sends fixed
bytes and decodes the answer.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from benchmarks.answers import CHAT, TEXT
from benchmarks.contest import Goal, Report, Spent, Table, compete, main
from benchmarks.stub import running

if TYPE_CHECKING:
    from collections.abc import Callable

PROMPT = "Is this review friendly? Answer in a few words: a tent that kept dry"
WARM_UP = 30
LIMIT, SDK = "a bare socket", "openai"
PRIVATE, KEPT = "nbnebius, private=True", "nbnebius, kept"


def by_socket(setting: dict[str, Any]) -> Callable[[], None]:
    where = urlsplit(setting["url"])
    body = json.dumps(
        {"model": CHAT, "messages": [{"role": "user", "content": PROMPT}], "max_tokens": 64}
    )
    request = (
        f"POST /v1/chat/completions HTTP/1.1\r\nHost: {where.netloc}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    ).encode()
    line = socket.create_connection((where.hostname, where.port))
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask() -> None:
        line.sendall(request)
        answer = line.recv(65_536)
        told = json.loads(answer[answer.index(b"\r\n\r\n") :])
        assert told["choices"][0]["message"]["content"] == TEXT

    return _many(ask, setting)


def by_sdk(setting: dict[str, Any]) -> Callable[[], None]:
    import openai

    client = openai.OpenAI(api_key="x", base_url=setting["url"])

    def ask() -> None:
        answer = client.chat.completions.create(
            model=CHAT, messages=[{"role": "user", "content": PROMPT}], max_tokens=64
        )
        assert answer.choices[0].message.content == TEXT

    return _many(ask, setting)


def in_private(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=True)


def and_kept(setting: dict[str, Any]) -> Callable[[], None]:
    return _by_us(setting, private=False)


def _by_us(setting: dict[str, Any], *, private: bool) -> Callable[[], None]:
    import nbnebius as neb

    neb.connect("x", setting["url"])

    def ask() -> None:
        assert neb.chat(PROMPT, model=CHAT, max_tokens=64, private=private).text == TEXT

    return _many(ask, setting)


def _many(ask: Callable[[], None], setting: dict[str, Any]) -> Callable[[], None]:
    for _ in range(WARM_UP):
        ask()

    def work() -> None:
        for _ in range(setting["count"]):
            ask()

    return work


FRESH = {
    SDK: """
import openai
client = openai.OpenAI(api_key="x", base_url={url!r})
answer = client.chat.completions.create(
    model={model!r}, messages=[{{"role": "user", "content": "Hello"}}], max_tokens=64)
print(answer.choices[0].message.content)
""",
    KEPT: """
import nbnebius as neb
neb.connect("x", {url!r})
print(neb.chat("Hello", model={model!r}, max_tokens=64).text)
""",
    PRIVATE: """
import nbnebius as neb
neb.connect("x", {url!r})
print(neb.chat("Hello", model={model!r}, max_tokens=64, private=True).text)
""",
    "Python alone": "print({text!r})",
}


def fresh_process(setting: dict[str, Any]) -> Callable[[], None]:
    """Start a Python, import, ask once, end: all of it."""
    code = FRESH[setting["name"]].format(url=setting["url"], model=CHAT, text=TEXT)

    def work() -> None:
        process = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=False
        )
        assert process.stdout.strip() == TEXT, process.stderr

    return work


def fresh(url: str, rounds: int) -> Table:
    """Time fresh processes, in turns; their CPU is that of the child."""
    import importlib.util
    import os

    names = [n for n in FRESH if n != SDK or importlib.util.find_spec("openai")]
    spent: dict[str, list[Spent]] = {name: [] for name in names}
    for turn in range(rounds + 1):
        for name in names:
            work = fresh_process({"url": url, "name": name})
            wall, before = time.perf_counter(), os.times()
            work()
            took, after = time.perf_counter() - wall, os.times()
            cpu = sum(after[2:4]) - sum(before[2:4])
            if turn:  # the first round fills the caches of the disk
                spent[name].append(Spent(took, cpu, 0.0))
    return Table("A fresh process: import, client, first answer, end", "answer", 1, spent, SDK)


def run(*, quick: bool = False) -> Report:
    """Answer the questions."""
    report = Report("One chat")
    with running() as url:
        count = 300 if quick else 1_000
        contenders = {LIMIT: by_socket, PRIVATE: in_private, KEPT: and_kept, SDK: by_sdk}
        spent = compete(contenders, {"url": url, "count": count}, 1 if quick else 2)
        title = f"{count:,} chats, one after another, small answers"
        after = Table(title, "chat", count, spent, SDK)
        report.goals.append(
            Goal(
                "one chat after another, private: CPU per call, of openai's",
                0.35,
                after.ratio(PRIVATE, SDK, "cpu"),
            )
        )
        first = fresh(url, 1 if quick else 5)
        report.goals.append(
            Goal(
                "a fresh process to its first answer: time, of openai's",
                0.25,
                first.ratio(PRIVATE, SDK),
            )
        )
        report.tables += [after, first]
    return report


if __name__ == "__main__":
    main(run)
