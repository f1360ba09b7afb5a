import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.client.reasoning import ThinkSplitter, split_reasoning
from nbnebius.client.surrogates import Joiner, mend
from nbnebius.types.chat import Message, ToolCall


@pytest.mark.parametrize(
    ("message", "finish", "expected"),
    [
        (Message(content="4"), "stop", ("4", None)),
        (Message(content=None), "stop", ("", None)),
        (Message(content="4", reasoning="r"), "stop", ("4", "r")),
        (Message(content="4", reasoning_content="r"), "stop", ("4", "r")),
        (Message(content="4", reasoning="r", reasoning_content="r"), "stop", ("4", "r")),
        (Message(content="<think>r</think>\n\n4"), "stop", ("4", "r")),
        (Message(content="\n<think>r"), "stop", ("", "r")),
        (Message(content="a <think>b</think>"), "stop", ("a <think>b</think>", None)),
        (Message(content="<thinking>"), "stop", ("<thinking>", None)),
        (Message(content="<think>r</think>4", reasoning="r"), "stop", ("4", "r")),
        (Message(content=None, reasoning="4"), "stop", ("4", None)),
        (Message(content="", reasoning_content="4"), "stop", ("4", None)),
        (Message(content=None, reasoning="half"), "length", ("", "half")),
        (Message(content=None, reasoning="r", tool_calls=[ToolCall()]), "stop", ("", "r")),
    ],
)
def test_the_four_places_and_the_quirk(message, finish, expected):
    assert split_reasoning(message, finish) == expected


pieces = st.sampled_from(["<think>", "</think>", "<", "think", "a", " ", "\n", "</", ">", "<thi"])


@given(st.lists(pieces), st.lists(st.integers(0, 40)))
def test_any_cut_gives_the_same_split(parts, cuts):
    content = "".join(parts)
    cuts = sorted(min(cut, len(content)) for cut in cuts)
    cut_up = [content[a:b] for a, b in zip([0, *cuts], [*cuts, len(content)], strict=True)]
    assert split(cut_up) == split([content])


def split(contents):
    splitter = ThinkSplitter()
    found = [part for content in contents for part in splitter.add(content)] + splitter.rest()
    assert all(piece for _, piece in found)
    return {
        kind: "".join(piece for one, piece in found if one == kind)
        for kind in ("text", "reasoning")
    }


@given(st.text(st.characters(exclude_categories=["Cs"])), st.lists(st.integers(0, 60)))
def test_characters_cut_in_two_are_joined(text, cuts):
    units = text.encode("utf-16-le")
    cuts = sorted(min(cut * 2, len(units)) for cut in cuts)
    joiner = Joiner()
    shown = []
    for a, b in zip([0, *cuts], [*cuts, len(units)], strict=True):
        shown.append(joiner.add(units[a:b].decode("utf-16-le", "surrogatepass")))
        shown[-1].encode()
    assert "".join([*shown, joiner.rest()]) == text


def test_a_half_that_stays_alone():
    joiner = Joiner()
    assert joiner.add("a\ud83d") == "a"
    assert joiner.rest() == "\ufffd"
    assert joiner.add("\udc69b") == "\ufffdb"
    assert mend("\ud83d\udc69") == "👩"
