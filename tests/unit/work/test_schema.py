"""Whatever a user has at hand becomes one kind of schema, and answers become what was given."""

import datetime as dt
import enum
import json
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import OptionError
from nbnebius.work.schema import Schema, to_schema
from nbnebius.work.schema_check import check
from nbnebius.work.schema_mend import mend
from nbnebius.work.schema_walk import everything, mapped, resolved, target

pydantic = pytest.importorskip("pydantic")


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"
    AMBER = "amber"


@dataclass
class Home:
    zip: Annotated[str, "five digits"]
    since: dt.date | None = None


@dataclass
class Person:
    """Someone."""

    name: str
    homes: list[Home] = field(default_factory=list)
    colour: Colour = Colour.RED
    mood: Literal["good", "bad", "so so"] = "good"
    friend: "Person | None" = None
    nick: str = field(default="", metadata={"description": "how friends call them"})
    secret: int = field(default=0, init=False)

    def __post_init__(self):
        if self.name == "Nobody":
            raise ValueError("nobody is no name")


class Row(TypedDict):
    a: Annotated[int, "a number"]
    b: NotRequired[str]


class Node(pydantic.BaseModel):
    """A node."""

    value: int
    next: "Node | None" = None
    kids: list["Node"] = []  # noqa: RUF012 - pydantic copies it
    seen: dt.datetime | None = None


class Basket(pydantic.BaseModel):
    node: Node
    colour: Colour
    home: Home
    price: float = pydantic.Field(gt=0, description="in USD")

    @pydantic.field_validator("price")
    @classmethod
    def not_unlucky(cls, price):
        if price == 13:
            raise ValueError("13 is unlucky")
        return price


def test_the_short_form():
    schema = to_schema("name, age int")
    assert schema.name == "answer"
    assert list(schema.json["properties"]) == ["name", "age"]
    assert schema.build({"name": "A", "age": 1}) == {"name": "A", "age": 1}
    assert schema.row == schema.json
    assert schema.rows({"name": "A", "age": 1}) == [{"name": "A", "age": 1}]
    assert to_schema(schema) is schema


def test_a_dataclass():
    schema = to_schema(Person)
    properties = schema.json["properties"]
    assert schema.name == "Person"
    assert schema.json["description"] == "Someone."
    assert properties["colour"] == {
        "type": "string",
        "enum": ["red", "blue", "amber"],
        "default": "red",
    }
    assert properties["mood"]["enum"] == ["good", "bad", "so so"]
    assert properties["nick"]["description"] == "how friends call them"
    assert "secret" not in properties
    assert schema.json["required"] == ["name", "homes", "colour", "mood", "friend", "nick"]
    assert schema.json["additionalProperties"] is False
    home = schema.json["$defs"]["Home"]
    assert home["properties"]["zip"]["description"] == "five digits"
    assert "description" not in home

    data = {
        "name": "A",
        "homes": [{"zip": "1", "since": "2024-01-02"}],
        "colour": "blue",
        "mood": "bad",
        "friend": {"name": "B"},
    }
    mended, _ = mend(data, schema.json)
    assert check(mended, schema.json) == []
    assert schema.build(mended) == Person(
        "A", [Home("1", dt.date(2024, 1, 2))], Colour.BLUE, "bad", Person("B")
    )


def test_a_typed_dict():
    schema = to_schema(Row)
    assert schema.json == {
        "additionalProperties": False,
        "title": "Row",
        "type": "object",
        "properties": {
            "a": {"type": "integer", "description": "a number"},
            "b": {"type": "string"},
        },
        "required": ["a"],
    }
    assert schema.build({"a": 1}) == {"a": 1}


def test_a_pydantic_model():
    schema = to_schema(Node)
    assert schema.name == "Node"
    assert schema.json["type"] == "object"
    assert schema.json["required"] == ["value", "next", "kids", "seen"]
    data = {"value": 1, "next": {"value": 2}, "seen": "2024-01-01T00:00:00Z"}
    mended, _ = mend(data, schema.json)
    assert check(mended, schema.json) == []
    built = schema.build(mended)
    assert isinstance(built, Node)
    assert built.next.value == 2
    assert built.seen.year == 2024


