"""Answers as bundles, and their footers."""

from __future__ import annotations

import re

import pytest

from nbnebius.rendering.answer import answer_bundle, footer_text, usd
from nbnebius.rendering.safe import safe_html


def test_a_bundle_has_html_and_plain_text_and_never_markdown():
    assert set(answer_bundle("Hi")) == {"text/html", "text/plain"}


def test_an_answer_in_the_page_is_the_safe_html_of_its_text():
    assert answer_bundle("**Hi**")["text/html"] == safe_html("**Hi**")


def test_reasoning_is_folded_and_only_in_the_page():
    bundle = answer_bundle("Four.", reasoning="two and <b>two</b>", footer="f")
    assert bundle["text/html"].startswith("<details")
    assert "<summary>Reasoning (3 words)</summary>" in bundle["text/html"]
    assert "&lt;b&gt;" in bundle["text/html"]
    assert bundle["text/plain"] == "Four.\n\nf"


def test_note_and_footer_are_escaped_and_stand_below_the_text():
    html = answer_bundle("t", footer="<i>model</i>", note="cut <off>")["text/html"]
    assert html.index("cut &lt;off&gt;") < html.index("&lt;i&gt;model&lt;/i&gt;")
    assert html.endswith("</div>")


def test_the_plain_text_of_an_answer_shows_control_characters():
    bundle = answer_bundle("a\x1b[2Jb\n\n", footer="m\x07", note="cut off")
    assert bundle["text/plain"] == "a␛[2Jb\n\n[cut off]\n\nm␇"


def test_an_empty_answer_is_its_footer():
    assert answer_bundle("", footer="model")["text/plain"] == "model"


def test_a_footer_is_one_line():
    assert (
        footer_text(model="Qwen/Qwen3-32B", tokens=52, cost=0.0000123)
        == "Qwen/Qwen3-32B · 52 tokens · USD 0.000012"
    )
    assert (
        footer_text(
            model="m\nx", tokens=1, cost=None, thread="main", turn=4, sent=3, extra=["kept"]
        )
        == "m x · 1 token · price unknown · thread main, turn 4, 3 sent · kept"
    )
    assert footer_text(model="m", tokens=None, cost=0.0, turn=2, sent=1) == (
        "m · USD 0 · turn 2, 1 sent"
    )


@pytest.mark.parametrize(
    ("cost", "told"),
    [
        (None, "price unknown"),
        (float("nan"), "price unknown"),
        (float("inf"), "price unknown"),
        (0, "USD 0"),
        (1e-9, "USD 0.0000000010"),
        (0.000012345, "USD 0.000012"),
        (0.0999, "USD 0.10"),
        (0.5, "USD 0.50"),
        (0.994, "USD 0.99"),
        (0.999, "USD 1.00"),
        (1, "USD 1.00"),
        (12345.678, "USD 12,345.68"),
    ],
)
def test_small_amounts_keep_two_digits_that_mean_something(cost, told):
    assert usd(cost) == told
    assert not re.search(r"\de", told)
