"""Dask frames, with Dask's own threads and processes; clusters are in tests/fault."""

import base64
from enum import Enum

import dask
import dask.dataframe as dd
import numpy as np
import pandas as pd
import pytest
from distributed.protocol.pickle import dumps
from pydantic import BaseModel

import nbnebius as neb
from tests.fault.paying import paying

SHORT = "label positive|negative|mixed, score float, n integer, why: in ten words"
CANARY = "canary-key-0123456789-abcdef"


class Label(Enum):
    GOOD = "positive"
    BAD = "negative"


class Judged(BaseModel):
    label: Label
    score: float


@pytest.fixture
def connected(box, monkeypatch):
    """Connect, with a key and an address that this process's children find too."""
    monkeypatch.setenv("NEBIUS_API_KEY", box.key)
    monkeypatch.setenv("NEBIUS_BASE_URL", box.url)
    return neb.connect()


@pytest.fixture
def reviews():
    texts = [f"The phone {n} is great and I love it" for n in range(12)]
    frame = pd.DataFrame(
        {"review": texts, "n_stars": range(12)}, index=[f"r{n}" for n in range(12)]
    )
    frame.loc["r3", "review"] = None
    return frame


@pytest.fixture
def lazy_reviews(reviews):
    return dd.from_pandas(reviews, npartitions=3, sort=False)


@pytest.fixture
def keyless(tmp_path):
    """Give a server that takes any key."""
    with paying(tmp_path / "server") as server:
        yield server


@pytest.mark.parametrize("schema", [None, SHORT, Label, Judged])
def test_a_lazy_frame_has_the_dtypes_that_computing_gives(connected, lazy_reviews, schema):
    lazy = neb.map(lazy_reviews, "Judge: {review}", schema=schema, max_tokens=200)
    assert isinstance(lazy, dd.DataFrame)
    with dask.config.set(scheduler="threads"):
        pd.testing.assert_series_equal(lazy.dtypes, lazy.compute().dtypes)


def test_it_gives_what_map_gives(connected, reviews, lazy_reviews):
    lazy = neb.map(lazy_reviews, "Judge: {review}", schema=SHORT, max_tokens=200)
    computed = lazy.compute(scheduler="threads")
    plain = neb.map(reviews, "Judge: {review}", schema=SHORT, max_tokens=200)
    told = ["neb_cached", "neb_tokens", "neb_cost"]
    assert set(plain["neb_cached"][plain["neb_status"] == "ok"]) == {True}  # one journal, one key
    computed["review"] = computed["review"].astype(plain["review"].dtype)  # Dask's own strings
    computed.index = computed.index.astype(plain.index.dtype)
    pd.testing.assert_frame_equal(computed.drop(columns=told), plain.drop(columns=told))
    assert computed.loc["r3", "neb_status"] == "skipped"


def test_nothing_is_asked_before_it_is_computed_nor_twice(connected, lazy_reviews):
    lazy = neb.map(lazy_reviews, "Judge: {review}", max_tokens=50)
    assert connected.spent().calls == 0
    lazy.compute(scheduler="threads")
    calls = connected.spent().calls
    assert calls == 11
    again = lazy.compute(scheduler="threads")
    assert connected.spent().calls == calls
    assert again["neb_cost"].sum() == 0.0


def test_processes_find_their_own_key(connected, lazy_reviews):
    lazy = neb.map(lazy_reviews, "Judge: {review}", max_tokens=500)
    frame = lazy.compute(scheduler="processes", num_workers=2)
    counts = frame["neb_status"].value_counts()
    assert (counts["ok"], counts["skipped"]) == (11, 1)


def test_a_process_without_a_key_says_so(box, lazy_reviews):
    neb.connect(box.key, box.url)
    lazy = neb.map(lazy_reviews, "Judge: {review}", max_tokens=50)
    frame = lazy.compute(scheduler="processes", num_workers=1)
    asked = frame[frame["neb_status"] != "skipped"]
    assert len(asked) == 11
    assert set(asked["neb_status"]) <= {"failed", "unsent"}
    assert asked["neb_error"].str.contains("key").all()


@pytest.mark.parametrize("make", ["map", "embed"])
def test_no_key_is_in_the_graph(keyless, lazy_reviews, make):
    neb.connect(CANARY, keyless.url)
    if make == "map":
        lazy = neb.map(lazy_reviews, "Judge: {review}", schema=SHORT, max_tokens=50, budget=1.0)
    else:
        lazy = neb.embed(lazy_reviews, column="review")
    for graph in (lazy, lazy.expr, lazy.optimize(), dict(lazy.__dask_graph__())):
        data = dumps(graph)
        assert CANARY.encode() not in data
        assert base64.b64encode(CANARY.encode())[:30] not in data
    assert b"Judge" in dumps(lazy) or make == "embed"  # what is looked through is the whole job


