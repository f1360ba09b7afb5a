"""Batches in the journal: each request in one at most, taken over from the dead, ended once."""

import anyio
import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import (
    Claim,
    Journal,
    KeptLine,
    Waste,
    begin_job,
    claim_rows,
    cost_of,
    find_answers,
    find_job,
    give_up_job,
    jobs_of,
    keep_lines,
    plan_job,
    purge,
    put_away,
    settle_orphans,
    take_job,
    turn_job,
    unanswered,
)
from nbnebius.journal import job_rows as rows_room

pytestmark = pytest.mark.anyio
KEYS = [bytes([number]) * 16 for number in range(8)]


@pytest.fixture
def open_journal(tmp_path):
    opened = []

    def open_one():
        opened.append(Journal(tmp_path / "home" / "journal.sqlite"))
        return opened[-1]

    yield open_one
    for journal in opened:
        journal.close()


async def claim(journal, job, keys, newest=0):
    claims = [Claim(key, newest, 0.5, 10) for key in keys]
    return await claim_rows(journal, job, "nebius", "m", "", claims)


def named(*names):
    return lambda times: b"".join(names)[:15].ljust(15, b"-") + bytes([times])


async def test_a_request_is_in_one_batch_only_whichever_kernel_asks(open_journal):
    one, two = open_journal(), open_journal()
    first, second = await begin_job(one, "a", {}), await begin_job(two, "a", {})
    assert await claim(one, first, KEYS[:3]) == [True] * 3
    assert await claim(two, second, KEYS[1:5]) == [False, False, True, True]
    assert await claim(one, first, KEYS[:1]) == [False]
    assert await jobs_of(two, KEYS) == {
        **dict.fromkeys(KEYS[:3], first),
        **dict.fromkeys(KEYS[3:5], second),
    }


async def test_what_is_bought_or_being_bought_is_not_claimed(open_journal):
    one, two = open_journal(), open_journal()
    job = await begin_job(two, "a", {})
    sent = await one.sending(Intent(KEYS[0], "chat", "nebius", "m"), 1)
    assert await claim(two, job, KEYS[:1]) == [False]
    await one.ended(sent, Outcome("done", 200, body=b"{}"))
    assert await claim(two, job, KEYS[:1]) == [False]
    assert await claim(two, job, KEYS[:1], newest=sent) == [True]


async def test_the_death_of_its_kernel_does_not_end_a_batch(open_journal, tmp_path):
    dead = open_journal()
    job = await begin_job(dead, "a", {})
    await claim(dead, job, KEYS[:2])
    dead.close()
    journal = open_journal()
    assert settle_orphans(journal) == 0
    assert await jobs_of(journal, KEYS) == dict.fromkeys(KEYS[:2], job)


async def test_only_a_dead_kernel_s_unfinished_batch_is_taken_over(open_journal):
    one, two = open_journal(), open_journal()
    job = await begin_job(one, "a", {})
    one.at_work.add(job)
    assert await take_job(two, job) is None
    assert await take_job(one, job) is None
    one.at_work.discard(job)
    assert (await take_job(one, job)).state == "writing"  # its own, which broke off
    await plan_job(one, job, named(b"k"), 1.0, {"count": 2})
    await turn_job(one, job, "creating", file="file-1")
    one.close()
    taken = await take_job(two, job)
    assert (taken.state, taken.key) == ("creating", named(b"k")(0))
    assert taken.detail == {"count": 2, "file": "file-1"}
    assert (await find_job(two, job)).owner == two.session
    await turn_job(two, job, "created", remote="batch_1")
    assert await take_job(two, job) is None


async def test_the_same_rows_asked_again_get_another_name(open_journal):
    journal = open_journal()
    made = [await begin_job(journal, "a", {}) for _ in range(3)]
    keys = [await plan_job(journal, job, named(b"same"), None, {}) for job in made]
    assert keys == [named(b"same")(times) for times in range(3)]


async def test_lines_are_kept_once_and_read_as_answers(open_journal):
    journal = open_journal()
    job = await begin_job(journal, "a", {})
    await claim(journal, job, KEYS[:3])
    lines = [
        KeptLine(KEYS[0], "done", b'{"choices": []}', 200, "", 3, 4, 0.25),
        KeptLine(KEYS[1], "failed", b"the line", 400, "too hot"),
        KeptLine(KEYS[5], "done", b"{}"),
    ]
    assert await keep_lines(journal, job, lines) == ["kept", "kept", "unknown"]
    again = [KeptLine(KEYS[0], "done", b"other", cost=9.0)]
    assert await keep_lines(journal, job, again) == ["known"]
    (found,) = await find_answers(journal, KEYS)
    assert (found.key, found.body, found.cost) == (KEYS[0], b'{"choices": []}', 0.25)
    assert await cost_of(journal, job) == 0.25
    assert (await unanswered(journal, job, KEYS))[KEYS[1]].error == "too hot"
    assert await jobs_of(journal, KEYS) == {KEYS[2]: job}


async def test_rows_that_got_no_line_are_free_again(open_journal, monkeypatch):
    monkeypatch.setattr(rows_room, "STEP", 2)
    journal = open_journal()
    job = await begin_job(journal, "a", {})
    await claim(journal, job, KEYS[:5])
    await put_away(journal, job, "failed", "expired")
    assert await turn_job(journal, job, "harvested")
    assert not await turn_job(journal, job, "created", remote="other")
    ended = await unanswered(journal, job, KEYS)
    assert {why.error for why in ended.values()} == {"expired"}
    assert len(ended) == 5
    assert await claim(journal, await begin_job(journal, "b", {}), KEYS[:5]) == [True] * 5


async def test_a_batch_that_was_never_created_leaves_nothing(open_journal, monkeypatch):
    monkeypatch.setattr(rows_room, "STEP", 2)
    journal = open_journal()
    job = await begin_job(journal, "a", {})
    await claim(journal, job, KEYS[:5])
    await give_up_job(journal, job)
    assert await find_job(journal, job) is None
    assert await jobs_of(journal, KEYS) == {}


async def test_an_answer_without_a_known_price_makes_the_batch_s_cost_unknown(open_journal):
    journal = open_journal()
    job = await begin_job(journal, "a", {})
    await claim(journal, job, KEYS[:1])
    await keep_lines(journal, job, [KeptLine(KEYS[0], "done", b"{}")])
    assert await cost_of(journal, job) is None


async def test_purging_leaves_what_is_in_a_batch(open_journal):
    journal = open_journal()
    job = await begin_job(journal, "a", {})
    await claim(journal, job, KEYS[:3])
    await keep_lines(journal, job, [KeptLine(KEYS[0], "done", b"{}")])
    await anyio.to_thread.run_sync(purge, journal, Waste(ledger=True))
    assert await jobs_of(journal, KEYS) == dict.fromkeys(KEYS[1:3], job)
    assert await find_answers(journal, KEYS) == []
