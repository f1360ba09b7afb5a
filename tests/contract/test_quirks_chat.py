"""Every peculiarity of Nebius's chat answers, as a user of `neb.chat` sees it."""

import json

import pytest
from answering import Says
from quirks import KEY, PROMPT, serving, shapes, shown, told

import nbnebius as neb
from nbnebius import errors

CHAT = "chat/completions"
# name: text, reasoning, finish_reason
ANSWERS = {
    "reasoning_in_both_fields": ("4", "2 and 2", "stop"),
    "reasoning_in_reasoning": ("4", "2 and 2", "stop"),
    "reasoning_in_reasoning_content": ("4", "2 and 2", "stop"),
    "reasoning_in_think_tags": ("4", "2 and 2", "stop"),
    "think_never_closed": ("", "2 and 2, so", "stop"),
    "think_cut_at_the_limit": ("", "2 and", "length"),
    "reasoning_only_counted": ("4", None, "stop"),
    "answer_in_reasoning": ("4", None, "stop"),
    "answer_in_reasoning_empty_content": ("4", None, "stop"),
    "json_in_reasoning_content": ('{"sum": 4}', None, "stop"),
    "reasoning_leaked_at_the_limit": (
        'We need JSON. A draft: {"sum": 4} but wait',
        None,
        "length",
    ),
    "all_spent_on_reasoning": ("", "2 and", "length"),
    "empty_answer": ("", None, "stop"),
    "newlines_first": ("\n\n4", None, "stop"),
    "every_extra_field": ("4", None, "stop"),
    "stop_reason_text": ("4", None, "stop"),
    "model_with_suffix": ("4", None, "stop"),
    "refusal": ("", None, "stop"),
    "created_as_float_index_missing": ("4", None, "stop"),
}


def ask(name, family="chat", **options):
    with serving({CHAT: told(family, name)}):
        return neb.chat(PROMPT, model="talker", **options)


@pytest.mark.parametrize("name", ANSWERS)
def test_text_and_reasoning(name):
    reply = ask(name)
    text, reasoning, finish_reason = ANSWERS[name]
    assert (reply.text, reply.finish_reason) == (text, finish_reason)
    assert (reply.reasoning and reply.reasoning.strip()) == reasoning
    assert (reply.model, reply.partial, reply.tool_calls) == ("talker", False, [])
    row = reply.df.iloc[0]
    assert (row["text"], row["finish_reason"]) == (text, finish_reason)


@pytest.mark.parametrize("name", ANSWERS)
def test_a_kept_answer_reads_the_same(name):
    with serving({CHAT: told("chat", name)}) as server:
        new = neb.chat(PROMPT, model="talker", cache=True)
        kept = neb.chat(PROMPT, model="talker", cache=True)
        assert len(server.asked(CHAT)) == 1
    assert (kept.text, kept.reasoning, kept.usage) == (new.text, new.reasoning, new.usage)
    assert (kept.cached, kept.cost) == (True, 0.0)


def test_cut_at_the_limit_is_said_in_the_footer():
    assert "max_tokens" in ask("all_spent_on_reasoning").footer
    assert "max_tokens" in ask("reasoning_leaked_at_the_limit").footer


def test_json_in_reasoning_content_is_the_answer_in_its_shape():
    assert ask("json_in_reasoning_content", schema="sum int").parsed == {"sum": 4}


def test_reasoning_leaked_at_the_limit_is_no_answer_in_its_shape():
    with pytest.raises(errors.AnswerError) as caught:
        ask("reasoning_leaked_at_the_limit", schema="sum int")
    assert caught.value.truncated
    assert caught.value.reply.usage.total_tokens == 15


def test_json_that_comes_first_is_the_answer_although_its_explanation_was_cut():
    body = shapes("chat")["reasoning_leaked_at_the_limit"]["body"]
    body["choices"][0]["message"]["content"] = '```json\n{"sum": 4}\n```\nBecause 2'
    with serving({CHAT: Says(body=body)}):
        assert neb.chat(PROMPT, model="talker", schema="sum int").parsed == {"sum": 4}


