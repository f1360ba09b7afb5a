"""What is left of a damaged journal: every row that can be read, and none that is wrong."""

import asyncio
import json
import random
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import (
    Bill,
    Journal,
    KeptVector,
    find_answer,
    find_vectors,
    request_key,
    settle_orphans,
    spent,
    text_key,
)

pytestmark = pytest.mark.anyio
PAGE = 4096
CALLS = 300
ENDPOINT = "chat/completions"
SIZE = 64  # numbers in a vector


def body(number):
    prompt = random.Random(number).randbytes(300 + number * 7).hex()
    return {"model": "m", "messages": [{"role": "user", "content": f"{number} {prompt}"}]}


def answer(number):
    return json.dumps(
        {"answer": number, "text": random.Random(-number).randbytes(900).hex()}
    ).encode()


def vector(number):
    import numpy as np

    values = np.random.default_rng(number).normal(size=SIZE)
    return (values / np.linalg.norm(values)).astype("<f4").tobytes()


def chat_key(number):
    return request_key("s", ENDPOINT, body(number))


def vector_key(number):
    return text_key("s", "e", None, f"text {number}")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The bytes of a real journal with hundreds of calls."""
    import anyio

    path = tmp_path_factory.mktemp("whole") / "journal.sqlite"

    async def fill():
        journal = Journal(path)

        async def buy(n):
            request = json.dumps(body(n)).encode()
            record = await journal.sending(Intent(chat_key(n), "chat", "s", "m", request), 1)
            await journal.ended(record, Outcome("done", 200, body=answer(n)))
            await journal.bill(record, Bill(10, 5, cost=0.001))
            await journal.keep_vectors({None: [KeptVector(vector_key(n), vector(n), 3.0)]})

        for start in range(0, CALLS, 30):
            await asyncio.gather(*(buy(n) for n in range(start, start + 30)))
        journal.close()

    anyio.run(fill)
    return path.read_bytes()


async def opened(path, content):
    """Open a journal with these bytes, and tell what it answers."""
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    journal = Journal(path)
    try:
        settle_orphans(journal)
        every = await asyncio.gather(*(find_answer(journal, chat_key(n)) for n in range(CALLS)))
        answers = {n: found.body for n, found in enumerate(every) if found}
        vectors = await find_vectors(journal, [vector_key(n) for n in range(CALLS)])
        calls = spent(journal).calls
        note = journal.writer.note
    finally:
        journal.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    return answers, vectors, calls, note


def check_nothing_is_wrong(answers, vectors):
    assert {n: body for n, body in answers.items() if body != answer(n)} == {}
    told = {vector_key(n): vector(n) for n in range(CALLS)}
    assert {key: kept for key, kept in vectors.items() if kept.vector != told[key]} == {}


@pytest.mark.parametrize("seed", range(10))
async def test_random_damage_loses_only_what_it_hit(whole, tmp_path, seed):
    chance = random.Random(seed)
    damaged = bytearray(whole)
    hits = chance.choice([1, 3, 10])
    pages = chance.sample(range(1, len(whole) // PAGE), hits)
    for page in pages:
        length = chance.choice([1, 16, 600, PAGE])
        start = page * PAGE + chance.randrange(PAGE - length + 1)
        damaged[start : start + length] = chance.randbytes(length)
    path = tmp_path / "state" / "journal.sqlite"
    answers, vectors, calls, note = await opened(path, bytes(damaged))
    if not note:
        return_if_undetected(answers)
        return
    check_nothing_is_wrong(answers, vectors)
    # A page holds a few dozen rows at most; a broken page above others is bridged by number.
    assert min(len(answers), calls) >= CALLS - 45 * hits
    assert f"{calls:,} calls" in note
    # A vector whose key was hit is carried over, and is nobody's.
    assert any(f"{len(vectors) + lost:,} vectors" in note for lost in range(hits + 1))
    aside = [p for p in path.parent.iterdir() if "damaged" in p.name]
    assert [p.read_bytes() for p in aside] == [bytes(damaged)]


def return_if_undetected(answers):
    """Bodies carry a checksum, whatever the file's own check says."""
    assert {n: body for n, body in answers.items() if body != answer(n)} == {}