def test_a_model_of_models_keeps_its_definitions():
    schema = to_schema(Basket)
    assert set(schema.json["$defs"]) == {"Node", "Colour", "Home"}
    assert schema.json["properties"]["price"]["description"] == "in USD"
    home, node = {"zip": "1", "since": None}, {"value": 1, "next": None, "kids": [], "seen": None}
    data = {"node": node, "colour": "red", "home": home, "price": 1}
    assert check(data, schema.json) == []
    assert schema.build(data).home == Home("1")


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (list[int], [1, 2], [1, 2]),
        (list[Row], [{"a": 1}], [{"a": 1}]),
        (list[Home], [{"zip": "1", "since": None}], [Home("1")]),
        (tuple[int, ...], [1, 2], (1, 2)),
        (tuple[int, str], [1, "a"], (1, "a")),
        (set[str], ["a"], {"a"}),
        (Sequence[float], [1, 2.5], [1.0, 2.5]),
        (pydantic.RootModel[list[int]], [1], pydantic.RootModel[list[int]]([1])),
    ],
)
def test_a_list_gets_an_object_around_it(kind, data, value):
    schema = to_schema(kind)
    assert schema.json["type"] == "object"
    assert list(schema.json["properties"]) == ["items"]
    assert check({"items": data}, schema.json) == []
    assert schema.build({"items": data}) == value
    assert schema.many() is schema
    assert schema.row["type"] == "object"
    assert len(schema.rows({"items": data})) == len(data)


@pytest.mark.parametrize(
    ("kind", "data", "value"),
    [
        (int, 1, 1),
        (str, "a", "a"),
        (float, 1, 1.0),
        (dt.date, "2024-01-01", dt.date(2024, 1, 1)),
        (Colour, "blue", Colour.BLUE),
        (Literal["b", "a"], "a", "a"),
        (Home | None, None, None),
        (Node | None, {"value": 1, "next": None, "kids": [], "seen": None}, Node(value=1)),
        (NewType("Age", int), 3, 3),
        (Any, [1], [1]),
    ],
)
def test_a_single_value_gets_an_object_around_it(kind, data, value):
    schema = to_schema(kind)
    assert list(schema.json["properties"]) == ["value"]
    assert check({"value": data}, schema.json) == []
    assert schema.build({"value": data}) == value
    assert schema.rows({"value": data}) == [{"value": data}]
    many = schema.many()
    assert check({"items": [data, data]}, many.json) == []
    assert many.build({"items": [data, data]}) == [value, value]
    assert many.rows({"items": [data]}) == [{"value": data}]
    assert list(many.row["properties"]) == ["value"]
    assert check({"value": data}, many.row) == []


def test_choices_keep_the_order_they_are_written_in():
    assert to_schema(Literal["z", "a", "m"]).json["properties"]["value"]["enum"] == ["z", "a", "m"]
    assert to_schema(Colour).json["properties"]["value"]["enum"] == ["red", "blue", "amber"]


@pytest.mark.parametrize("given_", [Person, Node, Basket, Row, "a int, b x|y", list[Person]])
def test_many_of_them(given_):
    schema = to_schema(given_)
    many = schema.many()
    assert many.json["type"] == "object"
    assert many.json["required"] == ["items"]
    assert many.many() is many
    assert many.row["type"] == "object"
    for node in everything(many.json):
        if "$ref" in node:
            assert target(node["$ref"], many.json) is not None
    assert check({"items": []}, many.json) == []
    assert many.build({"items": []}) == []
    if given_ is Person:
        assert many.name == "Person_list"
        person = mend({"items": [{"name": "A"}]}, many.json)[0]
        assert many.build(person) == [Person("A")]
        assert many.rows(person)[0]["name"] == "A"


# -- JSON schema -------------------------------------------------------------------------------

PLAIN = {"type": "object", "properties": {"a": {"type": "integer"}}, "title": "My answer!"}


def test_a_json_schema_is_sent_as_it_is():
    schema = to_schema(PLAIN)
    assert schema.json == PLAIN
    assert schema.json is not PLAIN
    assert schema.name == "My_answer"
    assert to_schema(json.dumps(PLAIN)).json == PLAIN


def test_a_json_schema_in_the_envelope_of_the_api():
    envelope = {"name": "mine", "schema": PLAIN, "strict": True}
    assert to_schema(envelope).name == "mine"
    assert to_schema({"type": "json_schema", "json_schema": envelope}).json == PLAIN


