"""Answers in a given shape as a frame: the columns and dtypes its schema promises."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.frames.records import column_specs, record_frame

SCHEMA = {
    "type": "object",
    "properties": {
        "label": {"type": "string", "enum": ["positive", "negative", "mixed"]},
        "score": {"type": "number"},
        "count": {"type": "integer"},
        "sure": {"type": "boolean"},
        "why": {"type": "string"},
        "day": {"type": "string", "format": "date"},
        "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "home": {"$ref": "#/$defs/Home"},
        "stars": {"$ref": "#/$defs/Stars"},
    },
    "additionalProperties": False,
    "$defs": {
        "Home": {"type": "object", "properties": {"zip": {"type": "string"}}},
        "Stars": {"type": ["integer", "null"], "enum": [3, 2, 1, None]},
    },
}
DTYPES = {
    "label": "category",
    "score": "float64",
    "count": "Int64",
    "sure": "boolean",
    "why": "string",
    "day": "datetime64[us, UTC]",
    "at": "datetime64[us, UTC]",
    "tags": "object",
    "home": "object",
    "stars": "category",
}
ROW = {
    "label": "negative",
    "score": 1,
    "count": 3,
    "sure": True,
    "why": "so",
    "day": "2024-02-29",
    "at": "2024-02-29T10:00:00.25+02:00",
    "tags": ["a", "b"],
    "home": {"zip": "1"},
    "stars": 2,
}


def dtypes(frame):
    return {name: str(dtype) for name, dtype in frame.dtypes.items()}


def test_the_columns_are_told_before_there_is_a_row():
    assert dict(column_specs(SCHEMA)) == DTYPES
    assert [name for name, _ in column_specs(SCHEMA)] == list(SCHEMA["properties"])
    assert column_specs(None) == []
    assert column_specs({"type": "object"}) == []


@pytest.mark.parametrize("rows", [[], [None], [None, ROW], [{}], [ROW, ROW]])
def test_columns_dtypes_and_choices_do_not_depend_on_the_rows(rows):
    frame = record_frame(rows, SCHEMA)
    assert dtypes(frame) == DTYPES
    assert list(frame.columns) == list(DTYPES)
    assert len(frame) == len(rows)
    assert list(frame["label"].cat.categories) == ["positive", "negative", "mixed"]
    assert list(frame["stars"].cat.categories) == [3, 2, 1]
    assert frame["label"].cat.ordered


def test_values_arrive():
    frame = record_frame([ROW, None], SCHEMA)
    row = frame.iloc[0]
    assert row["label"] == "negative"
    assert row["score"] == 1.0
    assert row["count"] == 3
    assert row["sure"]
    assert row["day"] == pd.Timestamp("2024-02-29", tz="UTC")
    assert row["at"] == pd.Timestamp("2024-02-29T08:00:00.25", tz="UTC")
    assert row["tags"] == ["a", "b"]
    assert row["home"] == {"zip": "1"}
    assert row["stars"] == 2
    assert frame.iloc[1].isna().all()


def test_the_index_stays():
    index = pd.Index(["x", "x"], name="who")
    frame = record_frame([ROW, None], SCHEMA, index=index)
    assert frame.index.equals(index)
    assert frame.index.name == "who"
    assert record_frame([], SCHEMA, index=pd.Index([], dtype=object)).empty


@pytest.mark.parametrize(
    ("part", "dtype"),
    [
        ({"type": ["string", "null"]}, "string"),
        ({"type": ["integer", "number"]}, "float64"),
        ({"type": ["integer", "string"]}, "object"),
        ({"anyOf": [{"type": "integer"}, {"type": "number"}, {"type": "null"}]}, "float64"),
        ({"anyOf": [{"type": "integer"}, {"type": "string"}]}, "object"),
        ({"anyOf": [{"type": "string"}, {"type": "string", "maxLength": 3}]}, "string"),
        ({"anyOf": [{"enum": ["a"]}, {"enum": ["b"]}]}, "object"),
        ({"allOf": [{"type": "integer"}], "description": "a count"}, "Int64"),
        ({"const": "a"}, "category"),
        ({"enum": [True, False]}, "boolean"),
        ({"enum": [1, True]}, "object"),
        ({"enum": [[1], [2]]}, "object"),
        ({"enum": [None]}, "object"),
        ({"type": "null"}, "object"),
        ({}, "object"),
        (True, "object"),
        ({"$ref": "#/nowhere"}, "object"),
        ({"$ref": "#/properties/x"}, "object"),
        ({"anyOf": [{"$ref": "#/properties/x"}, {"$ref": "#/properties/x"}]}, "object"),
        ({"format": "date", "type": "integer"}, "Int64"),
    ],
)
def test_the_dtype_of_a_property(part, dtype):
    schema = {"properties": {"x": part}}
    assert column_specs(schema) == [("x", dtype)]
    assert dtypes(record_frame([{"x": None}, None], schema)) == {"x": dtype}


def test_an_integer_too_long_for_a_column_is_kept():
    schema = {"properties": {"n": {"type": "integer"}}}
    frame = record_frame([{"n": 2**70}, {"n": 1}], schema)
    assert list(frame["n"]) == [2**70, 1]


def test_what_cannot_be_held_is_missing_and_never_an_error():
    rows = [
        dict.fromkeys(DTYPES, value)
        for value in ("x", 1.5, 10**400, True, [], {}, "\ud83d", datetime(2024, 1, 1, tzinfo=UTC))
    ]
    frame = record_frame(rows, SCHEMA)
    assert frame["score"].notna().sum() == 1
    assert frame["label"].isna().all()
    frame["why"].str.encode("utf-8")


def test_times_of_every_kind():
    schema = {"properties": {"t": {"type": "string", "format": "date-time"}}}
    texts = ["0001-01-01", "9999-12-31T23:59:59", "2024-01-01t00:00:00z", "2024-01-01 00:00", "?"]
    frame = record_frame([{"t": text} for text in texts], schema)
    assert str(frame["t"].dtype) == "datetime64[us, UTC]"
    assert frame["t"].notna().tolist() == [True, True, True, True, False]
    assert record_frame([{"t": "0001-01-01T00:00:00+14:00"}], schema)["t"].isna().all()


def test_choices_are_the_same_value_however_written():
    schema = {"properties": {"n": {"enum": [2, 1]}}}
    frame = record_frame([{"n": 1.0}, {"n": True}, {"n": "1"}], schema)
    assert frame["n"].isna().tolist() == [False, True, True]


def test_without_a_schema_the_rows_tell():
    rows = [{"a": 1, "b": "x"}, None, {"a": 2.5, "c": True, "d": [1]}]
    frame = record_frame(rows)
    assert dtypes(frame) == {"a": "float64", "b": "string", "c": "boolean", "d": "object"}
    assert record_frame([]).shape == (0, 0)
    assert record_frame([None, None]).shape == (2, 0)


def test_what_the_schema_allows_beside_its_properties_comes_after():
    rows = [{"z": 1, "why": "so"}]
    open_schema = {"properties": {"why": {"type": "string"}}}
    assert list(record_frame(rows, open_schema).columns) == ["why", "z"]
    closed = {**open_schema, "additionalProperties": False}
    assert list(record_frame(rows, closed).columns) == ["why"]


VALUES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.lists(st.none() | st.fixed_dictionaries({}, optional=dict.fromkeys(DTYPES, VALUES))))
def test_any_rows_make_the_promised_frame(rows):
    frame = record_frame(rows, SCHEMA)
    found = dtypes(frame)
    if any(row and isinstance(row.get("count"), int | float) for row in rows):
        found["count"] = "Int64"  # or object, where one is too long
    assert found == DTYPES
    assert len(frame) == len(rows)


@given(st.lists(st.integers(-(2**63), 2**63 - 1) | st.none()))
def test_integers_stay_exact(numbers):
    schema = {"properties": {"n": {"type": "integer"}}}
    frame = record_frame([{"n": number} for number in numbers], schema)
    assert str(frame["n"].dtype) == "Int64"
    assert [None if value is pd.NA else int(value) for value in frame["n"]] == numbers
    assert frame["n"].isna().sum() == np.sum([number is None for number in numbers])
