"""An interrupt stops the answer, keeps what had come, and stops Run All."""

import time

import pytest

pytestmark = [pytest.mark.kernel, pytest.mark.fault, pytest.mark.interrupts]

COUNT = "Count from 1 to 2000"


@pytest.fixture(scope="module")
def kernel(start_kernel, slow_sandbox):
    return start_kernel(slow_sandbox)


def stop_midway(kernel, code, *later):
    """Run cells and interrupt the first once numbers are counted."""
    first = kernel.begin(code)
    rest = [kernel.begin(each) for each in later]
    kernel.wait(first, until=lambda cell: "3, 4, 5" in cell.plain)
    kernel.interrupt()
    return [kernel.wait(cell) for cell in (first, *rest)]


def last_state(log):
    """Wait until the last request has ended, and tell how."""
    end = time.monotonic() + 20
    while log.all()[-1]["state"] == "running" and time.monotonic() < end:
        time.sleep(0.05)
    return log.all()[-1]["state"]


def test_stopping_an_answer(kernel, slow_sandbox, ask_log):
    log = ask_log(slow_sandbox)
    cell, queued = stop_midway(kernel, f"%%chat\n{COUNT}", "after = 'it ran'")
    assert (cell.status, cell.ename) == ("error", "Stopped")
    assert len(cell.message.splitlines()) <= 3
    assert COUNT not in cell.message
    answer = next(o for o in cell.displays if "3, 4, 5" in o["data"]["text/plain"])
    assert "stopped: what had come is kept" in answer["data"]["text/plain"]
    assert "stopped" in answer["data"]["text/html"]
    assert queued.status == "aborted"
    assert kernel.value("'after' in globals()") == "False"
    assert last_state(log) == "cancelled"
    assert kernel.ok("%chat Hello").displays
    assert last_state(log) == "finished"


def test_the_partial_answer_is_bound(kernel):
    (cell,) = stop_midway(kernel, f"%%chat partly =<<\n{COUNT}")
    assert cell.ename == "Stopped"
    assert kernel.value("partly.partial") == "True"
    assert "3, 4, 5" in kernel.value("partly.text")
    assert kernel.value("partly.text.count('2000')") == "0"


def test_the_partial_answer_is_bound_without_being_shown(kernel):
    cell = kernel.begin(f"%%chat -o hidden\n{COUNT}")
    kernel.wait(cell, until=lambda cell: "waiting for" in cell.plain)
    kernel.interrupt()
    kernel.wait(cell)
    assert cell.ename == "Stopped"
    assert kernel.value("hidden.partial") == "True"
    assert cell.displays[-1]["data"]["text/plain"].startswith("hidden: ")
    assert "stopped" in cell.plain


def test_a_loop_is_stopped_as_a_whole(kernel, slow_sandbox, ask_log):
    before = len(ask_log(slow_sandbox))
    (cell,) = stop_midway(kernel, f"for _ in range(3):\n    %chat {COUNT}")
    assert cell.ename == "Stopped"
    assert len(ask_log(slow_sandbox)) == before + 1


def test_a_stopped_answer_is_not_shown_as_a_kept_one(kernel):
    kernel.restart()
    cell = kernel.begin(f"%%chat\n{COUNT}", "a-cell")
    kernel.wait(cell, until=lambda cell: "3, 4, 5" in cell.plain)
    kernel.interrupt()
    kernel.wait(cell)
    kernel.restart()
    again = kernel.begin(f"%%chat --max-tokens 20\n{COUNT}", "a-cell")
    kernel.wait(again)
    assert again.status == "ok"
    assert "kept from" not in again.plain
