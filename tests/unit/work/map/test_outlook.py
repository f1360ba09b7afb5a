"""What a job will take: always an estimate, from the model's own calls where there are any."""

from types import SimpleNamespace

import pytest

from nbnebius.events import Intent, Outcome
from nbnebius.journal import Bill, Journal, own_key
from nbnebius.work.map.book import Found
from nbnebius.work.map.form import Form, hole
from nbnebius.work.map.job import RowsJob
from nbnebius.work.map.outlook import ANSWER_TOKENS, FIELD_TOKENS, look_ahead, prompts
from nbnebius.work.map.survey import survey
from nbnebius.work.map.template import parse
from nbnebius.work.price import Price
from nbnebius.work.schema import to_schema

pytestmark = pytest.mark.anyio
PRICE = Price(1.0, 3.0)


class Rows:
    def __init__(self, values):
        self.values = values

    @property
    def count(self):
        return len(self.values)

    def rows(self):
        return ((value,) for value in self.values)


async def job_of(values, price=PRICE, schema=None, **fields):
    gap = hole()
    body = {"model": "m", "messages": [{"role": "user", "content": gap}], **fields}
    form, source = Form("nebius", body, gap, price), Rows(values)
    template = parse("{text}", ["text"])
    return RowsJob(
        source=source,
        template=template,
        form=form,
        schema=schema,
        survey=await survey(source, template, form),
        origin=SimpleNamespace(private=False, place=""),
        concurrency=4,
        purse=None,
        observer=lambda event: None,
    )


@pytest.fixture
def journal(tmp_path):
    journal = Journal(tmp_path / "journal.sqlite")
    yield journal
    journal.close()


async def earlier_call(journal, characters, tokens_in, tokens_out, model="m"):
    intent = Intent(
        key=own_key(), kind="chat", service="nebius", model=model, characters=characters
    )
    record = await journal.sending(intent, 1)
    await journal.ended(record, Outcome(state="done", status=200, body=b"{}"))
    await journal.bill(record, Bill(tokens_in, tokens_out, cost=0.0))


async def test_without_earlier_calls_a_general_rule_is_taken(journal):
    found = await look_ahead(await job_of(["x" * 400] * 3 + ["y" * 400]), journal)
    assert (found.requests, found.measured) == (2, 0)
    assert found.tokens_in == 200
    assert found.tokens_out == 2 * ANSWER_TOKENS
    assert found.cost == pytest.approx((200 * 1 + 400 * 3) / 1e6)
    assert found.batch_cost == found.cost / 2
    assert found.bound is None  # there is no longest answer


async def test_an_answer_is_no_longer_than_it_may_be_and_as_long_as_its_schema(journal):
    found = await look_ahead(await job_of(["a"], max_tokens=7), journal)
    assert found.tokens_out == 7
    schema = to_schema("label a|b, why, score float")
    found = await look_ahead(await job_of(["a"], schema=schema), journal)
    assert found.tokens_out == 3 * FIELD_TOKENS


async def test_the_models_own_calls_are_the_measure(journal):
    for _ in range(3):
        await earlier_call(journal, 100, 50, 11)
    await earlier_call(journal, 100, 1, 900, model="another")
    found = await look_ahead(await job_of(["x" * 200]), journal)
    assert found.measured == 3
    assert found.characters_per_token == 2
    assert (found.tokens_in, found.tokens_out) == (100, 11)


async def test_what_is_answered_already_is_not_counted(journal):
    job = await job_of(["aaaa", "bbbb"], max_tokens=5)
    before = await look_ahead(job, journal)
    job.book.enter(0, Found("ok", "x", answered=True), cached=True)
    after = await look_ahead(job, journal)
    assert (before.requests, after.requests) == (2, 1)
    assert after.bound < before.bound
    job.book.enter(1, Found("ok", "x", answered=True), cached=True)
    nothing = await look_ahead(job, journal)
    assert (nothing.requests, nothing.cost, nothing.bound) == (0, 0, 0)


@pytest.mark.parametrize("text", ["plain", "Füße und 漢字", "🙂" * 40])
async def test_the_most_it_can_cost_is_never_below_the_sum_of_its_rows(journal, text):
    texts = [text * n for n in range(1, 9)]
    job = await job_of(texts, max_tokens=9)
    found = await look_ahead(job, journal)
    assert found.bound >= sum(job.form.bound(each) for each in texts)


async def test_an_unknown_price_is_unknown(journal):
    found = await look_ahead(await job_of(["a"], price=Price(), max_tokens=5), journal)
    assert (found.cost, found.batch_cost, found.bound) == (None, None, None)


async def test_prompts_are_those_of_different_requests(journal):
    job = await job_of(["a", None, "a", "b", "c", "d"])
    assert prompts(job, 3) == ["a", "b", "c"]
