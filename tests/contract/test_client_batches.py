"""Batches over real sockets: created at most once, listed to the end, told in any words."""

import pytest
from asking import INTENT, Memory, client, refusal
from raw_server import Play, RawServer, json_answer

from nbnebius import errors
from nbnebius.types.batches import RequestCounts

pytestmark = pytest.mark.anyio

LOST = Play(b"", close=True)
BODY = {
    "endpoint": "/v1/chat/completions",
    "input_file_id": "file-1",
    "completion_window": "24h",
    "metadata": {"job": "k1", "rows": 7},
    "override_settings": None,
}


def batch(id="batch_1", **more):
    return {
        "id": id,
        "object": "batch",
        "status": "validating",
        "input_file_id": "file-1",
        "metadata": {"job": "k1", "rows": "7"},
        **more,
    }


def listing(*rows, **more):
    return json_answer({"object": "list", "data": list(rows), **more})


def posted(server):
    return [seen for seen in server.requests if seen.method == "POST"]


async def test_a_batch_is_created():
    async with RawServer([json_answer(batch())]) as server, client(server) as asked:
        made = await asked.batches.create(BODY, ai_project_id="p")
    (seen,) = server.requests
    assert seen.target == "/v1/batches?ai_project_id=p"
    assert seen.json == {name: value for name, value in BODY.items() if value is not None}
    assert (made.id, made.state, made.raw) == ("batch_1", "active", batch())


@pytest.mark.parametrize(
    "lost", [LOST, refusal(500), refusal(504), json_answer({"ok": True}), Play(b"HTTP/1.1 2")]
)
async def test_a_batch_whose_answer_is_lost_is_found_and_not_made_twice(lost):
    if lost.data == b"HTTP/1.1 2":
        lost = Play(lost.data, reset=True)
    others = [batch(f"batch_x{at}", metadata={"job": "other"}) for at in range(100)]
    plays = [
        lost,
        listing(has_more=False),
        listing(*others, has_more=True),
        listing(batch("batch_2", input_file_id="file-2"), batch("batch_9"), has_more=False),
    ]
    async with RawServer(plays) as server, client(server) as asked:
        made = await asked.batches.create(BODY)
    assert made.id == "batch_9"
    assert len(posted(server)) == 1
    assert server.requests[2].target == "/v1/batches?input_file_id=file-1&limit=100"
    assert server.requests[3].target.endswith("&after=batch_x99")


async def test_a_batch_in_doubt_that_is_not_found_is_an_error_that_says_so():
    async with RawServer([LOST, listing()]) as server:
        memory = Memory(server)
        async with client(server, memory) as asked:
            with pytest.raises(errors.TransportError) as caught:
                await asked.batches.create(BODY, intent=INTENT)
    assert "billed" in caught.value.why
    assert "List the batches" in caught.value.hint
    assert len(posted(server)) == 1
    assert memory.states == ["possibly_paid"]


async def test_a_batch_in_doubt_on_a_kept_connection_is_not_sent_again():
    plays = [json_answer(batch()), LOST, listing()]
    async with RawServer(plays) as server, client(server) as asked:
        await asked.batches.retrieve("batch_1")
        with pytest.raises(errors.TransportError):
            await asked.batches.create(BODY)
    assert len(posted(server)) == 1


async def test_a_batch_in_doubt_whose_list_fails_too():
    async with RawServer([LOST, refusal(403)]) as server, client(server) as asked:
        with pytest.raises(errors.TransportError, match="without an answer"):
            await asked.batches.create(BODY)
    assert len(posted(server)) == 1


@pytest.mark.parametrize("status", [429, 503])
async def test_a_batch_that_was_surely_not_made_is_sent_again(status):
    async with (
        RawServer([refusal(status), json_answer(batch())]) as server,
        client(server) as asked,
    ):
        assert (await asked.batches.create(BODY)).id == "batch_1"
    assert len(posted(server)) == 2


@pytest.mark.parametrize(
    ("status", "error"), [(400, errors.BadRequestError), (402, errors.PaymentRequiredError)]
)
async def test_a_batch_that_is_refused(status, error):
    async with RawServer([refusal(status)]) as server, client(server) as asked:
        with pytest.raises(error):
            await asked.batches.create(BODY)
    assert len(server.requests) == 1


async def test_looking_first():
    async with RawServer([listing(batch())]) as server, client(server) as asked:
        assert (await asked.batches.create(BODY, look_first=True)).id == "batch_1"
    assert not posted(server)
    plays = [listing(batch(metadata={"job": "k2"}), has_more=False), json_answer(batch("batch_2"))]
    async with RawServer(plays) as server, client(server) as asked:
        assert (await asked.batches.create(BODY, look_first=True)).id == "batch_2"


async def test_finding():
    rows = [
        batch("a"),
        batch("b", metadata=None),
        batch("c", metadata={"job": "k1", "rows": 7, "x": 1}),
    ]
    async with RawServer([listing(*rows)]) as server, client(server) as asked:
        assert [one.id for one in await asked.batches.find("file-1")] == ["a", "b", "c"]
        assert [one.id for one in await asked.batches.find("file-1", {"rows": 7})] == ["a", "c"]
        assert await asked.batches.find("file-2") == []


async def test_a_batch_is_told_about():
    told = batch(
        status="done",
        request_counts={"total": 3, "completed": 2, "failed": None},
        created_at=1730723835,
        completed_at=1730797702.5,
        output_file_id="file-2",
        errors={"data": [{"message": "line 3 is bad"}]},
        new_field=1,
    )
    async with RawServer([json_answer(told)]) as server, client(server) as asked:
        found = await asked.batches.retrieve("batch_1")
    assert server.requests[0].target == "/v1/batches/batch_1"
    assert (found.state, found.ended_at, found.error) == ("done", 1730797702.5, "line 3 is bad")
    assert found.request_counts == RequestCounts(3, 2, None)
    assert found.raw["new_field"] == 1


@pytest.mark.parametrize("counts", [{}, None, [], "x"])
async def test_a_batch_that_tells_little(counts):
    play = json_answer({"id": "b", "request_counts": counts, "metadata": 7, "status": 5})
    async with RawServer([play]) as server, client(server) as asked:
        found = await asked.batches.retrieve("b")
    assert (found.request_counts or RequestCounts()) == RequestCounts()
    assert (found.state, found.metadata) == ("active", None)


async def test_a_batch_is_cancelled():
    async with (
        RawServer([json_answer(batch(status="cancelling"))]) as server,
        client(server) as asked,
    ):
        assert (await asked.batches.cancel("batch_1")).status == "cancelling"
    assert (server.requests[0].method, server.requests[0].target) == (
        "POST",
        "/v1/batches/batch_1/cancel",
    )


async def test_cancelling_is_asked_again_and_a_lost_answer_is_looked_up():
    plays = [LOST, refusal(400), json_answer(batch(status="cancelled"))]
    async with RawServer(plays) as server, client(server) as asked:
        assert (await asked.batches.cancel("batch_1")).status == "cancelled"
    async with RawServer([refusal(400)]) as server, client(server) as asked:
        with pytest.raises(errors.BadRequestError):
            await asked.batches.cancel("batch_1")


async def test_a_list_that_repeats_itself_ends():
    async with RawServer([listing(batch("a"), has_more=True)]) as server, client(server) as asked:
        assert [one.id for one in await asked.batches.list()] == ["a"]
    assert len(server.requests) == 2
