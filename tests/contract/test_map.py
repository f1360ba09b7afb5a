"""`map`: the frame that comes back, whatever the frame is that was given."""

import dataclasses
import datetime as dt
from typing import Literal

import numpy as np
import pandas as pd
import pydantic
import pytest
from answering import Answering
from labeller import Labeller

from nbnebius import errors

OWN = ["neb_status", "neb_cached", "neb_error", "neb_tokens", "neb_cost"]


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened):
    with Answering(server) as running:
        yield opened(running.url)


INDEXES = {
    "texts": pd.Index(["b", "a", "c"], name="id"),
    "equal labels": pd.Index([7, 7, 7]),
    "missing labels": pd.Index([np.nan, "x", np.nan], dtype=object),
    "two levels": pd.MultiIndex.from_tuples([("a", 1), ("a", 1), ("b", 2)], names=["k", "n"]),
    "times": pd.date_range("2026-01-01", periods=3, freq="D"),
    "categories": pd.CategoricalIndex(["u", "v", "u"]),
    "counted backwards": pd.RangeIndex(3, 0, -1),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES.keys())
@pytest.mark.parametrize("schema", [None, "size int"])
def test_rows_keep_their_index_order_and_dtypes(session, server, index, schema):
    if schema:
        server.answer = lambda prompt: {"size": len(prompt)}
    frame = pd.DataFrame(
        {
            "text": pd.Series(["x", "yy", "zzz"], dtype="string").to_numpy(),
            "kind": pd.Categorical(["u", None, "v"]),
            "n": np.array([1, 2, 3], dtype="int8"),
            "at": pd.to_datetime(["2026-01-01", None, "2026-01-03"]),
        },
        index=index,
    )
    frame.attrs["mine"] = {"stays": True}
    before = frame.copy()
    found = session.map(frame, "{text}", schema=schema)
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(found[list(frame.columns)], before)
    assert list(found["size"] if schema else found["answer"]) == (
        [1, 2, 3] if schema else ["<x>", "<yy>", "<zzz>"]
    )
    assert list(found.columns[len(frame.columns) :]) == ["size" if schema else "answer", *OWN]
    assert found.attrs["mine"] == {"stays": True}
    assert found.attrs["nbnebius"]["model"] == "talker"
    assert dict(found[OWN].dtypes.astype(str)) == {
        "neb_status": "category",
        "neb_cached": "bool",
        "neb_error": "string",
        "neb_tokens": "Int64",
        "neb_cost": "float64",
    }
    assert str(found.dtypes.iloc[len(frame.columns)]) == ("Int64" if schema else "string")


def test_columns_may_be_numbers_or_pairs(session, server):
    numbered = pd.DataFrame([["a", "b"], ["c", "d"]])
    found = session.map(numbered, "{1} then {0}")
    assert server.prompts == ["b then a", "d then c"]
    assert list(found.columns[:2]) == [0, 1]
    paired = pd.DataFrame([["x"]], columns=pd.MultiIndex.from_tuples([("a", "b")]))
    session.map(paired, "{('a', 'b')}")
    assert server.prompts[-1] == "x"


def test_values_are_written_as_people_write_them(session, server):
    frame = pd.DataFrame(
        {
            "count": [3],
            "share": [0.5],
            "sure": [True],
            "kind": pd.Categorical(["good"]),
            "day": [dt.date(2026, 1, 2)],
            "tags": [["a", "b"]],
            "braces": ["{count}"],
        }
    )
    session.map(frame, "{count} {share} {sure} {kind} {day} {tags} {braces}")
    assert server.prompts == ["3 0.5 True good 2026-01-02 ['a', 'b'] {count}"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, "", " \n"])
def test_a_row_without_a_value_is_skipped_and_costs_nothing(session, server, missing):
    frame = pd.DataFrame({"text": pd.Series(["a", missing, "b"], dtype=object)})
    found = session.map(frame, "{text}")
    assert list(found["neb_status"]) == ["ok", "skipped", "ok"]
    assert found["answer"].isna().tolist() == [False, True, False]
    assert np.isnan(found["neb_cost"][1])
    assert found["neb_error"].isna().all()
    assert sorted(server.prompts) == ["a", "b"]


