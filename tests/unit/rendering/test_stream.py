"""Answers that grow."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.growing import GrowingText
from nbnebius.rendering.safe import body_html, plain
from nbnebius.rendering.stream import StreamView, TerminalView


class Clock:
    """Time that passes only when told, or by a fixed amount at each painting."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


class Page:
    """Remembers every bundle; showing one takes `cost` seconds."""

    def __init__(self, clock=None, cost=0.0):
        self.shown = []
        self.clock = clock
        self.cost = cost

    def show(self, bundle, metadata):
        self.shown.append((bundle, metadata))
        if self.clock:
            self.clock.now += self.cost


def view(cost=0.0):
    clock = Clock()
    page = Page(clock, cost)
    return StreamView(page, clock=clock), page, clock


def test_the_first_piece_is_painted_at_once():
    stream, page, _ = view()
    stream.tick()
    assert page.shown == []
    stream.add("Hel")
    stream.tick()
    assert page.shown[0][0]["text/plain"] == "Hel"


def test_repaints_wait_for_a_tenth_of_a_second():
    stream, page, clock = view()
    for _ in range(200):
        stream.add("x ")
        stream.tick()
        clock.now += 0.01
    assert 19 <= len(page.shown) <= 21


def test_repaints_wait_for_five_times_what_the_last_one_cost():
    stream, page, clock = view(cost=0.2)
    stream.add("a")
    stream.tick()
    stream.add("b")
    clock.now += 0.9
    stream.tick()
    assert len(page.shown) == 1
    clock.now += 0.2
    stream.tick()
    assert len(page.shown) == 2


def test_nothing_new_is_not_painted_again():
    stream, page, clock = view()
    stream.add("a")
    stream.tick()
    clock.now += 5
    stream.tick()
    stream.add("")
    stream.tick()
    assert len(page.shown) == 1


def test_a_long_answer_does_not_flood_the_connection():
    stream, page, clock = view()
    for _ in range(4_000):
        stream.add("Some words of the answer. \n\n")
        stream.tick()
        clock.now += 0.01
    sent = sum(len(bundle["text/html"]) for bundle, _ in page.shown)
    assert sent < 200_000 * 42


def test_the_final_bundle_is_painted_exactly_once():
    stream, page, _ = view()
    stream.add("a")
    stream.tick()
    first = stream.finish("footer", note="cut off", metadata={"seconds": 2})
    assert stream.finish("another") == first == answer_bundle("a", footer="footer", note="cut off")
    stream.add("late")
    stream.tick()
    assert page.shown[1:] == [(first, {"seconds": 2})]


def test_reasoning_is_seen_while_it_is_all_there_is():
    stream, page, clock = view()
    stream.add_reasoning("<b>thinking</b> " * 100)
    stream.tick()
    html = page.shown[-1][0]["text/html"]
    assert "Reasoning (100 words)" in html
    assert "&lt;b&gt;" in html
    stream.add("Done.")
    clock.now += 1
    stream.tick()
    html = page.shown[-1][0]["text/html"]
    assert "Reasoning (100 words)" in html
    assert "&lt;b&gt;" not in html


BLOCKS = st.sampled_from(
    [
        "Plain words.\n\n",
        "**bold** and `code`\n\n",
        "- one\n- two\n\n",
        "1. a\n\n   more of it\n\n2. b\n",
        "```python\nfor x in y:\n\n    pass\n```\n",
        "```\nopen fence\n\n",
        "> quote\nlazy\n\n",
        "Title\n===\n",
        "# Head\n",
        "| a | b |\n|---|---|\n| 1 | 2 |\n\n",
        "    indented\n\n",
        "* other\n+ third\n",
        "---\n",
        "\n\n\n",
        "\r\n",
        "\r",
        "no break ",
        "<script>\n",
        "  \n",
        "- \n",
        "\t- deep\n\n",
        "text\n" * 120,
    ]
)
TEXTS = st.lists(BLOCKS, max_size=40).map("".join)


@st.composite
def chunked(draw):
    text = draw(TEXTS)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=30)))
    return text, [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


@given(chunked())
@settings(max_examples=200, deadline=None)
def test_any_chunking_gives_the_bundle_of_the_whole_text(case):
    text, pieces = case
    stream, page, clock = view()
    for piece in pieces:
        stream.add(piece)
        clock.now += 1
        stream.tick()
    whole = answer_bundle(text, footer="f")
    assert stream.finish("f") == whole
    assert page.shown[-1][0] == whole


@given(chunked())
@settings(max_examples=200, deadline=None)
def test_what_is_painted_on_the_way_is_what_the_text_so_far_would_be(case):
    text, pieces = case
    growing = GrowingText()
    for piece in pieces:
        growing.add(piece)
        growing.body_html()
    visible = plain(text.removesuffix("\r"))
    assert growing.shown == visible
    assert growing.body_html() == body_html(visible)
    assert growing.text == text


def test_finished_blocks_are_rendered_once():
    growing = GrowingText()
    for _ in range(500):
        growing.add("A paragraph of some words.\n\n")
        growing.body_html()
    assert len(growing._tail) < 1_000


@given(chunked())
@settings(deadline=None)
def test_a_terminal_sees_the_whole_text_in_any_chunking(case):
    text, pieces = case
    written = []
    terminal = TerminalView(written.append)
    for piece in pieces:
        terminal.add(piece)
        terminal.tick()
    bundle = terminal.finish("footer")
    body = plain(text.removesuffix("\r"))
    end = "" if not body or body.endswith("\n") else "\n"
    assert "".join(written) == f"{body}{end}footer\n"
    assert bundle == answer_bundle(text, footer="footer")


def test_a_terminal_is_told_the_length_of_the_reasoning_only():
    written = []
    terminal = TerminalView(written.append)
    terminal.add_reasoning("one two ")
    terminal.tick()
    terminal.add_reasoning("three")
    terminal.add("Yes.\x1b[1m")
    terminal.finish("m", note="stopped")
    assert "".join(written) == "(reasoning: 3 words)\nYes.␛[1m\n[stopped]\nm\n"


@pytest.mark.parametrize("make", [lambda: StreamView(Page()), lambda: TerminalView(lambda _: None)])
def test_both_views_keep_text_and_reasoning(make):
    made = make()
    made.add("a")
    made.add_reasoning("r")
    made.add("b")
    assert (made.text, made.reasoning) == ("ab", "r")
