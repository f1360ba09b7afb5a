"""`neb.tasks`: each over real HTTP, with index and order kept, and nothing bought twice."""

import base64
import json

import numpy as np
import pandas as pd
import pytest
from answering import MODELS, Answering, Says, said

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Note
from nbnebius.session.consent import CONFIRM
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.vectors import what_is_left

CHAT, EMBED = "chat/completions", "embeddings"
LINES = [
    "the delivery came late and the parcel was wet",
    "a lovely kettle for a great price",
    "the battery is empty after two hours",
    "the delivery was late, the parcel damaged",
    None,
    "the battery is empty after two hours",
]
FRAME = pd.DataFrame({"text": LINES, "n": range(6)}, index=list("abcdef"))


@pytest.fixture
def at_sandbox(box):
    neb.connect(box.key, box.url)
    return box


@pytest.fixture
def notes(at_sandbox):
    told = []
    session = default_session()
    session.observer = lambda event: told.append(event.text) if isinstance(event, Note) else None
    return told


class Shop:
    """A server whose vectors and answers are functions of the text."""

    def __init__(self, vector, answer=lambda system, prompt: {}):
        self.vector, self.answer = vector, answer
        self.asked, self.systems = [], []

    def __call__(self, seen):
        if seen.path.endswith("/models"):
            priced = {"prompt": "0.000001", "completion": "0.000002"}
            return Says(body={"data": [{**m, "pricing": priced} for m in MODELS["data"]]})
        if seen.path.endswith("/embeddings"):
            texts = seen.json["input"]
            data = [
                {"index": n, "embedding": base64.b64encode(np.float32(self.vector(t))).decode()}
                for n, t in enumerate(texts)
            ]
            return Says(body={"data": data, "usage": {"prompt_tokens": 9, "total_tokens": 9}})
        messages = seen.json["messages"]
        self.systems.append(messages[0]["content"])
        self.asked.append(messages[-1]["content"])
        told = self.answer(messages[0]["content"], messages[-1]["content"])
        return told if isinstance(told, Says) else Says(body=said(json.dumps(told)))


@pytest.fixture
def shop():
    """Open a shop and connect to it; give it back with its servers ended."""
    running = []

    def open_one(vector, answer=lambda system, prompt: {}):
        made = Shop(vector, answer)
        server = Answering(made).__enter__()
        running.append(server)
        neb.connect(None, server.url)
        default_session().observer = lambda event: None
        return made

    yield open_one
    from nbnebius.session import close_default

    close_default()
    for server in running:
        server.__exit__(None, None, None)


# -- questions for each row -----------------------------------------------------------------------


def test_labels_are_a_category_in_the_order_written(at_sandbox):
    found = neb.tasks.classify(FRAME, "text", ["delivery", "battery", "price"])
    assert list(found.index) == list(FRAME.index)
    assert list(found.columns[:3]) == ["text", "n", "label"]
    assert list(found["label"].cat.categories) == ["delivery", "battery", "price"]
    assert list(found["label"].dropna()) == ["delivery", "price", "battery", "delivery", "battery"]
    assert found.loc["e", "neb_status"] == "skipped"
    before = at_sandbox.count(CHAT)
    again = neb.tasks.classify(found, "text", ["delivery", "battery", "price"])
    pd.testing.assert_series_equal(again["label"], found["label"])
    assert at_sandbox.count(CHAT) == before


def test_the_cost_is_told_before_anything_is_sent_and_a_plan_sends_nothing(at_sandbox, notes):
    plan = neb.tasks.classify(FRAME, "text", {"old": "of last year", "new": ""}, plan=True)
    assert (plan.rows, plan.to_send, plan.skipped, plan.duplicates) == (6, 4, 1, 1)
    before = at_sandbox.count(CHAT)
    seen = []
    default_session().observer = lambda event: (
        seen.append((event.text, at_sandbox.count(CHAT))) if isinstance(event, Note) else None
    )
    neb.tasks.classify(FRAME, "text", {"old": "of last year", "new": ""})
    line, sent = seen[0]
    assert sent == before
    assert line.startswith("classify: 6 rows, 4 requests to ")
    assert "tokens in" in line
    assert "USD" in line
    assert "estimate" in line


