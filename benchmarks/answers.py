"""What the stub answers: bytes that are made once."""

from __future__ import annotations

import base64
import json
import random
import struct
from functools import cache

CHAT, EMBEDDING, FLOATS = "stub/chat", "stub/embed", "stub/embed-floats"
TEXT = "a fair review, on the whole content, with one small complaint"
DIMENSIONS = 1024
WORDS = (
    "the",
    "tent",
    "kept",
    "dry",
    "in",
    "a",
    "storm",
    "and",
    "**held**",
    "well",
    "so",
    "far.\n\n",
)


def head(length: int, kind: str = "application/json") -> bytes:
    """Give the head of an answer."""
    return f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n".encode()


def whole(value: object) -> bytes:
    """Give an answer of JSON."""
    body = json.dumps(value).encode()
    return head(len(body)) + body


def _model(name: str, modality: str) -> dict[str, object]:
    return {
        "id": name,
        "object": "model",
        "created": 1,
        "owned_by": "stub",
        "context_length": 131_072,
        "architecture": {"modality": modality, "tokenizer": "Other"},
        "pricing": {"prompt": "0.0000001", "completion": "0.0000003", "image": "0", "request": "0"},
    }


MODELS = whole(
    {
        "object": "list",
        "data": [
            _model(CHAT, "text->text"),
            _model(EMBEDDING, "text->embedding"),
            _model(FLOATS, "text->embedding"),
        ],
    }
)
LISTS = {
    b"/v0/models": (whole({"data": []}), 0.2),
    # path: the answer, and how much of the slowest list's time it takes
    b"/v1/models": (MODELS, 0.6),
    b"/api/v1/models/list": (
        whole({"items": [{"id": "one", "name": "One"}, {"id": "two", "name": "Two"}], "total": 2}),
        1.0,
    ),
    b"/api/v1/serverless/models": (
        whole({"data": {"models": [{"model_name": "three", "model_type": "text"}]}}),
        0.8,
    ),
}
CHATTED = whole(
    {
        "id": "chatcmpl-stub",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": CHAT,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": TEXT},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 24, "completion_tokens": 13, "total_tokens": 37},
    }
)
UPLOADED = whole(
    {
        "id": "file-stub",
        "object": "file",
        "bytes": 1,
        "created_at": 1_790_000_000,
        "filename": "requests.jsonl",
        "purpose": "batch",
    }
)
BATCH = whole(
    {
        "id": "batch-stub",
        "object": "batch",
        "endpoint": "/v1/chat/completions",
        "input_file_id": "file-stub",
        "output_file_id": "file-output",
        "completion_window": "24h",
        "status": "completed",
        "created_at": 1_790_000_000,
    }
)


def embedded(body: bytes) -> bytes:
    """Answer a request for embeddings: as many as it has inputs, of the size it asks for."""
    asked = json.loads(body)
    texts = asked["input"]
    floats = asked["model"] == FLOATS or asked.get("encoding_format") != "base64"
    count = 1 if isinstance(texts, str) else len(texts)
    return _vectors(count, int(asked.get("dimensions") or DIMENSIONS), floats)


@cache
def _vectors(count: int, dims: int, floats: bool) -> bytes:
    rows = b",".join(
        b'{"object":"embedding","index":%d,"embedding":%s}' % (at, _vector(at, dims, floats))
        for at in range(count)
    )
    usage = b'{"prompt_tokens":%d,"total_tokens":%d}' % (8 * count, 8 * count)
    body = b'{"object":"list","data":[%s],"model":"stub","usage":%s}' % (rows, usage)
    return head(len(body)) + body


@cache
def _vector(seed: int, dims: int, floats: bool) -> bytes:
    dice = random.Random(seed)
    packed = struct.pack(f"<{dims}f", *(dice.gauss(0, 1) / dims**0.5 for _ in range(dims)))
    if floats:
        return json.dumps(struct.unpack(f"<{dims}f", packed)).encode()
    return json.dumps(base64.b64encode(packed).decode()).encode()


def _event(delta: dict[str, str], finish: str | None = None, **more: object) -> bytes:
    data = {
        "id": "chatcmpl-stub",
        "object": "chat.completion.chunk",
        "created": 1_790_000_000,
        "model": CHAT,
        "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}],
        **more,
    }
    return _chunk(b"data: " + json.dumps(data, separators=(",", ":")).encode() + b"\n\n")


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%s\r\n" % (len(data), data)


def token(place: int) -> str:
    """Give a token of a streamed answer."""
    return WORDS[place % len(WORDS)] + " " * (not WORDS[place % len(WORDS)].endswith("\n"))


@cache
def stream_parts(tokens: int) -> tuple[bytes, list[bytes], bytes]:
    """Give a stream's head, an event for each token, and its end; one HTTP chunk an event."""
    begin = (
        b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
    begin += _event({"role": "assistant", "content": ""})
    usage = {"prompt_tokens": 24, "completion_tokens": tokens, "total_tokens": 24 + tokens}
    end = _event({}, "stop", usage=usage) + _chunk(b"data: [DONE]\n\n") + b"0\r\n\r\n"
    return begin, [_event({"content": token(place)}) for place in range(tokens)], end


@cache
def stream(tokens: int) -> bytes:
    """Give a whole stream."""
    begin, events, end = stream_parts(tokens)
    return begin + b"".join(events) + end
