"""Every recorded answer about files, batches and custom models: an answer or a clear error."""

import gzip
import json
from pathlib import Path

import pytest
from asking import KEY
from raw_server import Play, RawServer, answer

from nbnebius.client import AsyncClient
from nbnebius.errors import NebiusError
from nbnebius.frames.batches import batches_frame
from nbnebius.frames.files import files_frame
from nbnebius.types.batch_lines import read_lines

pytestmark = pytest.mark.anyio

LINES = gzip.decompress((Path(__file__).parent / "jobs.jsonl.gz").read_bytes()).decode()
RECORDED = [json.loads(line) for line in LINES.splitlines()]
BODY = {"endpoint": "/v1/chat/completions", "input_file_id": "f", "completion_window": "24h"}


async def ask(client, name):
    """Send the kind of request that the recorded answer is of."""
    area, _, what = name.partition("_")
    if area == "v0":
        models = client.custom_models
        return await (models.create("n", "b", "s") if what.endswith("post") else models.list())
    resource = client.files if area == "file" else client.batches
    if what.startswith("list"):
        frame = files_frame if area == "file" else batches_frame
        return frame(await resource.list())
    if what.startswith("content"):
        return list(read_lines([await resource.content("f")]))
    if what.startswith("upload"):
        return await resource.upload(b"{}\n")
    if what.startswith("create"):
        return await resource.create(BODY)
    for verb in ("delete", "cancel"):
        if what.startswith(verb):
            return await getattr(resource, verb)("f")
    return await resource.retrieve("f")


@pytest.mark.parametrize("one", RECORDED, ids=lambda one: f"{one['server']}-{one['name']}")
async def test_an_answer_or_a_clear_error(one):
    play = Play(answer(one["body"].encode(), one["status"], one["content_type"]))
    async with RawServer([play]) as server, AsyncClient(KEY, server.url, max_retries=0) as client:
        client.transport.sleep = _at_once
        try:
            found, error = await ask(client, one["name"]), None
        except NebiusError as raised:
            found, error = None, raised
    says_yes = 200 <= one["status"] < 300 and "html" not in one["content_type"]
    assert (found is not None) is says_yes
    if error is not None:
        assert error.what
        assert KEY not in f"{error}{error!r}"


async def _at_once(_seconds):
    pass