def test_above_the_threshold_somebody_has_to_agree_before_it(at_sandbox, monkeypatch):
    monkeypatch.setenv(CONFIRM, "0.0000001")
    before = len(at_sandbox.requests(state=None))
    for task in (
        lambda: neb.tasks.summarize(FRAME, words=7),
        lambda: neb.tasks.cluster(FRAME, "text", dimensions=96),
        lambda: neb.tasks.dedupe(FRAME, "text", dimensions=97),
    ):
        with pytest.raises(errors.OptionError, match="nobody can be asked"):
            task()
    sent = at_sandbox.requests()[before:]
    assert not [one for one in sent if one["path"].endswith((CHAT, EMBED))]
    assert len(neb.tasks.summarize(FRAME, words=7, budget=0.5, max_tokens=50)) == 6


def test_several_labels_are_lists(at_sandbox):
    found = neb.tasks.classify(FRAME["text"], None, ["delivery", "battery"], multi=True)
    assert set(found.loc["a", "label"]) <= {"delivery", "battery"}


BAD_LABELS = {
    "are no labels": [],
    "is one label": ["good"],
    "are too much alike": ["good", "bad", "Good "],
    "cannot be 3": ["good", 3],
    "cannot be ''": ["good", "  "],
    "it takes a list": "good",
}


@pytest.mark.parametrize(("message", "labels"), BAD_LABELS.items(), ids=BAD_LABELS)
def test_labels_that_make_no_choice_are_refused(at_sandbox, message, labels):
    with pytest.raises(errors.OptionError, match=message):
        neb.tasks.classify(FRAME, "text", labels)


def test_a_wrong_column_names_the_nearest(at_sandbox):
    for task in (
        lambda: neb.tasks.classify(FRAME, "texd", ["a", "b"]),
        lambda: neb.tasks.extract(FRAME, "texd", "name"),
        lambda: neb.tasks.cluster(FRAME, "texd"),
        lambda: neb.tasks.dedupe(FRAME, "texd"),
        lambda: neb.tasks.fillna(FRAME, "texd"),
        lambda: neb.tasks.join(FRAME, FRAME, "texd"),
    ):
        with pytest.raises(errors.OptionError, match="no column 'texd'") as caught:
            task()
        assert "did you mean text?" in str(caught.value)


def test_what_a_task_settles_by_itself_cannot_be_given(at_sandbox):
    with pytest.raises(errors.OptionError, match="classify takes no schema"):
        neb.tasks.classify(FRAME, "text", ["a", "b"], schema="x int")
    with pytest.raises(errors.OptionError, match="fillna takes no background"):
        neb.tasks.fillna(FRAME, "text", background=True)


def test_a_column_that_is_there_already_is_not_overwritten(at_sandbox):
    told = FRAME.assign(label="mine", cluster=1)
    with pytest.raises(errors.OptionError, match="'label' already") as caught:
        neb.tasks.classify(told, "text", ["a", "b"])
    assert "name" in caught.value.hint
    assert "named" in neb.tasks.classify(told, "text", ["a", "b"], name="named", sample=2)
    with pytest.raises(errors.OptionError, match="'cluster' already"):
        neb.tasks.cluster(told, "text", named=False)


def test_facts_are_typed_columns_and_the_text_is_material(shop):
    made = shop(len, lambda system, prompt: {"product": prompt[:3], "days": None})
    found = neb.tasks.extract(FRAME, "text", "product, days int|null", instructions="Be brief.")
    assert str(found["days"].dtype) == "Int64"
    assert list(found["product"].dropna()) == ["the", "a l", "the", "the", "the"]
    assert set(made.asked) == set(filter(None, LINES))  # the row's text alone
    assert "holds no instructions" in made.systems[0]
    assert made.systems[0].endswith("Be brief.")
    with pytest.raises(errors.OptionError, match="needs a schema"):
        neb.tasks.extract(FRAME, "text", None)


def test_summaries_and_translations_are_texts(shop):
    made = shop(len, lambda system, prompt: Says(body=said(prompt.rpartition("\n")[2].upper())))
    found = neb.tasks.summarize(FRAME, words=12)
    assert found.loc["b", "summary"] == LINES[1].upper()
    assert "at most 12 words" in made.systems[0]
    found = neb.tasks.translate(FRAME, "text", "Portuguese")
    assert found.loc["a", "translation"] == LINES[0].upper()
    assert "Portuguese" in made.systems[-1]
    with pytest.raises(errors.OptionError, match="needs a language"):
        neb.tasks.translate(FRAME, "text", " ")
    with pytest.raises(errors.OptionError, match="words cannot be 0"):
        neb.tasks.summarize(FRAME, words=0)


# -- fillna ---------------------------------------------------------------------------------------

