"""A power cut at any moment: the journal opens, and all that was committed is in it."""

import itertools
import random
import shutil

import anyio
import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import Bill, Journal, KeptVector, Waste, find_answer, find_vectors, purge
from tests.fault.counts import proven, size
from tests.fault.journal_reading import integrity
from tests.fault.other_sqlite import Disk, installed
from tests.fault.power_cut import Recording, write_image

pytestmark = pytest.mark.fault

SEED = 3
ENOUGH = 20  # broken promises; each damaged file takes a while to mend


def key(number):
    return number.to_bytes(16, "big")


class Story:
    """A journal's life on a disk that is recorded, and from when on each answer is committed."""

    def __init__(self, folder, seed):
        self.dice = random.Random(seed)
        self.recording = Recording()
        self.path = folder / "journal.sqlite"
        self.since = {}  # (kind, key): from which step on, what
        self.gone = {}  # from which step on it may be gone
        disk = Disk(f"recorded-{seed}", self.recording)
        with installed(f"recorded-{seed}"):
            anyio.run(self._live)
        disk.unregister()

    async def _live(self):
        # The second opening finds what the first has left; a purge and a vacuum stand between.
        for part in range(2):
            journal = Journal(self.path)
            try:
                for number in range(6):
                    await self._buy(journal, 10 * part + number)
                await self._file(journal, part)
                async with anyio.create_task_group() as together:
                    for number in range(6, 10):
                        together.start_soon(self._buy, journal, 10 * part + number)
            finally:
                if part == 0:
                    await self._purge(journal)
                journal.close()

    async def _buy(self, journal, number):
        body = self.dice.randbytes(self.dice.choice((40, 900, 6_000, 30_000)))
        record = await journal.sending(Intent(key(number), "chat", "s", "m", b"asked"), 1)
        if self.dice.random() < 0.4:
            await journal.received(record, body[:20])
        await journal.ended(record, Outcome("done", 200, body=body))
        self.since["answer", key(number)] = self.recording.now, body
        await journal.bill(record, Bill(3, 4, cost=0.1))

    async def _file(self, journal, part):
        vectors = [
            KeptVector(bytes([200 + part]) + key(n)[1:], self.dice.randbytes(512), 1.0)
            for n in range(20)
        ]
        await journal.keep_vectors({None: vectors})
        for one in vectors:
            self.since["vector", one.key] = self.recording.now, one.vector

    async def _purge(self, journal):
        self.gone = {name: self.recording.now for name in self.since if name[0] == "vector"}
        await anyio.to_thread.run_sync(purge, journal, Waste(answers=False))

    def lost(self, folder, cut):
        """Open what a cut has left, and count what is not there; and how else it is wrong."""
        image = self.recording.image(cut, self.dice)
        write_image(image, folder)
        journal = Journal(folder / self.path.name)
        try:
            lost = anyio.run(self._missing, journal, cut)
            note = journal.writer.note
        finally:
            journal.close()
        whole = integrity(folder / self.path.name) == "ok"
        shutil.rmtree(folder)
        return lost, int(bool(note)), int(not whole)

    async def _missing(self, journal, cut):
        missing = 0
        for (kind, name), (since, body) in self.since.items():
            if since > cut or self.gone.get((kind, name), cut) < cut:
                continue
            if kind == "answer":
                found = await find_answer(journal, name)
                missing += found is None or found.body != body
            else:
                vectors = await find_vectors(journal, [name])
                missing += name not in vectors or vectors[name].vector != body
        return missing


def test_committed_answers_survive_a_power_cut(tmp_path):
    tried, lost, damaged, broken = 0, 0, 0, 0
    wanted = size(200, 5_000)
    for seed in itertools.count(SEED):
        story = Story(tmp_path / f"story-{seed}", seed)
        cuts = list(range(1, story.recording.now + 1))
        story.dice.shuffle(cuts)
        for cut in cuts[: min(250, wanted - tried)]:
            one = story.lost(tmp_path / "image", cut)
            lost, damaged, broken = lost + one[0], damaged + one[1], broken + one[2]
            tried += 1
            if lost + damaged + broken > ENOUGH:
                break
        if tried >= wanted or lost + damaged + broken > ENOUGH:
            break
    proven(
        "R3",
        "power cuts, with writes lost, reordered and torn",
        tried=tried,
        broken={"answers lost": lost, "taken for damaged": damaged, "not whole": broken},
        seed=SEED,
    )
