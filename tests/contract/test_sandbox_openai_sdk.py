"""The ``openai`` SDK, written by others, finds the API it knows."""

import base64
import io
import json

import anyio
import numpy as np
import openai
import pytest
from PIL import Image
from sandbox_fixture import running_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-70B-Instruct"
VISION = "Qwen/Qwen2-VL-72B-Instruct"
EMBEDDING = "BAAI/bge-en-icl"
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Tell the weather of a place",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "unit": {"enum": ["celsius", "kelvin"]}},
            "required": ["city", "unit"],
        },
    },
}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def client(sandbox):
    with openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0) as client:
        yield client


def ask(client, prompt, *, model=CHAT, **fields):
    messages = prompt if isinstance(prompt, list) else [{"role": "user", "content": prompt}]
    return client.chat.completions.create(model=model, messages=messages, **fields)


def text_of(client, prompt, **fields):
    return ask(client, prompt, **fields).choices[0].message.content


def data_url(colour, size=(40, 20)):
    file = io.BytesIO()
    Image.new("RGB", size, colour).save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode()


def test_a_bare_question_gets_a_text_about_its_words(client):
    answer = ask(client, "Why is the sky blue?")
    assert answer.object == "chat.completion"
    assert answer.choices[0].finish_reason == "stop"
    assert "sky" in answer.choices[0].message.content
    assert 40 <= answer.usage.completion_tokens <= 140
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_stream_and_whole_answer_are_the_same_text_and_usage(client):
    whole = ask(client, "Why do cats purr?")
    chunks = list(
        ask(client, "Why do cats purr?", stream=True, stream_options={"include_usage": True})
    )
    assert chunks[-1].choices == []
    assert chunks[-1].usage == whole.usage
    pieces = [chunk.choices[0].delta.content or "" for chunk in chunks[:-1]]
    assert "".join(pieces) == whole.choices[0].message.content
    assert sum(map(bool, pieces)) == whole.usage.completion_tokens
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[0].choices[0].delta.role == "assistant"


def test_a_stream_without_the_wish_for_usage_has_none(client):
    chunks = list(ask(client, "Hello!", stream=True))
    assert all(chunk.usage is None and chunk.choices for chunk in chunks)


def test_max_tokens_ends_an_answer_with_length(client):
    answer = ask(client, "Count from 1 to 500", max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage.completion_tokens == 5
    assert answer.choices[0].message.content == "1, 2, 3"


def test_max_completion_tokens_counts_as_well(client):
    assert ask(client, "Count to 500", max_completion_tokens=3).usage.completion_tokens == 3


def test_stop_ends_an_answer_before_the_stop_text(client):
    answer = ask(client, "Count to 500", stop=["7", "5"])
    assert answer.choices[0].message.content == "1, 2, 3, 4, "
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].stop_reason == "5"


def test_n_gives_different_choices(client):
    answer = ask(client, "Why do cats purr?", n=3)
    texts = {choice.message.content for choice in answer.choices}
    assert [choice.index for choice in answer.choices] == [0, 1, 2]
    assert len(texts) == 3


def test_n_streams_all_choices(client):
    chunks = list(ask(client, "Why do cats purr?", n=2, stream=True))
    whole = ask(client, "Why do cats purr?", n=2)
    for choice in whole.choices:
        pieces = [c.choices[0] for c in chunks if c.choices[0].index == choice.index]
        assert "".join(p.delta.content or "" for p in pieces) == choice.message.content


def test_the_same_request_gets_the_same_text_and_another_seed_another(client):
    first = text_of(client, "Why do cats purr?", seed=1)
    assert first == text_of(client, "Why do cats purr?", seed=1)
    assert first != text_of(client, "Why do cats purr?", seed=2)


def test_without_temperature_the_seed_does_not_matter(client):
    first = text_of(client, "Why do cats purr?", seed=1, temperature=0)
    assert first == text_of(client, "Why do cats purr?", seed=2, temperature=0)


def test_logprobs_name_every_token_and_as_many_rivals_as_asked(client):
    answer = ask(client, "Why do cats purr?", logprobs=True, top_logprobs=3, max_tokens=12)
    content = answer.choices[0].logprobs.content
    assert "".join(entry.token for entry in content) == answer.choices[0].message.content
    assert all(len(entry.top_logprobs) == 3 and entry.logprob <= 0 for entry in content)
    assert all(bytes(entry.bytes).decode() == entry.token for entry in content)