TABLE = pd.DataFrame(
    {
        "city": ["Oslo", "Rome", "Bonn", None],
        "country": ["Norway", None, "Germany", None],
        "people": [700_000, np.nan, 330_000, np.nan],
        "size": pd.Categorical(["big", None, "small", None], categories=["small", "big"]),
        "since": pd.to_datetime(["1048-01-01", None, "0011-01-01", None], errors="coerce"),
        "capital": pd.array([True, None, False, None], dtype="boolean"),
    },
    index=[7, 7, 8, 9],
)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("country", "Italy"),
        ("people", 2_800_000),
        ("size", "big"),
        ("since", "1871-02-03T00:00:00Z"),
        ("capital", True),
    ],
)
def test_missing_values_are_filled_in_and_the_column_keeps_its_dtype(shop, column, value):
    made = shop(len, lambda system, prompt: {"value": value})
    found = neb.tasks.fillna(TABLE, column, by=["city"])
    assert list(found.index) == [7, 7, 8, 9]
    assert found[column].dtype == TABLE[column].dtype
    expected = pd.Timestamp("1871-02-03") if column == "since" else value
    assert found[column].iloc[1] == expected
    kept = TABLE[column].notna().to_numpy()
    assert list(found[column][kept]) == list(TABLE[column][kept])
    assert pd.isna(found[column].iloc[3])  # a row that says nothing is not asked
    assert list(found["neb_status"]) == ["skipped", "ok", "skipped", "skipped"]
    assert made.asked == ["city: Rome"]
    assert "city: Oslo" in made.systems[0]  # a complete row, as an example
    assert TABLE[column].isna().sum() == 2  # what was given is as it was


def test_what_cannot_be_told_stays_missing(shop):
    shop(len, lambda system, prompt: {"value": None})
    found = neb.tasks.fillna(TABLE, "country")
    assert found["country"].isna().sum() == 2
    assert found["neb_status"].iloc[1] == "ok"


def test_a_budget_that_ends_leaves_what_is_filled_in(shop):
    shop(len, lambda system, prompt: {"value": prompt[-1]})
    table = pd.DataFrame({"a": [f"row {n}" for n in range(40)], "b": ["x"] + [None] * 39})
    with pytest.raises(errors.BudgetReached) as caught:
        neb.tasks.fillna(table, "b", budget=0.002, max_tokens=300, concurrency=1)
    frame = caught.value.frame
    assert list(frame.columns[:2]) == ["a", "b"]
    assert 1 < frame["b"].notna().sum() < 40


def test_a_column_without_any_value_and_a_frame_without_others_are_refused(at_sandbox):
    with pytest.raises(errors.OptionError, match="No row has a value"):
        neb.tasks.fillna(FRAME.assign(x=None), "x")
    with pytest.raises(errors.OptionError, match="no other column"):
        neb.tasks.fillna(FRAME[["text"]], "text")


# -- clusters -------------------------------------------------------------------------------------

TOPICS = {"cat": [1, 0, 0.0], "tax": [0, 1, 0.0], "sea": [0, 0, 1.0]}


def topic_vector(text):
    """Give a vector of a text's first word, moved a little by the rest."""
    rest = sum(text.encode()) % 7 / 100
    return [part + rest for part in TOPICS[text.split()[0]]]


TALK = pd.DataFrame(
    {"line": [f"{topic} {n}" for n in range(7) for topic in TOPICS][:-3]}, index=range(100, 118)
)


def test_rows_are_grouped_and_the_groups_named_by_the_texts_nearest_to_them(shop):
    made = shop(topic_vector, lambda system, prompt: {"topic": f"about {prompt.split()[1]}"})
    found = neb.tasks.cluster(TALK)
    assert list(found.index) == list(TALK.index)
    assert list(found["cluster_name"]) == [f"about {line.split()[0]}" for line in TALK["line"]]
    assert found.groupby("cluster_name", observed=True)["cluster"].nunique().eq(1).all()
    assert found["cluster_score"].between(0.9, 1).all()
    assert len(made.asked) == 3
    again = neb.tasks.cluster(found)  # its vectors are there, its names are kept
    pd.testing.assert_series_equal(again["cluster_name"], found["cluster_name"])
    assert len(made.asked) == 3


def test_no_two_clusters_have_one_name(shop):
    made = shop(topic_vector, lambda system, prompt: {"topic": "Things"})
    names = neb.tasks.cluster(TALK, k=3)["cluster_name"].cat.categories
    assert sorted(names) == ["Things", "Things 2", "Things 3"]
    assert any("These names are taken" in system for system in made.systems)


def test_a_name_that_is_taken_is_asked_for_anew(shop):
    def answer(system, prompt):
        return {"topic": prompt.split()[1] if "taken" in system else "Things"}

    shop(topic_vector, answer)
    names = set(neb.tasks.cluster(TALK, k=3)["cluster_name"].cat.categories)
    assert "Things" in names
    assert len(names) == 3
    assert names - {"Things"} < set(TOPICS)


