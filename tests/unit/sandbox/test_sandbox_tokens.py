"""Tokens are the text, cut and nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.sandbox.engines.ending import end
from nbnebius.sandbox.engines.tokens import count_tokens, tokenize


@given(st.text())
def test_tokens_joined_are_the_text(text):
    tokens = tokenize(text)
    assert "".join(tokens) == text
    assert len(tokens) == count_tokens(text)
    assert all(tokens)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
def test_every_token_is_whole_characters(text):
    assert b"".join(token.encode() for token in tokenize(text)) == text.encode()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("Hello, world!", ["Hello", ",", " world", "!"]),
        ("extraordinarily", ["extra", "ordin", "arily"]),
        ("12345", ["123", "45"]),
        ("a\n\nb", ["a", "\n\n", "b"]),
        ("\U0001f469\u200d\U0001f52c!", ["\U0001f469\u200d\U0001f52c", "!"]),
        (
            "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7",
            ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"],
        ),
        ("\u4ef7\u683c\u5f88\u9ad8", ["\u4ef7\u683c", "\u5f88\u9ad8"]),
    ],
)
def test_tokens_of(text, tokens):
    assert tokenize(text) == tokens


@given(
    st.text(max_size=60), st.lists(st.text(min_size=1, max_size=3), max_size=4), st.integers(0, 30)
)
def test_an_ending_is_a_beginning_of_the_text_without_stop_texts(text, stops, room):
    ending = end(text, stops, room)
    left = "".join(ending.tokens)
    assert text.startswith(left)
    assert len(ending.tokens) <= room
    assert not any(stop in left for stop in stops)
    assert ending.finish_reason in {"stop", "length"}
