"""A sandbox in front of another server: that one answers, this one adds files and batches."""

import json
import socket
import time

import openai
import pytest
from sandbox_fixture import running_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-8B-Instruct"
HELLO = [{"role": "user", "content": "Hello!"}]
KEY = "the-key-of-the-other-server"


@pytest.fixture(scope="module")
def behind(tmp_path_factory):
    folder = tmp_path_factory.mktemp("behind")
    with running_sandbox(folder, "--api-key", KEY, "--tokens-per-second", "200") as behind:
        yield behind


@pytest.fixture(scope="module")
def front(behind, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KEY_OF_THE_OTHER", KEY)
        with running_sandbox(
            tmp_path_factory.mktemp("front"), "--upstream", behind.base_url,
            "--upstream-key-from-env", "KEY_OF_THE_OTHER", "--validation-seconds", "0",
        ) as front:  # fmt: skip
            yield front


@pytest.fixture
def client(front):
    with openai.OpenAI(base_url=front.base_url, api_key=front.api_key, max_retries=0) as client:
        yield client


@pytest.fixture
def direct(behind):
    with openai.OpenAI(base_url=behind.base_url, api_key=KEY, max_retries=0) as direct:
        yield direct


def requests_of(client, root):
    return client.get(f"{root}sandbox/requests", cast_to=object)["data"]


def settle(ask):
    for _ in range(500):
        line = ask()
        if line["state"] != "running":
            return line
        time.sleep(0.02)
    raise AssertionError(line)


def test_answers_come_from_upstream(client, direct, behind):
    answer = client.chat.completions.create(model=CHAT, messages=HELLO)
    asked = requests_of(direct, behind.root_url)[0]
    assert (asked["path"], asked["model"]) == ("/v1/chat/completions", CHAT)
    again = direct.chat.completions.create(model=CHAT, messages=HELLO)
    assert answer.choices == again.choices
    text = client.completions.create(model=CHAT, prompt="One, two").choices[0].text
    assert text == direct.completions.create(model=CHAT, prompt="One, two").choices[0].text
    vector = client.embeddings.create(model="BAAI/bge-en-icl", input="x").data[0].embedding
    assert vector == direct.embeddings.create(model="BAAI/bge-en-icl", input="x").data[0].embedding


def test_streams_come_from_upstream(client, direct, front):
    fields = {"model": CHAT, "messages": HELLO, "stream": True, "max_tokens": 12}

    def text(client):
        return [
            chunk.choices[0].delta.content for chunk in client.chat.completions.create(**fields)
        ]

    assert text(client) == text(direct)
    line = settle(lambda: requests_of(client, front.root_url)[0])
    assert (line["state"], line["stream"], line["model"]) == ("finished", True, CHAT)
    assert line["tokens_sent"] > 5


def test_a_stream_that_is_left_is_left_upstream_too(client, direct, front, behind):
    messages = [{"role": "user", "content": "Count from 1 to 2000"}]
    stream = client.chat.completions.create(model=CHAT, messages=messages, stream=True)
    next(iter(stream))
    stream.close()
    for asker, server in ((client, front), (direct, behind)):
        line = settle(lambda asker=asker, server=server: requests_of(asker, server.root_url)[0])
        assert line["state"] == "cancelled"


def test_errors_are_passed_through(client, direct):
    for change in ({"model": "nobody/none"}, {"temperature": 9}, {"messages": []}):
        fields = {"model": CHAT, "messages": HELLO, **change}
        errors = []
        for asker in (client, direct):
            with pytest.raises(openai.APIStatusError) as caught:
                asker.chat.completions.create(**fields)
            errors.append((caught.value.status_code, caught.value.body))
        assert errors[0] == errors[1]


def test_the_model_lists_are_one(client, direct):
    rows = client.models.list().data
    ids = [row.id for row in rows]
    assert len(set(ids)) == len(ids)
    assert set(ids) >= {row.id for row in direct.models.list()}
    assert "black-forest-labs/flux-schnell" in ids


def test_what_is_not_passed_on_is_done_here(client, direct, behind):
    before = len(requests_of(direct, behind.root_url))
    fields = {"model": "stability-ai/sdxl", "prompt": "A boat", "response_format": "b64_json"}
    assert client.images.generate(**fields).data[0].b64_json
    assert len(requests_of(direct, behind.root_url)) == before


def test_batches_are_answered_upstream(client, direct, behind):
    lines = [
        {
            "custom_id": str(n),
            "method": "POST",
            "url": "/v1/chat/completions",
            "body": {"model": CHAT, "messages": HELLO if n else [], "max_tokens": 5},
        }
        for n in range(40)
    ]
    content = "\n".join(map(json.dumps, lines)).encode()
    file = client.files.create(file=("in.jsonl", content), purpose="batch")
    before = len(requests_of(direct, behind.root_url))
    batch = client.batches.create(
        input_file_id=file.id, endpoint="/v1/chat/completions", completion_window="24h"
    )
    for _ in range(1000):
        batch = client.batches.retrieve(batch.id)
        if batch.status == "completed":
            break
        time.sleep(0.02)
    assert (batch.request_counts.completed, batch.request_counts.failed) == (39, 1)
    rows = [json.loads(row) for row in client.files.content(batch.output_file_id).text.splitlines()]
    assert {row["custom_id"] for row in rows} == {str(n) for n in range(1, 40)}
    (failed,) = client.files.content(batch.error_file_id).text.splitlines()
    assert json.loads(failed)["error"]["code"] == "422"
    assert len(requests_of(direct, behind.root_url)) == before + 40


def test_a_custom_model_is_its_base_upstream(client, front, direct, behind):
    wish = {"name": "mine", "base_model": CHAT, "source": "ftjob-1:ftckpt_1"}
    name = client.post(f"{front.root_url}v0/models", body=wish, cast_to=object)["name"]
    client.chat.completions.create(model=name, messages=HELLO)
    assert requests_of(direct, behind.root_url)[0]["model"] == CHAT


def test_an_upstream_that_is_not_there_is_a_502(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with (
        running_sandbox(tmp_path, "--upstream", f"http://127.0.0.1:{port}") as sandbox,
        openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0) as client,
    ):
        for ask in (
            lambda: client.chat.completions.create(model=CHAT, messages=HELLO),
            client.models.list,
        ):
            with pytest.raises(openai.InternalServerError) as caught:
                ask()
            assert caught.value.status_code == 502
            assert str(port) not in str(caught.value.body)


def test_the_key_is_in_no_file(front, client):
    client.chat.completions.create(model=CHAT, messages=HELLO)
    for file in front.data.rglob("*"):
        if file.is_file():
            assert KEY.encode() not in file.read_bytes()
