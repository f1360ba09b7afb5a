"""Files, batches, custom models, reranking and catalogs: the client and the sandbox agree."""

import anyio
import pytest
from sandbox_fixture import running_sandbox

from nbnebius import errors
from nbnebius.catalogs.custom import custom_records
from nbnebius.catalogs.nebula_block import nebula_block_records
from nbnebius.catalogs.open_webui import open_webui_records
from nbnebius.client import AsyncClient
from nbnebius.frames.batch_results import batch_result_frame
from nbnebius.frames.batches import batches_frame
from nbnebius.frames.files import files_frame
from nbnebius.frames.logprobs import logprob_frame
from nbnebius.frames.models import model_frame
from nbnebius.frames.rerank import rerank_frame
from nbnebius.types.batch_answer import answer_of
from nbnebius.types.batch_input import write_lines
from nbnebius.types.batch_lines import read_file

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as running:
        yield running


@pytest.fixture(scope="module")
def chatty(sandbox):
    """Return a chat model's id."""

    async def listed():
        async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
            return (await asked.models.list())[0]

    return next(model.id for model in anyio.run(listed) if model.modality == "text->text")


@pytest.fixture
async def asked(sandbox):
    async with AsyncClient(sandbox.api_key, sandbox.base_url) as asked:
        yield asked


def rows(model, count):
    for at in range(count):
        messages = [{"role": "user", "content": f"How much is {at} + {at}?"}]
        yield f"row-{at}", {"model": model, "messages": messages, "max_tokens": 30}


async def ended(asked, batch_id):
    with anyio.fail_after(60):
        while True:
            await anyio.sleep(0.1)
            batch = await asked.batches.retrieve(batch_id)
            if batch.state != "active":
                return batch


async def test_a_batch_from_rows_to_a_frame(asked, chatty, tmp_path):
    file = await asked.files.upload(write_lines(rows(chatty, 20), block=500), filename="in.jsonl")
    assert (file.filename, file.purpose) == ("in.jsonl", "batch")
    body = {
        "endpoint": "/v1/chat/completions",
        "input_file_id": file.id,
        "completion_window": "24h",
        "metadata": {"job": "from rows to a frame"},
    }
    batch = await asked.batches.create(body)
    assert (await asked.batches.create(body, look_first=True)).id == batch.id
    assert [one.id for one in await asked.batches.find(file.id, body["metadata"])] == [batch.id]
    batch = await ended(asked, batch.id)
    assert batch.state == "done"
    path = await asked.files.save(batch.output_file_id, tmp_path / "out.jsonl")
    assert path.read_bytes() == await asked.files.content(batch.output_file_id)
    lines = list(read_file(path))
    assert all(answer_of(line.raw).startswith(b"{") for line in lines)
    frame = batch_result_frame(lines, price_in=0.1, price_out=0.2)
    assert sorted(frame.index) == sorted(f"row-{at}" for at in range(20))
    assert frame["error"].isna().all()
    assert frame["text"].str.len().gt(0).all()
    assert frame["cost"].gt(0).all()
    told = batches_frame(await asked.batches.list(input_file_id=file.id)).iloc[0]
    assert (told["state"], told["total"], told["completed"]) == ("done", 20, 20)


async def test_a_batch_is_cancelled(asked, chatty):
    file = await asked.files.upload(write_lines(rows(chatty, 3000)))
    body = {
        "endpoint": "/v1/chat/completions",
        "input_file_id": file.id,
        "completion_window": "24h",
    }
    batch = await asked.batches.create(body)
    cancelled = await asked.batches.cancel(batch.id)
    assert cancelled.status in {"cancelling", "cancelled"}
    assert (await ended(asked, batch.id)).status == "cancelled"


async def test_files_come_and_go(asked, tmp_path):
    made = [await asked.files.upload(b"{}\n" * at, filename=f"{at}.jsonl") for at in range(1, 13)]
    listed = await asked.files.list()
    assert {file.id for file in made} <= {file.id for file in listed}
    assert [file.id for file in await asked.files.list(limit=2)] == [file.id for file in listed[:2]]
    frame = files_frame(listed)
    assert frame["bytes"].notna().all()
    assert frame["created"].notna().all()
    assert (await asked.files.retrieve(made[3].id)).bytes == 12
    assert await asked.files.content(made[3].id) == b"{}\n" * 4
    assert (await asked.files.delete(made[3].id)).deleted
    with pytest.raises(errors.NotFoundError):
        await asked.files.save(made[3].id, tmp_path / "out")


async def test_custom_models(asked):
    base = "meta-llama/Meta-Llama-3.1-8B-Instruct"
    source = "huggingface.co/sofrony/Llama-3.1-8B-Instruct-sofrony"
    made = await asked.custom_models.create("mine", base, source, "a try")
    assert "mine-" in made.name
    assert made.name in {model.name for model in await asked.custom_models.list()}
    assert made.name in {record.name for record in await custom_records(asked)}
    short = made.name.rpartition(":")[2]
    assert (await asked.custom_models.retrieve(short)).name == made.name
    assert (await asked.custom_models.delete(made.name)).status == "deleted"


async def test_documents_are_ranked(asked):
    documents = ["The sea is salt.", "A recipe for bread: flour, water, salt.", "Stars."]
    body = {"model": "Qwen/Qwen3-Reranker-8B", "query": "recipe for bread", "documents": documents}
    ranked, answer = await asked.rerank.create(body)
    frame = rerank_frame(ranked, documents)
    assert frame["document"].iloc[0] == documents[1]
    assert sorted(frame["position"]) == [0, 1, 2]
    assert answer.status == 200


async def test_logprobs(asked, chatty):
    body = {
        "model": chatty,
        "messages": [{"role": "user", "content": "Say hello."}],
        "max_tokens": 8,
        "logprobs": True,
        "top_logprobs": 2,
    }
    completion, _ = await asked.chat.create(body)
    frame = logprob_frame(completion.choices)
    assert len(frame)
    assert frame["probability"].between(0, 1).all()


async def test_neighbours(asked):
    webui = await open_webui_records(asked)
    assert len({record.id for record in webui}) == len(webui) > 30
    assert len(await open_webui_records(asked, page=1)) == 30
    assert {record.type for record in await nebula_block_records(asked)} >= {"chat", "image"}
    assert len(model_frame([*webui, *await nebula_block_records(asked)])) > 30
