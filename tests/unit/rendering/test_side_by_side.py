"""Answers beside each other, and in other forms than Markdown."""

import json
from html.parser import HTMLParser

import pytest
from hostile import HOSTILE, PWN

from nbnebius.events import OfModel, ReasoningDelta, TextDelta
from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.side_by_side import SideBySide, side_by_side
from nbnebius.results.showing import form_bundle

TAGS = (
    "a blockquote br code del details div em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong "
    "summary table tbody td th thead tr ul"
)
ALLOWED = set(TAGS.split())
ATTRIBUTES = {"class", "style", "href", "title", "rel", "target", "start"}


class Strict(HTMLParser):
    """Fails on what could run or load something."""

    def handle_starttag(self, tag, attrs):
        assert tag in ALLOWED, tag
        for name, value in attrs:
            assert name in ATTRIBUTES, (tag, name)
            assert name != "href" or value.lower().startswith(("http:", "https:", "mailto:"))
            assert name != "style" or "url(" not in value


def harmless(page):
    Strict(convert_charrefs=True).feed(page)
    page.encode("utf-8")
    return True


class Page:
    def __init__(self):
        self.shown = []

    def show(self, bundle, metadata):
        self.shown.append(bundle)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_beside_each_other_are_harmless(text):
    answers = [answer_bundle(text, reasoning=text, footer=text, note=text)] * 2
    bundle = side_by_side([text, text], answers, text)
    assert harmless(bundle["text/html"])
    assert "\x1b" not in bundle["text/plain"]
    page = Page()
    growing = SideBySide(page, [text, text])
    for start in range(0, len(text), 7):
        growing.add(OfModel(0, ReasoningDelta(text[start : start + 7])))
        growing.add(OfModel(1, TextDelta(text[start : start + 7])))
        growing.status = text
        growing.tick()
    assert harmless(page.shown[-1]["text/html"])


@pytest.mark.parametrize("form", ["text", "json", "code"])
@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_texts_in_any_form_are_harmless(text, form):
    fenced = f"```{text}\n{text}\n```\n"
    for each in (text, json.dumps({text: [text]}), fenced):
        bundle = form_bundle(form, each, reasoning=each, footer=each, note=each)
        assert harmless(bundle["text/html"])
        assert "\x1b" not in bundle["text/plain"]


def test_each_model_keeps_its_own_text():
    page = Page()
    growing = SideBySide(page, ["A/one", "B/two"])
    growing.add(OfModel(1, TextDelta("second")))
    growing.add(OfModel(0, TextDelta("first")))
    growing.tick()
    assert page.shown[0]["text/plain"] == "── A/one ──\nfirst\n\n── B/two ──\nsecond"
    html = page.shown[0]["text/html"]
    assert html.index("A/one") < html.index("first") < html.index("B/two") < html.index("second")


def test_nothing_is_painted_before_anything_has_come():
    page = Page()
    growing = SideBySide(page, ["A/one"])
    growing.add(OfModel(0, TextDelta("")))
    growing.tick()
    assert not growing.begun
    assert page.shown == []


def test_text_is_shown_to_the_letter():
    bundle = form_bundle("text", "# a\n\n**b** <i>c</i>", footer="f")
    assert "# a\n\n**b** &lt;i&gt;c&lt;/i&gt;" in bundle["text/html"]
    assert bundle["text/plain"] == "# a\n\n**b** <i>c</i>\n\nf"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('{"b": [1, "é"], "a": null}', '{\n  "b": [\n    1,\n    "é"\n  ],\n  "a": null\n}'),
        ("Here it is:\n```json\n[1]\n```\nand [2].", "[\n  1\n]\n\n[\n  2\n]"),
        ('"just text"', '"just text"'),
    ],
)
def test_json_is_indented_and_keeps_its_order(text, shown):
    assert form_bundle("json", text)["text/plain"] == shown


def test_what_is_no_json_says_so_and_is_shown_to_the_letter():
    bundle = form_bundle("json", "no **JSON**", note="cut off")
    assert "cut off; this is no JSON" in bundle["text/html"]
    assert "no **JSON**" in bundle["text/html"]


def test_code_is_shown_without_the_words_around_it():
    text = "Try:\n```python\nx = 1\n```\nor\n~~~sql\nselect 1\n~~~\ndone"
    bundle = form_bundle("code", text)
    assert bundle["text/plain"] == "x = 1\n\nselect 1"
    assert "Try" not in bundle["text/html"]
    assert bundle["text/html"].count("<pre>") == 2
    assert 'class="mi"' in bundle["text/html"]
    assert "no fenced code" in form_bundle("code", "none here")["text/plain"]


def test_code_that_holds_a_fence_stays_in_one_block():
    text = f"````md\n```\n<img src=x onerror={PWN}>\n```\n````"
    bundle = form_bundle("code", text)
    assert bundle["text/html"].count("<pre>") == 1
    assert harmless(bundle["text/html"])
