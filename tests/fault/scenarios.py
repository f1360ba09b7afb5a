"""
What a child is about when it dies at a named point, and what must then still be true.

Each scenario begins with a journal that was made once. A child dies; what it leaves behind is held
against the server's books, and a second child has to bring the work to its end.
"""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import time
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.fault.children import Child, run_job, start_job
from tests.fault.job import Spec, distinct
from tests.fault.journal_reading import integrity, read_calls, select
from tests.fault.promises import Promises
from tests.version_1 import write_as_version_1

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fault.nursery import Nursery
    from tests.fault.paying import Running

ROWS = 20
VECTORS = "SELECT key, vector FROM vectors"
DIES = "tests.fault.fail_points:main"


@dataclass(frozen=True, slots=True)
class Ground:
    """What all scenarios stand on."""

    server: Running
    forge: Nursery
    folder: Path


@dataclass(slots=True)
class Found:
    """What one death left behind: whether it came, and how often each promise was broken."""

    died: bool
    broken: Counter[str] = field(default_factory=Counter)
    in_doubt: int = 0
    seen: dict[str, int] = field(default_factory=dict)


class Scenario:
    """A job over rows of which the first `kept` are there already."""

    def __init__(self, ground: Ground, by: str, *, rows: int = ROWS, kept: int = 0) -> None:
        self.ground = ground
        self.rows = rows
        self.template = ground.folder / "template"
        self._deaths = 0
        self._read_up_to = ground.server.executed()
        self.template.mkdir(parents=True)
        self.spec = Spec(ground.server.url, rows, "dying", by, in_flight=4)
        self.bought: Counter[str] = Counter()
        if kept:
            self._run(self.template, replace(self.spec, rows=kept, by="map"))
        self.prepare()
        self.bought = self._fresh()
        undisturbed = ground.folder / "undisturbed"
        self.expected = self._run(undisturbed, self.spec)
        self._fresh()

    def prepare(self) -> None:
        """Change the journal that every death begins with."""

    def _run(self, home: Path, spec: Spec) -> dict[str, Any]:
        return run_job(self.ground.folder / "files", home, spec, self.ground.forge)

    def _fresh(self) -> Counter[str]:
        """Count what was executed since the last time."""
        self.ground.server.quiet()
        fresh = self.ground.server.executions(self._read_up_to)
        self._read_up_to += len(fresh)
        return Counter(one.key for one in fresh)

    def start(self, home: Path, point: str, times: int, in_flight: int) -> Child:
        spec = replace(self.spec, in_flight=in_flight)
        files = self.ground.folder / "files"
        return start_job(files, home, spec, self.ground.forge, DIES, point, str(times))

    def die(self, point: str, times: int, in_flight: int) -> Found:
        """Let a child die at a point's n-th time, and the next one find what is left."""
        self._deaths += 1
        home = self.ground.folder / f"home-{self._deaths}"
        shutil.copytree(self.template, home)
        child = self.start(home, point, times, in_flight)
        child.process.wait(600)
        found = Found(died=not child.out.exists())
        if found.died or point == "-":
            self.judge(home, in_flight, found)
        else:
            self._fresh()
        if point == "-":
            found.seen = _read_counts(child)
        shutil.rmtree(home)
        return found

    def judge(self, home: Path, in_flight: int, found: Found) -> None:
        """Hold what is there against the books, before and after the work is done again."""
        journal = home / "journal.sqlite"
        promises = Promises(in_flight)
        promises.look(read_calls(self.template / "journal.sqlite"), self.bought, killed=False)
        counts = self.bought + self._fresh()
        promises.look(read_calls(journal), counts, killed=found.died)
        again = self._run(home, self.spec)
        counts += self._fresh()
        calls = read_calls(journal)
        promises.look(calls, counts, killed=False)
        broken = found.broken
        broken["answers lost"] += len(promises.lost) + len(promises.unnamed)
        broken["bought after its answer was committed"] += len(promises.bought_again)
        broken["bought without an intent"] += sum(promises.unrecorded.values())
        over = promises.most_in_doubt > in_flight
        twice = counts.total() - len(counts)
        broken["more in doubt than in flight"] += over or twice > promises.all_in_doubt
        broken["still called sent"] += sum(call.state == "sent" for call in calls)
        broken["another frame"] += again["answers"] != self.expected["answers"]
        broken["rows not bought"] += distinct(self.rows) - len(counts)
        broken["journal damaged"] += integrity(journal) != "ok"
        found.in_doubt = promises.all_in_doubt


