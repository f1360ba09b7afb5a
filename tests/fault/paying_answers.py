"""
What the paying server says: every answer is a pure function of the question.

So the frame of a job that was killed a hundred times can be compared with that of one that was not.
"""

from __future__ import annotations

import base64
import hashlib
import json
import random
import struct
from typing import Any

CHAT = "paying/chat-1"
EMBEDDING = "paying/embed-1"
DIMENSIONS = 16
_WORDS = ("amber", "birch", "cloud", "delta", "ember", "frost", "grove", "haven", "inlet", "kelp")


def key_of(model: str, asked: Any) -> str:
    """Name one thing that is bought (a list of messages, or one text to embed) by 32 characters."""
    text = json.dumps([model, asked], sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


def keys_of(body: dict[str, Any]) -> list[str]:
    """Name what a request buys: one conversation, or each of its texts."""
    if "messages" in body:
        return [key_of(body["model"], body["messages"])]
    texts = body["input"]
    return [key_of(body["model"], t) for t in ([texts] if isinstance(texts, str) else texts)]


def text_of(body: dict[str, Any]) -> str:
    """Give all text of a request, for markers to be found in and tokens to be counted of."""
    if "input" in body:
        texts = body["input"]
        return texts if isinstance(texts, str) else "\n".join(texts)
    contents = [message["content"] for message in body["messages"]]
    return "\n".join(c if isinstance(c, str) else json.dumps(c) for c in contents)


def tokens_in(text: str) -> int:
    """Count tokens: one for every four bytes begun, so never more than there are bytes."""
    return -(-len(text.encode()) // 4)


def chat_answer(body: dict[str, Any]) -> dict[str, Any]:
    """Answer a conversation, in the shape its JSON schema asks for, cut at ``max_tokens``."""
    key = key_of(body["model"], body["messages"])
    dice = random.Random(key)
    schema = _schema_of(body)
    if schema is None:
        text = f"answer {key[:8]}: " + " ".join(dice.choices(_WORDS, k=6))
    else:
        text = json.dumps(_value(schema, schema.get("$defs", {}), dice))
    finish, most = "stop", body.get("max_completion_tokens") or body.get("max_tokens")
    if most is not None and tokens_in(text) > most:
        text, finish = text[: 4 * most], "length"
    message = {"role": "assistant", "content": text}
    return {
        "id": f"chatcmpl-{key}",
        "object": "chat.completion",
        "created": 1_790_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": finish}],
        "usage": _usage(tokens_in(text_of(body)), tokens_in(text)),
    }


def stream_of(answer: dict[str, Any]) -> list[bytes]:
    """Cut a chat's answer into the events of a stream, word by word."""
    choice = answer["choices"][0]
    frame = {**answer, "object": "chat.completion.chunk", "usage": None}
    words = choice["message"]["content"].split(" ")
    deltas = [{"content": word if not n else f" {word}"} for n, word in enumerate(words)]
    frames = [
        {**frame, "choices": [{"index": 0, "delta": delta, "finish_reason": None}]}
        for delta in deltas
    ]
    end = {"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}
    frames += [{**frame, "choices": [end]}, {**frame, "choices": [], "usage": answer["usage"]}]
    return [*(b"data: %b\n\n" % json.dumps(one).encode() for one in frames), b"data: [DONE]\n\n"]


def embedding_answer(body: dict[str, Any]) -> dict[str, Any]:
    """Answer texts with unit vectors drawn from their keys, as floats or base64."""
    size = body.get("dimensions") or DIMENSIONS
    data = []
    for index, key in enumerate(keys_of(body)):
        dice = random.Random(key)
        vector = [dice.gauss(0, 1) for _ in range(size)]
        length = sum(x * x for x in vector) ** 0.5
        vector = [x / length for x in vector]
        packed = struct.pack(f"<{size}f", *vector)
        in_base64 = body.get("encoding_format") == "base64"
        value = base64.b64encode(packed).decode() if in_base64 else vector
        data.append({"object": "embedding", "index": index, "embedding": value})
    return {
        "object": "list",
        "data": data,
        "model": body["model"],
        "usage": _usage(tokens_in(text_of(body)), 0),
    }


def model_list(price_in: float, price_out: float, *, verbose: bool) -> dict[str, Any]:
    """List one chat and one embedding model; prices in USD per million tokens."""
    rows = []
    for name, modality, out in ((CHAT, "text->text", price_out), (EMBEDDING, "text->embedding", 0)):
        row: dict[str, Any] = {"id": name, "object": "model", "created": 1, "owned_by": "paying"}
        if verbose:
            row |= {
                "context_length": 131_072,
                "architecture": {"modality": modality, "tokenizer": "Other"},
                "pricing": {
                    "prompt": f"{price_in / 1e6:.12f}",
                    "completion": f"{out / 1e6:.12f}",
                    "image": "0",
                    "request": "0",
                },
                "supported_features": ["json_mode", "structured_outputs"],
            }
        rows.append(row)
    return {"object": "list", "data": rows}


def _usage(prompt: int, completion: int) -> dict[str, int]:
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }


def _schema_of(body: dict[str, Any]) -> dict[str, Any] | None:
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        schema: dict[str, Any] = wanted["json_schema"]["schema"]
        return schema
    return body.get("guided_json")


def _value(schema: dict[str, Any], defs: dict[str, Any], dice: random.Random) -> Any:
    """Draw a value that fits a schema of the kinds that short forms and types give."""
    if "$ref" in schema:
        return _value(defs[schema["$ref"].rpartition("/")[2]], defs, dice)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return dice.choice(schema["enum"])
    if "anyOf" in schema:
        return _value(dice.choice(schema["anyOf"]), defs, dice)
    kind = schema.get("type", "string")
    kind = dice.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        fields = schema.get("properties", {})
        return {name: _value(field, defs, dice) for name, field in fields.items()}
    if kind == "array":
        return [_value(schema.get("items", {}), defs, dice) for _ in range(dice.randint(1, 3))]
    simple = {
        "integer": lambda: dice.randint(0, 1000),
        "number": lambda: dice.randint(0, 1000) / 1000,
        "boolean": lambda: dice.random() < 0.5,
        "null": lambda: None,
    }
    return simple.get(kind, lambda: " ".join(dice.choices(_WORDS, k=4)))()
