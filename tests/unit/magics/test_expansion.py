"""``{{name}}``: expanded once, from names only, and never from text."""

from types import SimpleNamespace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from nbnebius.errors import OptionError
from nbnebius.magics.expansion import expand, lookup

NAMES = {
    "topic": "the sea",
    "count": 3,
    "price": 0.123456,
    "items": ["a", "b", "c"],
    "table": {"key": {"inner": 5}},
    "thing": SimpleNamespace(name="a thing", _secret="hidden"),
    "sly": "{{topic}} and {count}",
    "nothing": None,
}


def text(template):
    return expand(template, NAMES).text


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("About {{topic}}.", "About the sea."),
        ("{{ topic }}{{count}}", "the sea3"),
        ("{{thing.name}}", "a thing"),
        ("{{items[0]}} {{items[-1]}}", "a c"),
        ("{{table['key']['inner']}}", "5"),
        ("{{price:.2f}}", "0.12"),
        ("{{topic[4:7]}}", "sea"),
        ("{{topic[:3]:>5}}", "  the"),
        (r"\{{topic}}", "{{topic}}"),
        ("{{sly}}", "{{topic}} and {count}"),
        ("{{nothing}}", "None"),
    ],
)
def test_names_are_filled_once(template, expected):
    assert text(template) == expected


@pytest.mark.parametrize(
    "template",
    [
        'JSON {"a": {"b": {"c": 1}}} stays',
        '{"a": {"b": 1}}',
        '{{"a": 1}}',
        "{single} {} {0}",
        "\\frac{{1}}{{2}}",
        "{{}}",
        "{{ }}",
        "{{not python at all}}",
        "$topic ${topic}",
        "{{% jinja %}}",
        "}} {{",
    ],
)
def test_other_braces_are_text(template):
    assert text(template) == template


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("{{topik}}", "did you mean topic?"),
        ("{{opne}}", "There is no variable 'opne'"),
        ("{{topic.upper()}}", "more than a name"),
        ("{{count + 1}}", "more than a name"),
        ("{{items[count]}}", "more than a name"),
        ("{{thing._secret}}", "private attribute"),
        ("{{thing.__class__}}", "private attribute"),
        ("{{__import__}}", "private name"),
        ("{{thing.missing}}", "AttributeError"),
        ("{{items[9]}}", "IndexError"),
        ("{{table['no']}}", "KeyError"),
        ("{{topic:.2f}}", "cannot be formatted"),
    ],
)
def test_what_cannot_be_filled_is_an_error_in_three_lines(template, words):
    with pytest.raises(OptionError) as caught:
        expand(template, {**NAMES, "open": open, "__import__": __import__})
    assert words in str(caught.value)
    assert len(caught.value._render_traceback_()) <= 3


def test_ipythons_own_names_are_not_offered():
    with pytest.raises(OptionError) as caught:
        expand("{{nope}}", {"open": 1, "In": 1})
    assert "did you mean" not in str(caught.value)


def test_a_frame_is_described_with_its_size_in_tokens():
    frame = pd.DataFrame({"review": ["good", "bad"], "stars": [5, 1]})
    expanded = expand("Look at {{frame}}", {"frame": frame})
    assert "review" in expanded.text
    assert "good" in expanded.text
    (note,) = expanded.notes
    assert note.startswith("frame: DataFrame sent as about ")
    assert note.endswith("tokens")


def test_a_picture_is_put_aside():
    picture = Image.new("RGB", (4, 4))
    expanded = expand("See {{picture}}, then {{picture}}", {"picture": picture})
    assert expanded.text == "See [picture 1], then [picture 2]"
    assert expanded.pictures == [picture, picture]


def test_a_value_that_is_too_long_is_refused_with_a_way_out():
    with pytest.raises(OptionError, match=r"\{\{long\[:10000\]\}\}"):
        expand("{{long}}", {"long": "x" * 1_000_001})


def test_what_json_can_say_is_written_as_json_where_it_is_read_as_such():
    assert expand("{{items}}", NAMES, as_json=True).text == '["a", "b", "c"]'
    assert expand("{{topic}}", NAMES, as_json=True).text == "the sea"


def test_lookup_takes_names_only():
    assert lookup("table['key']", NAMES, hint="") == {"inner": 5}
    with pytest.raises(OptionError, match="is no variable"):
        lookup("two words", NAMES, hint="")
    with pytest.raises(OptionError, match="more than a name"):
        lookup("open('x')", NAMES, hint="")


@given(st.text(alphabet=st.sampled_from("{}\\\"':. [](), topiccount_0é\n"), max_size=40))
def test_any_text_is_expanded_or_refused(template):
    try:
        result = expand(template, NAMES)
    except OptionError as error:
        result = error
    if isinstance(result, OptionError):
        assert len(result._render_traceback_()) <= 3
    elif "{{" not in template:
        assert result.text == template


@given(st.text(max_size=60))
def test_a_value_is_never_looked_at_again(value):
    assert expand("<{{value}}>", {"value": value}).text == f"<{value}>"


@pytest.mark.parametrize("place", ["frame.txt", "frame['txt']", "kept['txt']", "kept['txt'].more"])
def test_a_misspelled_column_or_key_names_the_nearest(place):
    names = {"frame": pd.DataFrame({"text": ["a"]}), "kept": {"text": "a"}}
    with pytest.raises(OptionError) as raised:
        expand(f"{{{{{place}}}}}", names)
    assert "is not there" in raised.value.what
    assert raised.value.hint == "did you mean text?"
