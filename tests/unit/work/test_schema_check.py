"""Whether data fits a schema, and what can be put right without losing anything."""

import copy
import json
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from nbnebius.work.schema_check import check
from nbnebius.work.schema_mend import mend
from nbnebius.work.schema_pattern import matches
from nbnebius.work.schema_values import key_of

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


def _enum(choices):
    return st.tuples(st.just({"enum": choices}), st.sampled_from(choices))


LEAVES = st.one_of(
    st.tuples(
        st.just({"type": "string", "minLength": 1, "maxLength": 6}),
        st.text(min_size=1, max_size=6),
    ),
    st.tuples(
        st.just({"type": "integer", "minimum": -50, "exclusiveMaximum": 51}), st.integers(-50, 50)
    ),
    st.tuples(st.just({"type": ["number", "null"]}), st.none() | st.floats(-1e9, 1e9)),
    st.tuples(st.just({"type": "boolean"}), st.booleans()),
    st.tuples(st.just({"type": "null"}), st.none()),
    st.tuples(st.just({"type": "string", "format": "date"}), st.dates().map(str)),
    st.tuples(
        st.just({"type": "string", "format": "date-time"}), st.datetimes().map(lambda t: f"{t}")
    ),
    st.tuples(st.sampled_from([{}, True]), JSON),
    JSON.map(lambda value: ({"const": value}, value)),
    st.lists(JSON, min_size=1, max_size=4).flatmap(_enum),
)


def _object(parts):
    schema = {
        "type": "object",
        "properties": {name: schema for name, (schema, _) in parts.items()},
        "required": list(parts),
        "additionalProperties": False,
    }
    return schema, {name: data for name, (_, data) in parts.items()}


def _tuple(parts):
    prefix = [schema for schema, _ in parts]
    return {"type": "array", "prefixItems": prefix, "items": False}, [data for _, data in parts]


def _array(case):
    (schema, data), count = case
    return {"type": "array", "items": schema, "maxItems": 4}, [data] * count


def _any_of(case):
    (schema, data), (other, _), first = case
    return {"anyOf": [schema, other] if first else [other, schema]}, data


SCHEMAS_WITH_DATA = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.dictionaries(st.text("abc", min_size=1, max_size=3), inner, max_size=3).map(_object),
        st.lists(inner, max_size=3).map(_tuple),
        st.tuples(inner, st.integers(0, 4)).map(_array),
        st.tuples(inner, inner, st.booleans()).map(_any_of),
        inner.map(lambda case: ({"allOf": [case[0], {}]}, case[1])),
    ),
    max_leaves=10,
)


@given(SCHEMAS_WITH_DATA)
def test_data_made_by_a_schema_fits_it(case):
    schema, data = case
    assert check(data, schema if isinstance(schema, dict) else {}) == []


@given(SCHEMAS_WITH_DATA)
def test_mending_leaves_what_fits_as_it_is(case):
    schema, data = case
    if not isinstance(schema, dict):
        return
    before = copy.deepcopy(data)
    mended, _ = mend(data, schema)
    assert key_of(mended) == key_of(data)
    assert data == before
    assert check(mended, schema) == []


@given(SCHEMAS_WITH_DATA, JSON)
def test_mending_twice_is_mending_once(case, data):
    schema, _ = case
    if not isinstance(schema, dict):
        return
    once, _ = mend(data, schema)
    twice, _ = mend(once, schema)
    assert key_of(once) == key_of(twice)


@given(JSON, JSON)
def test_no_schema_and_no_data_makes_it_fail(data, schema):
    for strange in (schema, {"type": schema, "enum": schema, "items": schema, "anyOf": schema}):
        if isinstance(strange, dict):
            problems = check(data, strange)
            assert len(problems) <= 10
            assert all(": " in problem for problem in problems)
            mend(data, strange)


