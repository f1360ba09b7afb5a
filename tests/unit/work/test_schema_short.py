"""The short form of a schema: what it means, and what is said where it means nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.work.short_schema import TYPES, parse_short


def fields(text):
    return parse_short(text)["properties"]


def test_the_example_of_the_manual():
    assert parse_short("sentiment positive|negative, score float, reasons: in ten words") == {
        "type": "object",
        "properties": {
            "sentiment": {"type": "string", "enum": ["positive", "negative"]},
            "score": {"type": "number"},
            "reasons": {"type": "string", "description": "in ten words"},
        },
        "required": ["sentiment", "score", "reasons"],
        "additionalProperties": False,
    }


@pytest.mark.parametrize(
    ("text", "schema"),
    [
        ("name", {"type": "string"}),
        ("name str", {"type": "string"}),
        ("name string", {"type": "string"}),
        ("age int", {"type": "integer"}),
        ("age INT", {"type": "integer"}),
        ("price float", {"type": "number"}),
        ("paid bool", {"type": "boolean"}),
        ("day date", {"type": "string", "format": "date"}),
        ("at datetime", {"type": "string", "format": "date-time"}),
        ("tags list", {"type": "array", "items": {"type": "string"}}),
        ("marks list[int]", {"type": "array", "items": {"type": "integer"}}),
        ("marks list[a|b]", {"type": "array", "items": {"type": "string", "enum": ["a", "b"]}}),
        ("size large|small|medium", {"type": "string", "enum": ["large", "small", "medium"]}),
        ("mood very good | so so", {"type": "string", "enum": ["very good", "so so"]}),
        ("stars 5|4|3", {"type": "integer", "enum": [5, 4, 3]}),
        ("code 01|02", {"type": "string", "enum": ["01", "02"]}),
        ("ok true|false", {"type": "boolean"}),
        ("age int|null", {"type": ["integer", "null"]}),
        ("mood good|bad|null", {"type": ["string", "null"], "enum": ["good", "bad", None]}),
        ("level none|mild", {"type": "string", "enum": ["none", "mild"]}),
        ("age int: in years", {"type": "integer", "description": "in years"}),
        ("at: when: exactly", {"type": "string", "description": "when: exactly"}),
        ("größe float", {"type": "number"}),
        ("x: ", {"type": "string"}),
    ],
)
def test_one_field(text, schema):
    (found,) = fields(text).values()
    assert found == schema


def test_lines_let_a_description_have_commas():
    text = """
        name, age int
        mood good|bad: good, unless it is bad
        why: short, and true,
    """
    assert list(fields(text)) == ["name", "age", "mood", "why"]
    assert fields(text)["mood"]["description"] == "good, unless it is bad"
    assert fields(text)["why"]["description"] == "short, and true"
    assert fields("\nwhy: short, and true\n")["why"]["description"] == "short, and true"


def test_a_comma_too_many_is_no_field():
    assert list(fields("name,, age int,")) == ["name", "age"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        (" ,\n ", "empty"),
        ("name, name int", "'name' twice"),
        ("age integr", "did you mean age int?"),
        ("age inteher", "did you mean age int?"),
        ("mood good bad", "mood good|bad"),
        ("why: short, funny words", "a line of its own"),
        ("mood good|", "empty choice"),
        ("mood good|good", "choice twice"),
        ("mood null|null", "choice twice"),
        ("'name' int", "proper name"),
        (": what is it", "proper name"),
        ("tags list[dog]", "unknown type"),
    ],
)
def test_what_makes_no_sense_is_told_with_its_mending(text, said):
    with pytest.raises(OptionError) as caught:
        parse_short(text)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3
    assert caught.value.hint


@given(st.text(max_size=60))
def test_any_text_is_a_schema_or_an_option_error(text):
    drawn, schema = [], None
    try:
        schema = parse_short(text)
    except OptionError as error:
        drawn = error._render_traceback_()
    assert len(drawn) <= 3
    assert bool(drawn) is (schema is None)
    assert schema is None or schema["required"] == list(schema["properties"]) != []


NAMES = st.lists(st.from_regex(r"[a-z_][a-z0-9_]{0,9}", fullmatch=True), min_size=1, unique=True)


@given(NAMES, st.sampled_from(sorted(TYPES)), st.sampled_from([", ", ",", "\n", " ,\n"]))
def test_names_and_their_order_are_kept(names, kind, between):
    found = fields(between.join(f"{name} {kind}" for name in names))
    assert list(found) == names
    assert all(field == TYPES[kind] for field in found.values())


def test_a_schema_may_be_changed_without_changing_the_next():
    fields("name")["name"]["description"] = "changed"
    fields("tags list")["tags"]["items"]["type"] = "integer"
    assert fields("name, tags list") == {
        "name": {"type": "string"},
        "tags": {"type": "array", "items": {"type": "string"}},
    }
