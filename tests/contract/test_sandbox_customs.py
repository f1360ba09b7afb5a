"""Custom models from their making to their end; and documents in a new order."""

import time

import openai
import pytest
from sandbox_fixture import running_sandbox

BASE = "meta-llama/Meta-Llama-3.1-8B-Instruct"
RERANKER = "Qwen/Qwen3-Reranker-8B"
CREATED = {"name", "base_model", "source", "description", "created_at", "status"}
LISTED = {
    "type", "name", "status", "logo_url", "huggingface_url", "flavors", "fine_tune", "vendor",
    "tags", "use_cases", "context_window_k", "size_b", "quality", "policy_url", "license",
    "status_reason", "checkpoint_id", "job_id", "file_id", "url",
}  # fmt: skip
FLAVOR = {
    "model_id", "alias_for", "quantization", "model_type", "model_name", "model_description",
    "label", "input_price_per_million_tokens", "output_price_per_million_tokens",
    "tokens_per_second", "input_tps", "limits", "max_model_len", "owners",
    "supports_lora_adapters", "regions", "ai_project_ids", "context_window_k",
}  # fmt: skip
WISH = {
    "name": "my-custom-model",
    "base_model": f"{BASE}-fast",
    "source": "ftjob-1234567890:ftckpt_1234567890",
    "description": "For a test",
}


@pytest.fixture
def client(tmp_path):
    with (
        running_sandbox(tmp_path, "--validation-seconds", "0.5") as sandbox,
        openai.OpenAI(
            base_url=sandbox.root_url + "v0/", api_key=sandbox.api_key, max_retries=0
        ) as client,
    ):
        yield client


@pytest.fixture
def inference(client):
    url = str(client.base_url).replace("/v0/", "/v1/")
    with openai.OpenAI(base_url=url, api_key=client.api_key, max_retries=0) as inference:
        yield inference


def create(client, query="", **changes):
    return client.post(f"/models{query}", body={**WISH, **changes}, cast_to=object)


def settled(client, name):
    for _ in range(1000):
        row = client.get(f"/models/{name}", cast_to=object)
        if row["status"] != "validating":
            return row
        time.sleep(0.02)
    raise AssertionError(row)


def say_hello(inference, model):
    messages = [{"role": "user", "content": "What is 2 + 2?"}]
    return inference.chat.completions.create(model=model, messages=messages)


def test_the_life_of_a_custom_model(client, inference):
    assert client.get("/models", cast_to=object) == []
    made = create(client)
    name = made["name"]
    assert set(made) == CREATED
    assert name.startswith(f"{BASE}-LoRa:my-custom-model-")
    short = name.partition(":")[2]
    assert len(short) == len("my-custom-model-") + 4
    assert {key: made[key] for key in ("base_model", "source", "status")} == {
        "base_model": f"{BASE}-fast", "source": WISH["source"], "status": "validating",
    }  # fmt: skip
    with pytest.raises(openai.NotFoundError):
        say_hello(inference, name)
    row = settled(client, short)
    assert set(row) >= LISTED
    assert (row["status"], row["status_reason"], row["vendor"]) == ("active", None, "meta-llama")
    assert (row["job_id"], row["checkpoint_id"]) == ("ftjob-1234567890", "ftckpt_1234567890")
    (flavor,) = row["flavors"]
    assert set(flavor) == FLAVOR
    assert flavor["model_id"] == name
    assert client.get(f"/models/{name}", cast_to=object) == row
    assert client.get("/models", cast_to=object) == [row]
    for either in (name, short):
        answer = say_hello(inference, either)
        assert answer.model == either
        assert "4" in answer.choices[0].message.content
    gone = client.delete(f"/models/{name}", cast_to=object)
    assert (gone["name"], gone["status"]) == (name, "deleted")
    assert client.get("/models", cast_to=object) == []
    for ask in (client.get, client.delete):
        with pytest.raises(openai.NotFoundError):
            ask(f"/models/{short}", cast_to=object)
    with pytest.raises(openai.NotFoundError):
        say_hello(inference, name)


