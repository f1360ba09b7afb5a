"""The two guards: automagic never fires, and a question keeps its mark."""

import pytest

from nbnebius.magics.guard import Guard


@pytest.fixture
def guard():
    return Guard(None, {"chat", "embed", "nebius"})


@pytest.mark.parametrize(
    "line",
    [
        "%chat is this python?",
        "x = %chat what?",
        "    %chat what?",
        "x.y = %chat what?",
        "x['a b'] = %chat what?",
        "a, b = %chat what?",
        "%chat -t 0 -- ?what?",
        "%chat really??",
    ],
)
def test_a_question_keeps_its_mark(guard, line):
    assert guard.keep_question_marks([line + "\n"]) == [line + " \n"]


@pytest.mark.parametrize(
    "line",
    [
        "%chat?",
        "?%chat",
        "%chat ?",
        "%other is this python?",
        "%chatter is this?",
        "x == %chat",
        "print('what?')",
        "len?",
        "%chat what",
        "# %chat is this a comment?",
    ],
)
def test_everything_else_is_left_alone(guard, line):
    assert guard.keep_question_marks([line + "\n"]) == [line + "\n"]


def test_a_cell_magic_is_left_alone(guard):
    lines = ["%%chat\n", "%chat what?\n"]
    assert guard.keep_question_marks(lines) == lines


@pytest.mark.parametrize("line", ["%chat??", "??%chat", "%%chat??", "  %chat??  "])
def test_two_marks_ask_for_the_manual_too(guard, line):
    assert guard.keep_question_marks([line]) == [line.replace("??", "?")]


def test_a_marks_place_in_a_cell_magics_line_changes_nothing_below(guard):
    lines = ["%%chat -s 'what?'\n", "%chat what?\n"]
    assert guard.keep_question_marks(lines) == lines
