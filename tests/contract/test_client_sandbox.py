"""The client and the sandbox mean the same API."""

import anyio
import pytest
from asking import INTENT, Memory
from sandbox_fixture import running_sandbox

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.client.decode import decode_completion
from nbnebius.client.reasoning import split_reasoning

pytestmark = pytest.mark.anyio

HELLO = [{"role": "user", "content": "Say hello to the sandbox."}]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def models(sandbox):
    """Return one model's id for each modality that the sandbox lists."""

    async def listed():
        async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
            return (await asked.models.list())[0]

    return {model.modality: model.id for model in anyio.run(listed)}


async def test_chat(sandbox, models):
    memory = Memory()
    body = {"model": models["text->text"], "messages": HELLO, "max_tokens": 40}
    async with AsyncClient(sandbox.api_key, sandbox.base_url, recorder=memory) as asked:
        completion, answer = await asked.chat.create(body, intent=INTENT)
        async with asked.chat.stream(body, intent=INTENT) as pieces:
            shown = [piece async for piece in pieces]
    assert split_reasoning(completion.choices[0].message)[0]
    assert completion.usage.total_tokens > 0
    assert shown
    assert pieces.completion.usage.total_tokens > 0
    assert memory.states == ["done", "done"]
    kept = decode_completion(memory.outcomes[1].body, memory.outcomes[1].content_type)
    assert kept == pieces.completion
    assert answer.request_id


async def test_embeddings(sandbox, models):
    async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
        body = {"model": models["text->embedding"], "input": ["tea", "coffee", "tea"]}
        found, _ = await asked.embeddings.create(body)
    assert found.vectors.shape[0] == 3
    assert (found.vectors[0] == found.vectors[2]).all()


@pytest.mark.parametrize("response_format", ["b64_json", "url"])
async def test_images(sandbox, models, response_format):
    body = {"model": models["text->image"], "prompt": "a tea pot", "width": 64, "height": 64}
    async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
        drawn, _ = await asked.images.generate(body | {"response_format": response_format})
        (datum,) = drawn.data
        data = datum.content() or await asked.images.fetch(datum.url)
    assert data[:4] in {b"RIFF", b"\x89PNG", b"\xff\xd8\xff\xe0"}


async def test_errors(sandbox):
    async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
        with pytest.raises(errors.NotFoundError) as caught:
            await asked.chat.complete(model="no/such-model", messages=HELLO)
        assert caught.value.model_missing
        with pytest.raises(errors.UnprocessableEntityError, match="messages"):
            await asked.chat.create({"model": "no/such-model"})
    async with AsyncClient("wrong-key-0123456789", sandbox.base_url) as asked:
        with pytest.raises(errors.AuthenticationError):
            await asked.chat.complete(model="m", messages=HELLO)
