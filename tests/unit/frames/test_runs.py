"""Two runs over the same rows: matched by index, compared by value, and what is worth a look."""

import numpy as np
import pandas as pd
import pytest
from hostile import HOSTILE

import nbnebius as neb
from nbnebius import errors

COUNT = 40
NAMES = ["column", "pattern", "rows", "examples"]
STATUSES = ["ok", "partial", "skipped", "unsent", "failed", "possibly_paid"]
INDEX = [f"row {number}" for number in range(COUNT)]


def run(labels=None, whys=None, statuses=None, cost=0.001, index=INDEX, cached=False):
    """Give what `map` would."""
    count = len(index)
    frame = pd.DataFrame(
        {"text": [f"review number {n} says that the battery is fine" for n in range(count)]},
        index=index,
    )
    frame["label"] = pd.Categorical(
        labels or ["good", "bad"] * (count // 2), categories=["good", "bad", "mixed"]
    )
    frame["why"] = pd.Series(whys or [f"why {n}" for n in range(count)], index, dtype="string")
    frame["neb_status"] = pd.Categorical(statuses or ["ok"] * count, categories=STATUSES)
    frame["neb_cached"] = cached
    frame["neb_error"] = pd.Series([None] * count, index, dtype="string")
    frame["neb_tokens"] = pd.Series([20] * count, index, dtype="Int64")
    frame["neb_cost"] = cost
    frame.attrs["nbnebius"] = {"model": "m", "columns": ["label", "why"]}
    return frame


def patterns(answers):
    """Give the patterns of a run by column and name."""
    found = neb.compare_runs(run(), answers).summary.patterns
    found = found[found["run"] == "after"]
    return {(c, p): (n, e) for c, p, n, e in found[NAMES].to_numpy()}


def test_the_rows_that_changed_with_both_values():
    after = run()
    after.loc["row 3", "label"] = "mixed"
    after.loc["row 5", "why"] = "another reason"
    changed = neb.compare_runs(run(), after)
    assert list(changed.index) == ["row 3", "row 5"]
    assert changed.columns.to_list() == [
        ("label", "before"), ("label", "after"), ("why", "before"), ("why", "after"),
    ]  # fmt: skip
    assert changed.loc["row 3", ("label", "before")] == "bad"
    assert changed.loc["row 3", ("label", "after")] == "mixed"
    assert changed.loc["row 3", ("why", "after")] == "why 3"
    summary = changed.summary
    assert (summary.rows, summary.changed) == (COUNT, 2)
    assert summary.agreement.loc["label"].to_list() == [39, 1, 39 / 40]
    # pandas' own comparison finds the same rows
    assert list(run()[["label", "why"]].compare(after[["label", "why"]]).index) == [
        "row 3", "row 5",
    ]  # fmt: skip


def test_rows_are_matched_by_index_in_whatever_order():
    after = run().iloc[::-1]
    assert len(neb.compare_runs(run(), after)) == 0
    fewer = run().iloc[:30]
    summary = neb.compare_runs(run(), fewer).summary
    assert (summary.rows, summary.only_before, summary.only_after) == (30, 10, 0)
    assert "10 only before" in neb.compare_runs(run(), fewer)._repr_mimebundle_()["text/plain"]


def test_missing_is_like_missing_and_lists_are_compared_whole():
    before = pd.DataFrame({"tags": [["a"], None, ["b"]], "n": pd.array([1, None, 3], "Int64")})
    after = pd.DataFrame({"tags": [["a"], None, ["c"]], "n": pd.array([1, None, None], "Int64")})
    changed = neb.compare_runs(before, after)
    assert list(changed.index) == [2]
    arrays = pd.DataFrame({"v": [np.array([1.0, 2.0])]})
    assert len(neb.compare_runs(arrays, arrays.copy())) == 0


def test_money_tokens_and_statuses_of_each():
    after = run(cost=0.003, statuses=["failed"] * 2 + ["partial"] + ["ok"] * 37)
    after.loc[after.index[:2], "neb_cost"] = float("nan")
    summary = neb.compare_runs(run(cached=True), after).summary
    totals = summary.totals
    assert totals.loc["cost"].to_list() == pytest.approx([0.04, 38 * 0.003, 38 * 0.003 - 0.04])
    assert totals.loc["tokens"].to_list() == [800, 800, 0]
    assert totals.loc["kept"].to_list() == [40, 0, -40]
    assert totals.loc["failed"].to_list() == [0, 2, 2]
    assert summary.status_changes.to_numpy().tolist() == [["ok", "failed", 2], ["ok", "partial", 1]]
    changed = neb.compare_runs(run(), after)
    assert changed[("neb_status", "after")].astype(str).to_list() == ["failed", "failed", "partial"]


def test_unknown_costs_are_missing_not_nothing():
    after = run(cost=float("nan"))
    totals = neb.compare_runs(run(), after).summary.totals
    assert np.isnan(totals.loc["cost", "after"])
    assert "price unknown after" in neb.compare_runs(run(), after)._repr_mimebundle_()["text/plain"]


def test_nearly_one_label():
    found = patterns(run(labels=["good"] * 37 + ["bad"] * 3))
    assert found["label", "one label: good"] == (37, ["row 0", "row 1", "row 2"])
    assert patterns(run(labels=["good"] * 35 + ["bad"] * 5)) == {}


@pytest.mark.parametrize(
    "text",
    ["I'm sorry, but I can't help with that.", "I cannot answer this.", "As an AI, I have none",
     "I\N{RIGHT SINGLE QUOTATION MARK}m unable to say", "Unfortunately, I cannot", "I can't"],
)  # fmt: skip
def test_refusals(text):
    whys = [text, *[f"why {n}" for n in range(1, COUNT)]]
    assert patterns(run(whys=whys))["why", "refusal"] == (1, ["row 0"])


@pytest.mark.parametrize("text", ["I am sure", "sorry state of affairs", "It cannot be opened"])
def test_what_only_sounds_like_a_refusal(text):
    assert patterns(run(whys=[text, *[f"why {n}" for n in range(1, COUNT)]])) == {}


def test_empty_identical_cut_off_and_copied_answers():
    text = run()["text"]
    whys = ["", "  ", *["The customer is content with it all"] * 4, text.iloc[6], "yes", "yes"]
    whys += [f"why {n}" for n in range(9, COUNT)]
    found = patterns(run(whys=whys, statuses=["ok"] * 39 + ["partial"]))
    assert found == {
        ("", "cut off"): (1, ["row 39"]),
        ("why", "empty"): (2, ["row 0", "row 1"]),
        ("why", "identical answers"): (4, ["row 2", "row 3", "row 4"]),
        ("why", "copies the input"): (1, ["row 6"]),
    }


def test_equal_inputs_may_have_equal_answers():
    frame = run(
        whys=["The customer is content with it all"] * 4 + [f"why {n}" for n in range(4, 40)]
    )
    frame.iloc[:4, 0] = "the very same review"
    assert patterns(frame) == {}


def test_columns_that_are_named_are_compared():
    after = run()
    after["text"] = "changed"
    after["why"] = "changed"
    assert len(neb.compare_runs(run(), after, columns=["label"])) == 0
    assert len(neb.compare_runs(run(), after, columns=["text"])) == COUNT
    plain = run().drop(columns=[c for c in run() if c.startswith("neb_")])
    plain.attrs = {}
    assert list(neb.compare_runs(plain, plain).summary.agreement.index) == ["text", "label", "why"]


@pytest.mark.parametrize(
    ("before", "after", "more", "told"),
    [
        ([1], run(), {}, "before is no frame but a list"),
        (run(), run(index=["a", "a"]), {}, "The index of after names a row more than once"),
        (run(), run(index=["a", "b"]), {}, "no row in common"),
        (run(), run(), {"columns": ["nope"]}, "before has no column 'nope'"),
        (run(), run(), {"columns": []}, "No column is named"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), {}, "no column in common"),
    ],
)
def test_what_cannot_be_compared_says_why(before, after, more, told):
    with pytest.raises(errors.OptionError) as caught:
        neb.compare_runs(before, after, **more)
    assert told in str(caught.value)
    assert caught.value.hint


def test_what_is_made_of_it_is_a_plain_frame(tmp_path):
    changed = neb.compare_runs(run(), run(labels=["good"] * 37 + ["bad"] * 3))
    for made in (changed.head(), changed.copy(), changed.reset_index()):
        assert type(made) is pd.DataFrame
    assert changed.attrs == {}


def test_it_shows_as_small_safe_tables():
    whys = [HOSTILE[n] for n in range(COUNT)]
    labels = ["good"] * 37 + ["bad"] * 3
    bundle = neb.compare_runs(run(), run(labels=labels, whys=whys))._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert "<script" not in bundle["text/html"].lower()
    assert "<img" not in bundle["text/html"]
    assert "<svg" not in bundle["text/html"]
    text = bundle["text/plain"]
    for words in ("40 rows compared · 40 changed (100.0%)", "USD 0.040 before, USD 0.040 after",
                  "one label: good", "first 10 of 40 rows"):  # fmt: skip
        assert words in text
