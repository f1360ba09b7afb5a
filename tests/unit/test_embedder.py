"""`Embedder` in scikit-learn's own hands: cloned, searched over, sent to other processes."""

import joblib
import numpy as np
import pandas as pd
import pytest
from boxes import Box
from sandbox_fixture import start_sandbox
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.utils.validation import check_is_fitted

import nbnebius as neb
from nbnebius import errors

EMBED = "embeddings"
GLAD = ["a lovely kettle", "great lamp, I love it", "wonderful chair", "works great, thank you"]
SORRY = ["broke after a day", "it came damaged", "awful, it broke at once", "a damaged box"]
TEXTS = pd.Series([f"{text} number {n}" for n in range(3) for text in GLAD + SORRY], name="text")
LABELS = (["glad"] * 4 + ["sorry"] * 4) * 3


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    running = start_sandbox(tmp_path_factory.mktemp("box"))
    yield Box(running)
    running.stop()


@pytest.fixture(autouse=True)
def _connected(box, monkeypatch):
    monkeypatch.setenv("NEBIUS_BASE_URL", box.url)
    monkeypatch.setenv("NEBIUS_API_KEY", box.key)


def pipeline():
    return Pipeline([("embed", neb.Embedder(dimensions=128)), ("fit", LogisticRegression())])


def test_a_pipeline_learns_from_texts_and_is_searched_over_without_buying_twice(box):
    before = box.count(EMBED)
    search = GridSearchCV(
        pipeline(), {"embed__dimensions": [64, 128], "fit__C": [0.1, 10]}, cv=3, error_score="raise"
    ).fit(TEXTS, LABELS)
    assert search.best_score_ > 0.8
    assert search.predict(["what a lovely thing"])[0] == "glad"
    sent = box.count(EMBED) - before
    search.fit(TEXTS, LABELS)
    assert box.count(EMBED) - before == sent
    assert cross_val_score(pipeline(), TEXTS, LABELS, cv=3, error_score="raise").mean() > 0.8


def test_folds_are_fitted_in_other_processes_with_their_own_environment(box, tmp_path):
    scores = cross_val_score(pipeline(), TEXTS, LABELS, cv=3, n_jobs=2, error_score="raise")
    assert scores.mean() > 0.8


def test_a_clone_has_the_parameters_and_nothing_learnt():
    made = neb.Embedder("Qwen/Qwen3-Embedding-8B", 32, column="text").set_output(transform="pandas")
    made.fit(TEXTS)
    check_is_fitted(made)
    twin = clone(made)
    assert twin.get_params() == made.get_params() == {
        "model": "Qwen/Qwen3-Embedding-8B",
        "dimensions": 32,
        "column": "text",
        "private": None,
    }  # fmt: skip
    assert not hasattr(twin, "n_features_out_")
    assert isinstance(twin.fit_transform(TEXTS), pd.DataFrame)
    assert twin.set_params(dimensions=16).fit_transform(TEXTS).shape == (24, 16)
    with pytest.raises(errors.OptionError, match="no parameter 'size'"):
        twin.set_params(size=3)


def test_what_is_saved_holds_no_key_and_works_when_it_is_read(tmp_path, box):
    made = pipeline().fit(TEXTS, LABELS)
    joblib.dump(made, tmp_path / "model.joblib")
    assert box.key.encode() not in (tmp_path / "model.joblib").read_bytes()
    read = joblib.load(tmp_path / "model.joblib")
    assert list(read.predict(TEXTS)) == list(made.predict(TEXTS))


def test_the_vectors_are_those_of_embed_whatever_the_texts_come_in():
    frame = pd.DataFrame({"text": TEXTS.to_numpy(), "n": range(24)})
    expected = neb.matrix(neb.embed(TEXTS, dimensions=64))
    made = neb.Embedder(dimensions=64)
    for texts in (TEXTS, TEXTS.tolist(), TEXTS.to_numpy(), TEXTS.to_numpy()[:, None], frame):
        np.testing.assert_array_equal(made.fit_transform(texts), expected)
    assert made.fit(TEXTS).transform(TEXTS).dtype == np.float32
    columns = make_pipeline(
        ColumnTransformer(
            [("text", neb.Embedder(dimensions=64), "text"), ("n", "passthrough", ["n"])]
        )
    ).fit_transform(frame)
    np.testing.assert_allclose(columns[:, :64], expected)


def test_a_frame_with_the_index_comes_out_where_it_is_asked_for():
    import sklearn

    texts = TEXTS.set_axis(range(50, 74))
    made = make_pipeline(neb.Embedder(dimensions=8)).set_output(transform="pandas")
    frame = made.fit_transform(texts)
    assert list(frame.index) == list(texts.index)
    assert list(frame.columns) == list(made.get_feature_names_out())
    assert frame.columns[0] == "embedding0"
    with sklearn.config_context(transform_output="pandas"):
        assert isinstance(neb.Embedder(dimensions=8).fit_transform(texts), pd.DataFrame)
    with pytest.raises(errors.OptionError, match="transform cannot be 'arrow'"):
        neb.Embedder().set_output(transform="arrow")


def test_a_text_without_a_vector_is_an_error_that_names_the_row():
    with pytest.raises(errors.OptionError, match="the first in row 1") as caught:
        neb.Embedder().fit(["a text", "  ", "another"])
    assert "blank" in str(caught.value)


def test_another_size_than_the_one_it_was_fitted_with_is_an_error():
    made = neb.Embedder(dimensions=8).fit(TEXTS)
    with pytest.raises(errors.OptionError, match="fit it again"):
        made.set_params(dimensions=16).transform(TEXTS)
    with pytest.raises(errors.OptionError, match="fit it again"):
        made.transform(TEXTS)
    with pytest.raises(errors.OptionError, match="not fitted"):
        neb.Embedder().get_feature_names_out()


def test_it_shows_itself_and_its_pipeline_without_a_key(box):
    assert repr(neb.Embedder(dimensions=8)) == "Embedder(dimensions=8)"
    assert "Embedder" in repr(pipeline())
    assert box.key not in pipeline()._repr_html_()