def test_streamed_logprobs_are_the_same(client):
    fields = {"logprobs": True, "top_logprobs": 2, "max_tokens": 9}
    whole = ask(client, "Why do cats purr?", **fields).choices[0].logprobs.content
    chunks = list(ask(client, "Why do cats purr?", stream=True, **fields))
    streamed = [e for c in chunks if c.choices[0].logprobs for e in c.choices[0].logprobs.content]
    assert streamed == whole


def test_every_sampling_field_is_taken(client):
    answer = ask(
        client,
        "Hello!",
        temperature=0.3,
        top_p=0.9,
        presence_penalty=0.1,
        frequency_penalty=-0.1,
        logit_bias={"50256": -100},
        user="me",
        extra_body={"top_k": 20, "repetition_penalty": 1.1, "an_unknown_field": [1]},
    )
    assert answer.choices[0].message.content


def test_json_object_gives_an_object(client):
    text = text_of(
        client,
        "Give JSON with keys city and age: Ada, Paris",
        response_format={"type": "json_object"},
    )
    assert list(json.loads(text)) == ["city", "age"]


def test_json_schema_is_followed_with_values_of_the_prompt(client):
    schema = {
        "type": "object",
        "properties": {
            "sentiment": {"enum": ["positive", "negative"]},
            "name": {"type": "string"},
            "age": {"type": "integer"},
            "phone": {"anyOf": [{"type": "string"}, {"type": "null"}]},
        },
        "required": ["sentiment", "name", "age", "phone"],
        "additionalProperties": False,
    }
    text = text_of(
        client,
        "My name is Ada Lovelace, I am 36 years old. The lamp is broken, I want a refund!",
        response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": schema}},
    )
    assert json.loads(text) == {
        "sentiment": "negative",
        "name": "Ada Lovelace",
        "age": 36,
        "phone": None,
    }


def test_an_array_of_objects_has_one_for_each_item_of_the_prompt(client):
    item = {"type": "object", "properties": {"label": {"enum": ["positive", "negative"]}}}
    schema = {"type": "object", "properties": {"items": {"type": "array", "items": item}}}
    reviews = ["great phone, love it", "awful battery, returned it", "works well, recommended"]
    text = text_of(
        client, f"Judge each of these reviews: {reviews}", extra_body={"guided_json": schema}
    )
    labels = [item["label"] for item in json.loads(text)["items"]]
    assert labels == ["positive", "negative", "positive"]


def test_a_schema_without_a_name_is_refused(client):
    with pytest.raises(openai.UnprocessableEntityError) as caught:
        ask(client, "Hi", response_format={"type": "json_schema", "json_schema": {"schema": {}}})
    (entry,) = caught.value.response.json()["detail"]
    assert entry["loc"] == ["body", "response_format", "json_schema", "name"]
    assert (entry["type"], entry["msg"]) == ("missing", "Field required")


def test_guided_choice_gives_the_choice_that_fits(client):
    body = {"guided_choice": ["positive", "negative"]}
    assert text_of(client, "What a terrible, broken toy", extra_body=body) == "negative"


def test_guided_regex_is_matched_by_a_piece_of_the_prompt(client):
    body = {"guided_regex": r"\d{3}-\d{4}"}
    assert text_of(client, "Call 555-0199 today", extra_body=body) == "555-0199"


def test_a_guide_that_cannot_be_followed_is_a_clear_refusal(client):
    with pytest.raises(openai.BadRequestError, match="guided_regex"):
        ask(client, "Hi", extra_body={"guided_regex": "(?<=a)b["})


def test_a_tool_that_the_prompt_speaks_of_is_called_and_its_result_related(client):
    question = {"role": "user", "content": "What is the weather in Paris?"}
    answer = ask(client, [question], tools=[WEATHER])
    (call,) = answer.choices[0].message.tool_calls
    assert answer.choices[0].finish_reason == "tool_calls"
    assert answer.choices[0].message.content is None
    assert call.function.name == "get_weather"
    assert json.loads(call.function.arguments)["city"] == "Paris"
    told = {"role": "tool", "tool_call_id": call.id, "content": '{"celsius": 21}'}
    history = [question, answer.choices[0].message.model_dump(exclude_none=True), told]
    final = text_of(client, history, tools=[WEATHER])
    assert "get_weather" in final
    assert "21" in final


