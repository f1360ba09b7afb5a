"""The one sink for text from a model."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import hostile
import pytest
from hostile import HOSTILE
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.rendering.safe import escape, plain, safe_html

TAGS = set(
    re.findall(
        r"\w+",
        "a blockquote br code del div em h1 h2 h3 h4 h5 h6 hr li ol p pre s span strong "
        "table tbody td th thead tr ul",
    )
)
ATTRIBUTES = {
    "a": {"href", "title", "rel", "target"},
    "div": {"class", "style"},
    "ol": {"start"},
    "pre": {"style"},
    "span": {"class"},
    "td": {"style"},
    "th": {"style"},
}
STYLES = {
    "display:contents",
    "text-align:left",
    "text-align:center",
    "text-align:right",
    "white-space:pre-wrap",
}


class Strict(HTMLParser):
    """Fails on anything that is not on the list."""

    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.text = []
        self.links = []

    def handle_starttag(self, tag, attrs):
        assert tag in TAGS, tag
        for name, value in attrs:
            assert name in ATTRIBUTES.get(tag, set()), (tag, name)
            if name == "style":
                assert value in STYLES, value
            if name == "href":
                assert re.match(r"(https?|mailto):", value, re.IGNORECASE), value
                self.links.append(value)
        if tag == "a":
            assert ("target", "_blank") in attrs
            assert ("rel", "noopener noreferrer nofollow") in attrs

    def handle_data(self, data):
        self.text.append(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def read(html):
    strict = Strict()
    strict.feed(html)
    strict.close()
    html.encode("utf-8")
    return strict


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_hostile_text_becomes_allowed_elements_only(payload):
    read(safe_html(payload))


@pytest.mark.parametrize("payload", HOSTILE)
def test_a_hostile_text_stays_harmless_at_every_place_it_may_be_cut(payload):
    for end in range(0, len(payload), 3):
        read(safe_html(payload[:end]))


TOKENS = st.sampled_from([
    *"<>\"'`&[]()!*_~#|-+=\\/:; \n\t\r\x00\x1b",
    "<script>", "</script>", "<img src=x onerror=a()>", "javascript:", "data:", "http://x.y/",
    "```", "~~~", "    ", "> ", "- ", "1. ", "![", "](", "]: ", "&#106;", "&colon;", "<!--", "-->",
    "<svg onload=a()>", "style=", "|-|-|\n", "$$", "\\[", "\\]",
    "text", "mailto:a@b.c", "$", "\\(", "\ud800", "\u202e",
])  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=200),
    st.lists(TOKENS, max_size=60).map("".join),
    st.lists(st.one_of(TOKENS, st.sampled_from(HOSTILE)), max_size=8).map("".join),
)


@given(TEXTS)
@settings(max_examples=400, deadline=None)
def test_no_text_whatever_leaves_the_allowlist(text):
    read(safe_html(text))


@given(TEXTS)
@settings(deadline=None)
def test_escaped_text_holds_no_element_and_no_quote(text):
    made = escape(text)
    assert not set("<>\"'") & set(made)
    assert "".join(read(f"<p>{made}</p>").text).strip("\r\n") == plain(text).strip("\r\n")


@given(TEXTS)
def test_plain_text_holds_nothing_a_terminal_obeys(text):
    made = plain(text)
    assert not re.search(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", made
    )
    assert plain(made) == made


WATCHED = """
import json, sys
from hostile import HOSTILE
from nbnebius.rendering.answer import answer_bundle

answer_bundle("```python\\nx\\n```")
seen = []
own = (sys.prefix, sys.base_prefix)

def watch(event, arguments):
    name = str(arguments[0]) if arguments else ""
    if event.startswith("socket.") or (event == "open" and not name.startswith(own)):
        seen.append([event, name])

sys.addaudithook(watch)
for text in HOSTILE:
    answer_bundle(text, reasoning=text, footer=text, note=text)
