"""A toolbox runs what a model calls, and tells it what went wrong."""

import asyncio
import time
from asyncio import CancelledError

import anyio
import pytest

from nbnebius.bridge import Bridge, Mailbox
from nbnebius.errors import NebiusError, OptionError, SettingsError, Stopped
from nbnebius.types.chat import FunctionCall, ToolCall
from nbnebius.work.tools import RemoteTool, Toolbox, ToolResult


def call(name, arguments="{}", id="call_1"):
    return ToolCall(id, "function", FunctionCall(name, arguments))


async def here(function):
    return function()


def run(box, *calls, approve=None):
    async def work():
        return [await box.run(one, approve=approve, call_here=here) for one in calls]

    return anyio.run(work)


def result(function, arguments="{}", **options):
    box = Toolbox([function], **options)
    return run(box, call(box.entries[0]["function"]["name"], arguments))[0]


def add(a: int, b: int = 1) -> int:
    """Add."""
    return a + b


def raises(error):
    def tool():
        raise error

    return tool


# -- what goes back ----------------------------------------------------------------------------


def test_a_result_comes_back_as_text():
    came = result(add, '{"a": "2", "b": 3}')
    assert came == ToolResult("add", {"a": "2", "b": 3}, "5", error=False, seconds=came.seconds)


class Shown:
    def __repr__(self):
        return "Shown()"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("as it is", "as it is"),
        ("", ""),
        (None, "null"),
        ({"a": [1, 2.5, True]}, '{"a":[1,2.5,true]}'),
        (Shown(), "Shown()"),
        ([Shown()], "[Shown()]"),
        (10**30, "1" + "0" * 30),
        ("a\ud83d", "a\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_values_are_written_for_the_model(value, text):
    def tool():
        return value

    assert result(tool).text == text


def test_frames_and_arrays_are_written_too():
    import numpy as np
    import pandas as pd

    assert result(named(lambda: np.arange(3))).text == "[0,1,2]"
    assert result(named(lambda: {"n": np.float64(1.5)})).text == '{"n":1.5}'
    assert "column" in result(named(lambda: pd.DataFrame({"column": [1]}))).text


def named(function):
    function.__name__ = "tool"
    return function


def test_a_long_result_is_cut_and_says_so():
    came = result(named(lambda: "x" * 100), longest=10)
    assert came.text == "x" * 10 + "… (90 of 100 characters cut off)"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (ValueError("no such town"), "Error: ValueError: no such town"),
        (StopIteration(), "Error: StopIteration"),
        (CancelledError("mine"), "Error: CancelledError: mine"),
        (NebiusError("It failed", why="so"), "Error: NebiusError: It failed\nso"),
    ],
)
def test_what_a_tool_raises_goes_back_without_its_traceback(error, text):
    came = result(raises(error))
    assert (came.text, came.error) == (text, True)


def test_an_error_or_a_result_that_cannot_be_written_breaks_nothing():
    class MuteError(Exception):
        def __str__(self):
            raise RuntimeError

    class Bare:
        def __repr__(self):
            raise RuntimeError("no words")

    assert result(raises(MuteError())).text == "Error: MuteError"
    assert result(named(Bare)).text == "Error: RuntimeError: no words"


# -- what is not run ---------------------------------------------------------------------------


def test_an_unknown_tool_is_told_with_the_nearest():
    came = run(Toolbox([add]), call("addd"))[0]
    assert came.error
    assert came.text == "Error: there is no tool 'addd' (did you mean add?); the tools are: add"
    assert "the tools are: none" in run(Toolbox([]), call("x"))[0].text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ('{"a": ', "not valid JSON"),
        ("[1]", "one JSON object"),
        ("{}", "a is missing"),
        ('{"a": "many"}', "a: Expected `int`"),
        ('{"a": 1, "c": 2}', "no argument c"),
    ],
)
def test_arguments_that_do_not_fit_are_not_run(arguments, words):
    ran = []

    def tool(a: int):
        ran.append(a)

    came = result(tool, arguments)
    assert came.error
    assert words in came.text
    assert came.seconds == 0
    assert ran == []


def test_malformed_arguments_are_kept_as_they_were_written():
    assert result(add, '{"a": ').arguments == '{"a": '


def test_entries_are_offered_as_they_are_and_left_to_the_caller():
    entry = {"type": "function", "function": {"name": "theirs", "parameters": {}}}
    own = {"type": "web_search"}
    box = Toolbox([entry, own, add])
    assert box.entries[:2] == [entry, own]
    assert box.leaves(call("theirs"))
    assert not box.leaves(call("add"))
    assert not box.leaves(call("unknown"))
    assert run(box, call("theirs"))[0].text == "Error: theirs cannot be run here"


@pytest.mark.parametrize(
    "tools",
    [[add, add], ["add"], [{"type": "function"}], [{"function": {"name": "a b"}}], [lambda: 1]],
)
def test_what_is_no_tool_is_refused(tools):
    with pytest.raises(OptionError):
        Toolbox(tools)


# -- once --------------------------------------------------------------------------------------