def test_a_json_schema_of_a_list_that_refers_to_itself():
    tree = {"type": "array", "items": {"$ref": "#"}, "maxItems": 3}
    schema = to_schema(tree)
    assert check({"items": [[], [[]]]}, schema.json) == []
    assert check({"items": [[], [1]]}, schema.json) == ["items[1][0]: 1 is not a list"]
    linked = {
        "type": "object",
        "properties": {"next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]}},
    }
    many = to_schema(linked).many()
    assert check({"items": [{"next": {"next": None}}]}, many.json) == []
    assert check({"items": [{"next": {"next": 1}}]}, many.json) != []


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        (None, "None"),
        ("", "empty"),
        ("{nope", "begins like JSON"),
        ({}, "no JSON schema"),
        ({"a": "int"}, "no JSON schema"),
        ({"type": "int"}, "'int'"),
        ({"type": "object", "properties": {"a": "int"}}, "properties"),
        ({"type": "object", "properties": []}, "properties"),
        ({"properties": {"a": {"$ref": "#/$defs/b"}}}, "leads nowhere"),
        ({"$ref": "https://example.com/x"}, "leads nowhere"),
        ({"type": "object", "default": object}, "written as JSON"),
        ({"type": "number", "maximum": float("inf")}, "written as JSON"),
        (object, "object"),
        (complex, "complex"),
        (3, "3"),
        ([], "[]"),
        (Home("1"), "give Home itself"),
        (Node(value=1), "give Node itself"),
        (lambda: 0, "lambda"),
        (dict[int, str], "dict[int, str]"),
        (list[complex], "complex"),
        (Literal[b"x"], "no place"),
        (Home | Row, "cannot be read"),
        (int | str | dt.date, "cannot be read"),
    ],
)
def test_what_is_no_schema_is_told_with_its_mending(given_, said):
    with pytest.raises(OptionError) as caught:
        to_schema(given_)
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) <= 3
    assert caught.value.hint
    assert " at 0x" not in str(caught.value)


def test_annotations_that_lead_nowhere():
    @dataclass
    class Lost:
        other: "Nowhere"  # noqa: F821

    with pytest.raises(OptionError, match="Nowhere"):
        to_schema(Lost)


def test_a_model_that_json_has_no_place_for():
    class Strange(pydantic.BaseModel):
        call: Callable[[int], int]

    class Stranger(pydantic.BaseModel):
        inner: Strange

    for kind in (Strange, Stranger):
        with pytest.raises(OptionError, match="gives no JSON schema"):
            to_schema(kind)


def test_two_types_of_one_name_stay_apart():
    def make(kind):
        @dataclass
        class Thing:
            x: kind

        return Thing

    one, two = make(int), make(str)

    @dataclass
    class Both:
        a: one
        b: two

    schema = to_schema(Both)
    assert set(schema.json["$defs"]) == {"Thing", "Thing_2"}
    assert schema.build({"a": {"x": 1}, "b": {"x": "y"}}) == Both(one(1), two("y"))


@given(st.text(max_size=90))
def test_any_title_makes_a_name_the_api_takes(title):
    schema = to_schema({"type": "object", "title": title})
    for name in (schema.name, schema.many().name):
        assert re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", name)


def test_pydantic_is_not_imported_by_asking():
    code = (
        "import sys\n"
        "from nbnebius.work.structured import read, request_fields\n"
        "from nbnebius.work.schema import to_schema\n"
        "s = to_schema('a int')\n"
        "request_fields(s); read('{\"a\": 1}', s)\n"
        "sys.exit(any(m in sys.modules for m in ('pydantic', 'pandas', 'numpy')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_schema_can_be_made_by_hand():
    schema = Schema({"type": "object"}, "x", dict)
    assert schema.rows({"a": 1}) == [{"a": 1}]
    assert schema.many().build({"items": [{"a": 1}]}) == [{"a": 1}]


# -- walking -----------------------------------------------------------------------------------


def test_references():
    root = {"$defs": {"a/b": {"x": 1}, "c~d": {"anyOf": [{}, {"y": 2}]}, "e f": {}}}
    assert target("#", root) is root
    assert target("#/$defs/a~1b", root) == {"x": 1}
    assert target("#/$defs/c~0d/anyOf/1", root) == {"y": 2}
    assert target("#/$defs/e%20f", root) == {}
    for nowhere in ("", "#/x", "#/$defs/c~0d/anyOf/9", "other#/x", None, 3, "#/$defs/a~1b/x"):
        assert target(nowhere, root) is None
    loop = {"$ref": "#"}
    assert resolved(loop, loop) == loop


def test_only_schemas_are_changed_by_a_walk():
    seen = []
    schema = {
        "properties": {"enum": {"type": "string"}, "x": True},
        "enum": [{"type": "not a schema"}],
        "items": [{"type": "null"}],
        "anyOf": [{"type": "boolean"}],
    }

    def change(node):
        seen.append(node.get("type"))
        return node

    assert mapped(schema, change) == schema
    assert sorted(map(str, seen)) == ["None", "boolean", "null", "string"]
