"""A disk that fails, is full or goes away: nothing more is sent, nothing is lost or rebought."""

import random
import shutil
from collections import Counter

import apsw
import pytest

import nbnebius as neb
from nbnebius.session import close_default
from tests.fault.children import start_job
from tests.fault.counts import proven, size
from tests.fault.disk import Failing
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of
from tests.fault.journal_reading import integrity, read_calls
from tests.fault.nursery import nursery
from tests.fault.other_sqlite import Disk, installed
from tests.fault.paying import paying
from tests.fault.promises import Promises

pytestmark = pytest.mark.fault

SEED = 4
ROWS = 30
IN_FLIGHT = 6
KINDS = {
    "a write fails": ("write", apsw.SQLITE_IOERR_WRITE),
    "a sync fails": ("sync", apsw.SQLITE_IOERR_FSYNC),
    "the disk is full": ("write", apsw.SQLITE_FULL),
    # as SQLite's own file system tells of a write to such a disk, and of a file it cannot make
    "the disk is read-only": ("write", apsw.SQLITE_IOERR_WRITE),
    "no file can be opened": ("try", apsw.SQLITE_CANTOPEN),
}
LASTING = 10**9


class Trial:
    """One job that meets a fault, and is done again when that is over."""

    def __init__(self, server, home):
        self.server, self.home = server, home
        self.journal = home / "journal.sqlite"
        self.start = server.executed()
        neb.connect("x", server.url)

    def ask(self):
        """Run the job; give its frame and the error that it ended with."""
        spec = Spec(self.server.url, ROWS, "failing")
        try:
            return neb.map(frame_of(spec), TEMPLATE, concurrency=IN_FLIGHT), None
        except neb.NebiusError as error:
            return getattr(error, "frame", None), error

    def counts(self):
        self.server.quiet()
        return Counter(one.key for one in self.server.executions(self.start))

    def look(self, promises):
        promises.look(read_calls(self.journal), self.counts(), killed=False)


def judge_the_end(trial, promises, frame, error, broken):
    trial.look(promises)
    counts = trial.counts()
    broken["answers lost"] += len(promises.lost) + len(promises.unnamed)
    broken["sent without an intent on the disk"] += sum(promises.unrecorded.values())
    broken["bought twice"] += counts.total() - len(counts)
    broken["not done when the disk was well"] += (
        error is not None or set(frame["neb_status"]) != {"ok"} or len(counts) != distinct(ROWS)
    )
    broken["journal damaged"] += integrity(trial.journal) != "ok"


@pytest.fixture
def server(tmp_path):
    options = ("--delay-ms", "3", "--price-in", "0.001", "--price-out", "0.001")
    with paying(tmp_path / "server", *options) as running:
        yield running


def test_a_disk_that_fails(tmp_path, monkeypatch, server):
    dice, broken, stopped = random.Random(SEED), Counter(), 0
    disk = Disk("failing", failing := Failing())
    tried = size(30, 500)
    with installed("failing"):
        for number in range(tried):
            home = tmp_path / f"home-{number}"
            monkeypatch.setenv("NBNEBIUS_HOME", str(home))
            what = list(KINDS)[number % len(KINDS)]
            after = dice.choice((dice.randint(0, 30), dice.randint(0, 250)))
            times = dice.choice((1, 3, LASTING, LASTING))
            trial, promises = Trial(server, home), Promises(IN_FLIGHT)
            failing.ail(*KINDS[what], after, times)
            before = broken.total()
            _, error = trial.ask()
            if error is not None:
                stopped += 1
                broken["an error in other words"] += not isinstance(error, neb.JournalError)
                broken["an error without advice"] += not error.hint
            trial.look(promises)
            failing.well()
            judge_the_end(trial, promises, *trial.ask(), broken)
            close_default()
            if broken.total() > before:
                print(number, what, after, times, repr(error), broken)
            shutil.rmtree(home)
    disk.unregister()
    assert stopped > tried / 4
    proven(
        "R4",
        "a disk that fails, is full or read-only",
        tried=tried,
        broken=dict(broken),
        seed=SEED,
        seen={"stopped by it": stopped},
    )


