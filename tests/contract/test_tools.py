"""Chats with tools over HTTP: against the sandbox, and against servers that misbehave."""

import asyncio
import json

import pytest
from answering import Answering, Says

from nbnebius.bridge import Bridge, Mailbox
from nbnebius.client import AsyncClient
from nbnebius.errors import ApiError, OptionError, StreamError, ToolRoundsError
from nbnebius.events import ReasoningDelta, TextDelta, ToolCalled
from nbnebius.journal import Journal, spent
from nbnebius.work.origin import Origin
from nbnebius.work.price import Price
from nbnebius.work.tool_rounds import chat_with_tools, run
from nbnebius.work.tools import Toolbox

PRICE = Price(1.0, 2.0)
SANDBOX_MODEL = "meta-llama/Llama-3.3-70B-Instruct"
ASK = {"role": "user", "content": "What is the weather in Ulm?"}


def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It rains in {city}."


def tool_call(name="weather", arguments='{"city": "Ulm"}', id="call_a"):
    function = {"name": name, "arguments": arguments}
    return {"id": id, "type": "function", "function": function}


def calling(*calls, content=None, **more):
    """Give an answer that calls tools."""
    message = {"role": "assistant", "content": content, "tool_calls": list(calls), **more}
    return {
        "id": "a",
        "model": "talker",
        "choices": [{"index": 0, "message": message, "finish_reason": "tool_calls"}],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "completion_tokens_details": {"reasoning_tokens": 2},
        },
    }


def saying(text):
    message = {"role": "assistant", "content": text}
    return {
        "id": "a",
        "model": "talker",
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 30, "completion_tokens": 7, "total_tokens": 37},
    }


