"""
An interrupt, whatever runs: the kernel goes on, and no request and no thread stays behind.

`NBN_KERNEL_PYTHON` names the Python of another ipykernel to run these tests with.
"""

import random
import time
from collections import Counter

import pytest
from holding import Holding

from tests.fault.counts import proven, size

pytestmark = [pytest.mark.kernel, pytest.mark.interrupts]

CASES = {
    "chat": "%%chat\nWho are you?",
    "chat, for a variable": "%%chat -o later\nWho are you?",
    "chat, in a shape": "%chat --schema 'name, age int' Anna is 31",
    "completion": "%completion Once upon a time",
    "embed": "%embed 'a text nobody has embedded'",
    "search": "%search --frame vectors 'something else'",
    "image": "%image a lighthouse --n 2",
    "map": "%%map rows -o got\nSay: {text}",
    "compare": "%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b\nWho are you?",
    "models": "%models",
    "all models": "%models --source all",
    "batches": "%batches",
    "files": "%nebius files",
    "custom models": "%nebius custom-models",
    "doctor": "%nebius doctor",
    "a function": "neb.chat('Who are you?')",
    "a stream of a function": "for piece in neb.chat('Who are you?', stream=True): pass",
    "a map of a function": "got = neb.map(rows, 'Tell: {text}')",
}
SEED = 1
TWICE = {"map", "a map of a function", "embed", "search"}  # the first lets what is paid for land
READY = """
import threading
import ipywidgets, pandas as pd, nbnebius as neb
rows = pd.DataFrame({'text': [f't{n}' for n in range(8)]})
"""
# Runs a cell and interrupts it from within: the kernel's own code, around it, is not ours to try.
WITHIN = """
import os, signal
def within(seconds, code):
    timer = threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    try:
        exec(get_ipython().transform_cell(code), get_ipython().user_ns)
    finally:
        timer.cancel()
        timer.join()
"""
NAMES = "sorted(t.name.rstrip('0123456789') for t in threading.enumerate())"


@pytest.fixture(scope="module")
def door(sandbox):
    with Holding(sandbox) as door:
        yield door


@pytest.fixture(scope="module")
def kernel(start_kernel, door):
    kernel = start_kernel(door)
    kernel.ok(READY + WITHIN)
    kernel.ok("%embed -q -o vectors rows.text")
    kernel.ok("%image -q -o pictures a cat")
    kernel.ok("%nebius doctor")
    return kernel


def interrupt(kernel, cell, *, again=False):
    """Interrupt a cell that waits, and a second time where the first is no end."""
    kernel.interrupt()
    if again:
        # A second one that comes while the first is taken in would be one with it.
        end = time.monotonic() + 1
        while time.monotonic() < end and not cell.status:
            time.sleep(0.05)
        kernel.interrupt()
    return kernel.wait(cell)


@pytest.mark.parametrize("name", CASES)
def test_nothing_stays_behind(kernel, door, name):
    threads = kernel.value(NAMES)
    door.shut()
    running = kernel.begin(CASES[name])
    try:
        door.wait_for_asked()
        cell = interrupt(kernel, running, again=name in TWICE)
        door.wait_for_left()
    finally:
        door.open()
    assert (cell.status, cell.ename) == ("error", "Stopped")
    assert len(cell.message.splitlines()) <= 3
    assert "Error" not in cell.printed
    assert kernel.ok("%chat Hello").displays
    assert kernel.value(NAMES) == threads


def test_a_question_is_left(kernel):
    running = kernel.begin("%nebius login", answers=[])
    kernel.wait(running, until=lambda cell: cell.asked)
    cell = interrupt(kernel, running)
    assert cell.ename == "Stopped"
    assert len(cell.message.splitlines()) <= 3
    assert kernel.ok("%chat Hello").displays


def test_a_sandbox_that_starts_is_ended(kernel):
    children = "[c.pid for c in __import__('psutil').Process().children(recursive=True)]"
    before = kernel.value(children)
    running = kernel.begin("%nebius sandbox")
    kernel.wait(running, until=lambda cell: True)
    time.sleep(0.3)
    cell = interrupt(kernel, running)
    assert cell.ename == "Stopped"
    assert kernel.value(children) == before
    assert kernel.ok("%chat Hello").displays


def test_interrupts_at_any_moment_leave_the_kernel_healthy(kernel):
    dice, tried, names = random.Random(SEED), size(60, 1_000), Counter()
    cells = [code for code in CASES.values() if not code.startswith("%nebius")]
    threads = kernel.value(NAMES)
    broken = Counter({"errors of another kind": 0, "kernels that do not answer": 0})
    for number in range(tried):
        code = dice.choice(cells)
        code = f"{code} {number}" if code.startswith("%%chat") else code
        cell = kernel.run(f"within({dice.random() * 0.15}, {code!r})")
        names[cell.ename] += 1
        broken["errors of another kind"] += cell.ename not in {None, "Stopped", "KeyboardInterrupt"}
        if number % 12 == 11:
            answer = kernel.run("%chat Hello")
            broken["kernels that do not answer"] += answer.status != "ok" or not answer.displays
    assert names["Stopped"] > 0
    kernel.ok("again = neb.map(rows, 'Once more: {text}', allow_failed=0)")
    broken["rows that cannot be asked"] = kernel.value("set(again.neb_status)") != "{'ok'}"
    broken["threads that stay"] = kernel.value(NAMES) != threads
    seen = {"stopped": names["Stopped"], "came too late": names[None]}
    proven("R11", "interrupts of a kernel", tried=tried, broken=broken, seed=SEED, seen=seen)


@pytest.mark.parametrize("code", ["job.wait()", "await job"])
def test_waiting_for_a_job_is_left_and_the_job_goes_on(kernel, door, code):
    door.shut()
    try:
        kernel.ok(f"%%map rows -o job --background\nFor {code}: {{text}}")
        door.wait_for_asked()
        running = kernel.begin(code)
        time.sleep(0.5)
        cell = interrupt(kernel, running)
        assert cell.status == "error"
        assert cell.message.splitlines()[0] == "Stopped: You stopped waiting for the job answer"
        assert len(cell.message.splitlines()) == 3
        assert kernel.value("job.status") == "'running'"
        assert door.held
    finally:
        door.open()
    kernel.ok("done = job.wait()")
    assert kernel.value("set(done.neb_status)") == "{'ok'}"


def test_a_button_is_answered_while_a_job_runs(kernel, door):
    kernel.ok(
        "pressed = []\nbutton = ipywidgets.Button(description='Now')\n"
        "button.on_click(lambda _: pressed.append(job.status))\nbutton"
    )
    door.shut()
    try:
        kernel.ok("%%map rows -o job --background\nBehind it: {text}")
        door.wait_for_asked()
        comm = kernel.value("button.comm.comm_id")[1:-1]
        press = {"comm_id": comm, "data": {"method": "custom", "content": {"event": "click"}}}
        kernel.client.shell_channel.send(kernel.client.session.msg("comm_msg", press))
        assert kernel.value("pressed") == "['running']"
        kernel.ok("job.cancel()")
    finally:
        door.open()


def test_an_interrupted_embedding_says_what_it_waits_for(kernel, door):
    door.shut()
    try:
        running = kernel.begin("%embed -o late 'waited for'")
        door.wait_for_asked()
        kernel.interrupt()
        kernel.wait(running, until=lambda cell: "stopping: what is on its way" in cell.plain)
    finally:
        door.open()
    assert kernel.wait(running).ename == "Stopped"
    assert kernel.value("late.neb_status[0]") == "'ok'"