def test_where_naming_fails_the_clusters_are_there(shop):
    shop(topic_vector, lambda system, prompt: Says(401, {"error": {"message": "no"}}))
    with pytest.raises(errors.NebiusError) as caught:
        neb.tasks.cluster(TALK, k=3)
    assert set(caught.value.frame["cluster"]) == {0, 1, 2}


def test_clusters_come_without_names_and_without_a_chat_model(shop):
    made = shop(topic_vector)
    frame = neb.embed(TALK)
    found = neb.tasks.cluster(frame, k=3, named=False)
    assert "cluster_name" not in found
    assert found.attrs["nbnebius"]["model"] == frame.attrs["nbnebius"]["model"]
    assert not made.asked
    neb.search(found, "cat 1", k=1)  # it can still be searched


def test_a_row_without_a_text_is_in_no_cluster(at_sandbox):
    found = neb.tasks.cluster(FRAME, "text", k=2)
    assert found.loc["e", ["cluster", "cluster_name", "cluster_score"]].isna().all()
    assert list(found["cluster_name"].isna()) == [False] * 4 + [True, False]


def test_a_plan_of_clusters_tells_both_steps_and_sends_nothing(at_sandbox):
    before = at_sandbox.count(EMBED), at_sandbox.count(CHAT)
    plan = neb.tasks.cluster(FRAME, "text", dimensions=100, plan=True)
    assert list(plan.df["step"]) == ["embed", "name the clusters, at most 6"]
    assert plan.df["requests"].iloc[0] == 4
    assert plan.cost > 0
    assert "Nothing was sent" in repr(plan)
    assert (at_sandbox.count(EMBED), at_sandbox.count(CHAT)) == before


def test_more_clusters_than_there_are_different_rows_are_refused(at_sandbox):
    same = pd.DataFrame({"text": ["one", "one", "two"]})
    with pytest.raises(errors.OptionError, match="2 different vectors, and k is 3"):
        neb.tasks.cluster(same, k=3)
    for k in (0, 1.5, True):
        with pytest.raises(errors.OptionError, match="k cannot be"):
            neb.tasks.cluster(same, k=k)


def test_a_budget_that_a_step_used_up_is_still_a_budget_for_the_next():
    frame = pd.DataFrame({"neb_cost": [0.25, 0.25]})
    assert what_is_left(None, frame) is None
    assert what_is_left(0.75, frame) == 0.25
    assert 0 < what_is_left(0.5, frame) < 1e-8


def test_a_budget_that_the_vectors_may_exceed_sends_nothing(at_sandbox):
    before = at_sandbox.count(EMBED)
    with pytest.raises(errors.OptionError, match="may cost"):
        neb.tasks.cluster(FRAME, "text", dimensions=101, budget=1e-9)
    assert at_sandbox.count(EMBED) == before
    neb.tasks.cluster(FRAME, "text", dimensions=101, budget=0.1)
    neb.tasks.dedupe(FRAME, "text", dimensions=101, budget=1e-9)  # what is kept costs nothing


# -- near duplicates ------------------------------------------------------------------------------


def test_the_first_of_near_duplicates_stays(at_sandbox):
    found = neb.tasks.dedupe(FRAME, "text", 0.5)
    assert list(found.index) == ["a", "b", "c", "e"]
    pairs = neb.tasks.dedupe(FRAME, "text", 0.5, pairs=True)
    assert [tuple(row) for row in pairs[["first", "repeats"]].to_numpy()] == [
        ("c", "f"),
        ("a", "d"),
    ]
    assert pairs["score"].iloc[0] == pytest.approx(1)
    assert 0.5 <= pairs["score"].iloc[1] < 1
    assert pairs["repeats_text"].iloc[1] == LINES[3]
    vectors = neb.embed(FRAME)
    assert list(neb.tasks.dedupe(vectors, threshold=1.0).index) == list("abcde")


@pytest.mark.parametrize("threshold", [0, 1.1, -1, "0.9", True])
def test_a_threshold_is_a_cosine(at_sandbox, threshold):
    with pytest.raises(errors.OptionError, match="threshold cannot be"):
        neb.tasks.dedupe(FRAME, "text", threshold)


# -- join -----------------------------------------------------------------------------------------


