"""In a terminal where somebody looks: lines that live, Ctrl-C, and what is shown whole."""

import os
import re
import signal
import sys
import time

import pexpect
import pytest
from sandbox_fixture import running_sandbox

PROMPT = r"In \[\d+\]: "
LONGEST = 60
ROWS = "import pandas as pd; rows = pd.DataFrame({'text': [f't{n}' for n in range(40)]})"


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    options = ("--tokens-per-second", "60", "--fault", "slow:250ms@/v1/chat")
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), *options) as running:
        yield running


class Terminal:
    """IPython in a terminal of 90 columns."""

    def __init__(self, sandbox, folder):
        own = {k: v for k, v in os.environ.items() if not k.startswith(("NEBIUS_", "NBNEBIUS_"))}
        environment = own | {
            "NEBIUS_BASE_URL": sandbox.base_url,
            "NEBIUS_API_KEY": sandbox.api_key,
            "NBNEBIUS_HOME": str(folder / "state"),
            "IPYTHONDIR": str(folder / "ipython"),
            "NO_PROXY": "127.0.0.1,localhost",
            "TERM": "xterm",
        }
        options = ["--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=nocolor"]
        self.child = pexpect.spawn(
            sys.executable,
            ["-m", "IPython", *options, "--ext=nbnebius"],
            env=environment,
            cwd=str(folder),
            encoding="utf-8",
            timeout=LONGEST,
            dimensions=(40, 90),
            echo=False,
        )
        self.child.expect(PROMPT)

    def begin(self, code):
        """Type a cell and do not wait for it."""
        for line in code.split("\n"):
            self.child.sendline(line)
        if code.startswith("%%"):
            self.child.sendline("\n")

    def until(self, pattern):
        """Wait for something on the screen."""
        self.child.expect(pattern)

    def rest(self):
        """Wait for the next prompt and give what came before it, without the prompts of a cell."""
        self.child.expect(PROMPT)
        return re.sub(r"^(?: {3}\.\.\.: )+", "", self.child.before)

    def run(self, code):
        self.begin(code)
        return self.rest()

    def interrupt(self):
        self.child.sendintr()


@pytest.fixture
def terminal(sandbox, tmp_path):
    opened = Terminal(sandbox, tmp_path)
    yield opened
    # It may be in the middle of anything; pexpect's own way gives it a tenth of a second.
    opened.child.kill(signal.SIGKILL)
    opened.child.wait()
    opened.child.close()


def screen(written):
    """Give the lines that are on the screen in the end: what is written over is gone."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for piece in line.split("\r"):
            shown = piece + shown[len(piece) :]
        lines.append(shown.rstrip())
    return [line for line in lines if line]


def test_a_map_tells_how_far_it_is_in_one_line_that_is_gone_at_the_end(terminal):
    terminal.run(ROWS)
    written = terminal.run("%%map rows -o got --concurrency 2 --max-tokens 30\nSay: {text}")
    progress = re.findall(r"\r(\d+) of 40 requests", written)
    assert len(progress) >= 3
    assert progress == sorted(progress, key=int)
    assert all(len(line) < 90 for line in re.split(r"[\r\n]", written) if " of 40 " in line)
    first, *notes = screen(written)
    assert first.startswith("got: 40 rows · 40 bought")
    assert not any("of 40 requests" in note for note in notes)
    assert "\x1b" not in written


def test_an_interrupted_map_stops_keeps_its_frame_and_goes_on(terminal):
    terminal.run(ROWS)
    terminal.begin("%%map rows -o half --concurrency 2 --max-tokens 30\nGo: {text}")
    terminal.until(r"\d+ of 40 requests")
    terminal.interrupt()
    lines = screen(terminal.rest())
    assert any(re.match(r"half: 40 rows · \d+ bought · .*unsent", line) for line in lines), lines
    assert [line.split(":")[0] for line in lines if line.startswith("Stopped")] == ["Stopped"]
    assert "Traceback" not in "\n".join(lines)
    assert "40" in terminal.run("len(half)")
    lines = screen(terminal.run("%%map rows -o half --max-tokens 30\nGo: {text}"))
    assert re.search(r"\d+ bought · \d+ kept already", lines[0])


def test_an_interrupted_answer_stays_as_far_as_it_had_come(terminal):
    terminal.begin("%%chat -o said\nCount from 1 to 300")
    terminal.until("waiting for")
    terminal.interrupt()
    assert "Stopped: You interrupted" in terminal.rest()
    terminal.begin("%%chat\nCount from 1 to 300")
    terminal.until("7, 8, 9")
    terminal.interrupt()
    lines = screen(terminal.rest())
    assert "[stopped: what had come is kept]" in lines
    assert "Stopped: You interrupted the request" in lines
    assert "Traceback" not in "\n".join(lines)
    assert "300" not in "\n".join(lines)
    assert "Hello" in terminal.run("%chat Repeat: Hello")


def test_what_an_answer_holds_besides_its_text_is_shown_once(terminal):
    lines = screen(terminal.run("%chat --schema 'name, age int' Anna is 31 years old"))
    assert lines[:2] == ["name  age", "Anna   31"]
    assert not any("{" in line for line in lines)
    terminal.run(
        "def add(a: int, b: int) -> int:\n    'Add.'\n    print('adding')\n    return a+b\n"
    )
    terminal.begin("%chat --tools add --approve Use add to add 2 and 3")
    terminal.until(r"Run add\(.*\)\? \[y/N\] ")
    terminal.child.sendline("y")
    lines = screen(terminal.rest())
    assert lines[0] == "adding"
    shown = "\n".join(lines)
    assert shown.count("Tool: add(") == 1
    assert shown.count("- `add`: ") == 1
    assert "waiting" not in shown


def test_the_models_fit_into_the_terminal(terminal):
    lines = screen(terminal.run("%models --type chat"))
    assert lines[0].split()[:4] == ["id", "type", "price_in", "price_out"]
    assert all(len(line) <= 90 for line in lines)
    assert "of 24 columns" in lines[-1]
    assert "24)" in terminal.run("_.shape")
    assert screen(terminal.run("x = %models --type chat")) == []
    assert "24)" in terminal.run("x.shape")


def test_a_panel_says_why_it_is_not_there(terminal):
    lines = screen(terminal.run("%panel usage"))
    assert "  a terminal shows no widgets" in lines
    assert len(lines) <= 3


def test_a_question_can_be_interrupted(terminal):
    terminal.begin("%nebius login")
    terminal.until("API key: ")
    time.sleep(1)  # Python loses an interrupt that comes just before it begins to read
    terminal.interrupt()
    lines = screen(terminal.rest())
    assert lines[0].endswith("Stopped: You interrupted %nebius")
    assert len(lines) == 2


def test_a_picture_is_waited_for_in_a_line_and_told_by_its_path(terminal, tmp_path):
    lines = screen(terminal.run("%image a cat --seed 3"))
    assert lines[0] == "nebius_images/a-cat-3.webp · seed 3"
    assert (tmp_path / "nebius_images" / "a-cat-3.webp").stat().st_size
    assert "waiting" not in "\n".join(lines)