def test_a_blank_value_beside_another_is_asked_and_a_missing_one_is_not(session, server):
    frame = pd.DataFrame({"a": ["x", "x"], "b": ["", None]})
    found = session.map(frame, "{a}/{b}")
    assert server.prompts == ["x/"]
    assert list(found["neb_status"]) == ["ok", "skipped"]


def test_nothing_but_missing_values_sends_nothing(session, server):
    found = session.map(pd.DataFrame({"text": [None, None]}), "{text}", schema="label a|b")
    assert list(found["neb_status"]) == ["skipped", "skipped"]
    assert list(found["label"].cat.categories) == ["a", "b"]
    assert not found["neb_cached"].any()
    assert server.prompts == []


def test_what_is_no_frame_is_refused_and_what_can_be_one_is_taken(session, server):
    assert list(session.map(["a", "b"], "{text}")["answer"]) == ["<a>", "<b>"]
    series = pd.Series(["c"], index=["row"], name="review")
    found = session.map(series, "{review}")
    assert list(found.index) == ["row"]
    assert list(session.map(pd.Series(["d"]), "{text}")["answer"]) == ["<d>"]

    class Foreign:
        def to_pandas(self):
            return pd.DataFrame({"word": ["e"]})

    assert list(session.map(Foreign(), "{word}")["answer"]) == ["<e>"]
    asked = len(server.prompts)
    for wrong in (5, "text", {"a": 1}, pd.DataFrame({"a": []}), [], None):
        with pytest.raises(errors.OptionError):
            session.map(wrong, "{a}")
    double = pd.DataFrame([[1, 2]], columns=["a", "a"])
    with pytest.raises(errors.OptionError, match="more than one column named 'a'"):
        session.map(double, "{a}")
    assert len(server.prompts) == asked


@pytest.mark.parametrize(
    ("prompt", "options", "told"),
    [
        ("{revew}", {}, "review"),
        ("no column", {}, "names no column"),
        ("  ", {}, "empty"),
        ("{review}", {"sample": 0}, "sample"),
        ("{review}", {"repeat": -1}, "repeat"),
        ("{review}", {"budget": 0}, "budget"),
        ("{review}", {"budget": "1"}, "budget"),
        ("{review}", {"allow_failed": 2}, "allow_failed"),
        ("{review}", {"concurrency": 0}, "concurrency"),
        ("{review}", {"price": "1"}, "price"),
        ("{review}", {"via": "post"}, "via"),
        ("{review}", {"name": " "}, "name"),
        ("{review}", {"name": "review"}, "has a column 'review'"),
        ("{review}", {"schema": "review, why"}, "has a column 'review'"),
        ("{review}", {"n": 2}, "map takes no n"),
        ("{review}", {"max_tokenz": 5}, "max_tokens"),
    ],
)
def test_what_makes_no_sense_is_refused_before_anything_is_sent(
    session, server, prompt, options, told
):
    frame = pd.DataFrame({"review": ["a"]})
    with pytest.raises(errors.OptionError) as caught:
        session.map(frame, prompt, **options)
    shown = f"{caught.value.what} {caught.value.why} {caught.value.hint}"
    assert told in shown
    assert server.prompts == []


def test_the_status_of_an_earlier_run_may_be_asked_about(session, server):
    first = session.map(["a"], "{text}")
    found = session.map(first, "Why {neb_status}? {text}", name="why")
    assert server.prompts[-1] == "Why ok? a"
    assert list(found["why"]) == ["<Why ok? a>"]


class Colour(pydantic.BaseModel):
    colour: Literal["red", "blue"]
    depth: float | None = None


@dataclasses.dataclass
class Size:
    height: int
    wide: bool


def typed(session, server, schema, record, **more):
    server.answer = lambda prompt: record
    return session.map(["a"], "{text}", schema=schema, **more)


