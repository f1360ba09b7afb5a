"""What a model wrote, as values that a function takes."""

import dataclasses
import datetime as dt
import enum
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pydantic
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.work.tool_arguments import ArgumentsError, fit, fit_arguments, read_arguments
from nbnebius.work.tool_signature import read_signature


class Colour(enum.Enum):
    RED = "red"


class Size(enum.Enum):
    SMALL = 1.5


@dataclasses.dataclass
class Town:
    name: str
    people: int = 0


class Model(pydantic.BaseModel):
    a: int


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", {}),
        ("  ", {}),
        ("null", {}),
        ('{"a": 1}', {"a": 1}),
        ('"{\\"a\\": 1}"', {"a": 1}),
        ('{"a": "\\ud83d"}', {"a": "\ud83d"}),
    ],
)
def test_arguments_are_one_json_object(text, value):
    assert read_arguments(text) == value


@pytest.mark.parametrize("text", ['{"a": ', "[1]", "3", '"x"', "{'a': 1}", "{" * 5000, "\x00"])
def test_other_arguments_are_told_to_the_model(text):
    with pytest.raises(ArgumentsError):
        read_arguments(text)


@given(st.text())
def test_no_text_breaks_the_reading(text):
    try:
        assert isinstance(read_arguments(text), dict)
    except ArgumentsError as error:
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("value", "annotation", "expected"),
    [
        ("3", int, 3),
        (3.0, int, 3),
        (3, float, 3.0),
        (75001, str, "75001"),
        ("null", str | None, "null"),
        (None, str | None, None),
        ("3", int | str, "3"),
        ("3", int | None, 3),
        ("true", bool, True),
        ("red", Colour, Colour.RED),
        ("RED", Colour, Colour.RED),
        ("SMALL", Size, Size.SMALL),
        ("a", Literal["a", "b"], "a"),
        (["1", 2], list[int], [1, 2]),
        ("[1, 2]", list[int], [1, 2]),
        ([1, 1], set[int], {1}),
        ({"name": "Ulm", "people": "5"}, Town, Town("Ulm", 5)),
        ('{"name": "Ulm"}', Town, Town("Ulm")),
        ([{"name": "Ulm"}], list[Town], [Town("Ulm")]),
        ({"a": "1"}, Model, Model(a=1)),
        ([{"a": 1}], list[Model], [Model(a=1)]),
        ("2026-01-02", dt.date, dt.date(2026, 1, 2)),
        ("a/b", Path, Path("a/b")),
        ("3", Annotated[int, "many"], 3),
        ("3", Annotated[int, msgspec.Meta(ge=3)], 3),
        ([1], list[int] | set[int], [1]),
        ("as it is", Any, "as it is"),
    ],
)
def test_a_value_is_converted_where_nothing_is_lost(value, annotation, expected):
    came = fit(value, annotation)
    assert came == expected
    assert type(came) is type(expected)


@pytest.mark.parametrize(
    ("value", "annotation", "words"),
    [
        (3.5, int, "int"),
        (True, int, "int"),
        ("many", int, "int"),
        ("nan", float, "float"),
        ("blue", Colour, "'red'"),
        ("z", Literal["a", "b"], "'a', 'b'"),
        ([1, "x"], list[int], r"\[1\]"),
        ({}, Town, "name"),
        ({"a": "x"}, Model, "a: Input should be a valid integer"),
        (2, Annotated[int, msgspec.Meta(ge=3)], ">= 3"),
        ("x", int | float, "int"),
        (None, int, "int"),
        ([], str, "str"),
    ],
)
def test_what_does_not_fit_is_said(value, annotation, words):
    with pytest.raises(ArgumentsError, match=words):
        fit(value, annotation)


def test_arguments_come_by_place_and_by_name():
    def tool(a: int, b: int = 2, /, c: int = 3, *, d: int, **more): ...

    signature = read_signature(tool)
    assert fit_arguments(signature, {"a": "1", "d": 4, "x": 5}) == ([1, 2], {"d": 4, "x": 5})


def test_all_that_is_wrong_is_told_at_once():
    def tool(a: int, b: int, c: str = ""): ...

    with pytest.raises(ArgumentsError) as caught:
        fit_arguments(read_signature(tool), {"a": "x", "zz": 1})
    said = str(caught.value)
    assert "b is missing" in said
    assert "a: Expected `int`" in said
    assert "there is no argument zz; it takes: a, b, c" in said