def test_a_prompt_with_the_key_in_it_does_not_travel(keyless, lazy_reviews):
    neb.connect(CANARY, keyless.url)
    with pytest.raises(neb.OptionError, match="holds your API key"):
        neb.map(lazy_reviews, f"{CANARY} {{review}}", max_tokens=50)


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"prompt": "{reviw}"}, "reviw"),
        ({"schema": 7}, "schema"),
        ({"budget": -1}, "budget"),
        ({"concurrency": 0}, "concurrency"),
        ({"name": "n_stars"}, "n_stars"),
        ({"sample": 5}, "sample does not go with a Dask frame"),
        ({"background": True}, "background does not go with a Dask frame"),
        ({"via": "batch"}, "via does not go with a Dask frame"),
        ({"temprature": 1}, "temprature"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_computed(
    connected, lazy_reviews, more, message
):
    asked = {"prompt": "{review}", "max_tokens": 50, **more}
    with pytest.raises(neb.OptionError, match=message):
        neb.map(lazy_reviews, **asked)


def test_without_a_cluster_each_partition_has_an_equal_part_of_the_budget(connected, lazy_reviews):
    lazy = neb.map(lazy_reviews, "Judge: {review}", max_tokens=50, budget=1e-9)
    frame = lazy.compute(scheduler="threads")
    assert set(frame["neb_status"]) == {"unsent", "skipped"}
    told = set(frame["neb_error"].dropna())
    assert told == {"BudgetReached: the budget of USD 1e-09, shared by all partitions, is spent"}


def test_partitions_without_rows_stay_without_rows(connected, lazy_reviews):
    lazy = neb.map(lazy_reviews[lazy_reviews["n_stars"] < 2], "Judge: {review}", max_tokens=50)
    frame = lazy.compute(scheduler="threads")
    assert list(frame.index) == ["r0", "r1"]
    pd.testing.assert_series_equal(frame.dtypes, lazy.dtypes)


def test_a_worker_asks_nobody_about_money(connected, lazy_reviews, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_CONFIRM_USD", "0")
    found = neb.embed(lazy_reviews, column="review").compute(scheduler="threads")
    assert set(found["neb_status"]) <= {"ok", "skipped"}


def test_vectors_are_those_of_embed(connected, reviews, lazy_reviews):
    lazy = neb.embed(lazy_reviews, column="review")
    assert isinstance(lazy, dd.DataFrame)
    computed = lazy.compute(scheduler="threads")
    plain = neb.embed(reviews, column="review")
    pd.testing.assert_series_equal(lazy.dtypes, computed.dtypes)
    assert list(computed["neb_status"]) == list(plain["neb_status"])
    np.testing.assert_array_equal(neb.matrix(computed), neb.matrix(plain))


def test_a_series_becomes_a_frame_of_its_texts_and_vectors(connected, lazy_reviews):
    frame = neb.embed(lazy_reviews["review"]).compute(scheduler="threads")
    assert list(frame.columns[:2]) == ["review", "embedding"]
    assert len(frame) == 12


def test_a_plan_is_of_one_partition(connected, lazy_reviews):
    with pytest.raises(neb.OptionError, match="cannot be planned"):
        neb.plan(lazy_reviews, "{review}")


def test_a_recording_is_not_passed_by(connected, lazy_reviews, tmp_path):
    connected.record(tmp_path / "tape.sqlite")
    with pytest.raises(neb.OptionError, match="in memory"):
        neb.map(lazy_reviews, "Judge: {review}")
    connected.chat("Say hello", max_tokens=20)
    connected.record(None)
    connected.replay(tmp_path / "tape.sqlite")
    with pytest.raises(neb.OptionError, match="in memory"):
        neb.embed(lazy_reviews, column="review")


def test_a_sessions_budget_bounds_a_lazy_frame_too(connected, lazy_reviews):
    connected.set_budget(1e-9)
    frame = neb.map(lazy_reviews, "Judge: {review}", max_tokens=50, budget=5.0)
    connected.set_budget(None)
    assert set(frame.compute(scheduler="threads")["neb_status"]) == {"unsent", "skipped"}
