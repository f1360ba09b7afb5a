"""Batches really run: every status, both files, paging, cancelling, expiry and restarts."""

import json
import signal
import time

import openai
import pytest
from sandbox_fixture import running_sandbox, start_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-8B-Instruct"
ENDED = {"completed", "failed", "cancelled", "expired"}
TIMES = (
    "created_at", "in_progress_at", "expires_at", "finalizing_at", "completed_at", "failed_at",
    "expired_at", "cancelling_at", "cancelled_at",
)  # fmt: skip


def open_client(sandbox):
    return openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0)


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    with (
        running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox,
        open_client(sandbox) as client,
    ):
        yield client


def chat_line(number, **body):
    body = {"model": CHAT, "messages": [{"role": "user", "content": f"{number} + 1?"}], **body}
    return line(f"r{number}", "/v1/chat/completions", body)


def line(custom_id, url, body):
    return json.dumps({"custom_id": custom_id, "method": "POST", "url": url, "body": body})


def begin(client, lines, endpoint="/v1/chat/completions", **more):
    content = "\n".join(lines).encode()
    file = client.files.create(file=("in.jsonl", content), purpose="batch")
    return client.batches.create(
        input_file_id=file.id, endpoint=endpoint, completion_window="24h", **more
    )


def wait(client, batch, is_there=lambda batch: batch.status in ENDED):
    for _ in range(3000):
        batch = client.batches.retrieve(batch.id)
        if is_there(batch):
            return batch
        time.sleep(0.02)
    raise AssertionError(batch)


def rows(client, file):
    if file is None:
        return []
    return [json.loads(row) for row in client.files.content(file).text.splitlines()]


def counts(batch):
    found = batch.request_counts
    return found.total, found.completed, found.failed


def test_a_batch_of_chats(client):
    batch = begin(client, [chat_line(n) for n in range(50)], metadata={"of": "test"})
    assert batch.status == "validating"
    assert counts(batch) == (0, 0, 0)
    assert batch.metadata == {"of": "test"}
    assert set(batch.model_dump()) >= {*TIMES, "errors", "output_file_id", "error_file_id"}
    batch = wait(client, batch)
    assert batch.status == "completed"
    assert counts(batch) == (50, 50, 0)
    assert batch.errors is batch.error_file_id is None
    steps = [batch.created_at, batch.in_progress_at, batch.finalizing_at, batch.completed_at]
    assert steps == sorted(steps)
    assert batch.expires_at - batch.created_at in {24 * 3600, 24 * 3600 + 1}
    assert batch.cancelled_at is batch.cancelling_at is batch.expired_at is batch.failed_at is None
    found = rows(client, batch.output_file_id)
    assert {row["custom_id"] for row in found} == {f"r{n}" for n in range(50)}
    assert [row["custom_id"] for row in found] != [f"r{n}" for n in range(50)]
    for row in found:
        assert set(row) == {"id", "custom_id", "response", "error"}
        assert row["id"].startswith("batch_req_")
        assert row["response"]["object"] == "chat.completion"
        assert row["error"] is None
        asked = int(row["custom_id"][1:])
        assert str(asked + 1) in row["response"]["choices"][0]["message"]["content"]
    file = client.files.retrieve(batch.output_file_id)
    assert file.filename == f"{batch.id}_output.jsonl"


def test_a_batch_answers_as_the_route_does(client):
    body = {"model": CHAT, "messages": [{"role": "user", "content": "Hello!"}], "max_tokens": 9}
    raw = line("a", "/v1/chat/completions", {**body, "stream": True})
    batch = wait(client, begin(client, [raw]))
    (row,) = rows(client, batch.output_file_id)
    direct = client.chat.completions.create(**body).to_dict()
    for changing in ("id", "created"):
        del direct[changing], row["response"][changing]
    assert row["response"] == direct


@pytest.mark.parametrize(
    ("endpoint", "body", "object"),
    [
        ("/v1/completions", {"model": CHAT, "prompt": "One, two"}, "text_completion"),
        ("/v1/embeddings", {"model": "BAAI/bge-en-icl", "input": ["a", "b"]}, "list"),
    ],
)
def test_the_other_endpoints(client, endpoint, body, object):
    batch = wait(client, begin(client, [line("a", endpoint, body)], endpoint))
    (row,) = rows(client, batch.output_file_id)
    assert row["response"]["object"] == object


