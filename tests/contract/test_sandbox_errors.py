"""Refusals have the statuses and bodies of the real service."""

import json
import urllib.error
import urllib.request

import pytest
from sandbox_fixture import running_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-70B-Instruct"
HELLO = [{"role": "user", "content": "Hello!"}]


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


def send(sandbox, path, body=None, *, raw=None, method=None):
    data = raw if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {sandbox.api_key}"}
    if data is not None:
        headers["Content-Type"] = "application/json"
    request = urllib.request.Request(
        sandbox.root_url + path, data=data, headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, dict(answer.headers), json.loads(answer.read() or "null")
    except urllib.error.HTTPError as error:
        with error:
            return error.code, dict(error.headers), json.loads(error.read())


def chat(sandbox, **fields):
    return send(sandbox, "v1/chat/completions", {"model": CHAT, "messages": HELLO, **fields})


def test_unknown_paths(sandbox):
    assert send(sandbox, "v1/nothing")[::2] == (404, {"detail": "Not Found"})
    assert send(sandbox, "v1/models/")[::2] == (404, {"detail": "Not Found"})


def test_wrong_methods_name_the_right_one(sandbox):
    status, headers, body = send(sandbox, "v1/chat/completions")
    assert (status, body) == (405, {"detail": "Method Not Allowed"})
    assert headers["allow"] == "POST"
    assert send(sandbox, "v1/models", {})[0] == 405


@pytest.mark.parametrize("model", ["nobody/none", CHAT.lower(), f"{CHAT}-fast", ""])
def test_unknown_models_by_letter(sandbox, model):
    expected = {"detail": f"The model `{model}` does not exist."}
    assert chat(sandbox, model=model)[::2] == (404, expected)


@pytest.mark.parametrize(
    ("path", "model", "fields"),
    [
        ("chat/completions", "BAAI/bge-en-icl", {"messages": HELLO}),
        ("completions", "stability-ai/sdxl", {"prompt": "Hi"}),
        ("embeddings", CHAT, {"input": "Hi"}),
        ("images/generations", CHAT, {"prompt": "Hi"}),
    ],
)
def test_models_that_do_something_else(sandbox, path, model, fields):
    status, _, body = send(sandbox, f"v1/{path}", {"model": model, **fields})
    assert status == 400
    assert "does not support" in body["error"]["message"]
    assert body["error"]["code"] == 400


@pytest.mark.parametrize(
    ("fields", "type", "loc"),
    [
        ({"messages": "Hi"}, "list_type", ["messages"]),
        ({"messages": []}, "too_short", ["messages"]),
        ({"messages": ["Hi"]}, "dict_type", ["messages", 0]),
        ({"messages": [{"role": "user"}]}, "missing", ["messages", 0, "content"]),
        ({"messages": [{"content": "x"}]}, "missing", ["messages", 0, "role"]),
        ({"messages": [{"role": "pope", "content": ""}]}, "literal_error", ["messages", 0, "role"]),
        ({"messages": [{"role": "user", "content": 7}]}, "string_type", ["messages", 0, "content"]),
        (
            {"messages": [{"role": "user", "content": [{"type": "audio"}]}]},
            "literal_error",
            ["messages", 0, "content", 0, "type"],
        ),
        ({"model": None}, "string_type", ["model"]),
        ({"temperature": 3}, "less_than_equal", ["temperature"]),
        ({"temperature": "hot"}, "float_parsing", ["temperature"]),
        ({"temperature": []}, "float_type", ["temperature"]),
        ({"top_p": -0.5}, "greater_than_equal", ["top_p"]),
        ({"n": 0}, "greater_than_equal", ["n"]),
        ({"n": 129}, "less_than_equal", ["n"]),
        ({"n": 1.5}, "int_from_float", ["n"]),
        ({"max_tokens": -1}, "greater_than_equal", ["max_tokens"]),
        ({"max_tokens": "many"}, "int_parsing", ["max_tokens"]),
        ({"stop": ["a", "b", "c", "d", "e"]}, "too_long", ["stop"]),
        ({"stop": [1]}, "string_type", ["stop", 0]),
        ({"stream": "perhaps"}, "bool_parsing", ["stream"]),
        ({"logit_bias": {"x": 1}}, "int_parsing", ["logit_bias", "x", "[key]"]),
        ({"logit_bias": {"1": 101}}, "less_than_equal", ["logit_bias", "1"]),
        ({"reasoning_effort": "lots"}, "literal_error", ["reasoning_effort"]),
        ({"reasoning_effort": True}, "string_type", ["reasoning_effort"]),
        ({"response_format": {"type": "xml"}}, "literal_error", ["response_format", "type"]),
        ({"tools": [{"type": "function"}]}, "missing", ["tools", 0, "function"]),
        (
            {"tools": [{"type": "function", "function": {"name": "f"}}], "tool_choice": "f"},
            "literal_error",
            ["tool_choice"],
        ),
    ],
)
def test_a_wrong_field_is_named(sandbox, fields, type, loc):
    status, _, body = chat(sandbox, **fields)
    assert status == 422
    (entry,) = body["detail"]
    assert (entry["type"], entry["loc"]) == (type, ["body", *loc])
    assert entry["msg"]
    assert "input" in entry


def test_all_wrong_fields_are_named_at_once(sandbox):
    status, _, body = send(sandbox, "v1/chat/completions", {"temperature": 9, "n": 0})
    assert status == 422
    found = {entry["loc"][1]: entry["type"] for entry in body["detail"]}
    assert found == {
        "model": "missing",
        "messages": "missing",
        "temperature": "less_than_equal",
        "n": "greater_than_equal",
    }


def test_numbers_may_be_written_as_text_as_pydantic_takes_them(sandbox):
    assert chat(sandbox, temperature="0.5", max_tokens="3", stream="false")[0] == 200


def test_null_stands_for_the_default(sandbox):
    fields = dict.fromkeys(
        ("stop", "user", "seed", "tools", "max_tokens", "logit_bias", "top_logprobs", "n",
         "stream", "stream_options", "response_format", "temperature")
    )  # fmt: skip
    assert chat(sandbox, **fields)[0] == 200


@pytest.mark.parametrize(
    "raw", [b"{", b"{'a': 1}", b"\xff\xfe", b'{"a": NaN}', b"[" * 100_000, b'{"a": 1} x']
)
def test_broken_json(sandbox, raw):
    status, _, body = send(sandbox, "v1/chat/completions", raw=raw)
    assert status == 422
    assert body["detail"][0]["type"] == "json_invalid"


@pytest.mark.parametrize(("raw", "type"), [(b"", "missing"), (b"[]", "model_attributes_type")])
def test_no_object(sandbox, raw, type):
    status, _, body = send(sandbox, "v1/chat/completions", raw=raw)
    assert (status, body["detail"][0]["type"]) == (422, type)
    assert body["detail"][0]["loc"] == ["body"]


def test_half_a_character_does_not_break_the_answer(sandbox):
    raw = json.dumps({"model": CHAT, "messages": [{"role": "user", "content": "say \ud83d"}]})
    status, _, body = send(sandbox, "v1/chat/completions", raw=raw.encode())
    assert status == 200
    assert body["choices"][0]["message"]["content"].encode()


def test_context_overflow_names_the_numbers(sandbox):
    model = "mistralai/Mistral-Nemo-Instruct-2407"
    messages = [{"role": "user", "content": "word " * 9000}]
    status, _, body = chat(sandbox, model=model, messages=messages)
    assert status == 400
    message = body["error"]["message"]
    assert "maximum context length is 8192 tokens. However, you requested 9" in message
    status, _, body = chat(sandbox, model=model, max_tokens=8192)
    assert status == 400
    assert "(8 in the messages, 8192 in the completion)" in message or body["error"]["message"]


@pytest.mark.parametrize(
    ("fields", "type"),
    [
        ({"prompt": ""}, "string_too_short"),
        ({"prompt": "x" * 2001}, "string_too_long"),
        ({"width": 63}, "greater_than_equal"),
        ({"height": 2049}, "less_than_equal"),
        ({"seed": -2}, "greater_than_equal"),
        ({"num_inference_steps": 81}, "less_than_equal"),
        ({"guidance_scale": 101}, "less_than_equal"),
        ({"response_extension": "gif"}, "literal_error"),
        ({"response_format": "file"}, "literal_error"),
        ({"loras": []}, "too_short"),
        ({"loras": [{"url": "https://civitai.com/x"}]}, "missing"),
    ],
)
def test_image_fields_are_checked(sandbox, fields, type):
    body = {"model": "stability-ai/sdxl", "prompt": "A boat", **fields}
    status, _, body = send(sandbox, "v1/images/generations", body)
    assert (status, body["detail"][0]["type"]) == (422, type)


def test_a_lora_from_elsewhere_is_refused(sandbox):
    body = {
        "model": "stability-ai/sdxl",
        "prompt": "A boat",
        "loras": [{"url": "https://civitai.com.evil.example/x", "scale": 1}],
    }
    status, _, body = send(sandbox, "v1/images/generations", body)
    assert status == 400
    assert body["detail"].startswith("LoRA validation error (URL):")


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"input": []}, 422),
        ({"input": [1, "a"]}, 422),
        ({"input": [[]]}, 422),
        ({"input": {"text": "a"}}, 422),
        ({"input": [-1]}, 422),
        ({"input": "a", "encoding_format": "int8"}, 422),
        ({"input": "a", "dimensions": 0}, 422),
        ({"input": "a", "dimensions": 1025}, 400),
        ({"input": "word " * 33_000}, 400),
        ({"input": "a", "dimensions": None}, 200),
        ({"input": ""}, 200),
    ],
)
def test_embedding_fields_are_checked(sandbox, fields, status):
    body = {"model": "BAAI/bge-en-icl", **fields}
    assert send(sandbox, "v1/embeddings", body)[0] == status