@pytest.mark.parametrize("seed", range(16))
async def test_damage_of_the_first_page_never_stops_an_opening(whole, tmp_path, seed):
    chance = random.Random(1000 + seed)
    damaged = bytearray(whole)
    length = chance.choice([1, 1, 2, 8, 100, 1000])
    start = chance.randrange(100 if seed % 2 else PAGE - length)
    damaged[start : start + length] = chance.randbytes(length)
    answers, _vectors, _calls, _note = await opened(tmp_path / "journal.sqlite", bytes(damaged))
    assert {n: body for n, body in answers.items() if body != answer(n)} == {}


@pytest.mark.parametrize("size", [1, 99, 100, 512, PAGE, PAGE + 1, 10 * PAGE, -PAGE, -1])
async def test_a_file_that_was_cut_short_is_read_as_far_as_it_goes(whole, tmp_path, size):
    answers, vectors, _, note = await opened(tmp_path / "journal.sqlite", whole[:size])
    assert "damaged" in note
    check_nothing_is_wrong(answers, vectors)


async def test_an_answer_that_hangs_on_another_call_answers_nobody(whole, tmp_path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(whole)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE bodies SET call = -call")
        connection.execute("UPDATE bodies SET call = 1 - call - 2 WHERE call < -1")
        connection.execute("DELETE FROM bodies WHERE call < 0")
    content = path.read_bytes()
    damaged = bytearray(content)
    with closing(sqlite3.connect(path)) as connection:
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'calls_by_time'"
        ).fetchone()[0]
    damaged[(root - 1) * PAGE : root * PAGE] = b"\x00" * PAGE
    answers, _, calls, note = await opened(tmp_path / "other" / "journal.sqlite", bytes(damaged))
    assert "damaged" in note
    assert calls == CALLS
    assert answers == {}


async def test_a_damaged_vector_is_dropped(whole, tmp_path):
    damaged = bytearray(whole)
    start = damaged.index(vector(7))
    damaged[start : start + 8] = b"\x12\x34\x56\x7b" * 2
    damaged[PAGE + 100 : PAGE + 108] = b"\xff" * 8
    root = whole[:16]
    assert root == b"SQLite format 3\x00"
    damaged[56 * PAGE : 57 * PAGE] = b"\xff" * PAGE
    _, vectors, _, note = await opened(tmp_path / "journal.sqlite", bytes(damaged))
    assert "damaged" in note
    assert vector_key(7) not in vectors
    assert len(vectors) > CALLS // 2


async def test_what_was_saved_is_found_at_the_next_opening_without_a_note(whole, tmp_path):
    damaged = bytearray(whole)
    damaged[20 * PAGE : 21 * PAGE] = b"\xff" * PAGE
    path = tmp_path / "journal.sqlite"
    before = await opened(path, bytes(damaged))
    assert before[3]
    after = await opened(path, path.read_bytes())
    assert (after[0], after[1], after[2], after[3]) == (before[0], before[1], before[2], "")


async def test_two_kernels_that_find_the_damage_at_once_mend_it_once(whole, tmp_path):
    damaged = bytearray(whole)
    damaged[20 * PAGE : 21 * PAGE] = b"\xff" * PAGE
    path = tmp_path / "journal.sqlite"
    path.write_bytes(damaged)
    with ThreadPoolExecutor() as pool:
        journals = list(pool.map(Journal, [path, path, path]))
    try:
        assert sum("damaged" in journal.writer.note for journal in journals) == 1
        assert len({spent(journal).calls for journal in journals}) == 1
    finally:
        for journal in journals:
            journal.close()
    assert len([p for p in tmp_path.iterdir() if "damaged" in p.name]) == 1


async def test_kernels_that_have_the_damaged_file_open_are_told_of(whole, tmp_path):
    path = tmp_path / "journal.sqlite"
    path.write_bytes(whole)
    running = Journal(path)
    damaged = bytearray(whole)
    damaged[20 * PAGE : 21 * PAGE] = b"\xff" * PAGE
    path.write_bytes(damaged)
    second = Journal(path)
    assert "restart the other kernels" in second.writer.note
    running.close()
    second.close()
