"""Search in frames of vectors, with questions that the sandbox embeds."""

import numpy as np
import pandas as pd
import pytest

import nbnebius as neb
from nbnebius import errors

TEXTS = [
    "the battery lasts two days",
    "a cat sleeps on the warm sofa",
    "the parcel came three days late",
    "cats and dogs are asleep",
    None,
]
FRAME = pd.DataFrame({"text": TEXTS}, index=list("abcde"))
EMBED = "embeddings"


@pytest.fixture
def session(at_box):
    return at_box()


@pytest.fixture
def vectors(session):
    return session.embed(FRAME)


def test_the_nearest_rows_come_best_first_with_index_columns_and_score(session, vectors):
    found = session.search(vectors, "a cat on the sofa", k=2)
    assert found.index[0] == "b"
    assert list(found.columns) == [*vectors.columns, "score"]
    assert found["score"].is_monotonic_decreasing
    assert found.attrs["nbnebius"] == vectors.attrs["nbnebius"]
    query = neb.matrix(session.embed(["a cat on the sofa"]))[0]
    block = neb.matrix(vectors)[:4]
    cosines = block @ query / np.linalg.norm(block, axis=1) / np.linalg.norm(query)
    np.testing.assert_allclose(found["score"], np.sort(cosines)[::-1][:2], atol=1e-5)
    assert "score" not in vectors.columns


def test_rows_without_a_vector_are_never_found(session, vectors):
    assert sorted(session.search(vectors, "cat", k=100).index) == list("abcd")


def test_a_question_asked_again_is_free(box, session, vectors):
    session.search(vectors, "which animals sleep?")
    before = box.count(EMBED)
    session.search(vectors, "which animals sleep?", k=1)
    assert box.count(EMBED) == before


def test_several_questions_stand_beside_their_rows(session, vectors):
    found = session.search(vectors, ["the battery", "a cat"], k=2)
    assert list(found["query"]) == ["the battery"] * 2 + ["a cat"] * 2
    assert found.index[0] == "a"
    one = session.search(vectors, "a cat", k=2)
    assert list(found.index[2:]) == list(one.index)


def test_a_vector_finds_itself_without_a_request(box, session, vectors):
    before = box.count(EMBED)
    for query in (vectors["embedding"]["c"], vectors["embedding"]["c"].tolist()):
        found = session.search(vectors, query, k=1)
        assert list(found.index) == ["c"]
        assert found["score"].iloc[0] == pytest.approx(1, abs=1e-6)
    assert box.count(EMBED) == before


def test_a_prefix_is_embedded_with_the_question(session, vectors):
    plain = session.search(vectors, "cat", k=4)
    prefixed = session.search(vectors, "cat", k=4, query_prefix="the parcel came ")
    assert list(plain["score"]) != list(prefixed["score"])
    assert prefixed.index[0] == "c"


def test_shortened_vectors_are_searched_with_a_question_as_short(box, session):
    vectors = session.embed(FRAME, dimensions=64)
    before = box.count(EMBED)
    assert session.search(vectors, "a cat on the sofa", k=1).index[0] == "b"
    assert box.count(EMBED) == before + 1


def test_a_frame_that_forgot_its_model_asks_for_it(session, vectors):
    model = vectors.attrs["nbnebius"]["model"]
    short = session.embed(FRAME, dimensions=64)
    for frame in (vectors, short):
        bare = pd.DataFrame({"embedding": [*frame["embedding"]]})
        with pytest.raises(errors.OptionError, match="which model"):
            session.search(bare, "a cat on the sofa")
        assert session.search(bare, "a cat on the sofa", model=model, k=1).index[0] == 1


def test_another_model_is_refused_and_both_are_named(session, vectors):
    model = vectors.attrs["nbnebius"]["model"]
    with pytest.raises(errors.OptionError, match=f"(?s){model}.*other-model"):
        session.search(vectors, "cat", model="other-model")


def test_a_part_of_the_frame_in_another_order_is_searched_as_it_is(session, vectors):
    part = vectors.iloc[[3, 1, 0]]
    assert session.search(part, "a cat on the warm sofa", k=1).index[0] == "b"
    assert set(session.search(part, "the parcel", k=9).index) == {"a", "b", "d"}


@pytest.mark.parametrize(
    ("change", "query", "options", "says"),
    [
        (None, "cat", {"k": 0}, "k cannot be 0"),
        (None, "cat", {"k": 1.5}, "k cannot be 1.5"),
        (None, "  ", {}, "blank"),
        (None, [], {}, "neither text nor a vector"),
        (None, 5, {}, "cannot be searched for"),
        (None, [1.0, 2.0], {}, "2 dimensions"),
        (None, np.zeros, {}, "no direction"),
        (None, "cat", {"column": "vektor"}, "no column 'vektor'"),
        (lambda frame: frame["text"], "cat", {}, "no frame"),
        (lambda frame: frame.drop(columns="embedding"), "cat", {}, "no column 'embedding'"),
        (lambda frame: frame.tail(1), "cat", {}, "no vector"),
        (lambda frame: frame.astype({"embedding": str}), "cat", {}, "CSV"),
    ],
)
def test_what_cannot_be_searched_is_said_in_words(session, vectors, change, query, options, says):
    frame = change(vectors) if change else vectors
    if callable(query):
        query = query(vectors.attrs["nbnebius"]["dimensions"])
    with pytest.raises(errors.OptionError, match=says):
        session.search(frame, query, **options)


def test_vectors_of_another_size_are_named_with_both_sizes(session, vectors):
    strange = pd.DataFrame({"embedding": [np.ones(5_000, np.float32)]})
    model, width = (vectors.attrs["nbnebius"][name] for name in ("model", "dimensions"))
    with pytest.raises(errors.OptionError, match=rf"{width} dimensions.* 5000"):
        session.search(strange, "cat", model=model)


def test_a_block_with_missing_rows_is_still_not_copied(vectors):
    block = neb.matrix(vectors)
    assert block is vectors["embedding"].iloc[0].base
    assert np.isnan(block[4]).all()
    turned = neb.matrix(vectors.iloc[::-1])
    np.testing.assert_array_equal(turned, block[::-1])