WORDS = [
    "$ref", "additionalProperties", "allOf", "anyOf", "const", "default", "enum", "format", "items",
    "maxItems", "maximum", "minLength", "minimum", "oneOf", "pattern", "patternProperties",
    "prefixItems", "properties", "required", "type", "uniqueItems",
]  # fmt: skip


@given(st.dictionaries(st.sampled_from(WORDS), JSON, max_size=5), JSON)
@example({"required": [[]]}, {})
@example({"allOf": {"a": 1}}, {})
def test_a_schema_of_nonsense_does_not_make_it_fail(schema, data):
    check(data, schema)
    mend(data, schema)


PERSON = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "minLength": 1},
        "age": {"type": "integer", "minimum": 0},
        "mood": {"enum": ["good", "bad"]},
        "tags": {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        "home": {"$ref": "#/$defs/Home"},
    },
    "required": ["name", "age"],
    "additionalProperties": False,
    "$defs": {"Home": {"type": ["object", "null"], "properties": {"zip": {"type": "string"}}}},
}


@pytest.mark.parametrize(
    ("data", "problems"),
    [
        ({"name": "A", "age": 3}, []),
        ({"name": "A", "age": 3.0, "home": None}, []),
        ({"name": "A"}, ["age: is missing"]),
        ([], ["answer: a list of 0 is not an object"]),
        ({"name": "", "age": -1}, ["name: has 0 characters, at least 1 are needed",
                                   "age: -1 is less than 0"]),
        ({"name": "A", "age": True}, ["age: true is not a whole number"]),
        ({"name": "A", "age": 3.5}, ["age: 3.5 is not a whole number"]),
        ({"name": "A", "age": float("nan")}, ["age: nan is not a whole number"]),
        ({"name": "A", "age": 1, "mood": "meh"}, ["mood: 'meh' is none of 'good', 'bad'"]),
        ({"name": "A", "age": 1, "tags": ["a", 1]}, ["tags[1]: 1 is not a text"]),
        ({"name": "A", "age": 1, "tags": ["a", "a"]}, ["tags[1]: 'a' is there twice"]),
        ({"name": "A", "age": 1, "home": {"zip": 1}}, ["home.zip: 1 is not a text"]),
        ({"name": "A", "age": 1, "home": 1}, ["home: 1 is not an object or null"]),
        ({"name": "A", "age": 1, "x\n": 1}, [r"'x\n': is not in the schema"]),
    ],
)  # fmt: skip
def test_problems_are_named_with_their_place(data, problems):
    assert check(data, PERSON) == problems


@pytest.mark.parametrize(
    ("schema", "fits", "fails"),
    [
        ({"format": "date"}, ["2024-02-29", 5], ["2023-02-29", "20240101", "2024-W01-1", ""]),
        (
            {"format": "date-time"},
            ["2024-01-01T10:00:00Z", "2024-01-01t10:00:00.5+02:00", "2024-01-01 10:00"],
            ["2024-01-01", "10:00", "2024-01-01T25:00:00Z", "now"],
        ),
        ({"pattern": "^a+$"}, ["aa"], ["b", ""]),
        ({"exclusiveMinimum": 0, "maximum": 2}, [0.1, 2, "x"], [0, 2.1]),
        ({"minItems": 1, "maxItems": 2}, [[1], [1, 2]], [[], [1, 2, 3]]),
        ({"const": 1}, [1, 1.0], [True, "1"]),
        ({"enum": [0, "a", None]}, [0, 0.0, None, "a"], [False, "A"]),
        ({"enum": [{"a": [1]}]}, [{"a": [1.0]}], [{"a": [True]}]),
        ({"oneOf": [{"type": "integer"}, {"minimum": 2}]}, [1, 2.5], [3]),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, [1, None], ["x"]),
        ({"allOf": [{"minimum": 1}, {"maximum": 2}]}, [1, 2], [0, 3]),
        ({"prefixItems": [{"type": "string"}], "items": {"type": "null"}}, [["a", None]], [[1]]),
        ({"items": [{"type": "string"}], "additionalItems": False}, [["a"]], [["a", 1], [1]]),
        ({"additionalProperties": {"type": "integer"}}, [{"a": 1}], [{"a": "x"}]),
        (
            {"patternProperties": {"^n": {"type": "null"}}, "additionalProperties": False},
            [{"n1": None}],
            [{"n1": 1}, {"m": None}],
        ),
        ({"properties": {"a": False}}, [{}], [{"a": 1}]),
        ({"uniqueItems": True}, [[1, "1", True, None]], [[1, 1.0], [{"a": 1}, {"a": 1}]]),
    ],
)
def test_each_word(schema, fits, fails):
    for data in fits:
        assert check(data, schema) == [], data
    for data in fails:
        assert len(check(data, schema)) == 1, data


