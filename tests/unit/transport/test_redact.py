import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.redact import printable, prompts_in, redact, shorten
from nbnebius.types.secret import Secret

KEY = "canary/key+0123456789=abcdef"


@pytest.mark.parametrize(
    "form",
    [
        KEY,
        quote(KEY, safe=""),
        base64.b64encode(KEY.encode()).decode(),
        base64.b64encode(b"user:" + KEY.encode()).decode(),
        base64.b64encode(b"user1:" + KEY.encode() + b"!").decode(),
        KEY[::-1],
        KEY[:20],
        KEY[8:],
    ],
)
def test_the_key_in_any_form(form):
    shown = redact(f"before {form} after", Secret(KEY))
    assert form not in shown
    assert shown.startswith("before ")
    assert shown.endswith(" after")
    assert all(form[at : at + 10] not in shown for at in range(len(form) - 10))


@pytest.mark.parametrize(
    "text", ["Bearer abcdefgh", "api_key=abcdefgh", '"api-key": "abcdefgh"', "sk-abcdefgh12"]
)
def test_what_is_shaped_like_a_key(text):
    assert "abcdefgh" not in redact(text)


def test_plain_words_stay():
    text = "No api key passed in. Set a token limit. Bearer auth"
    assert redact(text) == text.replace("Bearer auth", "Bearer auth")


@given(st.text(), st.text(min_size=8), st.text())
def test_a_key_never_comes_through(before, key, after):
    secret = Secret(key)
    if len(secret.reveal()) >= 8 and secret.reveal() not in "***…":
        assert secret.reveal() not in redact(before + secret.reveal() + after, secret)


@given(st.text(min_size=16), st.text(), st.text())
def test_a_prompt_never_comes_through(prompt, before, after):
    shown = redact(before + prompt + after, prompts=[prompt])
    assert prompt not in shown or set(prompt) <= set("*… ")


def test_part_of_a_prompt():
    prompt = "It was a dark and stormy night; the rain fell in torrents"
    assert redact("got dark and stormy night; the!", prompts=[prompt]) == "got…!"


@given(st.text())
def test_no_control_characters(text):
    assert printable(text).isprintable()


def test_control_characters_are_shown():
    assert printable("a\x1b[31mb\r\nc") == "a\ufffd[31mb c"


def test_shorten():
    assert shorten("abc", 3) == "abc"
    assert shorten("abcd", 3) == "ab…"


def test_prompts_in():
    parts = [{"type": "text", "text": "hello"}, {"image_url": {"url": "u"}}]
    body = {
        "model": "m",
        "messages": [{"role": "user", "content": parts}],
        "input": ["a", ["b"]],
        "temperature": 1,
    }
    assert list(prompts_in(body)) == ["hello", "u", "a", "b"]
    assert list(prompts_in(None)) == []