def take_away(home, how, aside):
    """Take the journal away under who has it open; what it held stays readable aside."""
    journal = home / "journal.sqlite"
    (aside / journal.name).hardlink_to(journal)
    if how == "the folder is deleted":
        shutil.rmtree(home)
    elif how == "another file takes its place":
        other = home / "other"
        other.write_bytes(b"")
        other.replace(journal)
    else:
        journal.unlink()


@pytest.mark.parametrize(
    "how", ["it is deleted", "the folder is deleted", "another file takes its place"]
)
def test_a_journal_that_goes_away_under_us(tmp_path, monkeypatch, server, how):
    dice, broken, early = random.Random(f"{SEED} {how}"), Counter(), 0
    tried = size(4, 40)
    for number in range(tried):
        home, aside = tmp_path / f"home-{number}", tmp_path / f"aside-{number}"
        aside.mkdir()
        monkeypatch.setenv("NBNEBIUS_HOME", str(home))
        trial, promises = Trial(server, home), Promises(IN_FLIGHT)
        spec = Spec(server.url, ROWS, "failing")
        wanted = trial.start + dice.randint(1, ROWS // 2)
        job = neb.map(frame_of(spec), TEMPLATE, concurrency=IN_FLIGHT, background=True)
        while server.executed() < wanted and job.status == "running":
            pass
        take_away(home, how, aside)
        error = None
        try:
            job.wait(60)
        except neb.JournalError as caught:
            error = caught
        kept = read_calls(aside / "journal.sqlite")
        promises.look(kept, trial.counts(), killed=False)
        broken["sent without an intent on the disk"] += sum(promises.unrecorded.values())
        done = sum(call.state == "done" for call in kept)
        # a fast job may have written everything just before
        over = error is None and done == server.executed() - trial.start
        early += over
        broken["ended as if nothing had happened"] += error is None and not over
        broken["told in other words"] += error is not None and "is gone" not in str(error)
        # what it had is in the frame that comes with the error; some rows are twice in it
        broken["answers lost"] += int(job.frame()["answer"].notna().sum()) < done
        neb.connect("x", server.url)
        frame = neb.map(frame_of(spec), TEMPLATE, concurrency=IN_FLIGHT)
        broken["a new session cannot work"] += set(frame["neb_status"]) != {"ok"}
    assert early < tried / 2
    seen = {"was over already": early}
    what = f"the journal goes away: {how}"
    proven("R4", what, tried=tried, broken=dict(broken), seed=SEED, seen=seen)


def test_a_quota_that_is_reached(tmp_path, server):
    dice, broken, met = random.Random(f"{SEED} quota"), Counter(), 0
    tried = size(8, 80)
    with nursery() as forge:
        for number in range(tried):
            home, start = tmp_path / f"home-{number}", server.executed()
            spec = Spec(server.url, ROWS, "quota", in_flight=IN_FLIGHT)
            room = str(dice.randint(0, 20_000))
            child = start_job(tmp_path, home, spec, forge, "tests.fault.limited:main", room)
            told = child.wait()
            server.quiet()
            counts = Counter(one.key for one in server.executions(start))
            promises = Promises(IN_FLIGHT)
            promises.look(read_calls(home / "journal.sqlite"), counts, killed=False)
            met += told["met"] == "JournalError"
            broken["told in other words"] += told["met"] not in {"", "JournalError"}
            broken["rows not done"] += told["statuses"] != {"ok": ROWS}
            broken["bought twice"] += counts.total() - len(counts)
            broken["sent without an intent"] += sum(promises.unrecorded.values())
            broken["journal damaged"] += integrity(home / "journal.sqlite") != "ok"
    assert met > 0
    proven("R4", "a quota that is reached", tried=tried, broken=dict(broken), seed=SEED)