def test_failed_requests_and_broken_lines_stand_in_the_error_file(client):
    lines = [
        chat_line(0),
        "{broken",
        chat_line(2, temperature=9),
        line("r3", "/v1/embeddings", {"model": CHAT, "input": "x"}),
        "",
        chat_line(5, messages=[]),
        line("r6", "/v1/chat/completions", {"model": CHAT}).replace("POST", "GET"),
        chat_line(7),
    ]
    batch = wait(client, begin(client, lines))
    assert batch.status == "completed"
    assert counts(batch) == (7, 2, 5)
    assert {row["custom_id"] for row in rows(client, batch.output_file_id)} == {"r0", "r7"}
    failed = {row["error"]["line"]: row for row in rows(client, batch.error_file_id)}
    assert {number: row["custom_id"] for number, row in failed.items()} == {
        2: None, 3: "r2", 4: "r3", 6: "r5", 7: "r6",
    }  # fmt: skip
    assert all(row["response"] is None for row in failed.values())
    assert failed[2]["error"]["code"] == "invalid_json_line"
    assert failed[3]["error"]["code"] == "422"
    assert "temperature" in failed[3]["error"]["message"]
    assert failed[4]["error"]["code"] == "mismatched_url"
    assert client.files.retrieve(batch.error_file_id).filename == f"{batch.id}_error.jsonl"


def test_a_model_that_is_not_there_fails_every_request(client):
    batch = wait(client, begin(client, [chat_line(n, model="nobody/none") for n in range(3)]))
    assert (batch.status, counts(batch), batch.output_file_id) == ("completed", (3, 0, 3), None)
    assert {row["error"]["code"] for row in rows(client, batch.error_file_id)} == {"404"}


def test_equal_ids_come_back_as_often_as_they_were_sent(client):
    batch = wait(client, begin(client, [chat_line(1)] * 3))
    assert [row["custom_id"] for row in rows(client, batch.output_file_id)] == ["r1"] * 3


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        (["{", "[]", "x"], ["invalid_json_line", "invalid_request", "invalid_json_line"]),
        ([chat_line(1), chat_line(2, model="BAAI/bge-en-icl")], ["mismatched_model"]),
        (["", "\n"], ["empty_file"]),
    ],
)
def test_a_file_that_is_no_batch_fails(client, lines, codes):
    batch = wait(client, begin(client, lines))
    assert batch.status == "failed"
    assert batch.failed_at
    assert batch.output_file_id is batch.error_file_id is None
    assert [error.code for error in batch.errors.data] == codes
    assert batch.errors.object == "list"


def test_the_list_has_pages_and_ends(tmp_path):
    with running_sandbox(tmp_path) as sandbox, open_client(sandbox) as client:
        assert client.batches.list().to_dict()["first_id"] is None
        made = [begin(client, [chat_line(n)]) for n in range(12)]
        ids = [batch.id for batch in reversed(made)]
        assert [batch.id for batch in client.batches.list()] == ids
        assert [batch.id for batch in client.batches.list(limit=5)] == ids
        page = client.batches.list(limit=5).to_dict()
        assert (page["first_id"], page["last_id"], page["has_more"]) == (ids[0], ids[4], True)
        page = client.batches.list(limit=5, after=ids[9]).to_dict()
        assert ([row["id"] for row in page["data"]], page["has_more"]) == (ids[10:], False)
        file = made[3].input_file_id
        (only,) = client.batches.list(extra_query={"input_file_id": file})
        assert only.id == made[3].id
        with pytest.raises(openai.NotFoundError):
            client.batches.list(after="batch_none")
        for limit in (0, 101):
            with pytest.raises(openai.UnprocessableEntityError):
                client.batches.list(limit=limit)


def test_what_cannot_be_begun(client):
    file = client.files.create(file=b"x", purpose="batch").id
    tuned = client.files.create(file=b"x", purpose="fine-tune").id
    good = {
        "input_file_id": file, "endpoint": "/v1/chat/completions", "completion_window": "24h",
    }  # fmt: skip
    for change, status in (
        ({"input_file_id": "file-none"}, 404),
        ({"input_file_id": tuned}, 400),
        ({"endpoint": "/v1/images/generations"}, 422),
        ({"completion_window": "48h"}, 422),
        ({"metadata": {"a": 1}}, 422),
        ({"metadata": {str(n): "" for n in range(17)}}, 422),
        ({"metadata": "x"}, 422),
    ):
        with pytest.raises(openai.APIStatusError) as caught:
            client.post("/batches", body={**good, **change}, cast_to=object)
        assert caught.value.status_code == status
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        client.post("/batches", body={}, cast_to=object)
    missing = [problem["loc"][1] for problem in caught.value.body["detail"]]
    assert missing == ["input_file_id", "endpoint", "completion_window"]


def test_a_batch_that_is_not_there(client):
    for ask in (client.batches.retrieve, client.batches.cancel):
        with pytest.raises(openai.NotFoundError) as caught:
            ask("batch_none")
        assert caught.value.body == {"detail": "The batch `batch_none` does not exist."}


def test_a_finished_batch_cannot_be_cancelled(client):
    batch = wait(client, begin(client, [chat_line(1)]))
    with pytest.raises(openai.BadRequestError) as caught:
        client.batches.cancel(batch.id)
    assert "completed" in str(caught.value.body)