def test_a_tool_call_streams_in_pieces(client):
    chunks = ask(client, "What is the weather in Paris?", tools=[WEATHER], stream=True)
    deltas = [call for c in chunks for call in c.choices[0].delta.tool_calls or []]
    assert deltas[0].function.name == "get_weather"
    assert deltas[0].id
    arguments = json.loads("".join(delta.function.arguments for delta in deltas))
    assert arguments["city"] == "Paris"
    assert len(deltas) > 3


def test_tool_choice_decides(client):
    named = {"type": "function", "function": {"name": "get_weather"}}
    assert ask(client, "Hi", tools=[WEATHER], tool_choice=named).choices[0].message.tool_calls
    assert ask(client, "Hi", tools=[WEATHER], tool_choice="required").choices[0].message.tool_calls
    for choice in ("none", "auto"):
        message = ask(client, "Hi", tools=[WEATHER], tool_choice=choice).choices[0].message
        assert not message.tool_calls
        assert message.content


@pytest.mark.parametrize(
    ("model", "fields"),
    [
        ("openai/gpt-oss-120b", {"reasoning", "reasoning_content"}),
        ("Qwen/Qwen3-32B", {"reasoning_content"}),
    ],
)
def test_reasoning_stands_beside_the_text_not_in_it(client, model, fields):
    answer = ask(client, "Why do cats purr?", model=model)
    message = answer.choices[0].message.model_dump()
    thoughts = {message[field] for field in fields}
    assert len(thoughts) == 1
    assert (thoughts.pop() or "") not in message["content"]
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0
    chunks = list(ask(client, "Why do cats purr?", model=model, stream=True))
    streamed = "".join(
        c.choices[0].delta.model_dump().get("reasoning_content") or "" for c in chunks
    )
    assert streamed == message["reasoning_content"]


def test_reasoning_can_be_switched_off(client):
    answer = ask(client, "Hi", model="openai/gpt-oss-120b", reasoning_effort="none")
    assert answer.choices[0].message.reasoning_content is None
    assert answer.usage.completion_tokens_details.reasoning_tokens == 0


def test_a_picture_is_truly_looked_at(client):
    parts = [
        {"type": "text", "text": "What is in this image?"},
        {"type": "image_url", "image_url": {"url": data_url((215, 35, 35))}},
    ]
    text = text_of(client, [{"role": "user", "content": parts}], model=VISION)
    assert "40 \u00d7 20" in text
    assert "red" in text
    assert "PNG" in text


def test_a_remote_picture_is_named_and_not_fetched(client):
    url = "https://example.com/some/boardwalk.jpg"
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    text = text_of(client, [{"role": "user", "content": parts}], model=VISION)
    assert "boardwalk.jpg" in text
    assert "does not fetch" in text


@pytest.mark.parametrize("url", ["data:image/png;base64,AAAA", "data:image/png;base64,%%%"])
def test_a_broken_picture_is_refused(client, url):
    parts = [{"type": "image_url", "image_url": {"url": url}}]
    with pytest.raises(openai.BadRequestError, match="Failed to load image"):
        ask(client, [{"role": "user", "content": parts}], model=VISION)


def test_a_picture_for_a_model_that_cannot_see_is_refused(client):
    parts = [{"type": "image_url", "image_url": {"url": data_url("blue")}}]
    with pytest.raises(openai.BadRequestError, match="At most 0 image"):
        ask(client, [{"role": "user", "content": parts}])


