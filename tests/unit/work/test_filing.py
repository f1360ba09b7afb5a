"""Vectors on their way into the journal."""

import base64
import json
import struct

import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import Bill, Journal, KeptVector, find_vectors, text_key
from nbnebius.work.filing import MANY, Unfiled, file_the_rest
from nbnebius.work.price import Price

pytestmark = pytest.mark.anyio
VECTOR = struct.pack("<2f", 1.0, 2.0)
ANSWER = json.dumps(
    {"data": [{"embedding": base64.b64encode(VECTOR).decode()}], "usage": {"prompt_tokens": 3}}
).encode()


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


async def answered(journal, text="a"):
    """Leave an answer behind whose vectors are not filed yet."""
    request = json.dumps({"model": "m", "input": [text]}).encode()
    record = await journal.sending(Intent(text.encode() * 16, "embedding", "s", "m", request), 1)
    await journal.ended(record, Outcome("done", 200, body=ANSWER))
    return record


async def costs(journal):
    return await journal.committed(
        lambda connection: connection.execute(
            "SELECT prompt_tokens, cost FROM calls ORDER BY id"
        ).fetchall()
    )


async def test_what_is_filed_for_another_session_keeps_the_cost_that_it_wrote(journal):
    billed = await answered(journal)
    await journal.bill(billed, Bill(3, 0, cost=0.5))
    await answered(journal, "b")
    await file_the_rest(journal, "s", "m", Price())  # whose price is unknown here
    assert await costs(journal) == [(3, 0.5), (3, None)]
    keys = [text_key("s", "m", None, text) for text in "ab"]
    assert {one.vector for one in (await find_vectors(journal, keys)).values()} == {VECTOR}


async def test_few_vectors_wait_and_many_are_filed_together(journal):
    records = [await answered(journal, text) for text in "abc"]
    kept = [
        [KeptVector(bytes([n]) * 16, bytes(MANY // 2 - n % 2), 1.0)] for n in range(len(records))
    ]
    unfiled = Unfiled(journal)
    assert unfiled.add(records[0], kept[0]) == []
    assert unfiled.add(records[1], kept[1]) == []
    (filing,) = unfiled.add(records[2], kept[2])
    await filing
    assert len(await find_vectors(journal, [one.key for (one,) in kept])) == len(records)
    assert unfiled.file() == []
