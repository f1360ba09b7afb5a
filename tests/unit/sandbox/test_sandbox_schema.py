"""Whatever the schema, the value follows it."""

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.schema import follow
from nbnebius.sandbox.engines.voice import Voice

PROMPTS = (
    "",
    "Hello!",
    "My name is Ada Lovelace, I am 36 years old and the lamp is broken.",
    "Judge: ['great phone', 'awful battery', 'fine']",
    "- one\n- two\n- three 3\n- four 4.5",
    "价格 12.50 €, 电话 +49 30 123456, 2024-05-17",
)


def follows(value, schema, root):
    """Check a value against the part of JSON schema that the engine knows."""
    if schema is True or schema == {}:
        return True
    if "$ref" in schema:
        place = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            place = place[step]
        return follows(value, place, root)
    for term, rule in (("anyOf", any), ("oneOf", any), ("allOf", all)):
        if term in schema and not rule(follows(value, part, root) for part in schema[term]):
            return False
    if "const" in schema and value != schema["const"]:
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    kinds = schema.get("type", [])
    kinds = kinds if isinstance(kinds, list) else [kinds]
    return (not kinds or any(is_kind(value, kind) for kind in kinds)) and within(
        value, schema, root
    )


def is_kind(value, kind):
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return isinstance(value, int | float) and not isinstance(value, bool)
    types = {"string": str, "boolean": bool, "null": type(None), "array": list, "object": dict}
    return isinstance(value, types[kind])


def within(value, schema, root):
    if isinstance(value, str):
        return (
            schema.get("minLength", 0) <= len(value) <= schema.get("maxLength", len(value))
            and re.search(schema.get("pattern", ""), value) is not None
        )
    if isinstance(value, list):
        return (
            schema.get("minItems", 0) <= len(value) <= schema.get("maxItems", len(value))
            and all(follows(item, schema.get("items", {}), root) for item in value)
            and not (schema.get("uniqueItems") and len({json.dumps(v) for v in value}) < len(value))
        )
    if isinstance(value, dict):
        known = schema.get("properties", {})
        return (
            set(schema.get("required", [])) <= set(value)
            and all(
                follows(item, known.get(name, schema.get("additionalProperties", True) or {}), root)
                for name, item in value.items()
                if name in known or schema.get("additionalProperties", True) is not False or False
            )
            and (schema.get("additionalProperties") is not False or set(value) <= set(known))
        )
    if isinstance(value, int | float) and not isinstance(value, bool):
        step = schema.get("multipleOf")
        return (
            schema.get("minimum", value) <= value <= schema.get("maximum", value)
            and not value <= schema.get("exclusiveMinimum", value - 1)
            and not value >= schema.get("exclusiveMaximum", value + 1)
            and (not step or abs(value / step - round(value / step)) < 1e-9)
        )
    return True


def bounded(kind, low, high, draw_from):
    return st.tuples(draw_from, draw_from).map(
        lambda pair: {"type": kind, low: min(pair), high: max(pair)}
    )


NAMES = st.sampled_from(
    ["name", "age", "score", "tags", "city", "email", "reason", "date", "is_ok", "price", "größe"]
)
PLAIN = st.one_of(
    st.sampled_from(
        [
            {"type": "string"},
            {"type": "boolean"},
            {"type": "null"},
            {"type": "integer"},
            {"type": "number"},
            {"type": ["string", "null"]},
            {"type": ["integer", "null"], "minimum": 3},
            {"type": "string", "pattern": "^[A-Z]{2}-[0-9]{3,5}$"},
            {"type": "string", "pattern": r"^(red|green) \w+$"},
            {"type": "string", "format": "date"},
            {"const": 7},
            {"enum": ["positive", "negative", None]},
            {"enum": [1, 2, 3]},
            {"type": "string", "enum": ["a"]},
            {"type": "integer", "multipleOf": 5, "minimum": 1, "maximum": 23},
            {"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1},
            {"type": "integer", "exclusiveMinimum": 3, "exclusiveMaximum": 5},
            {"type": "number", "exclusiveMinimum": 5},
        ]
    ),
    bounded("string", "minLength", "maxLength", st.integers(0, 40)),
    bounded("integer", "minimum", "maximum", st.integers(-1000, 1000)),
    bounded("number", "minimum", "maximum", st.floats(-10, 10, width=32)),
)


def nested(inner):
    def as_object(properties):
        return {
            "type": "object",
            "properties": properties,
            "required": sorted(properties)[::2],
            "additionalProperties": False,
        }

    return st.one_of(
        st.dictionaries(NAMES, inner, max_size=4).map(as_object),
        st.tuples(inner, st.integers(0, 3), st.integers(3, 6)).map(
            lambda t: {"type": "array", "items": t[0], "minItems": t[1], "maxItems": t[2]}
        ),
        st.tuples(inner, inner).map(lambda pair: {"anyOf": list(pair)}),
        inner.map(lambda schema: {"anyOf": [{"type": "null"}, schema]}),
        inner.map(lambda schema: {"type": "object", "additionalProperties": schema}),
        inner.map(lambda schema: {"allOf": [schema]}),
    )


SCHEMAS = st.recursive(PLAIN, nested, max_leaves=12)


@given(SCHEMAS, st.sampled_from(PROMPTS), st.integers(0, 5))
@settings(max_examples=300, deadline=None)
def test_every_value_follows_its_schema(schema, prompt, variant):
    value = follow(schema, Conversation(prompt), Voice([prompt], variant))
    assert follows(value, schema, schema), value
    assert json.loads(json.dumps(value)) == value


@given(SCHEMAS, st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_the_same_schema_and_prompt_give_the_same_value(schema, prompt):
    values = [follow(schema, Conversation(prompt), Voice(["same"])) for _ in range(2)]
    assert values[0] == values[1]


def test_a_schema_that_contains_itself_comes_to_an_end():
    schema = {
        "$defs": {
            "node": {
                "type": "object",
                "properties": {
                    "name": {"type": "string"},
                    "children": {"type": "array", "items": {"$ref": "#/$defs/node"}},
                    "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]},
                },
                "required": ["name", "children", "next"],
            }
        },
        "$ref": "#/$defs/node",
    }
    value = follow(schema, Conversation("a tree"), Voice([]))
    assert follows(value, schema, schema)
    assert len(json.dumps(value)) < 200_000


def test_unique_items_are_unique():
    schema = {"type": "array", "items": {"enum": [1, 2, 3, 4]}, "uniqueItems": True, "minItems": 4}
    assert sorted(follow(schema, Conversation("four"), Voice([]))) == [1, 2, 3, 4]


def test_required_names_without_properties_are_there():
    value = follow({"type": "object", "required": ["a", "b"]}, Conversation("x"), Voice([]))
    assert set(value) == {"a", "b"}


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"$ref": "#/nowhere"}, {"$ref": "#/$ref"}, {}])
def test_schemas_that_lead_nowhere_do_no_harm(schema):
    follow(schema, Conversation("x"), Voice([]))