def test_the_same_call_is_run_once():
    ran = []

    def tool(n: int):
        ran.append(n)
        return len(ran)

    once = call("tool", '{"n": 1}')
    other = call("tool", '{"n": 2}')
    nameless = call("tool", '{"n": 3}', id="")
    came = run(Toolbox([tool]), once, once, other, nameless, nameless)
    assert ran == [1, 2, 3, 3]
    assert [one.text for one in came] == ["1", "1", "2", "3", "4"]


# -- approval ----------------------------------------------------------------------------------


def test_the_user_sees_the_call_and_may_refuse():
    asked, ran = [], []

    def send(to: str):
        ran.append(to)
        return "sent"

    def approve(question):
        asked.append(question)
        return "friend" in question

    box = Toolbox([send])
    came = run(
        box, call("send", '{"to": "friend"}'), call("send", '{"to": "foe"}', "2"), approve=approve
    )
    assert asked == ['Run send(to="friend")?', 'Run send(to="foe")?']
    assert ran == ["friend"]
    assert [(one.text, one.error) for one in came] == [
        ("sent", False),
        ("Error: the user refused this call", True),
    ]


def test_nothing_in_a_question_can_hide_what_is_asked():
    asked = []

    def tool(text: str): ...

    hostile = '{"text": "a\\u001b[2Jb\\u202ec\\u009bd\\r\\n\\u007f\\u2028e"}'
    run(Toolbox([tool]), call("tool", hostile), approve=lambda q: bool(asked.append(q)))
    assert all(one.isprintable() for one in asked[0])
    assert asked[0].startswith('Run tool(text="a\\u001b[2Jb\N{REPLACEMENT CHARACTER}c')
    run(
        Toolbox([tool]),
        call("tool", '{"text": "' + "x" * 9000 + '"}'),
        approve=lambda q: bool(asked.append(q)),
    )
    assert len(asked[1]) < 5000
    assert "characters cut off" in asked[1]


def test_calls_that_cannot_be_run_are_not_asked_about():
    asked = []
    run(Toolbox([add]), call("nope"), call("add", "{}", "2"), approve=asked.append)
    assert asked == []


def test_where_nobody_can_be_asked_the_chat_ends():
    def approve(_):
        raise SettingsError("Nobody can be asked here")

    with pytest.raises(SettingsError):
        run(Toolbox([add]), call("add", '{"a": 1}'), approve=approve)


# -- async and remote --------------------------------------------------------------------------


async def slow(n: int):
    await asyncio.sleep(0)
    if n < 0:
        raise ValueError("too small")
    return {"n": n}


def test_async_functions_are_awaited():
    assert result(slow, '{"n": 2}').text == '{"n":2}'
    assert result(slow, '{"n": -2}').text == "Error: ValueError: too small"
    assert result(named(lambda: slow(5))).text == '{"n":5}'


def test_a_remote_tool_takes_the_arguments_as_they_are():
    seen = []

    async def ask(arguments):
        await anyio.lowlevel.checkpoint()
        seen.append(arguments)
        if arguments.get("bad"):
            raise OSError("gone")
        return "there", bool(arguments.get("failed"))

    entry = {"type": "function", "function": {"name": "far", "parameters": {}}}
    box = Toolbox([RemoteTool(entry, ask)])
    came = run(
        box,
        call("far", '{"x": "1"}'),
        call("far", '{"failed": true}', "2"),
        call("far", '{"bad": true}', "3"),
    )
    assert [(one.text, one.error) for one in came] == [
        ("there", False),
        ("there", True),
        ("Error: OSError: gone", True),
    ]
    assert seen[0] == {"x": "1"}


# -- interrupts, on the thread that waits ------------------------------------------------------


@pytest.fixture
def bridge():
    bridge = Bridge()
    yield bridge
    bridge.close()


def run_on(bridge, function):
    """Run a tool as a session does: on the waiting main thread."""
    box, mail, after = Toolbox([function]), Mailbox(), []

    async def work():
        came = await box.run(
            call(box.entries[0]["function"]["name"]),
            call_here=lambda inner: asyncio.wrap_future(mail.call(inner)),
        )
        after.append(came)
        return came

    return bridge.run(work, mailbox=mail), after


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_inside_a_tool_ends_everything(bridge, error):
    with pytest.raises(error):
        run_on(bridge, raises(error()))
    assert run_on(bridge, named(lambda: "still there"))[0].text == "still there"


def test_an_interrupt_that_is_an_ordinary_error_too_ends_everything(bridge):
    with pytest.raises(KeyboardInterrupt):
        run_on(bridge, raises(Stopped("Stopped")))


def test_tools_run_on_the_waiting_thread_and_async_ones_on_the_loop(bridge):
    import threading

    def where():
        return threading.current_thread() is threading.main_thread()

    async def elsewhere():
        await anyio.lowlevel.checkpoint()
        return threading.current_thread() is threading.main_thread()

    assert run_on(bridge, where)[0].text == "true"
    assert run_on(bridge, elsewhere)[0].text == "false"


def test_an_async_tool_is_cancelled_by_an_interrupt():
    ended = []

    async def forever():
        try:
            await asyncio.sleep(3600)
        finally:
            ended.append(time.monotonic())

    async def work():
        with anyio.move_on_after(0.05):
            await Toolbox([forever]).run(call("forever"), call_here=here)

    anyio.run(work)
    assert len(ended) == 1