def frames(answer):
    """Give the events of a stream: calls come in fragments, as vLLM sends them."""
    choice = answer["choices"][0]
    message = choice["message"]
    deltas = [{"role": "assistant", "content": ""}]
    deltas += [{"content": message["content"]}] if message["content"] else []
    for index, call in enumerate(message.get("tool_calls") or ()):
        name, arguments = call["function"]["name"], call["function"]["arguments"]
        deltas.append({"tool_calls": [{**call, "index": index, "function": {"name": name}}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": one}}]} for one in arguments
        ]
    events = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    events.append(
        {"choices": [{"index": 0, "delta": {}, "finish_reason": choice["finish_reason"]}]}
    )
    events.append({"choices": [], "usage": answer["usage"]})
    texts = [b"data: " + json.dumps(event).encode() + b"\n\n" for event in events]
    return [*texts, b"data: [DONE]\n\n"]


def script(*answers):
    """Give the answers one after the other; the last one again and again."""
    left = list(answers)

    def answer(seen):
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, Says):
            return now
        return Says(pieces=frames(now)) if seen.json.get("stream") else Says(body=now)

    return Answering(answer)


class State:
    """What the last chat left behind."""


@pytest.fixture
def bridge():
    bridge = Bridge()
    yield bridge
    bridge.close()


@pytest.fixture
def ask(bridge, tmp_path):
    """Ask as a session does: work on the loop, tools on this thread, each time a new journal."""
    state = State()

    def asking(url, tools, *, key=None, origin=None, stream=False, body=None, **options):
        journal = Journal(tmp_path / "journal.sqlite")
        mail, events = Mailbox(), []
        asked = run({"model": "talker", "messages": [ASK], "max_tokens": 99, **(body or {})})
        state.running, state.events = asked, events

        async def work():
            async with AsyncClient(key, url, recorder=journal) as client:
                return await chat_with_tools(
                    asked,
                    client=client,
                    journal=journal,
                    origin=origin or Origin("s"),
                    price=PRICE,
                    stream=stream,
                    observer=mail,
                    toolbox=Toolbox(tools),
                    call_here=lambda function: asyncio.wrap_future(mail.call(function)),
                    **options,
                )

        try:
            return bridge.run(work, mailbox=mail, see=events.append)
        finally:
            state.spent = spent(journal, session=journal.session)
            journal.close()

    asking.state = state
    return asking


def bodies(server):
    return [seen.json for seen in server.asked("chat/completions")]


def texts_of(calls):
    return [call.text for call in calls]


# -- rounds ------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("content", [None, "", "Let me look."])
def test_a_call_is_run_and_its_result_goes_back(ask, stream, content):
    with script(calling(tool_call(), content=content), saying("Rain.")) as server:
        came = ask(server.url, [weather], stream=stream)
    first, second = bodies(server)
    assert first["tools"][0]["function"]["name"] == "weather"
    assert first["messages"] == [ASK]
    assert second["messages"] == [
        ASK,
        {
            "role": "assistant",
            "content": content or None,
            "tool_calls": [tool_call(arguments='{"city":"Ulm"}')],
        },
        {"role": "tool", "tool_call_id": "call_a", "content": "It rains in Ulm."},
    ]
    assert came.result.text == "Rain."
    assert came.messages == [*second["messages"], {"role": "assistant", "content": "Rain."}]
    assert [(call.name, call.arguments, call.text) for call in came.calls] == [
        ("weather", {"city": "Ulm"}, "It rains in Ulm.")
    ]


def test_tokens_and_money_of_all_rounds_are_summed_and_each_is_recorded(ask):
    with script(calling(tool_call()), saying("Rain.")) as server:
        came = ask(server.url, [weather])
    usage = came.result.usage
    assert (usage.prompt_tokens, usage.completion_tokens, usage.total_tokens) == (40, 12, 52)
    assert usage.reasoning_tokens == 2
    assert came.result.cost == pytest.approx((40 * 1 + 12 * 2) / 1e6)
    assert came.result.answer_cost == came.result.cost
    recorded = ask.state.spent
    assert (recorded.calls, recorded.tokens) == (2, 52)
    assert recorded.cost == pytest.approx(came.result.cost)


def test_the_observer_sees_pieces_and_calls_in_their_order(ask):
    with script(calling(tool_call(), content="Let me look."), saying("Rain.")) as server:
        ask(server.url, [weather], stream=True)
    events = [one for one in ask.state.events if isinstance(one, TextDelta | ToolCalled)]
    assert "".join(one.text for one in events[: events.index(_called(events))]) == "Let me look."
    assert _called(events) == ToolCalled(
        "weather", {"city": "Ulm"}, "It rains in Ulm.", error=False
    )
    assert events[-1] == TextDelta("Rain.")


def _called(events):
    return next(one for one in events if isinstance(one, ToolCalled))


@pytest.mark.parametrize("stream", [False, True])
def test_several_calls_of_one_turn_are_run_in_order(ask, stream):
    calls = [tool_call(arguments=json.dumps({"city": c}), id=c) for c in ("Ulm", "Rom", "Bonn")]
    with script(calling(*calls), saying("Rain.")) as server:
        came = ask(server.url, [weather], stream=stream)
    assert texts_of(came.calls) == [f"It rains in {city}." for city in ("Ulm", "Rom", "Bonn")]
    answers = [m for m in bodies(server)[1]["messages"] if m["role"] == "tool"]
    assert [m["tool_call_id"] for m in answers] == ["Ulm", "Rom", "Bonn"]


def test_the_same_call_twice_is_run_once_and_calls_without_ids_get_their_own(ask):
    ran = []

    def tick():
        ran.append(1)
        return str(len(ran))

    twice = tool_call("tick", "{}", id="one")
    nameless = tool_call("tick", "{}", id="")
    answers = [calling(twice, twice, nameless, nameless), calling(twice), saying("Done.")]
    with script(*answers) as server:
        came = ask(server.url, [tick], stream=True)
    assert texts_of(came.calls) == ["1", "2", "3", "1"]
    _, second, third = bodies(server)
    ids = [call["id"] for call in second["messages"][1]["tool_calls"]]
    assert ids == ["one", "call_0_2", "call_0_3"]
    assert [m["tool_call_id"] for m in third["messages"] if m["role"] == "tool"] == [*ids, "one"]


def test_what_goes_wrong_is_told_to_the_model_in_words_it_can_be_sent(ask):
    def broken():
        raise ValueError("no rain gauge")

    calls = [
        tool_call("weather", '{"city": "Ul', id="1"),
        tool_call("no such/tool", "{}", id="2"),
        tool_call("broken", "", id="3"),
        tool_call("weather", "[]", id="4"),
    ]
    with script(calling(*calls), saying("Sorry.")) as server:
        came = ask(server.url, [weather, broken])
    assert all(call.error for call in came.calls)
    messages = bodies(server)[1]["messages"]
    said = [m["content"] for m in messages if m["role"] == "tool"]
    assert "not valid JSON" in said[0]
    assert "there is no tool 'no such/tool'" in said[1]
    assert said[2] == "Error: ValueError: no rain gauge"
    functions = [call["function"] for call in messages[1]["tool_calls"]]
    assert [json.loads(function["arguments"]) for function in functions] == [{}, {}, {}, {}]
    assert functions[1]["name"] == "no_such_tool"


def test_a_refused_call_goes_back_in_words(ask):
    asked = []
    with script(calling(tool_call()), saying("As you like.")) as server:
        came = ask(server.url, [weather], approve=lambda q: bool(asked.append(q)))
    assert asked == ['Run weather(city="Ulm")?']
    assert texts_of(came.calls) == ["Error: the user refused this call"]
    assert came.result.text == "As you like."


def test_endless_calling_ends_with_an_error_that_holds_what_came(ask):
    ran = []

    def tick():
        ran.append(1)

    with (
        script(calling(tool_call("tick", "{}", id=""))) as server,
        pytest.raises(ToolRoundsError, match="after 3 rounds") as caught,
    ):
        ask(server.url, [tick], max_rounds=3)
    assert len(bodies(server)) == 3
    assert len(ran) == 2
    result = caught.value.result
    assert len(result.calls) == 2
    assert result.result.usage.total_tokens == 45
    assert "tick" in caught.value.why


def test_a_turn_with_too_many_calls_is_run_in_part(ask):
    calls = [tool_call(id=f"c{n}", arguments=json.dumps({"city": str(n)})) for n in range(40)]
    with script(calling(*calls), saying("Done.")) as server:
        came = ask(server.url, [weather])
    assert [call.error for call in came.calls] == [False] * 32 + [True] * 8
    assert len([m for m in came.messages if m["role"] == "tool"]) == 40


@pytest.mark.parametrize("rounds", [0, -1])
def test_less_than_one_round_is_refused(ask, rounds):
    with pytest.raises(OptionError, match="max_rounds"):
        ask("http://127.0.0.1:9/v1/", [weather], max_rounds=rounds)


def test_a_forced_choice_holds_for_the_first_round_only(ask):
    with script(calling(tool_call()), saying("Rain.")) as server:
        ask(server.url, [weather], body={"tool_choice": "required"})
    assert [body["tool_choice"] for body in bodies(server)] == ["required", "auto"]


def test_a_call_of_a_tool_that_was_only_offered_ends_the_chat(ask):
    entry = {"type": "function", "function": {"name": "theirs", "parameters": {}}}
    with script(calling(tool_call("theirs", "{}"))) as server:
        came = ask(server.url, [weather, entry])
    assert came.calls == []
    assert came.messages[-1]["tool_calls"][0]["function"]["name"] == "theirs"
    assert came.result.completion.choices[0].message.tool_calls[0].function.name == "theirs"


def test_calls_that_leak_into_the_text_stay_text(ask):
    leaked = '<tool_call>{"name": "weather", "arguments": {"city": "Ulm"}}</tool_call>'
    with script(saying(leaked)) as server:
        came = ask(server.url, [weather])
    assert came.result.text == leaked
    assert came.calls == []


def test_an_answer_without_choices_or_calls_is_the_end(ask):
    with script(saying("Hello.")) as server:
        came = ask(server.url, [])
    assert "tools" not in bodies(server)[0]
    assert came.messages == [ASK, {"role": "assistant", "content": "Hello."}]


# -- reasoning ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "keep", "kept"),
    [
        ("deepseek-ai/DeepSeek-V4", None, True),
        ("moonshotai/Kimi-K3", None, True),
        ("meta-llama/Llama-3.3-70B-Instruct", None, False),
        ("talker", True, True),
        ("deepseek-ai/DeepSeek-V4", False, False),
    ],
)
@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_reasoning_goes_back_where_the_model_needs_it(ask, model, keep, kept, field):
    first = calling(tool_call(), **{field: "Look outside."})
    with script(first, saying("Rain.")) as server:
        came = ask(server.url, [weather], body={"model": model}, keep_reasoning=keep)
    turn = bodies(server)[1]["messages"][1]
    assert turn.get(field) == ("Look outside." if kept else None)
    assert came.messages[-1] == {"role": "assistant", "content": "Rain."}


