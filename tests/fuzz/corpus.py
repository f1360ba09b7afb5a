"""What fuzzing begins with: recorded answers, the shapes of Nebius, and what was found before."""

from __future__ import annotations

import functools
import gzip
import io
import json
from pathlib import Path
from typing import Any

WIRE = Path(__file__).parents[1] / "wire"
FOUND = Path(__file__).parent / "found"

# Pieces that parsers trip over, put in anywhere.
PIECES = [
    b"data: ", b"data:", b"\n\n", b"\r\n", b"\r", b"[DONE]", b": ping\n\n", b"\xef\xbb\xbf",
    b"null", b"true", b"NaN", b"-1", b"1e999", b"1e-999", b"9" * 400, b"0" * 50, b'"', b"\\",
    b"\\ud800", b"\\u0000", b"\x00", b"\xff", b"\xed\xa0\x80", b"{", b"}", b"[", b"]", b"{{", b"}}",
    b"[" * 5000, b'{"a":' * 1500, b"(" * 300, b'{"error": {"message": ', b'{"choices": [', b"'",
    b"<html>", b"--", b" -m ", b" --schema ", b"<< ", b"|", b"list[" * 100, b"{text}", b"{{a[0]}}",
    b"{{a:>99999999}}", b"x-ratelimit-limit-requests: ", b"retry-after: ", b"date: ", b"1s", b"%",
    b"6m0s", b"Wed, 21 Oct 2015 07:28:00 GMT", b"AAAA", b"====", b"[tool.nbnebius]\n", b"a.b.c=",
]  # fmt: skip

LIES = ("-1", "-1e18", "1e18", "1e999", "NaN", '"-5"', '"nan"', "true", "[]", "0.5")

TEXTS: dict[str, list[str]] = {
    "completions": [
        f'{{"choices": [{{"message": {{"content": "a"}}}}], "usage": {{"prompt_tokens": {lie}, '
        '"completion_tokens": 3}}'
        for lie in LIES
    ],
    "option_lines": [
        "-m Qwen/Qwen3-32B -t 0.5 Say hello.\n", 'answer << --schema "a int, b x|y" -- -m is it?',
        "frame -o out --budget 0.5 --via batch\nJudge {text}", "--set a={\"b\": 1} --stop '\\n' hi",
        "vectors =<< -q --dry-run", "--type chat --sort price_out  # the cheap ones",
    ],
    "templates": [
        'Judge {text} and {a b}. JSON like {"a": 1}', "{{a[2]['b']}} {{n:.2f}} {text} \\{{a}}",
        "{{a[1:]}} {{a[-1]}} {n}", "{{text}} {text}{text}",
    ],
    "schemas": [
        "name, age int, label good|bad|null, why: in ten words", "a list[int]\nb: one, two\nc 1|2",
        '{"type": "object", "properties": {"a": {"$ref": "#/$defs/b"}}, "$defs": {"b": {}}}',
        '{"name": "x", "schema": {"type": "object", "properties": {"a": {"type": ["null"]}}}}',
    ],
    "shaped_answers": [
        '{"label": "good", "score": 1, "why": "so", "tags": []}',
        'Here:\n```json\n{"label": null, "score": "1.5", "why": "x", "tags": "a"}\n```',
        '<think>{</think>[{"label": "bad"}, {"score": 1e400}]',
    ],
    "tool_calls": ['{"a": 1}', '"{\\"a\\": [1, 2]}"', "", "null"],
    "saved_prompts": ["%%chat -m x -t 1\nHello {{name}}", "%%map frame -o j\n{text}", "plain"],
    "prices": ["0.5,1.5", "$ 0.012", "1e5,1", "0.9", "nan,inf"],
    "threads": [
        ('{"thread": "t", "messages": [{"role": "user", "content": "a"}, {"role": "assistant", '
        '"content": "b"}], "turns": [{"model": "m", "tokens": 3, "usd": 0.1, "state": "x"}]}'),
        ('[{"role": "system", "content": "s"}, {"role": "user", "content": [{"type": "text", '
        '"text": "x"}]}, {"role": "tool", "content": null}]'),
    ],
    "settings": [
        '[tool.nbnebius]\nmodel = "a"\n[tool.nbnebius.aliases]\nx = "y"', "NEBIUS_API_KEY='abc' #",
        '{"models": {"nebius": {"chat": "m"}}, "aliases": {"a": "b"}, "thread": "off"}',
    ],
    "headers": [
        "retry-after: 3\ndate: Wed, 21 Oct 2015 07:28:00 GMT",
        "retry-after: Wed, 21 Oct 2015 07:28:30 GMT\ndate: Wed, 21 Oct 2015 07:28:00 GMT",
        ("retry-after-ms: 1500\nx-ratelimit-limit-requests: 600\nx-ratelimit-remaining-requests: 0"
        "\nx-ratelimit-reset-requests: 6m0s\nx-ratelimit-limit-tokens: 1e10"
        "\nx-ratelimit-dynamic-period-usage-tokens: 1%"),
    ],
}  # fmt: skip