def test_two_of_one_name_are_two(client):
    assert create(client)["name"] != create(client)["name"]


def test_names_may_come_with_their_signs_quoted(client):
    name = create(client)["name"]
    quoted = name.replace("/", "%2F").replace(":", "%3A")
    assert client.get(f"/models/{quoted}", cast_to=object)["name"] == name


@pytest.mark.parametrize("source", ["file-none", "nonsense", "https://evil.example/a/b"])
def test_a_source_that_cannot_be_used_is_an_error_with_a_reason(client, inference, source):
    row = settled(client, create(client, source=source)["name"])
    assert row["status"] == "error"
    assert row["status_reason"].endswith(".")
    assert row["flavors"] == []
    with pytest.raises(openai.NotFoundError):
        say_hello(inference, row["name"])


def test_a_file_and_a_repository_are_sources(client, inference):
    file = inference.files.create(file=b"zip", purpose="fine-tune")
    assert settled(client, create(client, source=file.id)["name"])["file_id"] == file.id
    page = settled(client, create(client, source="huggingface.co/a/b")["name"])
    assert (page["status"], page["url"]) == ("active", "https://huggingface.co/a/b")


def test_projects(client):
    mine = create(client, "?ai_project_id=mine")["name"]
    other = create(client)["name"]

    def names(query):
        return [row["name"] for row in client.get(f"/models{query}", cast_to=object)]

    assert names("?ai_project_id=mine") == [mine]
    assert names("?ai_project_id=none") == []
    assert names("") == [mine, other]
    assert client.get(f"/models/{mine}?ai_project_id=mine", cast_to=object)["name"] == mine
    with pytest.raises(openai.NotFoundError):
        client.get(f"/models/{other}?ai_project_id=mine", cast_to=object)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"name": None}, 422), ({"name": "a/b"}, 422), ({"name": ""}, 422), ({"source": 1}, 422),
        ({"base_model": "nobody/none"}, 404), ({"base_model": "BAAI/bge-en-icl"}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_made(client, changes, status):
    with pytest.raises(openai.APIStatusError) as caught:
        create(client, **changes)
    assert caught.value.status_code == status


def test_custom_models_outlive_the_process(tmp_path):
    for expected in (0, 1):
        with (
            running_sandbox(tmp_path) as sandbox,
            openai.OpenAI(base_url=sandbox.root_url + "v0/", api_key=sandbox.api_key) as client,
        ):
            assert len(client.get("/models", cast_to=object)) == expected
            create(client)


DOCUMENTS = [
    "The tax return is due in May.",
    "Bees make honey from the nectar of flowers.",
    "Honey is sweet.",
]


def test_documents_are_ranked(inference):
    body = {"model": RERANKER, "query": "How do bees make honey?", "documents": DOCUMENTS}
    answer = inference.post("/rerank", body=body, cast_to=object)
    assert answer["id"].startswith("rerank-")
    assert answer["model"] == RERANKER
    assert answer["usage"]["total_tokens"] > 0
    results = answer["results"]
    assert [row["index"] for row in results] == [1, 2, 0]
    assert [row["document"]["text"] for row in results] == [DOCUMENTS[i] for i in (1, 2, 0)]
    scores = [row["relevance_score"] for row in results]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"documents": []}, 422), ({"documents": [1]}, 422), ({"query": None}, 422),
        ({"model": BASE}, 400), ({"model": "nobody/none"}, 404),
        ({"documents": ["word " * 50_000]}, 400),
    ],
)  # fmt: skip
def test_what_cannot_be_ranked(inference, changes, status):
    body = {"model": RERANKER, "query": "Honey?", "documents": DOCUMENTS, **changes}
    with pytest.raises(openai.APIStatusError) as caught:
        inference.post("/rerank", body=body, cast_to=object)
    assert caught.value.status_code == status


def test_the_reranker_is_in_the_catalog(inference):
    assert RERANKER in {model.id for model in inference.models.list()}