def test_cancelling_keeps_what_is_finished(tmp_path):
    with (
        running_sandbox(tmp_path, "--batch-rows-per-second", "50") as sandbox,
        open_client(sandbox) as client,
    ):
        batch = begin(client, [chat_line(n) for n in range(5000)])
        wait(client, batch, lambda batch: batch.request_counts.completed >= 5)
        with pytest.raises(openai.ConflictError):
            client.files.delete(batch.input_file_id)
        cancelling = client.batches.cancel(batch.id)
        assert cancelling.status in {"cancelling", "cancelled"}
        assert cancelling.cancelling_at
        assert client.batches.cancel(batch.id).id == batch.id
        batch = wait(client, batch)
        assert batch.status == "cancelled"
        assert batch.cancelled_at
        assert batch.completed_at is batch.finalizing_at is None
        found = rows(client, batch.output_file_id)
        assert 5 <= len(found) < 5000
        assert len(found) == batch.request_counts.completed
        assert len({row["custom_id"] for row in found}) == len(found)
        client.files.delete(batch.input_file_id)


def test_a_slow_batch_is_cancelled_without_waiting_for_its_next_line(tmp_path):
    with (
        running_sandbox(tmp_path, "--batch-rows-per-second", "0.001") as sandbox,
        open_client(sandbox) as client,
    ):
        batch = begin(client, [chat_line(1)])
        wait(client, batch, lambda batch: batch.status == "in_progress")
        client.batches.cancel(batch.id)
        batch = wait(client, batch)
        assert (batch.status, batch.output_file_id) == ("cancelled", None)


def test_a_batch_expires_and_keeps_what_is_finished(tmp_path):
    with (
        running_sandbox(
            tmp_path, "--batch-rows-per-second", "100", "--batch-window", "1"
        ) as sandbox,
        open_client(sandbox) as client,
    ):
        batch = wait(client, begin(client, [chat_line(n) for n in range(5000)]))
        assert batch.status == "expired"
        assert batch.expired_at
        found = rows(client, batch.output_file_id)
        assert len(found) == batch.request_counts.completed < 5000


@pytest.mark.fault
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_batch_survives_restarts_and_no_line_comes_twice(tmp_path, number):
    lines = [chat_line(n) for n in range(300)]
    lines[17] = "{"
    pace = ("--batch-rows-per-second", "200")
    sandbox = start_sandbox(tmp_path, *pace)
    with open_client(sandbox) as client:
        batch = begin(client, lines)
    for goal in (60, 120):
        with open_client(sandbox) as client:
            seen = wait(
                client, batch, lambda batch, goal=goal: batch.request_counts.completed > goal
            )
            assert seen.status == "in_progress"
        sandbox.process.send_signal(number)
        sandbox.process.wait(30)
        sandbox.stop()
        sandbox = start_sandbox(tmp_path, *pace)
    try:
        with open_client(sandbox) as client:
            batch = wait(client, batch)
            assert (batch.status, counts(batch)) == ("completed", (300, 299, 1))
            found = [row["custom_id"] for row in rows(client, batch.output_file_id)]
            assert sorted(found) == sorted(f"r{n}" for n in range(300) if n != 17)
            (failed,) = rows(client, batch.error_file_id)
            assert failed["error"]["line"] == 18
    finally:
        sandbox.stop()


@pytest.mark.fault
def test_a_cancelled_batch_stays_cancelled_over_a_restart(tmp_path):
    sandbox = start_sandbox(tmp_path, "--batch-rows-per-second", "50")
    with open_client(sandbox) as client:
        batch = begin(client, [chat_line(n) for n in range(1000)])
        wait(client, batch, lambda batch: batch.request_counts.completed > 3)
        client.batches.cancel(batch.id)
    sandbox.process.kill()
    sandbox.stop()
    with running_sandbox(tmp_path) as sandbox, open_client(sandbox) as client:
        batch = wait(client, batch)
        assert batch.status == "cancelled"
        found = [row["custom_id"] for row in rows(client, batch.output_file_id)]
        assert len(found) == len(set(found)) == batch.request_counts.completed


def test_others_are_answered_while_batches_run(tmp_path):
    with running_sandbox(tmp_path) as sandbox, open_client(sandbox) as client:
        batches = [begin(client, [chat_line(n) for n in range(20_000)]) for _ in range(3)]
        for _ in range(20):
            client.chat.completions.create(
                model=CHAT, messages=[{"role": "user", "content": "Hello!"}]
            )
        assert {client.batches.retrieve(batch.id).status for batch in batches} <= {
            "validating", "in_progress",
        }  # fmt: skip


def test_batches_ask_no_rate_limits(tmp_path):
    with (
        running_sandbox(tmp_path, "--requests-per-minute", "1") as sandbox,
        open_client(sandbox) as client,
    ):
        batch = wait(client, begin(client, [chat_line(n) for n in range(20)]))
        assert counts(batch) == (20, 20, 0)