@pytest.mark.parametrize(
    ("name", "schema", "prompt", "expected"),
    [
        ("age", {"type": "integer"}, "Bob, 41 years old", 41),
        ("price", {"type": "number"}, "It costs $12.50 for 3", 12.5),
        ("email", {"type": "string"}, "Write to a.b@example.org now", "a.b@example.org"),
        ("city", {"type": "string"}, "We flew to New York on Monday", "New York"),
        ("date", {"type": "string", "format": "date"}, "on May 17, 2024 at noon", "2024-05-17"),
        ("date", {"type": "string"}, "on 3 March 2021", "2021-03-03"),
        ("phone", {"type": ["string", "null"]}, "no number here", None),
        ("population", {"type": "integer"}, "Berlin has a population of 3,700,000", 3_700_000),
        ("year", {"type": "integer"}, "It has 3 rooms, built in 1907", 1907),
        ("colour", {"type": "string"}, "I want the green one", "green"),
        ("recommended", {"type": "boolean"}, "It is not recommended", False),
        ("code", {"type": "string", "pattern": "^[A-Z]{2}\\d{4}$"}, "see AB1234 there", "AB1234"),
        ("status", {"enum": ["open", "closed"]}, "The shop is closed today", "closed"),
        ("score", {"type": "number", "minimum": 0, "maximum": 10}, "rated 8/10", 8),
    ],
)
def test_values_come_from_the_prompt(name, schema, prompt, expected):
    whole = {"type": "object", "properties": {name: schema}, "required": [name]}
    assert follow(whole, Conversation(prompt), Voice([])) == {name: expected}


def test_a_description_says_how_many_words():
    schema = {"properties": {"why": {"type": "string", "description": "in four words"}}}
    value = follow(schema, Conversation("The red lamp on the old desk broke at once."), Voice([]))
    assert len(value["why"].split()) == 4


def test_an_array_lists_as_many_known_things_as_asked():
    item = {"type": "object", "properties": {"name": {"type": "string"}}}
    schema = {"type": "object", "properties": {"cities": {"type": "array", "items": item}}}
    value = follow(schema, Conversation("List four cities"), Voice([]))
    assert [city["name"] for city in value["cities"]] == ["Paris", "Berlin", "Madrid", "Rome"]


@pytest.mark.parametrize(
    "text",
    [
        "Who is here? Anna is 31 years old and lives in Oslo. Ben is 42 and lives in Rome.",
        "Anna, 31, lives in Oslo\nBen, 42, lives in Rome",
    ],
)
def test_a_list_of_records_has_one_for_each_that_is_told_of(text):
    kinds = {"name": "string", "age": "integer", "city": "string"}
    record = {"type": "object", "properties": {name: {"type": k} for name, k in kinds.items()}}
    assert follow({"type": "array", "items": record}, Conversation(prompt=text), Voice("0")) == [
        {"name": "Anna", "age": 31, "city": "Oslo"},
        {"name": "Ben", "age": 42, "city": "Rome"},
    ]