def test_inline_reasoning_goes_back_only_where_the_model_needs_it(ask):
    first = calling(tool_call(), content="<think>Look.</think>One moment.")
    for keep, content in ((True, "<think>Look.</think>One moment."), (False, "One moment.")):
        with script(first, saying("Rain.")) as server:
            ask(server.url, [weather], keep_reasoning=keep)
        assert bodies(server)[1]["messages"][1]["content"] == content


# -- kept answers ------------------------------------------------------------------------------


def test_rounds_replay_for_free_as_long_as_the_tools_say_the_same(ask):
    origin = Origin("s", "cell/1", reuse="restart", shared=True)
    sky = ["rain"]

    def look():
        return sky[0]

    answers = [calling(tool_call("look", "{}")), saying("Rain."), saying("Sun.")]
    with script(*answers) as server:
        bought = ask(server.url, [look], origin=origin, stream=True)
        kept = ask(server.url, [look], origin=origin, stream=True)
        assert len(bodies(server)) == 2
        assert kept.result.text == bought.result.text == "Rain."
        assert (kept.result.cost, kept.result.usage) == (0.0, bought.result.usage)
        assert kept.result.answer_cost == bought.result.cost
        assert kept.result.kept_at is not None
        assert kept.messages == bought.messages
        sky[0] = "sun"
        other = ask(server.url, [look], origin=origin, stream=True)
    assert len(bodies(server)) == 3
    assert other.result.text == "Sun."
    assert 0 < other.result.cost < bought.result.cost + other.result.answer_cost
    assert other.result.kept_at is None


