"""A journal on a file system of a network: one kernel at a time, and locks that fail are told."""

import random
import shutil
import subprocess
from collections import Counter

import apsw
import pytest

import nbnebius as neb
from nbnebius.journal import file, place
from nbnebius.session import close_default
from tests.fault.counts import proven, size
from tests.fault.disk import Failing
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of
from tests.fault.journal_reading import integrity, read_calls
from tests.fault.nursery import nursery
from tests.fault.other_sqlite import Disk, installed
from tests.fault.paying import paying

pytestmark = pytest.mark.fault

SEED = 15
ROWS = 20
KINDS = ("nfs4", "cifs", "fuse.sshfs", "9p", "lustre")


@pytest.fixture
def server(tmp_path):
    options = ("--delay-ms", "2", "--price-in", "0.001", "--price-out", "0.001")
    with paying(tmp_path / "server", *options) as running:
        yield running


def ask(server, name):
    neb.connect("x", server.url)
    return neb.map(frame_of(Spec(server.url, ROWS, name)), TEMPLATE, concurrency=4)


def test_on_a_network_one_kernel_holds_the_journal(tmp_path, monkeypatch, server):
    broken, tried = Counter(), size(10, 100)
    monkeypatch.setattr(file, "PATIENCE_ALONE", 0.05)
    with nursery() as forge:
        for number in range(tried):
            home = tmp_path / f"home-{number}"
            monkeypatch.setenv("NBNEBIUS_HOME", str(home))
            monkeypatch.setattr(place, "_kind", lambda _, n=number: KINDS[n % len(KINDS)])
            start = server.executed()
            frame = ask(server, f"shared {number}")
            note = neb.session.default_session().journal.writer.note
            broken["not detected"] += KINDS[number % len(KINDS)] not in note
            # another machine's kernel, which sees the same file system
            out = tmp_path / f"out-{number}"
            child = forge.start(
                "tests.fault.callers:main", *("no loop", "1", server.url, str(out)),
                said=tmp_path / "said", NBNEBIUS_HOME=str(home), NBNEBIUS_EXCLUSIVE="1",
            )  # fmt: skip
            try:
                child.wait(60)
            except subprocess.TimeoutExpired:
                broken["hanging"] += 1
                child.kill()
            broken["a second kernel was let in"] += out.exists()
            broken["rows not done"] += set(frame["neb_status"]) != {"ok"}
            broken["bought by the one turned away"] += server.executed() - start - distinct(ROWS)
            close_default()
            again = ask(server, f"shared {number}")
            broken["not found again"] += not again["neb_cached"].all()
            close_default()
            broken["journal damaged"] += integrity(home / "journal.sqlite") != "ok"
    proven(
        "R15", "a journal on a network's file system", tried=tried, broken=dict(broken), seed=SEED
    )


def test_locks_that_are_refused_are_told_and_nothing_is_sent(tmp_path, monkeypatch, server):
    dice, broken, tried, stopped = random.Random(SEED), Counter(), size(20, 100), 0
    disk = Disk("lock-refusing", failing := Failing())
    with installed("lock-refusing"):
        for number in range(tried):
            home = tmp_path / f"home-{number}"
            monkeypatch.setenv("NBNEBIUS_HOME", str(home))
            monkeypatch.setattr(file, "PATIENCE", 0.1)
            before = server.executed()
            code = dice.choice((apsw.SQLITE_IOERR_LOCK, apsw.SQLITE_BUSY))
            failing.ail("lock", code, dice.randint(0, 60), 10**9)
            try:
                ask(server, f"locked {number}")
            except neb.NebiusError as error:
                stopped += 1
                broken["told in other words"] += not isinstance(error, neb.JournalError)
            server.quiet()
            intents = len(read_calls(home / "journal.sqlite"))
            broken["sent without an intent"] += max(0, server.executed() - before - intents)
            failing.well()
            frame = ask(server, f"locked {number}")
            broken["rows not done"] += set(frame["neb_status"]) != {"ok"}
            close_default()
            broken["bought twice"] += server.executed() - before - distinct(ROWS)
            broken["journal damaged"] += integrity(home / "journal.sqlite") != "ok"
            shutil.rmtree(home)
    disk.unregister()
    assert stopped > tried / 4
    proven("R15", "locks that are refused", tried=tried, broken=dict(broken), seed=SEED)
