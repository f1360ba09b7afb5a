import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.types.chat import ChatFrame, MessageFragment, text_of
from nbnebius.types.images import ImageDatum
from nbnebius.types.loose import fit, read_as, read_json
from nbnebius.types.models import Model

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
names = st.sampled_from(["id", "choices", "usage", "index", "delta", "content", "tool_calls"])
frames = st.recursive(
    anything, lambda inner: st.dictionaries(names, inner) | st.lists(inner), max_leaves=20
)


def test_a_field_that_does_not_fit_is_left_out():
    frame = read_as(b'{"id": 7, "created": "x", "choices": [{"index": "1"}, 3]}', ChatFrame)
    assert frame.id == "7"
    assert frame.created is None
    assert [choice.index for choice in frame.choices] == [1]


def test_half_a_character_is_read():
    frame = read_as(b'{"choices":[{"delta":{"content":"\\ud83d"}}]}', ChatFrame)
    assert frame.choices[0].delta.content == "\ud83d"


def test_nan_and_huge_numbers_are_read():
    assert read_json(b'{"a": 1e999, "b": NaN}')["a"] == float("inf")


@pytest.mark.parametrize("data", [b"", b"[", b"\xff", b"[" * 100_000, b'{"a":' * 50_000])
def test_what_nobody_can_read_is_a_value_error(data):
    with pytest.raises(ValueError, match=r".*"):
        read_json(data)


@given(frames)
def test_any_value_is_read_or_refused(value):
    try:
        frame = fit(value, ChatFrame)
    except ValueError:
        assert not isinstance(value, dict)
    else:
        assert isinstance(frame, ChatFrame)


@given(frames)
def test_reading_bytes_never_fails_otherwise(value):
    data = msgspec.json.encode(value)
    try:
        read_as(data, ChatFrame)
    except ValueError:
        assert not data.startswith(b"{")


def test_text_of_parts():
    parts = [{"type": "text", "text": "a"}, "b", {"type": "image_url"}, 3]
    assert text_of(parts) == "ab"
    assert text_of(None) is None
    assert fit({"content": parts}, MessageFragment).content == parts


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("0.00000006", 6e-8),
        (0.5, 0.5),
        ("0", 0.0),
        (-1, None),
        ("NaN", None),
        ("free", None),
        (True, None),
        ([], None),
        (10**400, None),
    ],
)
def test_prices(price, expected):
    assert Model(pricing={"prompt": price}).price("prompt") == expected
    assert Model().price("prompt") is None


def test_modality():
    assert Model(architecture={"modality": "text->image"}).modality == "text->image"
    assert Model(architecture={}).modality is None


def test_image_content():
    assert ImageDatum(b64_json="aGk=").content() == b"hi"
    assert ImageDatum(b64_json="data:image/png;base64,aGk=").content() == b"hi"
    assert ImageDatum(url="data:image/png;base64,aGk=").content() == b"hi"
    assert ImageDatum(url="https://x").content() is None
    with pytest.raises(ValueError, match="not base64"):
        ImageDatum(b64_json="a").content()