def test_completions_whole_and_streamed(client):
    fields = {"model": CHAT, "prompt": "Say my name", "max_tokens": 4, "temperature": 0}
    whole = client.completions.create(**fields, logprobs=2)
    assert whole.choices[0].finish_reason == "length"
    assert whole.usage.completion_tokens == 4
    assert "".join(whole.choices[0].logprobs.tokens) == whole.choices[0].text
    chunks = list(client.completions.create(**fields, stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == whole.choices[0].text


def test_completions_of_several_prompts_with_echo(client):
    answer = client.completions.create(model=CHAT, prompt=["2+2", "3+3"], echo=True, n=2)
    assert [choice.index for choice in answer.choices] == [0, 1, 2, 3]
    assert [choice.text[:3] for choice in answer.choices] == ["2+2", "2+2", "3+3", "3+3"]


def test_embeddings_as_base64_and_as_floats_are_the_same(client):
    texts = ["a cat sat on the mat", "the cat is sitting on a mat", "profits rose"]
    # The SDK asks for base64 unless told otherwise, and decodes it.
    packed = client.embeddings.create(model=EMBEDDING, input=texts)
    plain = client.embeddings.create(model=EMBEDDING, input=texts, encoding_format="float")
    vectors = np.array([item.embedding for item in plain.data])
    assert vectors.shape == (3, 1024)
    assert np.allclose(np.array([item.embedding for item in packed.data]), vectors)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.3
    assert packed.usage.prompt_tokens == packed.usage.total_tokens > 3


def test_embeddings_in_fewer_dimensions_are_the_first_ones_scaled(client):
    model = "Qwen/Qwen3-Embedding-8B"
    whole = np.array(client.embeddings.create(model=model, input="tea").data[0].embedding)
    short = client.embeddings.create(model=model, input="tea", dimensions=128).data[0].embedding
    assert len(whole) == 4096
    assert np.allclose(whole[:128] / np.linalg.norm(whole[:128]), short, atol=1e-6)


def test_embeddings_of_token_ids(client):
    one = client.embeddings.create(model=EMBEDDING, input=[1, 2, 3])
    many = client.embeddings.create(model=EMBEDDING, input=[[1, 2, 3], [4]])
    assert (len(one.data), one.usage.prompt_tokens) == (1, 3)
    assert (len(many.data), many.usage.prompt_tokens) == (2, 4)
    assert one.data[0].embedding == many.data[0].embedding


@pytest.mark.parametrize("extension", ["webp", "jpg", "png"])
def test_images_in_every_kind_and_size(client, extension):
    body = {"response_extension": extension, "width": 200, "height": 120, "seed": 5}
    fields = {"model": "stability-ai/sdxl", "prompt": "An elephant in a desert"}
    first, second = (
        client.images.generate(**fields, response_format="b64_json", extra_body=body)
        .data[0]
        .b64_json
        for _ in range(2)
    )
    assert first == second
    image = Image.open(io.BytesIO(base64.b64decode(first)))
    assert image.size == (200, 120)
    assert image.format == {"webp": "WEBP", "jpg": "JPEG", "png": "PNG"}[extension]
    assert not image.getexif()


def test_images_without_a_seed_differ(client):
    fields = {"model": "black-forest-labs/flux-dev", "prompt": "A boat"}
    body = {"seed": -1, "width": 64, "height": 64}
    pictures = {
        client.images.generate(**fields, response_format="b64_json", extra_body=body)
        .data[0]
        .b64_json
        for _ in range(2)
    }
    assert len(pictures) == 2


def test_the_model_list_plain_and_verbose(client):
    plain = client.models.list().data
    assert {model.owned_by for model in plain} == {"sandbox"}
    verbose = client.models.list(extra_query={"verbose": "true"}).data
    assert [model.id for model in verbose] == [model.id for model in plain]
    priced = [model for model in verbose if hasattr(model, "pricing")]
    assert 0 < len(priced) < len(verbose)
    for model in priced:
        assert isinstance(model.pricing["prompt"], str)
        assert float(model.pricing["prompt"]) < 0.001
    assert any(not hasattr(model, "quantization") for model in priced)


def test_many_at_once(client):
    asynchronous = openai.AsyncOpenAI(
        base_url=str(client.base_url), api_key=client.api_key, max_retries=0
    )

    async def ask_all():
        texts = {}

        async def ask_one(number):
            messages = [{"role": "user", "content": f"What is {number} + 1?"}]
            answer = await asynchronous.chat.completions.create(model=CHAT, messages=messages)
            texts[number] = answer.choices[0].message.content

        async with asynchronous, anyio.create_task_group() as group:
            for number in range(50):
                group.start_soon(ask_one, number)
        return texts

    texts = anyio.run(ask_all)
    assert all(str(number + 1) in text for number, text in texts.items())
