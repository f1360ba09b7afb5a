"""A batch is created once and every row comes to one end, whatever happens on the way."""

import contextlib
import json
import random
import subprocess
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.fault.batch_steps import STEPS
from tests.fault.children import start_job
from tests.fault.counts import proven, size
from tests.fault.job import Spec, distinct
from tests.fault.journal_reading import integrity, select
from tests.fault.nursery import nursery
from tests.fault.paying import start_paying

pytestmark = pytest.mark.fault

SEED = 17
ROWS = 12
LIVES = "tests.fault.batch_steps:main"
MOST_RUNS = 8
AT_ONCE = 3  # lives: most of one is waiting
LONGEST = 60  # seconds; a run takes less than one
OPTIONS = {"via": "batch", "allow_failed": 1.0}
FATES = [
    {"end": "completed"},
    {"end": "completed", "answered": 0.6, "failed": 0.4},
    {"end": "completed", "answered": 0.5, "failed": 0.2},  # the rest is in no file
    {"end": "completed", "answered": 0.0, "failed": 1.0},
    {"end": "failed", "answered": 0.0},
    {"end": "expired", "answered": 0.5},
    {"end": "cancelled", "answered": 0.3, "failed": 0.1},
]


class Lives:
    """One server, one nursery, and life after life."""

    def __init__(self, url, forge, folder):
        self.url, self.forge, self.folder = url, forge, folder
        self.spec = Spec(url, ROWS, "batched", options=OPTIONS)
        self.expected = None
        self.hanging = 0

    def ask(self, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(f"{self.url.removesuffix('v1/')}{path}", data) as answer:
            return json.load(answer)

    def child(self, home, point="-", times=1):
        files = self.folder / "files"
        child = start_job(files, home, self.spec, self.forge, LIVES, point, str(times))
        try:
            child.process.wait(LONGEST)
        except subprocess.TimeoutExpired:
            self.hanging += 1
            child.kill()
        return json.loads(child.out.read_text()) if child.out.exists() else None

    def live(self, name, script, deaths):
        """Let children die, then others run until every row has its answer; give the counts."""
        home = self.folder / name
        self.ask("script", script)
        died = sum(self.child(home, point, times) is None for point, times in deaths)
        broken = Counter()
        for _ in range(MOST_RUNS):
            told = self.child(home)
            if told is None:
                broken["runs that ended without a word"] += 1
                break
            broken["rows without an outcome"] += told["statuses"] != {} and (
                ROWS - sum(told["statuses"].values())
            )
            if told["statuses"] == {"ok": ROWS}:
                break
        self.judge(home, told, broken)
        broken["hanging"], self.hanging = self.hanging, 0
        return died, broken

    def judge(self, home, told, broken):
        books, journal = self.ask("books"), home / "journal.sqlite"
        marks = Counter(b["metadata"]["nbnebius"] for b in books["batches"])
        answers = Counter(i for ids in books["answered"].values() for i in ids)
        kept = {
            key.hex() for (key,) in select(journal, "SELECT key FROM calls WHERE state = 'done'")
        }
        left = select(journal, "SELECT count(*) FROM calls WHERE state IN ('batched', 'sent')")
        broken["batches created twice"] += marks.total() - len(marks)
        broken["answers bought twice"] += answers.total() - len(answers)
        broken["answers lost"] += len(set(answers) - kept)
        broken["ids unaccounted"] += distinct(ROWS) - len(answers) + left[0][0]
        if told is not None:
            self.expected = self.expected or told["answers"]
            broken["another frame"] += told["answers"] != self.expected
        broken["journal damaged"] += integrity(journal) != "ok"


@contextlib.contextmanager
def lives_in(folder, forge):
    """Give a server, and what an undisturbed batch of it comes to."""
    server = start_paying(folder / "server", module="tests.fault.batch_server")
    try:
        lives = Lives(server.url, forge, folder)
        assert lives.live("undisturbed", {}, [])[1].total() == 0
        yield lives
    finally:
        server.stop()


def drawn(dice):
    return {
        **dice.choice(FATES),
        "create": dice.choice(["ok", "ok", "lost", "never"]),
        "late": dice.choice([0, 0, 1, 2]),
        "looks": dice.randint(0, 2),
        "twice": dice.choice([0, 2]),
        "foreign": dice.choice([0, 2]),
        "shuffled": dice.random() < 0.5,
        "wrapped": dice.random() < 0.5,
        "cut": dice.choice([0, 0, 1, 3]),
        "seed": dice.randint(1, 10**6),
    }


def live_some(numbers, folder, forge):
    """Live one life after the other; give how often something died, and what was broken."""
    points = [f"{when} {step}" for step in STEPS for when in ("before", "after")]
    died, broken = 0, Counter()
    with lives_in(folder, forge) as lives:
        for number in numbers:
            dice = random.Random(f"{SEED} {number}")
            # every step kills once in each round; a second death hits whoever takes over
            deaths = [(points[number % len(points)], dice.choice([1, 1, 2, 3]))]
            deaths += [(dice.choice(points), dice.choice([1, 2]))] * (dice.random() < 0.3)
            script = drawn(dice)
            dead, wrong = lives.live(f"life-{number}", script, deaths)
            if wrong.total():
                print(number, script, deaths, wrong)
            died, broken = died + dead, broken + wrong
            if wrong["hanging"]:
                break  # what hangs once hangs again, for a minute each
    return died, broken


def test_a_batch_lives_through_anything(tmp_path):
    tried, died, broken = size(200, 2_000), 0, Counter()
    with nursery() as forge, ThreadPoolExecutor(AT_ONCE) as pool:
        parts = [
            pool.submit(live_some, range(first, tried, AT_ONCE), tmp_path / str(first), forge)
            for first in range(AT_ONCE)
        ]
        for part in parts:
            dead, wrong = part.result()
            died, broken = died + dead, broken + wrong
    names = ("batches created twice", "answers bought twice", "ids unaccounted", "answers lost")
    assert died > tried / 3
    proven(
        "R17",
        "the life of a batch, with deaths at every step",
        tried=tried,
        broken={**dict.fromkeys(names, 0), **broken},
        seed=SEED,
        seen={"deaths": died},
    )