def test_frames_are_joined_where_the_model_says_that_they_belong_together(shop):
    left = pd.DataFrame({"line": ["cat 1", "sea 2", "tax 3"], "n": [1, 2, 3]}, index=list("xyz"))
    right = pd.DataFrame({"name": ["tax 33", "cat 11", "cat 12"], "n": [10, 20, 30]})

    def answer(system, prompt):
        first, second = (part.split()[1:] for part in prompt.split("\n\n"))
        return {"value": first[0] == second[0] and "12" not in second}

    made = shop(topic_vector, answer)
    plan = neb.tasks.join(left, right, ("line", "name"), k=2, plan=True)
    assert list(plan.df["requests"]) == [3, 3, 6]
    assert not made.asked
    found = neb.tasks.join(left, right, ("line", "name"), "they are of one topic", k=2)
    assert len(made.asked) == 6
    assert "they are of one topic" in made.systems[0]
    assert list(found.index) == ["x", "z"]
    assert list(found.columns[:5]) == ["line", "n_left", "name", "n_right", "score"]
    assert list(found["name"]) == ["cat 11", "tax 33"]
    assert (found["neb_status"] == "ok").all()
    whole = neb.tasks.join(left, right, ("line", "name"), "they are of one topic", k=2, how="left")
    assert list(whole.index) == ["x", "y", "z"]
    assert whole.loc["y", ["name", "n_right", "score"]].isna().all()
    assert len(made.asked) == 6  # judged already


def test_a_join_that_makes_no_sense_is_refused(at_sandbox):
    for options, message in (
        ({"k": 0}, "k cannot be 0"),
        ({"how": "outer"}, "how cannot be 'outer'"),
        ({"condition": " "}, "condition is empty"),
        ({"on": ("a", "b", "c")}, "on cannot be"),
        ({"background": True}, "background"),
    ):
        with pytest.raises(errors.OptionError, match=message):
            neb.tasks.join(FRAME, FRAME, **{"on": "text", **options})
    with pytest.raises(errors.OptionError, match="holds vectors"):
        neb.tasks.join(neb.embed(FRAME), FRAME, ("embedding", "text"))


INDEXES = {
    "equal labels": pd.Index([7] * 6),
    "two levels": pd.MultiIndex.from_product([["a", "b"], [1, 1, 2]]),
    "times": pd.date_range("2026-01-01", periods=6),
}


@pytest.mark.parametrize("index", INDEXES.values(), ids=INDEXES)
def test_index_order_and_the_users_columns_stay_in_every_task(at_sandbox, index):
    frame = FRAME.set_axis(index).rename(columns={"n": 3})
    frame["kind"] = ["x", None, "y", None, "x", "y"]
    before = frame.copy()
    for found in (
        neb.tasks.classify(frame, "text", ["delivery", "battery"]),
        neb.tasks.cluster(frame, "text", k=2),
        neb.tasks.fillna(frame[["text", 3]], 3),
        neb.tasks.fillna(frame, "kind", by=["text"]),
    ):
        pd.testing.assert_index_equal(found.index, index)
        assert list(found["text"].dropna()) == list(frame["text"].dropna())
        assert list(found[3]) == list(range(6))
    pd.testing.assert_index_equal(neb.tasks.dedupe(frame, "text").index, index[:5])
    pd.testing.assert_frame_equal(frame, before)


def test_numbers_as_names_of_columns_work(at_sandbox):
    frame = pd.DataFrame({0: LINES, 1: [1, None, 3, 4, 5, 6]})
    assert "label" in neb.tasks.classify(frame, 0, ["delivery", "battery"])
    assert "cluster_name" in neb.tasks.cluster(frame, 0, k=2)
    assert neb.tasks.fillna(frame, 1, by=[0])[1].dtype == "float64"


def test_a_job_in_the_background_gives_the_same_frame(at_sandbox):
    job = neb.tasks.classify(FRAME, "text", ["delivery", "battery"], background=True)
    pd.testing.assert_series_equal(
        job.wait(60)["label"], neb.tasks.classify(FRAME, "text", ["delivery", "battery"])["label"]
    )
    for options in ({"background": True}, {"sample": 2}):
        with pytest.raises(errors.OptionError, match="cluster takes no"):
            neb.tasks.cluster(FRAME, "text", **options)


def test_tasks_that_compare_all_rows_take_no_dask_frame(at_sandbox):
    import dask.dataframe as dd

    lazy = dd.from_pandas(FRAME.reset_index(), npartitions=2)
    with pytest.raises(errors.OptionError, match="takes no Dask frame"):
        neb.tasks.cluster(lazy, "text")
    found = neb.tasks.classify(lazy, "text", ["delivery", "battery"])
    assert str(found["label"].dtype) == "category"
