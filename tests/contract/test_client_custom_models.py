"""Custom models and reranking over real sockets."""

import pytest
from asking import INTENT, PROMPT, Memory, client, refusal
from raw_server import Play, RawServer, answer, json_answer

from nbnebius import errors

pytestmark = pytest.mark.anyio

LOST = Play(b"", close=True)
FULL = "meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:my-custom-model-udpd"
ROW = {"name": FULL, "type": "text2text", "status": "active", "job_id": "ftjob-1", "size_b": 8}


async def test_custom_models_are_listed():
    async with RawServer([json_answer([ROW, {"type": "x"}, 7])]) as server, client(server) as asked:
        (found,) = await asked.custom_models.list(ai_project_id="p")
    assert server.requests[0].target == "/v0/models?ai_project_id=p"
    assert (found.name, found.status, found.origin, found.raw) == (FULL, "active", "ftjob-1", ROW)


@pytest.mark.parametrize("body", [{"data": [ROW]}, {"items": [ROW]}])
async def test_a_list_in_a_wrapper(body):
    async with RawServer([json_answer(body)]) as server, client(server) as asked:
        assert len(await asked.custom_models.list()) == 1


async def test_a_server_without_custom_models():
    async with RawServer([refusal(404)]) as server, client(server) as asked:
        with pytest.raises(errors.NotFoundError):
            await asked.custom_models.list()


async def test_a_custom_model_is_created():
    made = {"name": FULL, "base_model": "b", "source": "s", "created_at": 123}
    async with RawServer([json_answer(made)]) as server, client(server) as asked:
        found = await asked.custom_models.create("my-custom-model", "b", "s", ai_project_id="p")
    assert server.requests[0].target == "/v0/models?ai_project_id=p"
    assert server.requests[0].json == {"name": "my-custom-model", "base_model": "b", "source": "s"}
    assert (found.name, found.status, found.created_at) == (FULL, None, 123)


@pytest.mark.parametrize("lost", [LOST, refusal(500), json_answer({"ok": 1})])
async def test_a_custom_model_in_doubt_is_not_asked_for_twice(lost):
    async with RawServer([lost]) as server, client(server) as asked:
        with pytest.raises(errors.NebiusError) as caught:
            await asked.custom_models.create("n", "b", "s")
    assert "list the custom models" in caught.value.hint
    assert len(server.requests) == 1


@pytest.mark.parametrize("name", [FULL, "my-custom-model-udpd"])
async def test_by_short_and_full_name(name):
    plays = [json_answer(ROW), json_answer({**ROW, "status": "deleted"})]
    async with RawServer(plays) as server, client(server) as asked:
        assert (await asked.custom_models.retrieve(name)).name == FULL
        assert (await asked.custom_models.delete(name, ai_project_id="p")).status == "deleted"
    assert server.requests[0].target == f"/v0/models/{name}"
    assert (server.requests[1].method, server.requests[1].target) == (
        "DELETE",
        f"/v0/models/{name}?ai_project_id=p",
    )


async def test_a_deletion_without_a_body_and_one_whose_answer_was_lost():
    for plays in ([Play(answer(b"", 204))], [LOST, refusal(404)]):
        async with RawServer(plays) as server, client(server) as asked:
            found = await asked.custom_models.delete("n")
        assert (found.name, found.status) == ("n", "deleted")
    async with RawServer([refusal(404)]) as server, client(server) as asked:
        with pytest.raises(errors.NotFoundError):
            await asked.custom_models.delete("n")


@pytest.mark.parametrize("name", ["", "../files/x", "a/../../v1/files/x", "/a", "a?b#c"])
async def test_a_name_leads_to_no_other_path(name):
    async with RawServer([json_answer(ROW)]) as server, client(server) as asked:
        if "?" in name:
            await asked.custom_models.delete(name)
            assert server.requests[0].target == "/v0/models/a%3Fb%23c"
        else:
            with pytest.raises(errors.OptionError):
                await asked.custom_models.delete(name)
            assert not server.requests


# -- rerank ------------------------------------------------------------------------------------

ASKED = {"model": "m", "query": PROMPT, "documents": ["a", "b", "c"], "user": None}


def ranking(*results, name="results", **more):
    return json_answer({"id": "rerank-1", "model": "m", name: list(results), **more})


async def test_documents_are_ranked():
    usage = {"prompt_tokens": 5, "total_tokens": 5}
    play = ranking(
        {"index": 2, "relevance_score": 0.1, "document": {"text": "c"}},
        {"index": 0, "relevance_score": 0.9},
        usage=usage,
    )
    async with RawServer([play]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            found, given = await asked.rerank.create(ASKED, intent=INTENT)
    assert server.requests[0].target == "/v1/rerank"
    assert "user" not in server.requests[0].json
    assert [(one.index, one.relevance_score, one.document) for one in found.results] == [
        (0, 0.9, None),
        (2, 0.1, "c"),
    ]
    assert (found.id, found.model, found.usage.prompt_tokens) == ("rerank-1", "m", 5)
    assert (given.status, memory.states) == (200, ["done"])


@pytest.mark.parametrize(
    "play",
    [
        ranking({"index": 1, "score": "0.5", "document": "b"}),
        ranking({"index": 1, "relevance_score": 0.5, "document": "b"}, name="data"),
    ],
)
async def test_other_words_for_it(play):
    async with RawServer([play]) as server, client(server) as asked:
        ((one,), _) = ((await asked.rerank.create(ASKED))[0].results, None)
    assert (one.index, one.relevance_score, one.document) == (1, 0.5, "b")


@pytest.mark.parametrize(
    "play",
    [
        ranking({"index": 3, "relevance_score": 1}),
        ranking({"index": -1, "relevance_score": 1}),
        ranking({"index": 0, "relevance_score": 1}, {"index": 0, "relevance_score": 2}),
        ranking({"index": 0}),
        ranking(7),
        json_answer({"ok": True}),
        json_answer({"error": {"message": f"no: {PROMPT}"}}),
        json_answer([]),
    ],
)
async def test_what_is_no_ranking(play):
    async with RawServer([play]) as server, client(server) as asked:
        with pytest.raises(errors.ResponseError) as caught:
            await asked.rerank.create(ASKED)
    assert PROMPT not in str(caught.value)
