"""Every recorded answer gives an answer, a clear error, or a part that says so."""

import gzip
import json
from pathlib import Path

import pytest
from asking import INTENT, KEY, PROMPT, Memory
from raw_server import STREAM_HEAD, Play, RawServer, answer, chunk

from nbnebius.client import AsyncClient
from nbnebius.client.decode import decode_completion
from nbnebius.errors import NebiusError, StreamError

pytestmark = pytest.mark.anyio

FOLDER = Path(__file__).parent.parent / "wire"


def recorded():
    for file in sorted(FOLDER.glob("*.jsonl.gz")):
        for line in gzip.decompress(file.read_bytes()).decode().splitlines():
            one = json.loads(line)
            yield pytest.param(one, id=f"{file.name.split('.')[0]}-{one['name']}")


def plays(one, size):
    """Serve the recorded bytes; a stream in pieces of `size` bytes."""
    body = one["body"].replace("Hello!", PROMPT).encode()
    kept = {
        name: value
        for name, value in one["headers"].items()
        if name not in {"content-length", "transfer-encoding", "content-type", "content-encoding"}
        and not name.endswith("retry-after")
    }
    content_type = one["headers"].get("content-type", "")
    if "event-stream" not in content_type:
        return Play(answer(body, one["status"], content_type, **kept))
    head = STREAM_HEAD.replace(b"200", str(one["status"]).encode())
    pieces = [chunk(body[at : at + size]) for at in range(0, len(body), size)]
    return Play([head, b"".join(pieces) + chunk(b"")])


async def ask(client, one):
    """Send the kind of request that the recorded answer is of."""
    path = one["request"]["path"]
    body = {"model": "m", "messages": [{"role": "user", "content": PROMPT}]}
    if "embedding" in path:
        return await client.embeddings.create({"model": "m", "input": PROMPT}, intent=INTENT)
    if "images" in path:
        return await client.images.generate({"model": "m", "prompt": PROMPT}, intent=INTENT)
    if "models" in path:
        return await client.models.list()
    resource = client.chat
    if path.endswith("/completions") and "chat" not in path:
        resource, body = client.completions, {"model": "m", "prompt": PROMPT}
    if not one["name"].endswith(("_stream", "_stream_usage")):
        return await resource.create(body, intent=INTENT)
    async with resource.stream(body, intent=INTENT) as pieces:
        text = "".join([piece.text async for piece in pieces if hasattr(piece, "text")])
        return text, pieces.completion


async def outcome_of(asking):
    try:
        return await asking, None
    except NebiusError as error:
        return None, error


@pytest.mark.parametrize("one", list(recorded()))
async def test_an_answer_or_a_clear_error(one):
    async with RawServer([plays(one, 17)]) as server:
        memory = Memory(server)
        client = AsyncClient(KEY, server.url, recorder=memory, max_retries=0)
        async with client:
            result, error = await outcome_of(ask(client, one))
        if error is not None:
            shown = f"{error}{error!r}{getattr(error, 'body', '')}"
            assert error.what
            assert KEY not in shown
            assert PROMPT not in shown
            assert not isinstance(error, StreamError) or memory.states == ["partial"]
        if one["status"] >= 400:
            assert result is None
        if memory.intents:
            (outcome,) = memory.outcomes
            assert outcome.status == one["status"]
            assert (outcome.state == "done") >= (result is not None)
            if result is not None and one["request"]["path"].endswith("chat/completions"):
                kept = decode_completion(outcome.body, outcome.content_type)
                assert kept.choices == _completion(result).choices


def _completion(result):
    return next(part for part in result if hasattr(part, "choices"))


@pytest.mark.parametrize(
    "one", [one for one in recorded() if one.id.endswith(("chat_stream", "tools_strict_stream"))]
)
async def test_any_cut_gives_the_same_answer(one):
    completions = []
    for size in (1, 3, 64, 10**6):
        async with RawServer([plays(one, size)]) as server, AsyncClient(KEY, server.url) as client:
            try:
                completions.append((await ask(client, one))[1])
            except NebiusError as error:
                completions.append(str(error).replace(server.root, ""))
    assert completions[1:] == completions[:-1]
