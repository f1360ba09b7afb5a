"""A row's prompt: columns in braces, everything else as it stands."""

import json
import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.work.map.template import parse

COLUMNS = ["text", "other", "a column", "n.1", "0"]
VALUES = st.text(min_size=1, max_size=20).filter(str.strip)
# No braces: what stands around the columns.
PLAIN = st.text(max_size=20).filter(lambda text: not set(text) & set("{}"))


def filled(prompt, **values):
    template = parse(prompt, COLUMNS)
    told = {"text": "T", "other": "O", "a column": "A", "n.1": "N", "0": "Z"} | values
    return template.fill([told[name] for name in template.columns])


@given(st.lists(st.tuples(PLAIN, st.sampled_from(COLUMNS)), min_size=1, max_size=5), PLAIN)
def test_columns_are_filled_and_the_text_between_stays(parts, tail):
    prompt = "".join(f"{text}{{{name}}}" for text, name in parts) + tail
    template = parse(prompt, COLUMNS)
    assert set(template.columns) == {name for _, name in parts}
    values = [f"<{name}>" for name in template.columns]
    assert template.fill(values) == "".join(f"{text}<{name}>" for text, name in parts) + tail


@given(st.text('{}ab \n":text', max_size=30))
def test_of_any_braces_nothing_is_lost(prompt):
    names = [name.strip() for name in re.findall(r"\{([^{}\n]+)\}", prompt)]
    assume(not any(name.isidentifier() and name not in COLUMNS for name in names))
    template = parse(prompt + " {text}", COLUMNS)
    assert template.fill(["@" for _ in template.columns]).endswith(" @")
    # Filling with the columns' own spelling gives the prompt back.
    own = template.fill([f"{{{name}}}" for name in template.columns])
    assert re.sub(r"\s", "", own) == re.sub(r"\s", "", prompt + " {text}")


@given(VALUES)
def test_a_value_is_never_looked_at(value):
    assert filled("{text}/{other}", text=value, other="{text}") == f"{value}/{{text}}"


@given(st.text(max_size=30))
def test_text_of_a_variable_is_never_looked_at(value):
    template = parse([("{text}: ", False), (value, True), (" end", False)], COLUMNS)
    assert template.columns == ("text",)
    assert template.fill(["x"]) == f"x: {value} end"


JSON = st.recursive(
    st.one_of(st.integers(), st.booleans(), st.text("xyz {}", max_size=4)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text("xyz ", max_size=4), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(JSON)
def test_json_is_left_alone(value):
    text = json.dumps(value)
    # A text that is a lone identifier in braces is a column's, wherever it stands.
    assume(not any(m.strip().isidentifier() for m in re.findall(r"\{([^{}]+)\}", text)))
    assert filled(f"{text} and {{text}}") == f"{text} and T"


def test_what_is_a_column_and_what_is_text():
    assert filled("{ text } {a column} {n.1} {0}") == "T A N Z"
    assert filled("{{text}} {text}") == "{{text}} T"
    assert filled("{} {1, 2} {no, column} {text}") == "{} {1, 2} {no, column} T"
    assert filled("{te\nxt} {text}") == "{te\nxt} T"
    assert filled('{"text": "{text}"}') == '{"text": "T"}'
    assert filled("{text}{text}{other}{text}") == "TTOT"


@pytest.mark.parametrize("prompt", ["{txt}", "{Text} {text}", "{ textt } x"])
def test_an_identifier_that_is_no_column_is_refused_with_the_nearest(prompt):
    with pytest.raises(OptionError) as caught:
        parse(prompt, COLUMNS)
    assert "text" in caught.value.why
    assert "a column" in caught.value.hint


def test_raw_takes_unknown_identifiers_as_text():
    template = parse("{txt} {text}", COLUMNS, strict=False)
    assert template.fill(["T"]) == "{txt} T"


def test_a_template_without_a_column_is_refused():
    for prompt in ("hello", "{{text}}", "{}", ""):
        with pytest.raises(OptionError, match="names no column"):
            parse(prompt, COLUMNS)
    with pytest.raises(OptionError, match="names no column"):
        parse([("{text}", True)], COLUMNS)


def test_a_missing_value_skips_the_row_and_blanks_do_where_all_are():
    template = parse("{text} {other}", COLUMNS)
    assert template.fill(["a", None]) is None
    assert template.fill([None, None]) is None
    assert template.fill(["", " \n"]) is None
    assert template.fill(["", "b"]) == " b"
    assert template.fill([0, ""]) == "0 "
    assert template.fill([False, ""]) == "False "


def test_bytes_are_refused():
    with pytest.raises(OptionError, match="bytes"):
        parse("{text}", COLUMNS).fill([b"abc"])