print(json.dumps(seen))
"""


def test_an_answer_that_names_a_file_or_an_address_opens_neither():
    ran = subprocess.run(
        [sys.executable, "-c", WATCHED],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(hostile.__file__).parent,
    )
    assert json.loads(ran.stdout) == []


def test_plain_keeps_lines_tabs_and_joined_emoji():
    assert plain("a\tb\r\nc\n👩\u200d💻 é") == "a\tb\nc\n👩\u200d💻 é"


def test_a_picture_is_a_link_that_shows_its_whole_address():
    found = read(safe_html("![a cat](https://example.com/cat.png?d=1)"))
    assert found.links == ["https://example.com/cat.png?d=1"]
    assert "[image: a cat] https://example.com/cat.png?d=1" in "".join(found.text)


def test_embedded_picture_data_is_told_but_not_shown():
    html = safe_html("![x](data:image/png;base64,AAAA)")
    assert "base64" not in html
    assert "26 characters of embedded data" in html


@pytest.mark.parametrize("target", ["foo/bar", "/lab", "//evil.example", "ftp://a/b", "#top"])
def test_a_link_to_anywhere_else_keeps_only_its_text(target):
    found = read(safe_html(f"[words]({target})"))
    assert found.links == []
    assert "words" in "".join(found.text)


def test_raw_html_is_shown_as_text():
    assert "&lt;b&gt;bold&lt;/b&gt;" in safe_html("<b>bold</b>")


def test_markdown_is_rendered():
    html = safe_html(
        "# Title\n\n**bold** *em* ~~gone~~ `code`\n\n3. three\n\n| a |\n|:-:|\n| 1 |\n\n> quote"
    )
    for piece in (
        "<h1>Title</h1>",
        "<strong>bold</strong>",
        "<em>em</em>",
        "<s>gone</s>",
        "<code>code</code>",
        '<ol start="3">',
        '<td style="text-align:center">1</td>',
        "<blockquote>",
    ):
        assert piece in html


def test_code_is_coloured_by_classes():
    assert '<span class="k">for</span>' in safe_html("```python\nfor x in y: pass\n```")


@pytest.mark.parametrize("language", ["", "nosuch", "jp-Cell", "python\x00", "é"])
def test_code_of_an_unknown_language_is_shown_without_colours(language):
    html = safe_html(f"```{language}\n<x>\n```")
    assert "&lt;x&gt;" in html
    assert "<span" not in html


@pytest.mark.parametrize(
    "formula",
    [
        "$a_1 * b_2 * c$",
        "\\(x_1 * y_1 * z\\)",
        "\\[\\sum_{i=1}^n a_i*b_i*c\\]",
        "$$a_1 \\\\ b_1$$",
        "$$\na_1\n+ b_1\n- c < d\n# e\n$$",
        "\\[\na\n= b\n\\]",
    ],
)
def test_a_formula_reaches_the_page_as_it_was_written(formula):
    html = safe_html(f"Before.\n{formula}\nafter.")
    assert escape(formula) in html


@pytest.mark.parametrize(
    "text", ["costs $5 and $7", "from $5-$7", "$ 5 $", "a $", "$$", "$HOME", "\\[ open", "$\n\n$"]
)
def test_a_dollar_sign_that_begins_no_formula_stands_alone(text):
    html = safe_html(text)
    assert html.count("$") == html.count("<span>$</span>") == text.count("$")


def test_a_formula_cannot_hold_an_element():
    assert "&lt;img src=x&gt;" in safe_html("$<img src=x>$ and $$\n<b>\n$$")
    assert "<b>" not in safe_html("$$\n<b>\n$$")


SLOW = {
    "brackets": "[" * 150_000,
    "images": "![" * 75_000,
    "references": "[a][" * 40_000,
    "open lines": "[a\n" * 15_000 * 3,
    "lines": "a\n" * 60_000,
    "too long for Markdown": "**a** " * 50_000,
}


@pytest.mark.parametrize("text", SLOW.values(), ids=SLOW)
def test_what_would_be_slow_is_shown_as_written(text):
    html = safe_html(text)
    assert '<pre style="white-space:pre-wrap">' in html
    assert "".join(read(html).text).strip() == text.strip()


@pytest.mark.parametrize(
    "piece",
    ["> ", "- ", "1. ", "*", "_", "`", "**a", "~~", "&", "<", "|", "\\", "(", "[](", "[a](<"],
)
def test_deep_nesting_and_long_runs_are_survived(piece):
    read(safe_html(piece * 3_000))


def test_a_text_beyond_all_measure_is_cut_and_says_so():
    html = safe_html("x" * 1_500_000)
    assert len(html) < 1_001_000
    assert "500,000 more characters" in html
