"""Tool calls on the page and in the terminal."""

import re
from html.parser import HTMLParser

import pytest
from hostile import HOSTILE

from nbnebius.rendering.tool_calls import calls_html, calls_text
from nbnebius.work.tools import ToolResult


def came(name="double", arguments=None, text="4", *, error=False, seconds=0.0):
    return ToolResult(name, {"n": 2} if arguments is None else arguments, text, error, seconds)


class Tags(HTMLParser):
    def __init__(self, html):
        super().__init__()
        self.seen = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        self.seen.append((tag, sorted(name for name, _ in attributes)))


def test_every_call_is_shown_folded():
    html = calls_html([came(), came("send", {"to": "é"}, "no", error=True, seconds=2.04)])
    assert html.count("<details>") == 2
    assert "<summary>Tool: double(n=2)</summary>" in html
    assert "<summary>Tool: send(to=&quot;é&quot;) · error · 2.0 s</summary>" in html
    assert "open" not in html


def test_text_shows_calls_and_results():
    shown = calls_text([came(), came("send", '{"to": ', "no\nway", error=True)])
    assert shown == 'Tool: double(n=2)\n  4\nTool: send({"to":) · error\n  no\n  way'


def test_nothing_is_drawn_for_no_calls():
    assert calls_html([]) == ""
    assert calls_text([]) == ""


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_from_a_model_or_a_tool_becomes_markup(text):
    calls = [came(text, {text: text}, text), came("x", text, text, error=True)]
    harmless = calls_html([came("a", {"b": "c"}, "d"), came("x", "e", "f", error=True)])
    html = calls_html(calls)
    assert Tags(html).seen == Tags(harmless).seen
    shown = calls_text(calls) + html
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff]", shown)
    shown.encode()


def test_long_texts_and_many_calls_are_cut_and_say_so():
    html = calls_html([came("x", {"a": "b" * 9000}, "c" * 9000)], longest=100)
    assert len(html) < 1500
    assert html.count("more characters") == 2
    many = [came()] * 250
    assert "… and 50 more calls" in calls_html(many)
    assert calls_text(many).endswith("… and 50 more calls")
    assert len(calls_text([came("x", {"a": "b" * 9000}, "c" * 9000)], longest=100)) < 400