def test_rounds_of_a_private_chat_leave_no_text_behind(ask, tmp_path):
    with script(calling(tool_call()), saying("The canary sang.")) as server:
        ask(server.url, [weather], origin=Origin("s", private=True))
    left = b"".join(path.read_bytes() for path in tmp_path.glob("journal*") if path.is_file())
    assert b"canary" not in left
    assert b"It rains" not in left


# -- what goes wrong on the way ----------------------------------------------------------------


def test_a_failure_in_a_later_round_leaves_what_came(ask):
    refusal = Says(400, {"error": {"message": "no"}})
    with script(calling(tool_call()), refusal) as server, pytest.raises(ApiError):
        ask(server.url, [weather])
    running = ask.state.running
    assert texts_of(running.calls) == ["It rains in Ulm."]
    assert running.partial().partial
    assert running.partial().usage.total_tokens == 15


def test_a_stream_that_breaks_off_in_a_later_round_keeps_its_text(ask):
    cut = Says(pieces=frames(saying("It will rain tomorrow."))[:2])
    with script(calling(tool_call()), cut) as server, pytest.raises(StreamError):
        ask(server.url, [weather], stream=True)
    assert ask.state.running.partial().text == "It will rain tomorrow."


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_inside_a_tool_stops_the_chat(ask, error):
    def stop():
        raise error

    with script(calling(tool_call("stop", "{}"))) as server, pytest.raises(error):
        ask(server.url, [stop])
    assert len(bodies(server)) == 1
    assert ask.state.running.partial().partial


def test_nothing_has_come_before_the_first_answer():
    assert run({"messages": [ASK]}).partial() is None


# -- the sandbox -------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("choice", [None, "required"])
def test_the_sandbox_calls_tools_and_reads_their_results(ask, box, stream, choice):
    seen = []

    def get_weather(city: str, days: int = 1) -> dict:
        """Tell the weather of a city."""
        seen.append((city, days))
        return {"sky": "purple clouds"}

    body = {"model": SANDBOX_MODEL, "tool_choice": choice, "seed": 1}
    came = ask(box.url, [get_weather], key=box.key, stream=stream, body=body)
    assert len(seen) == len(came.calls) == 1
    assert isinstance(seen[0][0], str)
    assert isinstance(seen[0][1], int)
    assert came.calls[0].text == '{"sky":"purple clouds"}'
    assert came.result.text
    assert came.result.cost > 0
    if stream:
        pieces = [e.text for e in ask.state.events if isinstance(e, TextDelta)]
        assert "".join(pieces) == came.result.text
        assert not any(isinstance(e, ReasoningDelta) for e in ask.state.events)


def test_the_sandbox_calls_an_async_tool(ask, box):
    async def get_weather(city: str):
        """Tell the weather of a city."""
        await asyncio.sleep(0)
        return f"sleet in {city}"

    came = ask(box.url, [get_weather], key=box.key, body={"model": SANDBOX_MODEL})
    assert came.calls[0].text.startswith("sleet in ")
