"""What a script sees on stderr while something takes time."""

import io
from types import SimpleNamespace

import pytest

from nbnebius.events import Note, Progress
from nbnebius.session import telling
from nbnebius.session.telling import Teller

MEGABYTE = 2**20


class Stream(io.StringIO):
    def __init__(self, *, tty):
        super().__init__()
        self._tty = tty

    def isatty(self):
        return self._tty


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def shown(monkeypatch):
    stream = Stream(tty=True)
    monkeypatch.setattr(telling, "sys", SimpleNamespace(stderr=stream))
    return stream


def rows(done, total=100, **more):
    return Progress("requests", done, total, cost=0.01, **more)


def told(events, clock=None, step=0.0):
    """Tell a teller events, and let so many seconds pass after each."""
    clock = clock or Clock()
    teller = Teller(clock)
    for event in events:
        teller(event)
        clock.now += step
    return teller


def test_what_is_over_within_a_second_shows_no_progress(shown):
    told([rows(0), rows(50), rows(100), Note("100 rows")], step=0.2)
    assert shown.getvalue() == "nbnebius: 100 rows\n"


def test_progress_is_one_line_that_is_written_over_at_most_twice_a_second(shown):
    told([rows(n) for n in range(100)], step=0.125)
    text = shown.getvalue()
    assert "\n" not in text
    lines = text.split("\r")[1:]
    assert lines[0].startswith("8 of 100 requests")
    assert len(lines) == 23  # from the first second on
    assert "USD 0.010" in lines[0]


def test_a_line_is_no_wider_than_the_terminal(shown, monkeypatch):
    monkeypatch.setenv("COLUMNS", "12")
    told([rows(0), rows(50)], step=2)
    assert shown.getvalue() == "\r50 of 100 r"


def test_a_shorter_line_leaves_nothing_of_the_longer_one(shown):
    told([rows(0), rows(50, state="stopping: 12 paid answers are on their way"), rows(51)], step=2)
    long, short = shown.getvalue().split("\r")[1:]
    assert len(short) >= len(long.rstrip())
    assert short.rstrip().startswith("51 of 100")


def test_the_note_at_the_end_stands_in_the_place_of_the_line(shown):
    told([rows(0), rows(60), rows(100), Note("100 rows · done")], step=2)
    text = shown.getvalue()
    assert text.endswith("nbnebius: 100 rows · done\n")
    end = text.rpartition("\r")[2]
    assert end == "nbnebius: 100 rows · done\n"
    wiped = text.rpartition("\r")[0].rpartition("\r")[2]
    assert set(wiped) == {" "}


def test_a_later_job_counts_its_own_seconds(shown):
    clock = Clock()
    teller = told([rows(0), rows(100)], clock, step=5)
    teller.end()
    assert shown.getvalue().endswith("\r")
    teller(rows(0))
    clock.now += 0.5
    teller(rows(50))
    assert "50 of 100" not in shown.getvalue()
    clock.now += 2
    teller(rows(60))
    assert "60 of 100" in shown.getvalue()


def test_where_nobody_looks_only_notes_are_written(monkeypatch):
    stream = Stream(tty=False)
    monkeypatch.setattr(telling, "sys", SimpleNamespace(stderr=stream))
    told([rows(0), rows(60), Note("done")], step=2)
    assert stream.getvalue() == "nbnebius: done\n"


def test_large_transfers_are_told_and_small_ones_are_not(shown):
    small, large = 10 * MEGABYTE, 80 * MEGABYTE
    told([Progress("bytes", small, small), Progress("bytes", MEGABYTE, large)])
    assert shown.getvalue() == "\r1 of 80 MB"
    told([Progress("bytes", large, large)])
    assert shown.getvalue().endswith("80 of 80 MB\n")


def test_of_a_long_job_a_kernel_keeps_some_dozen_lines(monkeypatch):
    stream = Stream(tty=False)
    monkeypatch.setattr(telling, "sys", SimpleNamespace(stderr=stream))
    monkeypatch.setattr(telling, "_is_watched", lambda _: True)
    told([rows(n, 36_000) for n in range(36_000)], step=0.1)  # an hour
    lines = stream.getvalue().split("\r")[1:]
    assert 20 < len(lines) < 60
