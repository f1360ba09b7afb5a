"""Two kernels with one journal do one job together: every row is bought once."""

import pandas as pd
import pytest

import nbnebius as neb
from tests.fault.children import start_job, until
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of
from tests.fault.journal_reading import read_calls
from tests.fault.promises import Promises

pytestmark = pytest.mark.fault

ROWS = 1_500
IN_FLIGHT = 32


@pytest.fixture
def two(tmp_path, paying_server):
    """Start the same job twice on one journal; give the server and both children."""
    server = paying_server("--delay-ms", "60")
    spec = Spec(server.url, ROWS, in_flight=IN_FLIGHT)
    home = tmp_path / "home"
    return server, [start_job(tmp_path / f"child-{n}", home, spec) for n in range(2)]


def broken_promises(server, home):
    server.quiet()
    promises = Promises(IN_FLIGHT)
    promises.look(read_calls(home / "journal.sqlite"), server.counts(), killed=False)
    return promises.broken()


def assert_whole(told):
    assert told["raised"] == ""
    assert told["statuses"] == {"ok": ROWS}


def test_both_get_the_whole_frame_and_every_row_is_bought_once(tmp_path, two):
    server, children = two
    first, second = (child.wait() for child in children)
    assert_whole(first)
    assert_whole(second)
    assert first["answers"] == second["answers"]
    counts = server.counts()
    assert set(counts.values()) == {1}
    assert len(counts) == distinct(ROWS)
    assert server.stats()["most_in_flight"] <= 2 * IN_FLIGHT
    assert broken_promises(server, tmp_path / "home") == []


def test_a_kernel_that_is_killed_leaves_the_rest_to_the_other(tmp_path, two):
    server, (doomed, survivor) = two
    until(lambda: server.executed() > ROWS // 3)
    assert doomed.is_running
    doomed.kill()
    told = survivor.wait()
    assert_whole(told)
    counts = server.counts()
    assert len(counts) == distinct(ROWS)
    # only what the dead one had on its way may have been bought twice
    assert counts.total() - len(counts) <= IN_FLIGHT
    assert max(counts.values()) <= 2
    assert broken_promises(server, tmp_path / "home") == []


def test_two_jobs_of_one_kernel_buy_every_row_once(paying_server):
    server = paying_server("--delay-ms", "60")
    neb.connect("x", server.url)
    frame = frame_of(Spec(server.url, 600))
    jobs = [neb.map(frame, TEMPLATE, concurrency=IN_FLIGHT, background=True) for _ in range(2)]
    first, second = (job.wait() for job in jobs)
    assert set(first["neb_status"]) == set(second["neb_status"]) == {"ok"}
    pd.testing.assert_series_equal(first["answer"], second["answer"])
    counts = server.counts()
    assert set(counts.values()) == {1}
    assert len(counts) == distinct(600)