@functools.cache
def recorded() -> list[dict[str, Any]]:
    """Give every recorded answer, with its `name`, `status`, `headers` and `body`."""
    found = []
    for path in sorted(WIRE.glob("*.jsonl.gz")):
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            found += [json.loads(line) | {"server": path.name.split(".")[0]} for line in lines]
    return found


def shapes(family: str) -> list[bytes]:
    """Give the answers of Nebius of one family, as bytes."""
    found = []
    for shape in json.loads((WIRE / "nebius" / f"{family}.json").read_text("utf-8")).values():
        if "events" in shape:
            found.append(b"".join(_event(one) for one in shape["events"]))
        elif "lines" in shape:
            lines = [one if isinstance(one, str) else json.dumps(one) for one in shape["lines"]]
            found.append("\n".join(lines).encode())
        elif "text" in shape:
            found.append(shape["text"].encode())
        elif "body" in shape:
            found.append(json.dumps(shape["body"]).encode())
    return found


def _event(one: Any) -> bytes:
    if isinstance(one, str) and one.startswith(":"):
        return f"{one}\n\n".encode()
    return f"data: {one if isinstance(one, str) else json.dumps(one)}\n\n".encode()


def recorded_streams() -> list[bytes]:
    """Give every recorded stream, and those of Nebius's shapes, each once."""
    found = [
        answer["body"].encode()
        for answer in recorded()
        if "event-stream" in json.dumps(answer["headers"]).lower() and "data:" in answer["body"]
    ]
    return list(dict.fromkeys([*found, *shapes("streams"), *shapes("broken_streams")]))


def _bodies(*words: str, refused: bool = False) -> list[bytes]:
    return [
        answer["body"].encode()
        for answer in recorded()
        if any(word in answer["name"] for word in words)
        and (answer["status"] >= 400) == refused
        and "data:" not in answer["body"][:5]
    ]


def _pictures() -> list[bytes]:
    from PIL import Image

    found = []
    for kind in ("png", "jpeg", "webp", "gif"):
        file = io.BytesIO()
        Image.new("RGB", (9, 7), "teal").save(file, kind)
        found.append(file.getvalue())
    return found


@functools.cache
def seeds(name: str) -> list[bytes]:
    """Give what a target begins with, what was found before first."""
    found = [path.read_bytes() for path in sorted((FOUND / name).glob("*"))]
    made = {
        "events": recorded_streams,
        "streams": recorded_streams,
        "completions": lambda: _bodies("chat", "completion") + shapes("chat"),
        "rows": lambda: _bodies("chat_json") + shapes("chat"),
        "embeddings": lambda: _bodies("embed") + shapes("embeddings"),
        "images": lambda: shapes("images"),
        "pictures": _pictures,
        "models": lambda: _bodies("models") + shapes("models"),
        "rankings": lambda: shapes("rerank"),
        "neighbours": lambda: shapes("neighbours") + _bodies("models"),
        "lists": lambda: shapes("files") + shapes("batches") + shapes("custom_models"),
        "batch_lines": lambda: shapes("batch_lines"),
        "refusals": lambda: [b"d" + one for one in _bodies("", refused=True) + shapes("errors")],
        "headers": _headers,
    }
    found += made[name]() if name in made else []
    found += [text.encode() for text in TEXTS.get(name, [])]
    # a target of long answers is fuzzed with the short ones of them: the rest says nothing new
    return sorted({one for one in found if len(one) <= 20_000}, key=lambda one: (len(one), one))


def _headers() -> list[bytes]:
    told = json.loads((WIRE / "nebius" / "headers.json").read_text("utf-8")).values()
    return [
        "\n".join(f"{name}: {value}" for name, value in shape.get("headers", {}).items()).encode()
        for shape in told
    ]