def test_of_several_forms_the_nearest_tells_what_is_wrong():
    forms = {"anyOf": [{"type": "null"}, PERSON]}
    assert check({"name": "A"}, forms) == ["age: is missing"]


def test_it_ends_whatever_the_schema_refers_to():
    loop = {"$ref": "#"}
    assert check(1, loop) == ["answer: is nested too deep"]
    twice = {"anyOf": [{"$ref": "#"}, {"$ref": "#"}]}
    start = time.monotonic()
    assert check(1, twice)
    mend(1, twice)
    assert time.monotonic() - start < 30
    assert check(1, {"$ref": "#/$defs/x"}) == ["answer: the schema's '#/$defs/x' leads nowhere"]
    assert check(1, {"$ref": "http://example.com/schema"})


def test_it_ends_however_deep_the_data_is():
    tree = {"type": "array", "items": {"$ref": "#"}}
    deep = json.loads("[" * 45 + "]" * 45)
    assert check(deep, tree) == []
    deeper = json.loads("[" * 400 + "]" * 400)
    assert len(check(deeper, tree)) == 1
    assert mend(deeper, tree)[0] == deeper
    assert check(deeper, {"const": deeper}) in ([], ["answer: is nested too deep"])


def test_at_most_ten_problems():
    assert len(check(list("abcdefghijklmnop"), {"items": {"type": "null"}})) == 10


# -- patterns ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "pattern",
    ["^(a+)+$", "(a|a)*b", "(a|aa)+$", "(?=a)a*", r"(a)\1", "((a?)b)+", "(a{1,9}){1,9}", "a" * 2000,
     "a?" * 30 + "a" * 30, "(", "(?i)a", "[a"],
)  # fmt: skip
def test_a_risky_or_broken_pattern_is_not_tried(pattern):
    assert matches(pattern, "a" * 40 + "!") is None


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\d{4}-\d{2}$", "2024-01", True),
        (r"^[A-Z]{2,3}$", "abc", False),
        (r"^(?:EUR|USD) \d+(\.\d\d)?$", "EUR 12.50", True),
        (r"^[^@\]]+@\w+\.\w+$", "a@b.c", True),
        ("b", "abc", True),
    ],
)
def test_an_honest_pattern_is_tried(pattern, text, found):
    assert matches(pattern, text) is found


@settings(deadline=2_000)
@given(st.text("ab+*?()|{}[],12^$.\\", max_size=14), st.text("ab", max_size=60))
@example("[[", "")
@example("[a||b]", "")
def test_no_pattern_takes_long(pattern, text):
    matches(pattern, text + "!" * 3)


def test_many_repeats_on_a_long_text_are_not_tried():
    assert matches("^a*a*a*a*b", "a" * 5_000) is None
    assert matches("^a*b", "a" * 5_000) is False