def test_every_extra_field_shows_the_prompt_nowhere():
    reply = ask("every_extra_field")
    bundle, metadata = reply._repr_mimebundle_()
    pieces = [repr(reply), str(reply), repr(reply.usage), reply.footer]
    pieces += [
        repr(bundle),
        repr(metadata),
        repr(reply.raw),
        repr(reply.choices),
        reply.df.to_csv(),
    ]
    for piece in pieces:
        assert PROMPT not in piece
        assert "62620" not in piece


def test_prompt_text_without_answer_shows_the_prompt_nowhere():
    with pytest.raises(errors.ResponseError) as caught:
        ask("prompt_text_without_answer")
    assert PROMPT not in shown(caught.value)
    assert KEY not in shown(caught.value)


def test_refusal_can_be_read():
    assert ask("refusal").choices[0].message.refusal == "I will not."


# -- usage and cost ----------------------------------------------------------------------------

USAGES = [name for name, shape in shapes("chat").items() if "read" in shape]


@pytest.mark.parametrize("name", USAGES)
def test_usage_and_cost(name):
    reply = ask(name)
    use = reply.usage
    read = [use.prompt_tokens, use.completion_tokens, use.reasoning_tokens, use.cached_tokens]
    assert read == shapes("chat")[name]["read"]
    assert reply.cost == pytest.approx((read[0] * 1 + read[1] * 2) / 1e6)
    assert reply.cost >= 0


@pytest.mark.parametrize("name", ["usage_null", "usage_only_nonsense"])
def test_without_usage_the_cost_is_unknown(name):
    reply = ask(name)
    assert (reply.text, reply.usage, reply.cost) == ("4", None, None)
    assert reply.df["cost"].isna().all()


def test_reasoning_only_counted():
    use = ask("reasoning_only_counted").usage
    assert (use.reasoning_tokens, use.cached_tokens, use.total_tokens) == (40, 64, 150)


def test_counts_as_texts_and_floats():
    use = ask("created_as_float_index_missing").usage
    assert (use.prompt_tokens, use.completion_tokens) == (10, 5)


def test_model_with_suffix_is_billed_as_the_one_that_was_asked():
    reply = ask("model_with_suffix")
    assert (reply.model, reply.raw["model"]) == ("talker", "talker-cheap")
    assert reply.cost == pytest.approx(20e-6)


# -- tool calls --------------------------------------------------------------------------------

CALLS = {
    "tool_call": [("chatcmpl-tool-5f2b", '{"city": "Oslo"}')],
    "tool_calls_of_two_forms": [("call_a1", '{"city": "Oslo"}'), ("call_b2", '{"city": "Rome"}')],
    "tool_call_malformed": [("call_a1", '{"city": "Oslo"')],
    "tool_call_object": [("call_a1", {"city": "Oslo"})],
    "tool_call_without_id": [("", '{"city": "Oslo"}')],
}


def called(reply):
    return [(call.id, call.function.arguments) for call in reply.tool_calls]


@pytest.mark.parametrize("name", CALLS)
def test_tool_calls_are_told(name):
    reply = ask(name)
    told_here = [
        (name, arguments if isinstance(wanted, str) else json.loads(arguments))
        for (name, arguments), (_, wanted) in zip(called(reply), CALLS[name], strict=True)
    ]
    assert told_here == CALLS[name]
    assert reply.text == ""


@pytest.mark.parametrize("name", CALLS)
def test_tool_calls_are_carried_out(name):
    asked = []

    def weather(city: str) -> str:
        """Tell the weather."""
        asked.append(city)
        return f"rain in {city}"

    plays = [told("chat", name), told("chat", "tool_answer")]
    with serving({CHAT: plays}) as server:
        reply = neb.chat(PROMPT, model="talker", tools=weather)
        first, second = (seen.json["messages"] for seen in server.asked(CHAT))
    assert reply.text == "Rain."
    assert reply.usage.total_tokens >= 15
    before, *results = second[len(first) :]
    ids = [call["id"] for call in before["tool_calls"]]
    assert all(ids)
    assert [result["tool_call_id"] for result in results] == ids
    assert len(ids) == len(CALLS[name])
    for call in before["tool_calls"]:
        json.loads(call["function"]["arguments"])  # engines refuse a history that holds no JSON
    if name == "tool_call_malformed":
        assert asked in ([], ["Oslo"])
    else:
        assert asked == ["Oslo", "Rome"][: len(ids)]


