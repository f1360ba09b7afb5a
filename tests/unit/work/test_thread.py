"""Which turns are sent, in what order, and which are stale."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.work.next_turn import NextTurn
from nbnebius.work.thread import (
    Said,
    compose,
    digest,
    for_model,
    made_turn,
    own_turn,
    question_of,
    said_in,
    split_system,
    split_turns,
    stale_ones,
    system_of,
    turns_before,
)

CELLS = ["a", "b", "c", "d"]


def user(text):
    return {"role": "user", "content": text}


def says(text):
    return {"role": "assistant", "content": text}


def turn(question, answer, before=(), *, place="", session="s", system=None):
    return made_turn(
        Said([user(question), says(answer)], system),
        before,
        position=len(before) + 1,
        number=len(before) + 1,
        place=place,
        session=session,
        asked_at=0.0,
    )


def thread(*answers, session="s"):
    turns = []
    for number, answer in enumerate(answers):
        cell = CELLS[number]
        turns.append(turn(f"ask {cell}", answer, turns, place=cell, session=session))
    return turns


def asks(turns, place, question, session="s", *, lasting=True):
    own = own_turn(turns, place, session, lasting=lasting)
    return NextTurn("service", "main", turns, own, [user(question)], None, place)


def answer_it(turns, place, answer, *, lasting=True, session="s", gone=()):
    """Run a cell: ask, and put the turn where it belongs."""
    asked = asks(turns, place, f"ask {place}", session, lasting=lasting)
    new = made_turn(
        Said([*asked.asked, says(answer)]),
        asked.before,
        position=asked.number,
        number=asked.number,
        place=place,
        session=session,
        asked_at=0.0,
    )
    at = asked.number - 1
    return asked, [*turns[:at], new, *turns[at + 1 :]]


def test_a_cell_that_is_run_again_sees_only_what_stands_before_it():
    turns = thread("1", "2", "3")
    again = asks(turns, "b", "again")
    assert (again.number, len(again.before)) == (2, 1)
    assert again.messages(None) == [user("ask a"), says("1"), user("again")]


def test_a_new_cell_sees_all_turns():
    turns = thread("1", "2", "3")
    new = asks(turns, "d", "new")
    assert (new.number, len(new.before)) == (4, 3)


def test_a_function_is_always_a_new_turn():
    turns = [turn("q", "a", place="")]
    assert own_turn(turns, "", "s", lasting=False) is None
    assert own_turn(turns, "", "other", lasting=False) is None


def test_the_same_text_without_a_cell_id_is_a_new_question_until_a_restart():
    turns = thread("1", "2", session="before")
    assert own_turn(turns, "a", "now", lasting=False) is turns[0]
    visited = [dataclasses.replace(turns[0], session="now"), turns[1]]
    assert own_turn(visited, "a", "now", lasting=False) is None


def test_two_equal_texts_of_an_earlier_session_are_gone_back_to_in_order():
    first = turn("q", "1", place="x", session="before")
    second = turn("q", "2", [first], place="x", session="before")
    assert own_turn([first, second], "x", "now", lasting=False) is first
    visited = dataclasses.replace(first, session="now")
    assert own_turn([visited, second], "x", "now", lasting=False) is second


def test_cells_that_are_numbered_anew_are_known_by_their_questions():
    name = "vscode-notebook-cell:/a.ipynb#W{}/1".format
    first = turn("one", "1", place=name(0), session="before")
    third = turn("three", "3", [first], place=name(2), session="before")
    second = turn("two", "2", [first, third], place=name(1), session="before")
    turns = [first, third, second]

    def own(place, question, session="now"):
        return own_turn(turns, name(place), session, lasting=True, asked=[user(question)])

    # the cell of the third turn was put between: it has the second one's number now
    assert own(1, "three") is third
    assert own(2, "two") is second
    # in a session the number holds, whatever the question says now
    assert own(1, "edited", session="before") is second
    assert own(0, "edited") is first
    assert own(9, "new") is None


def test_another_answer_makes_the_later_turns_stale_and_the_same_one_does_not():
    turns = thread("1", "2", "3")
    assert stale_ones(turns) == [False] * 3
    assert stale_ones(answer_it(turns, "a", "1")[1]) == [False] * 3
    _, changed = answer_it(turns, "a", "other")
    assert stale_ones(changed) == [False, True, True]
    _, mended = answer_it(changed, "b", "2")
    assert stale_ones(mended) == [False, False, True]
    assert stale_ones(answer_it(mended, "c", "3")[1]) == [False] * 3


def test_what_becomes_stale_is_told():
    turns = thread("1", "2", "3")
    asked, _ = answer_it(turns, "a", "other")
    other = made_turn(Said([user("ask a"), says("other")]), [], position=1, session="s", asked_at=0)
    assert asked.stale_after(other) == [2, 3]
    assert asked.stale_after(turns[0]) == []


def test_a_purged_turn_is_not_sent():
    turns = thread("1", "2", "3")
    turns[0] = dataclasses.replace(turns[0], said=None)
    new = asks(turns, "d", "new")
    assert (new.number, len(new.before), new.missing) == (4, 2, 1)
    assert user("ask a") not in new.messages(None)


def test_the_system_prompt_is_sent_once_and_is_the_last_one_given():
    first = turn("q", "a", system="one")
    second = turn("q", "b", [first])
    assert system_of([first, second]) == "one"
    new = NextTurn("s", "t", [first, second], None, [user("x")])
    assert [m["role"] for m in new.messages("usual")].count("system") == 1
    assert new.messages("usual")[0]["content"] == "one"
    given = dataclasses.replace(new, system="two")
    assert given.messages("usual")[0]["content"] == "two"
    assert NextTurn("s", "t", [], None, [user("x")]).messages("usual")[0]["content"] == "usual"


def test_tool_calls_that_nobody_answered_are_not_sent():
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    open_ended = made_turn(
        Said([user("q"), {"role": "assistant", "content": None, "tool_calls": [call]}]),
        [],
        position=1,
        session="s",
        asked_at=0,
    )
    assert compose([open_ended], [user("next")], None)[1] == says("")
    result = {"role": "tool", "tool_call_id": "1", "content": "42"}
    assert compose([open_ended], [result], None)[1]["tool_calls"] == [call]


def test_reasoning_goes_only_to_models_that_need_their_own():
    call = {"role": "assistant", "content": None, "tool_calls": [{}], "reasoning_content": "hm"}
    inline = {"role": "assistant", "content": "<think>hm</think>Let me see", "tool_calls": [{}]}
    for_qwen = for_model([user("q"), call, inline], "Qwen/Qwen3-32B")
    assert "reasoning_content" not in for_qwen[1]
    assert for_qwen[2]["content"] == "Let me see"
    assert for_model([user("q"), call], "deepseek-ai/DeepSeek-V4")[1] == call


def test_a_list_of_messages_is_parted_from_its_system_prompt():
    messages = [{"role": "system", "content": "be kind"}, user("q")]
    assert split_system(messages) == ("be kind", [user("q")])


TEXTS = st.text(max_size=5)


@given(
    runs=st.lists(st.tuples(st.sampled_from(CELLS), TEXTS, st.booleans()), max_size=12),
    purged=st.sets(st.integers(0, 5)),
)
def test_what_is_sent_is_always_an_alternation_that_begins_as_the_thread_does(runs, purged):
    turns = []
    for cell, answer, lasting in runs:
        held = [
            dataclasses.replace(each, said=None) if at in purged else each
            for at, each in enumerate(turns)
        ]
        asked, turns = answer_it(held, cell, answer, lasting=lasting)
        sent = asked.messages("be brief")
        assert [m["role"] for m in sent] == ["system", *["user", "assistant"] * asked.number][
            : len(sent)
        ]
        assert sent[-1]["role"] == "user"
        # what is sent before a question is what the thread holds before its turn, and all of it
        kept = [m for each in turns[: asked.number - 1] for m in said_in(each).messages]
        assert sent[1:-1] == kept
        assert not stale_ones(turns)[asked.number - 1]
        assert len(sent) == 2 + 2 * (asked.number - 1 - asked.missing)


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=6))
def test_a_thread_that_is_written_out_is_cut_into_the_same_turns(pairs):
    turns = []
    for question, answer in pairs:
        turns.append(turn(question, answer, turns))
    cut = split_turns(compose(turns, [], "system"))
    assert [said.messages for said in cut] == [said_in(each).messages for each in turns]
    assert cut[0].system == "system"
    assert [question_of(said) for said in cut] == [[user(q)] for q, _ in pairs]


@pytest.mark.parametrize(
    ("messages", "said"),
    [([says("hello")], "does not begin with a question"), ([user("q")], "1 of .* has no answer")],
)
def test_what_is_no_conversation_is_refused(messages, said):
    with pytest.raises(OptionError, match=said):
        split_turns(messages)


def body(**more):
    return {"model": "m", "messages": [user("x " * 1000)], "max_tokens": 8192, **more}


def test_the_longest_answer_takes_the_room_that_the_thread_leaves():
    new = asks(thread("1"), "d", "new")
    assert new.fitted(body(), 100_000, told=False) == body()
    assert new.fitted(body(), None, told=True) == body()
    fitted = new.fitted(body(), 2_504, told=False)
    assert fitted["max_tokens"] == 1800  # nine tenths of what some 504 tokens leave


def test_a_thread_that_does_not_fit_says_how_long_it_is_and_which_turns_to_drop():
    turns = thread("long " * 2000, "2")
    new = asks(turns, "d", "new")
    request = body(messages=new.messages(None))
    with pytest.raises(OptionError) as caught:
        new.fitted(request, 2_000, told=False)
    assert "about 2,5" in caught.value.what
    assert "it takes 2,000" in caught.value.why
    assert "%nebius threads drop main 1 takes the oldest out" in caught.value.hint
    with pytest.raises(OptionError, match="too long"):
        new.fitted(request, 10_000, told=True)


def test_marks_name_what_was_said():
    turns = thread("1", "2")
    assert digest(turns) != digest(turns[:1])
    assert digest(turns) == digest(thread("1", "2", session="other"))
    assert turns_before(turns, turns[1]) == turns[:1]