# -- mending -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("schema", "given_", "mended"),
    [
        ({"type": "integer"}, "3", 3),
        ({"type": "integer"}, " -12 ", -12),
        ({"type": "integer"}, "3.0", 3),
        ({"type": "integer"}, 3.0, 3),
        ({"type": ["integer", "null"]}, "3", 3),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, "3", 3),
        ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer"}}}, "3", 3),
        ({"type": "number"}, "0.25", 0.25),
        ({"type": "number"}, "1e3", 1000.0),
        ({"type": "boolean"}, "True", True),
        ({"type": "string"}, 42, "42"),
        ({"type": "string", "enum": ["good", "bad"]}, " GOOD", "good"),
        ({"enum": ["very good", "bad"]}, "Very  good", "very good"),
        ({"enum": [1, 2, 3]}, "2", 2),
        ({"type": "string", "enum": ["1", "2"]}, 2, "2"),
        ({"const": "yes"}, "Yes", "yes"),
    ],
)
def test_the_same_value_in_another_form_is_taken(schema, given_, mended):
    found, notes = mend(given_, schema)
    assert found == mended
    assert type(found) is type(mended)
    assert check(found, schema) == []
    assert len(notes) == 1
    assert "read as" in notes[0]


@pytest.mark.parametrize(
    ("schema", "data"),
    [
        ({"type": "integer"}, "3.5"),
        ({"type": "integer"}, 3.5),
        ({"type": "integer"}, "three"),
        ({"type": "integer"}, ""),
        ({"type": "integer"}, True),
        ({"type": "number"}, "1,000"),
        ({"type": "number"}, "85%"),
        ({"type": "number"}, "nan"),
        ({"type": "number"}, "0.12345678901234567890123"),
        ({"type": "number"}, "1e999"),
        ({"type": "boolean"}, "yes"),
        ({"type": "boolean"}, 1),
        ({"type": "string"}, 1.5),
        ({"type": "string"}, None),
        ({"enum": ["a", "A"]}, " a"),
        ({"enum": ["good"]}, "goodish"),
        ({"anyOf": [{"type": "integer"}, {"type": "boolean"}]}, "x"),
    ],
)
def test_nothing_is_guessed(schema, data):
    found, notes = mend(data, schema)
    assert found is data
    assert notes == []
    assert check(found, schema)


def test_what_could_be_two_things_stays():
    both = {"anyOf": [{"enum": [1]}, {"enum": [True]}]}
    assert mend("1", {"anyOf": [{"type": "integer"}, {"type": "string", "maxLength": 0}]})[0] == 1
    assert mend(" true", both)[0] is True
    assert mend("x", both) == ("x", [])


def test_a_property_left_out_takes_its_default_and_rows_do_not_share_it():
    item = {"type": "object", "properties": {"a": {"default": []}}, "required": ["a"]}
    found, notes = mend([{}, {}], {"type": "array", "items": item})
    assert found == [{"a": []}, {"a": []}]
    assert found[0]["a"] is not found[1]["a"]
    assert notes[0] == "[0].a: left out, a list of 0 taken"


ITEM = {"type": "object", "properties": {"a": {"type": "integer"}, "b": {}}, "required": ["a"]}
LIST = {
    "type": "object",
    "properties": {"items": {"type": "array", "items": ITEM}},
    "required": ["items"],
    "additionalProperties": False,
}


def test_a_list_without_its_object_gets_it():
    assert mend([{"a": "1"}], LIST) == (
        {"items": [{"a": 1}]},
        ["the answer read as its items", "items[0].a: '1' read as 1"],
    )
    assert mend({"a": 1}, LIST) == ({"items": [{"a": 1}]}, ["one object read as a list of items"])
    assert mend([{"a": 1}], ITEM) == ({"a": 1}, ["a list of one read as that one"])
    assert mend([{"a": 1}, {"a": 2}], ITEM) == ([{"a": 1}, {"a": 2}], [])
    assert mend([], LIST)[0] == {"items": []}
    assert mend({"b": 1}, LIST) == ({"b": 1}, [])


def test_many_notes_are_counted():
    _, notes = mend({"items": [{"a": "1"}] * 50}, LIST)
    assert len(notes) == 11
    assert notes[-1] == "and 40 more"