# -- streams -----------------------------------------------------------------------------------

# name: reasoning, tokens
STREAMS = {
    "usage_frame_without_choices": (None, 15),
    "without_usage": (None, None),
    "one_frame": (None, 15),
    "usage_null_in_every_frame": (None, 15),
    "reasoning": ("2 and 2", 15),
    "reasoning_content": ("2 and 2", 15),
    "reasoning_both": ("2 and 2", 15),
    "think_tags_cut": ("2 and 2", 15),
    "answer_in_reasoning": (None, 15),
    "pings_and_frames_without_choices": (None, 15),
    "last_frame_without_blank_line": (None, 15),
    "prompt_text_in_the_first_frame": (None, 15),
}


def stream(name, family="streams", **options):
    with serving({CHAT: told(family, name)}):
        pieces = neb.chat(PROMPT, model="talker", stream=True, **options)
        return "".join(pieces), pieces.reply


@pytest.mark.parametrize("name", STREAMS)
def test_a_stream(name):
    text, reply = stream(name)
    reasoning, tokens = STREAMS[name]
    assert reply.text == "Four."
    assert text in ({"Four.", ""} if name == "answer_in_reasoning" else {"Four."})
    assert (reply.reasoning, reply.finish_reason, reply.partial) == (reasoning, "stop", False)
    assert (reply.usage and reply.usage.total_tokens) == tokens
    assert reply.cost == (None if tokens is None else pytest.approx(20e-6))
    assert PROMPT not in repr(reply) + repr(reply.raw) + repr(reply._repr_mimebundle_())


@pytest.mark.parametrize(
    ("name", "calls"),
    [
        ("tool_call_fragments", CALLS["tool_call"]),
        (
            "tool_calls_all_at_index_0",
            [("call_a", '{"city": "Oslo"}'), ("call_b", '{"city": "Rome"}')],
        ),
    ],
)
def test_tool_calls_of_a_stream(name, calls):
    text, reply = stream(name)
    assert (text, reply.finish_reason) == ("", "tool_calls")
    assert called(reply) == calls


@pytest.mark.parametrize("name", shapes("broken_streams"))
def test_a_stream_that_breaks_off(name):
    with serving({CHAT: told("broken_streams", name)}) as server:
        pieces = neb.chat(PROMPT, model="talker", stream=True)
        seen = []
        with pytest.raises(errors.NebiusError) as caught:
            seen.extend(pieces)
        assert len(server.asked(CHAT)) == 1
    assert not seen or seen == ["Four"]
    assert isinstance(caught.value, errors.StreamError)
    assert caught.value.partial == "Four"
    assert (caught.value.reply.text, caught.value.reply.partial) == ("Four", True)
    assert PROMPT not in shown(caught.value)
    if name.startswith("error_frame"):
        assert "engine died" in shown(caught.value)


def test_unknown_fields_are_passed_on():
    """The service takes any field in silence, so that nothing may be lost on the way."""
    with serving({CHAT: told("chat", "newlines_first")}) as server:
        neb.chat(PROMPT, model="talker", chat_template_kwargs={"enable_thinking": False}, top_k=5)
        body = server.asked(CHAT)[0].json
    assert (body["chat_template_kwargs"], body["top_k"]) == ({"enable_thinking": False}, 5)
    assert "extra_body" not in body


def test_a_slow_start_is_waited_for():
    """The first byte may take minutes, so that 300 seconds are waited for by default."""
    from nbnebius.transport import Timeouts

    assert Timeouts().first_byte == 300
    with serving({CHAT: Says(body=shapes("chat")["tool_answer"]["body"])}):
        assert neb.chat(PROMPT, model="talker").text == "Rain."
