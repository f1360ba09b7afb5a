"""The paying server is the judge of the other tests, so it is judged first."""

import asyncio
import json
import urllib.error
import urllib.request

import openai
import pytest

import nbnebius as neb
from tests.fault.paying_answers import CHAT, EMBEDDING, key_of

pytestmark = pytest.mark.fault

HELLO = [{"role": "user", "content": "Hello there"}]


@pytest.fixture
def sdk():
    """Make clients of the openai package; all are closed at the end."""
    clients = []

    def make(server):
        clients.append(openai.OpenAI(api_key="x", base_url=server.url, max_retries=0))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def post(server, body, path="chat/completions"):
    """Send a body; give the status, the headers and the answer."""
    request = urllib.request.Request(server.url + path, json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.headers, json.load(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.load(error)


def hello(text="Hello there", **more):
    return {"model": CHAT, "messages": [{"role": "user", "content": text}], **more}


def test_equal_questions_get_equal_answers_and_are_executed_each_time(paying_server, sdk):
    server = paying_server()
    client = sdk(server)
    first, again = (client.chat.completions.create(model=CHAT, messages=HELLO) for _ in range(2))
    assert first.choices[0].message.content == again.choices[0].message.content
    other = client.chat.completions.create(model=CHAT, messages=[{**HELLO[0], "content": "Bye"}])
    assert other.choices[0].message.content != first.choices[0].message.content
    assert server.counts()[key_of(CHAT, HELLO)] == 2
    assert server.executed() == server.stats()["executed"] == 3


def test_embeddings_are_entered_per_text_and_equal_in_both_encodings(paying_server, sdk):
    server = paying_server()
    client = sdk(server)
    texts = ["tea", "coffee"]
    packed = client.embeddings.create(model=EMBEDDING, input=texts)
    plain = client.embeddings.create(model=EMBEDDING, input=texts, encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-6)
    assert server.counts() == {key_of(EMBEDDING, text): 2 for text in texts}


def test_its_books_hold_an_execution_before_its_answer_comes(paying_server):
    server = paying_server()
    for number in range(20):
        post(server, hello(f"number {number}"))
        assert server.executed() == number + 1


def test_its_bill_is_that_of_the_answers(paying_server):
    server = paying_server("--price-in", "1000", "--price-out", "3000")
    usage = [post(server, hello(f"text {n}"))[2]["usage"] for n in range(5)]
    cost = sum(u["prompt_tokens"] * 1000 + u["completion_tokens"] * 3000 for u in usage) / 1e6
    assert server.stats()["cost"] == pytest.approx(cost)


def test_an_answer_follows_its_schema_and_ends_at_max_tokens(paying_server):
    server = paying_server()
    schema = {
        "type": "object",
        "properties": {"label": {"enum": ["a", "b"]}, "score": {"type": "number"}},
    }
    asked = {"type": "json_schema", "json_schema": {"name": "n", "schema": schema}}
    _, _, answer = post(server, hello(response_format=asked))
    told = json.loads(answer["choices"][0]["message"]["content"])
    assert told["label"] in {"a", "b"}
    assert isinstance(told["score"], float)
    _, _, short = post(server, hello(max_tokens=3))
    assert short["usage"]["completion_tokens"] == 3
    assert short["choices"][0]["finish_reason"] == "length"


def test_a_limit_is_told_in_headers_or_by_a_refusal_alone(paying_server):
    told = paying_server("--per-minute", "60", "--level", "2")
    answers = [post(told, hello()) for _ in range(3)]
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[0][1]["x-ratelimit-remaining-requests"] == "1"
    assert answers[2][1]["retry-after"] == "1"
    untold = paying_server("--per-minute", "60", "--level", "1", "--untold")
    answers = [post(untold, hello()) for _ in range(2)]
    assert [status for status, _, _ in answers] == [200, 429]
    assert answers[1][1]["retry-after"] == "1"
    assert not [name for _, headers, _ in answers for name in headers if "ratelimit" in name]
    assert untold.stats()["refused_429"] == 1
    assert untold.executed() == 1


def test_faults_come_as_ordered_and_only_what_was_executed_is_in_the_books(paying_server):
    server = paying_server("--fail-every", "2", "--cut-every", "3", "--refuse-text", "FORBIDDEN")
    assert post(server, hello())[0] == 200
    assert post(server, hello())[0] == 500
    with pytest.raises((ConnectionError, urllib.error.URLError)):
        post(server, hello())
    assert post(server, hello("a FORBIDDEN text"))[0] == 400
    server.quiet()
    seen = server.stats()
    assert (seen["failed_500"], seen["cut"], seen["refused_400"]) == (1, 1, 1)
    assert server.executed() == 2


def test_it_sees_how_many_are_in_flight(paying_server):
    server = paying_server("--delay-ms", "2000")  # long enough for all to be there at once

    async def ask_at_once():
        async with openai.AsyncOpenAI(api_key="x", base_url=server.url, max_retries=0) as client:
            asked = (client.chat.completions.create(model=CHAT, messages=HELLO) for _ in range(24))
            await asyncio.gather(*asked)

    with asyncio.Runner() as runner:
        runner.run(ask_at_once())
    assert server.stats()["most_in_flight"] == 24
    assert server.stats()["in_flight"] == 0


def test_to_a_session_it_is_a_plain_server_with_prices(paying_server):
    server = paying_server("--price-in", "2", "--price-out", "6")
    neb.connect("x", server.url)
    reply = neb.chat("Say something")
    assert reply.model == CHAT
    usage = reply.usage
    assert reply.cost == pytest.approx(
        (usage.prompt_tokens * 2 + usage.completion_tokens * 6) / 1e6
    )
    assert len(neb.embed(["one", "two"]).embedding[0]) == 16
    assert server.executed() == 3
