"""A Python function as a model is told of it."""

import dataclasses
import datetime as dt
import enum
import functools
import json
import typing
from pathlib import Path
from typing import Annotated, Any, Literal, Optional

import pandas as pd
import pydantic
import pytest

from nbnebius.errors import OptionError
from nbnebius.work.tool_docs import read_docs
from nbnebius.work.tool_schema import describe_tool


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Shape(enum.Enum):
    ROUND = (1, 2)
    FLAT = None


@dataclasses.dataclass
class Town:
    """
    A town.

    Parameters
    ----------
    name
        what it is called
    """

    name: str
    people: int = 0
    near: list["Town"] = dataclasses.field(default_factory=list)


class Trip(typing.TypedDict):
    to: str
    days: typing.NotRequired[int]


class Node(pydantic.BaseModel):
    value: int
    next: Optional["Node"] = None


def parameters(function):
    return describe_tool(function)["function"]["parameters"]


def of(annotation):
    def tool(x):
        """Do."""

    tool.__annotations__["x"] = annotation
    return parameters(tool)["properties"]["x"]


def test_the_entry_is_what_the_service_takes():
    def weather(city: str, days: int = 1):
        """
        Tell the weather.

        It looks out of the window.

        Parameters
        ----------
        city : str
            A town's name,
            in any language.
        days : int, optional
            How many.

        Returns
        -------
        str
            not told
        """

    assert describe_tool(weather) == {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Tell the weather.\n\nIt looks out of the window.",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {
                        "type": "string",
                        "description": "A town's name, in any language.",
                    },
                    "days": {"type": "integer", "default": 1, "description": "How many."},
                },
                "required": ["city"],
                "additionalProperties": False,
            },
        },
    }


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, {"type": "string"}),
        (bool, {"type": "boolean"}),
        (float, {"type": "number"}),
        (Any, {}),
        (list[int], {"type": "array", "items": {"type": "integer"}}),
        (list, {"type": "array"}),
        (set[str], {"type": "array", "items": {"type": "string"}}),
        (tuple[int, ...], {"type": "array", "items": {"type": "integer"}}),
        (
            tuple[int, int],
            {"type": "array", "items": {"type": "integer"}, "minItems": 2, "maxItems": 2},
        ),
        (dict, {"type": "object", "additionalProperties": True}),
        (
            dict[str, float],
            {"type": "object", "additionalProperties": {"type": "number"}},
        ),
        (Literal["a", "b"], {"type": "string", "enum": ["a", "b"]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Colour, {"type": "string", "enum": ["red", "blue"]}),
        (Shape, {"type": "string", "enum": ["ROUND", "FLAT"]}),
        (int | None, {"anyOf": [{"type": "integer"}, {"type": "null"}]}),
        (int | str, {"anyOf": [{"type": "integer"}, {"type": "string"}]}),
        (Annotated[int, "how many"], {"type": "integer", "description": "how many"}),
        (
            Annotated[str, pydantic.Field(description="a name")],
            {"type": "string", "description": "a name"},
        ),
        (dt.date, {"type": "string", "format": "date"}),
        (Path, {"type": "string", "description": "a path"}),
        (typing.NewType("Id", int), {"type": "integer"}),
        (
            Trip,
            {
                "type": "object",
                "properties": {"to": {"type": "string"}, "days": {"type": "integer"}},
                "required": ["to"],
            },
        ),
    ],
)
def test_annotations_become_schemas(annotation, schema):
    assert of(annotation) == schema


def test_a_dataclass_becomes_an_object_and_may_hold_itself():
    schema = of(Town)
    assert schema["required"] == ["name"]
    assert schema["properties"]["name"] == {"type": "string", "description": "what it is called"}
    assert schema["properties"]["near"]["items"]["properties"]["people"] == {"type": "integer"}
    assert len(json.dumps(schema)) < 3000


def test_a_pydantic_model_comes_without_references():
    text = json.dumps(of(list[Node]))
    assert "$ref" not in text
    assert "$defs" not in text
    assert '"integer"' in text


