"""A batch goes on from whatever a crash has left, and ends the same."""

import json
import time

import anyio
import anyio.lowlevel
import pytest

from nbnebius.sandbox.batches.job import Job
from nbnebius.sandbox.batches.results import InUseError, Results
from nbnebius.sandbox.keeping.batches import Batch
from nbnebius.sandbox.keeping.store import Store
from nbnebius.sandbox.settings import Settings
from nbnebius.sandbox.state import Sandbox

URL = "/v1/completions"
LINES = 100


@pytest.fixture
def sandbox(tmp_path):
    store = Store(tmp_path)
    yield Sandbox(Settings(api_key="x", data=tmp_path), store)
    store.close()


@pytest.fixture
def batch(sandbox):
    path, file = sandbox.shelf.incoming()
    body = {"model": "Qwen/Qwen3-32B", "prompt": "One, two", "max_tokens": 2}
    with file:
        for number in range(LINES):
            line = {"custom_id": str(number), "method": "POST", "url": URL, "body": body}
            file.write(json.dumps(line).encode() + b"\n")
    stored = sandbox.shelf.add(path, "in.jsonl", "batch")
    batch = Batch(
        endpoint=URL,
        input_file_id=stored.id,
        completion_window="24h",
        deadline=time.time() + 1000,
    )
    sandbox.batches.add(batch)
    return batch


def finish(sandbox, batch):
    anyio.run(Job(sandbox, batch).run)
    assert batch.status == "completed"
    assert (batch.completed, batch.failed) == (LINES, 0)
    text = sandbox.shelf.path(batch.output_file_id).read_text()
    ids = [json.loads(line)["custom_id"] for line in text.splitlines()]
    assert sorted(ids, key=int) == [str(number) for number in range(LINES)]
    assert sandbox.shelf.find(batch.output_file_id).bytes == len(text)


async def work_for_a_while(sandbox, batch, lines):
    """Work until so many lines are answered, then stop as a process that is ended."""
    async with anyio.create_task_group() as group:
        group.start_soon(Job(sandbox, batch).run)
        while batch.completed < lines:
            await anyio.lowlevel.checkpoint()
        group.cancel_scope.cancel()


def kept(sandbox, batch):
    """Give the batch as another process would find it."""
    return Sandbox(sandbox.settings, sandbox.store).batches.find(batch.id)


@pytest.mark.parametrize("lines", [1, 31, 32, 33, 70])
def test_it_goes_on_at_the_line_where_it_stopped(sandbox, batch, lines):
    anyio.run(work_for_a_while, sandbox, batch, lines)
    again = kept(sandbox, batch)
    assert lines <= again.completed < LINES
    finish(sandbox, again)


def test_what_came_after_the_last_checkpoint_is_done_again(sandbox, batch):
    anyio.run(work_for_a_while, sandbox, batch, 40)
    part = sandbox.shelf.part(f"{batch.id}.output")
    with part.open("ab") as file:
        file.write(b'{"custom_id": "40", "half a li')
    finish(sandbox, kept(sandbox, batch))


def test_answers_that_are_lost_are_given_again(sandbox, batch):
    anyio.run(work_for_a_while, sandbox, batch, 40)
    sandbox.shelf.part(f"{batch.id}.output").write_bytes(b"")
    finish(sandbox, kept(sandbox, batch))


def test_a_crash_while_the_results_are_put_on_the_shelf_changes_nothing(sandbox, batch):
    finish(sandbox, batch)
    for step in ("after the shelf", "before the shelf"):
        batch.status, batch.output_file_id = "finalizing", None
        if step == "before the shelf":
            sandbox.store.execute("DELETE FROM files WHERE purpose = 'batch_output'")
        finish(sandbox, batch)


def test_two_processes_do_not_work_on_one_batch(sandbox, batch):
    results = Results(sandbox.shelf, batch)
    with pytest.raises(InUseError):
        Results(sandbox.shelf, batch)
    results.close()
    Results(sandbox.shelf, batch).close()


def test_an_input_file_that_is_gone_fails_the_batch(sandbox, batch):
    sandbox.shelf.path(batch.input_file_id).unlink()
    anyio.run(Job(sandbox, batch).run)
    assert batch.status == "failed"
    assert batch.row()["errors"]["data"][0]["code"] == "missing_file"