def _read_counts(child: Child) -> dict[str, int]:
    import json

    counts: dict[str, int] = json.loads(child.out.with_name(f"{child.out.name}.seen").read_text())
    return counts


class Vectors(Scenario):
    """Vectors are kept text by text, and the answer they came in goes."""

    def judge(self, home: Path, in_flight: int, found: Found) -> None:
        journal = home / "journal.sqlite"
        before = self._fresh()
        kept = set(select(journal, VECTORS))
        whole = sum(
            n or 0
            for (n,) in select(
                journal,
                "SELECT (SELECT count(*) FROM bodies WHERE call = id AND answer IS NOT NULL)"
                " FROM calls WHERE state = 'done'",
            )
        )
        doubt = select(journal, "SELECT count(*) FROM calls WHERE state = 'sent'")[0][0]
        again = self._run(home, self.spec)
        after = self._fresh()
        broken = found.broken
        broken["answers lost"] += len(kept - set(select(journal, VECTORS)))
        broken["bought after its answer was committed"] += bool(after and (kept or whole))
        broken["bought without an intent"] += bool(before and not (kept or whole or doubt))
        broken["more in doubt than in flight"] += doubt > in_flight
        left = select(journal, "SELECT count(*) FROM calls WHERE state = 'sent'")[0][0]
        broken["still called sent"] += left
        broken["another frame"] += again["answers"] != self.expected["answers"]
        broken["rows not bought"] += distinct(self.rows) - len(before + after)
        broken["journal damaged"] += integrity(journal) != "ok"
        found.in_doubt = doubt


class FirstVersion(Scenario):
    """The journal is one of the first version, and is brought up to date."""

    def prepare(self) -> None:
        journal = self.template / "journal.sqlite"
        new = journal.with_name("new")
        journal.rename(new)
        write_as_version_1(new, journal)
        journal.chmod(0o600)
        new.unlink()


class Damaged(Scenario):
    """The journal is damaged, and is mended: all of its answers can still be read."""

    def prepare(self) -> None:
        journal = self.template / "journal.sqlite"
        query = "SELECT rootpage FROM sqlite_schema WHERE name = 'pieces_by_call'"
        with contextlib.closing(sqlite3.connect(journal)) as connection:
            root = connection.execute(query).fetchone()[0]
        whole = bytearray(journal.read_bytes())
        whole[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
        journal.write_bytes(whole)


class Purging(FirstVersion):
    """Half of the answers are purged; the file is of the first version, so it is built anew."""

    def prepare(self) -> None:
        self.old = {call.id for call in read_calls(self.template / "journal.sqlite")}
        super().prepare()
        time.sleep(0.01)
        self.spec.options = {"before": time.time()}
        self.newer = replace(self.spec, name="newer", by="map", options={})
        self._run(self.template, self.newer)

    def judge(self, home: Path, in_flight: int, found: Found) -> None:
        journal = home / "journal.sqlite"
        self._fresh()
        broken = found.broken
        before = {call.id: call for call in read_calls(self.template / "journal.sqlite")}
        for round_ in ("killed", "done again"):
            now = {call.id: call for call in read_calls(journal)}
            broken["answers lost"] += sum(now.get(n) != before[n] for n in before.keys() - self.old)
            broken["calls lost"] += len(before.keys() - now.keys())
            answered = [n for n in self.old if n in now and now[n].answer]
            if round_ == "killed":
                self._run(home, self.spec)
            else:
                broken["not purged"] += len(answered)
        again = self._run(home, self.newer)
        broken["bought after its answer was committed"] += self._fresh().total()
        broken["another frame"] += again["statuses"] != {"ok": self.rows}
        broken["journal damaged"] += integrity(journal) != "ok"