def test_the_schemas_columns_have_its_types(session, server):
    schema = "label zeta|alpha|mid, score float, count int, sure bool, on date, why: in ten words"
    record = {
        "label": "alpha",
        "score": 1,
        "count": 2,
        "sure": True,
        "on": "2026-03-04",
        "why": "because",
    }
    found = typed(session, server, schema, record)
    assert dict(found.dtypes[list(record)].astype(str)) == {
        "label": "category",
        "score": "float64",
        "count": "Int64",
        "sure": "boolean",
        "on": "datetime64[us, UTC]",
        "why": "string",
    }
    assert list(found["label"].cat.categories) == ["zeta", "alpha", "mid"]
    assert found["label"].cat.ordered
    assert list(found["neb_status"]) == ["ok"]
    assert server.bodies[0]["response_format"]["type"] == "json_schema"


def test_pydantic_models_and_dataclasses_are_schemas(session, server):
    found = typed(session, server, Colour, {"colour": "blue", "depth": 2})
    assert list(found["colour"].cat.categories) == ["red", "blue"]
    assert list(found["depth"]) == [2.0]
    found = typed(session, server, Size, {"height": 3, "wide": False})
    assert list(found["height"]) == [3]
    assert list(found["wide"]) == [False]


@pytest.mark.parametrize(
    ("schema", "record", "expected"),
    [
        (int, {"value": 7}, 7),
        (Literal["a", "b"], {"value": "b"}, "b"),
        (list[str], {"items": ["x", "y"]}, ["x", "y"]),
    ],
)
def test_a_single_value_or_a_list_stands_in_the_named_column(
    session, server, schema, record, expected
):
    found = typed(session, server, schema, record, name="found")
    assert list(found.columns) == ["text", "found", *OWN]
    assert found["found"][0] == expected


def test_a_property_called_value_keeps_its_name(session, server):
    found = typed(session, server, "value float, unit", {"value": 2, "unit": "m"})
    assert list(found.columns) == ["text", "value", "unit", *OWN]
    with pytest.raises(errors.OptionError, match="has a column 'value'"):
        session.map(pd.DataFrame({"value": ["a"]}), "{value}", schema="value float, unit")


def test_what_a_model_adds_by_itself_never_hides_a_column(session, server):
    schema = {"type": "object", "properties": {"label": {"type": "string"}}}
    record = {"label": "x", "text": "mine", "neb_cost": -1, "more": "kept"}
    found = typed(session, server, schema, record)
    assert list(found.columns) == ["text", "label", "more", *OWN]
    assert list(found["text"]) == ["a"]
    assert found["neb_cost"][0] > 0


@pytest.mark.parametrize("options", [{"schema": "neb_cost float"}, {"name": "neb_status"}])
def test_no_answer_stands_where_map_writes_how_a_row_stands(session, server, options):
    with pytest.raises(errors.OptionError, match="how each row stands"):
        session.map(["a"], "{text}", **options)
    assert server.prompts == []


def test_run_on_its_own_output_the_answers_stand_where_they_stood(session, server):
    first = session.map(["a", "b"], "{text}")
    second = session.map(first, "{text}")
    assert list(second.columns) == list(first.columns)
    assert second["neb_cached"].all()
    assert len(server.prompts) == 2


def test_the_answers_of_another_question_stay(session, server):
    first = session.map(["a", "b"], "{text}", name="one")
    both = session.map(first, "about {one}", name="two")
    three = session.map(both, "really {text}", name="three")
    assert list(three.columns) == ["text", "one", "two", "three", *OWN]
    assert list(three["one"]) == ["<a>", "<b>"]
    again = session.map(three, "{text}", name="one")
    assert list(again["two"]) == ["<about <a>>", "<about <b>>"]
    assert list(again["one"]) == ["<a>", "<b>"]
    with pytest.raises(errors.OptionError, match="has a column 'one'"):
        session.map(first, "about {one}", name="one")
