"""Estimates of tokens."""

from hypothesis import given
from hypothesis import strategies as st

from nbnebius.work.estimate import estimate_messages, estimate_tokens


def test_english_takes_about_a_token_for_four_letters():
    assert estimate_tokens("") == 0
    assert estimate_tokens("word " * 100) == 125


def test_other_scripts_take_more():
    assert estimate_tokens("слово " * 100) > estimate_tokens("words " * 100)


@given(st.text(max_size=100), st.text(max_size=100))
def test_more_text_is_never_fewer_tokens(one, two):
    assert estimate_tokens(one + two) >= estimate_tokens(one)


def test_pictures_and_turns_count():
    text = {"role": "user", "content": "hello"}
    picture = {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}
    nothing = {"role": "assistant", "content": None}
    assert estimate_messages([text]) < estimate_messages([text, nothing])
    assert estimate_messages([picture]) > 500