def test_what_has_a_default_may_be_left_out():
    def tool(a, b=None, c: int | None = None, d: Colour = Colour.RED, e=2.5, *, f: bool = True):
        """Do."""

    schema = parameters(tool)
    assert schema["required"] == ["a"]
    assert schema["properties"] == {
        "a": {"type": "string"},
        "b": {},
        "c": {"type": "integer"},
        "d": {"type": "string", "enum": ["red", "blue"], "default": "red"},
        "e": {"type": "number", "default": 2.5},
        "f": {"type": "boolean", "default": True},
    }


def test_any_further_names_are_welcome_where_the_function_takes_them():
    def tool(**options):
        """Do."""

    assert parameters(tool)["additionalProperties"] is True


def test_annotations_of_type_checkers_only_are_no_obstacle():
    def tool(a: "NotThere", b: "int"):  # noqa: F821
        """Do."""

    assert parameters(tool)["properties"] == {"a": {"type": "string"}, "b": {"type": "integer"}}


def test_a_type_json_has_no_place_for_is_left_out_or_refused():
    def optional(n: int, frame: pd.DataFrame = None):
        """Do."""

    def needed(frame: pd.DataFrame):
        """Do."""

    assert list(parameters(optional)["properties"]) == ["n"]
    with pytest.raises(OptionError, match=r"no place for its parameter frame.*DataFrame"):
        describe_tool(needed)


def test_methods_partials_wrapped_async_and_callable_objects_are_tools():
    class Shop:
        def price(self, item: str) -> float:
            """Tell a price."""

        def __call__(self, item: str):
            """Buy it."""

    def add(a: int, b: int):
        """Add."""

    @functools.wraps(add)
    def wrapped(*args, **kwargs):
        return add(*args, **kwargs)

    async def later(a: int):
        """Wait."""

    def names(function):
        return describe_tool(function)["function"]["name"], list(parameters(function)["properties"])

    assert names(Shop().price) == ("price", ["item"])
    assert names(Shop()) == ("Shop", ["item"])
    assert describe_tool(Shop())["function"]["description"] == "Buy it."
    assert names(wrapped) == ("add", ["a", "b"])
    assert names(functools.partial(add, 1)) == ("add", ["b"])
    assert names(later) == ("later", ["a"])
    assert names(Town) == ("Town", ["name", "people", "near"])


def test_a_function_without_a_docstring_has_no_description():
    def tool(): ...

    assert "description" not in describe_tool(tool)["function"]
    assert parameters(tool) == {"type": "object", "properties": {}, "additionalProperties": False}


def pieces():
    yield 1


def many(*numbers): ...


def погода(): ...  # noqa: PLC2401 - that is what is refused


@pytest.mark.parametrize("function", [lambda x: x, pieces, many, погода, vars])
def test_what_cannot_be_a_tool_is_refused_in_words(function):
    with pytest.raises(OptionError, match="cannot be a tool") as caught:
        describe_tool(function)
    assert caught.value.why


NUMPY = """Do.

Parameters
----------
a, b : int
    both

    of them
c
    third

Other Parameters
----------------
d : {'x', 'y'}
    fourth

Returns
-------
e : int
    not an argument
"""
GOOGLE = """Do.

Args:
    a (int): both
        of them
    b: both of them
    c (dict[str, int]): third
    **d: fourth

Returns:
    e: not an argument
"""
SPHINX = """Do.

:param int a: both
    of them
:param b: both of them
:type b: int
:arg c: third
:keyword d: fourth
:returns: e
"""


@pytest.mark.parametrize("docstring", [NUMPY, GOOGLE, SPHINX])
def test_docstrings_of_three_styles_say_the_same(docstring):
    assert read_docs(docstring) == (
        "Do.",
        {"a": "both of them", "b": "both of them", "c": "third", "d": "fourth"},
    )


@pytest.mark.parametrize("docstring", [None, "", "   ", "Args:", "Parameters\n----------\n", ":x:"])
def test_a_docstring_may_hold_nothing(docstring):
    assert read_docs(docstring)[1] == {}


def test_a_long_description_is_cut():
    description, told = read_docs("a" * 5000 + "\n\nArgs:\n    x: " + "b" * 5000)
    assert len(description) == len(told["x"]) == 1024
    assert description.endswith("…")
