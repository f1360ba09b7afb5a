"""An interrupt ends the buying at once and keeps what is bought; a second one ends the waiting."""

import signal
import time

import pytest

from tests.fault.children import run_job, start_job, until
from tests.fault.job import Spec, distinct
from tests.fault.journal_reading import read_calls

pytestmark = pytest.mark.fault

ROWS = 1_000
IN_FLIGHT = 64
GRACE = 2.0
"""Seconds for a busy machine to notice an interrupt; the job would go on for many more."""


def states(home):
    calls = read_calls(home / "journal.sqlite")
    return {state: sum(c.state == state for c in calls) for state in {c.state for c in calls}}


def settled(server):
    """Wait until all that may be on its way is there, and count it."""
    until(lambda: server.executed() > 0)
    before = 0
    while (now := server.executed()) != before:
        before = now
        time.sleep(1)
    return now


def test_one_interrupt_stops_sending_and_keeps_what_was_on_its_way(tmp_path, paying_server):
    server = paying_server("--delay-ms", "600")
    spec = Spec(server.url, ROWS, in_flight=IN_FLIGHT)
    home = tmp_path / "home"
    child = start_job(tmp_path, home, spec)
    until(lambda: server.executed() > 3 * IN_FLIGHT)
    stopped = time.time()
    child.process.send_signal(signal.SIGINT)
    told = child.wait()
    executions = server.executions()
    late = max(one.at for one in executions) - stopped
    print(f"the last request arrived {late:+.3f} s after the interrupt")
    assert [one for one in executions if one.at > stopped + GRACE] == []
    assert told["raised"] == "Stopped"
    assert set(told["statuses"]) == {"ok", "unsent"}
    assert len(told["answers"]["index"]) == ROWS
    # all that was executed is kept; an intent may have been entered and then not have left
    kept = states(home)
    assert kept.pop("done") == len(executions)
    assert set(kept) <= {"failed"}

    again = run_job(tmp_path, home, spec)
    assert again["statuses"] == {"ok": ROWS}
    counts = server.counts()
    assert len(counts) == distinct(ROWS)
    assert set(counts.values()) == {1}


def test_a_second_interrupt_ends_it_and_lists_what_may_be_paid(tmp_path, paying_server):
    server = paying_server("--delay-ms", "60000")
    spec = Spec(server.url, ROWS, in_flight=IN_FLIGHT)
    home = tmp_path / "home"
    child = start_job(tmp_path, home, spec)
    under_way = settled(server)
    child.process.send_signal(signal.SIGINT)
    time.sleep(1)
    assert child.is_running  # it waits for what is paid for
    child.process.send_signal(signal.SIGINT)
    # the answers would take half a minute more
    child.process.wait(20)
    told = child.wait()
    assert told["raised"] == "Stopped"
    assert set(told["statuses"]) == {"possibly_paid", "unsent"}
    assert states(home) == {"possibly_paid": under_way}
    assert told["statuses"]["possibly_paid"] >= under_way  # equal rows share a request
    assert server.executed() == under_way <= IN_FLIGHT