def test_inference_answers_carry_limits_with_units(sandbox):
    _, headers, _ = chat(sandbox)
    assert headers["x-ratelimit-limit-requests"] == "6000"
    assert headers["x-ratelimit-limit-tokens"] == "10000000"
    assert headers["x-ratelimit-reset-requests"].endswith("s")
    assert headers["x-ratelimit-dynamic-scale-tokens"] == "1.00"
    assert headers["x-ratelimit-dynamic-period-remaining"] == "900s"
    assert headers["x-ratelimit-dynamic-period-usage-requests"].endswith("%")
    assert headers["x-inference-id"]


def test_above_the_limit_the_answer_is_429_with_retry_after(tmp_path):
    with running_sandbox(tmp_path, "--requests-per-minute", "2") as sandbox:
        statuses = [chat(sandbox)[0] for _ in range(2)]
        status, headers, body = chat(sandbox)
    assert statuses == [200, 200]
    assert (status, body) == (429, {"detail": "Rate limit exceeded"})
    assert 1 <= int(headers["retry-after"]) <= 60
    assert headers["x-ratelimit-remaining-requests"] == "0"


def test_verbose_must_be_a_boolean(sandbox):
    status, _, body = send(sandbox, "v1/models?verbose=perhaps")
    assert (status, body["detail"][0]["loc"]) == (422, ["query", "verbose"])
