"""Embeddings through a session: each text bought once, in order, whatever it comes in."""

import base64
import signal
import sqlite3
import threading
from contextlib import closing

import anyio
import numpy as np
import pandas as pd
import pytest
from answering import MODELS, Answering, Says

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Progress
from nbnebius.session import Caller
from nbnebius.settings import home
from nbnebius.work.embed import GROUP_TEXTS
from nbnebius.work.embed_buyer import AT_ONCE

EMBED = "embeddings"


def vector_of(text):
    """Give a small vector that tells its text."""
    return [float(len(text)), float(sum(text.encode()) % 97), 1.0]


class Embedder:
    """A server that refuses any group with a marked text, and counts what it sold."""

    def __init__(self, marked="poison", dimensions=3):
        self.sold = []
        self.marked = marked
        self.dimensions = dimensions

    def __call__(self, seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        texts = seen.json["input"]
        if any(self.marked in text for text in texts):
            return Says(400, {"error": {"message": "one of the inputs is too long"}})
        self.sold += texts
        data = [
            {
                "index": n,
                "embedding": base64.b64encode(
                    np.array(vector_of(text)[: self.dimensions], "<f4").tobytes()
                ).decode(),
            }
            for n, text in enumerate(texts)
        ]
        used = sum(len(text) for text in texts)
        return Says(body={"data": data, "usage": {"prompt_tokens": used, "total_tokens": used}})


@pytest.fixture
def seller():
    return Embedder()


@pytest.fixture
def session(seller, opened):
    with Answering(seller) as server:
        yield opened(server.url)


def test_each_distinct_text_is_bought_once_across_calls_and_sessions(seller, opened):
    with Answering(seller) as server:
        first = opened(server.url).embed(["a", "b", "a"])
        again = opened(server.url)
        second = again.embed(["b", "c", "a", "b"])
        again.embed(["a", "b", "c"])
    assert sorted(seller.sold) == ["a", "b", "c"]
    assert list(second["neb_cost"].isna()) == [False, True, False, False]
    np.testing.assert_array_equal(second["embedding"][2], first["embedding"][0])
    for frame, texts in ((first, "aba"), (second, "bcab")):
        expected = np.array([vector_of(text) for text in texts], np.float32)
        np.testing.assert_array_equal(neb.matrix(frame), expected)


def test_another_model_or_size_is_bought_anew(seller, session):
    for more in ({}, {"dimensions": 2}, {"model": "embedder-2"}, {}):
        session.embed(["a"], **more)
    assert seller.sold == ["a", "a", "a"]


def test_order_index_and_columns_are_kept(session):
    frame = pd.DataFrame({"n": [1, 2, 3], "review": ["x", "yy", "zzz"]}, index=[7, 7, 2])
    frame.attrs["mine"] = "stays"
    found = session.embed(frame)
    assert list(found.columns) == [
        *("n", "review", "embedding", "neb_status", "neb_error", "neb_tokens", "neb_cost")
    ]
    assert list(found.index) == [7, 7, 2]
    assert [v[0] for v in found["embedding"]] == [1, 2, 3]
    assert found.attrs["mine"] == "stays"
    assert found.attrs["nbnebius"] == {"model": "embedder", "dimensions": 3}
    assert list(frame.columns) == ["n", "review"]


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA, pd.NaT, np.nan, "", "  \n"])
def test_what_is_missing_or_blank_is_skipped(seller, session, missing):
    found = session.embed(["a", missing, "b"])
    assert list(found["neb_status"]) == ["ok", "skipped", "ok"]
    assert seller.sold == ["a", "b"]
    assert np.isnan(found["embedding"][1])
    assert np.isnan(neb.matrix(found)[1]).all()
    assert found["neb_error"].isna().all()


def test_nothing_but_blanks_sends_nothing(seller, session):
    found = session.embed(["", None])
    assert list(found["neb_status"]) == ["skipped", "skipped"]
    assert seller.sold == []


def test_one_bad_text_does_not_cost_the_others(seller, session):
    texts = [f"text {n}" for n in range(40)]
    texts[17] = "poison"
    found = session.embed(texts)
    assert sorted(seller.sold) == sorted(t for t in texts if t != "poison")
    assert list(found["neb_status"]) == ["failed" if t == "poison" else "ok" for t in texts]
    assert "poison" not in str(found["neb_error"][17])
    assert pd.notna(found["neb_error"][17])
    session.embed(texts)
    assert len(seller.sold) == 39


def test_nothing_at_all_is_an_error(session):
    with pytest.raises(errors.BadRequestError):
        session.embed(["poison"])


def test_rows_are_views_of_one_block_and_matrix_copies_nothing(session):
    found = session.embed([f"text {n}" for n in range(300)])
    block = neb.matrix(found)
    assert block.shape == (300, 3)
    assert block.dtype == np.float32
    for row, vector in enumerate(found["embedding"]):
        assert vector.base is block
        assert np.shares_memory(vector, block[row])
    assert neb.matrix(found) is block


def test_a_private_text_is_kept_nowhere_and_bought_each_time(seller, session):
    canary = "the canary sang forty-two notes"
    for _ in range(2):
        session.embed([canary], private=True)
    assert seller.sold == [canary] * 2
    for file in home().rglob("*"):
        assert file.is_dir() or canary.encode() not in file.read_bytes()
    with closing(sqlite3.connect(home() / "journal.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM vectors").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM bodies").fetchone() == (0,)


def test_tokens_and_money_are_shared_out_and_add_up(at_box):
    found = at_box().embed(["one", "two words", "one", "three little words"])
    session = at_box()
    spent = session.spent()
    tokens = found["neb_tokens"]
    assert tokens[0] == tokens[2]
    assert tokens.drop(2).sum() == pytest.approx(spent.tokens)
    assert found["neb_cost"].sum() == pytest.approx(spent.cost)
    assert found["neb_cost"][2] == 0
    assert session.embed(["one"])["neb_cost"].sum() == 0


def test_the_sandbox_is_asked_once(box, at_box):
    before = box.count(EMBED)
    at_box().embed(["a", "b"])
    at_box().embed(["b", "a"])
    assert box.count(EMBED) == before + 1


# -- nothing that was paid for is lost ---------------------------------------------------------


def test_vectors_of_a_call_that_was_interrupted_after_its_answer_are_found_again(seller, opened):
    from nbnebius.events import Intent, Outcome
    from nbnebius.journal import own_key
    from nbnebius.types.json import to_json

    with Answering(seller) as server:
        session = opened(server.url)
        session.embed(["known"])
        body = {"model": "embedder", "input": ["lost", "and found"]}
        seen = type("Seen", (), {"path": "/v1/embeddings", "json": body})
        answer = to_json(seller(seen).body)

        async def leave_behind():
            service = server.url.removesuffix("/v1/")
            intent = Intent(own_key(), "embedding", service, "embedder", to_json(body))
            record = await session.journal.sending(intent, 1)
            await session.journal.ended(record, Outcome("done", 200, body=answer))

        anyio.run(leave_behind)
        seller.sold.clear()
        found = opened(server.url).embed(["and found", "lost", "new"])
    assert seller.sold == ["new"]
    expected = [vector_of(text) for text in ("and found", "lost", "new")]
    np.testing.assert_array_equal(neb.matrix(found), np.array(expected, np.float32))


class Gate:
    """A seller whose groups after the first wait at a gate; the first vectors interrupt."""

    def __init__(self, seller, interrupts):
        self.seller = seller
        self.opens = threading.Event()
        self.waiting = threading.Semaphore(0)
        self.interrupts = interrupts
        self.interrupted = 0

    def __call__(self, seen):
        if seen.path.endswith("embeddings") and "text 0" not in seen.json["input"]:
            self.waiting.release()
            self.opens.wait()
        return self.seller(seen)

    def see(self, event):
        if isinstance(event, Progress) and event.done and not self.interrupted:
            for _ in range(AT_ONCE):
                self.waiting.acquire()  # every worker has a group under way again
            self._interrupt()

    def tick(self):
        """Once the first interrupt was answered by waiting on, interrupt again or let all land."""
        if self.interrupted and self.interrupted < self.interrupts:
            self._interrupt()
        elif self.interrupted:
            self.opens.set()

    def _interrupt(self):
        self.interrupted += 1
        signal.raise_signal(signal.SIGINT)


def interrupted(seller, opened, interrupts):
    """Embed many texts and interrupt; give the error, the server and a new session's frame."""
    texts = [f"text {n}" for n in range(GROUP_TEXTS * (AT_ONCE + 3))]
    gate = Gate(seller, interrupts)
    with Answering(gate) as server:
        with pytest.raises(errors.Stopped) as raised:
            opened(server.url).embed(texts, caller=Caller(see=gate.see, tick=gate.tick))
        gate.opens.set()
        sent = len(server.asked(EMBED))
        new = opened(server.url)
        spent = new.spent()
        found = new.embed(texts)
        again = [t for seen in server.asked(EMBED)[sent:] for t in seen.json["input"]]
    assert (found["neb_status"] == "ok").all()
    return raised.value.frame, spent, sent, again


def test_a_first_interrupt_sends_no_more_and_lets_what_is_paid_for_land(seller, opened):
    frame, spent, sent, again = interrupted(seller, opened, 1)
    counts = frame["neb_status"].value_counts()
    assert sent == AT_ONCE + 1
    assert counts["ok"] == sent * GROUP_TEXTS
    assert counts["ok"] + counts["unsent"] == len(frame)
    assert (spent.calls, spent.doubtful) == (sent, 0)
    assert sorted(again) == sorted(frame["text"][frame["neb_status"] == "unsent"])
    there = frame["neb_status"] == "ok"
    expected = [vector_of(text) for text in frame["text"][there]]
    np.testing.assert_array_equal(neb.matrix(frame)[there], np.array(expected, np.float32))
    assert frame["embedding"][~there].isna().all()


def test_a_second_interrupt_cancels_and_marks_what_was_under_way(seller, opened):
    frame, spent, sent, again = interrupted(seller, opened, 2)
    counts = frame["neb_status"].value_counts()
    assert counts["ok"] == GROUP_TEXTS
    assert counts["possibly_paid"] == (sent - 1) * GROUP_TEXTS
    assert (spent.calls, spent.doubtful) == (1, sent - 1)
    assert sorted(again) == sorted(frame["text"][frame["neb_status"] != "ok"])


@pytest.mark.parametrize("status", [413, 400])
def test_a_batch_that_is_too_large_is_halved_and_the_next_ones_are_small_from_the_start(
    seller, opened, status
):
    def limited(seen):
        if seen.path.endswith("embeddings") and len(seen.json["input"]) > 32:
            return Says(status, {"error": {"message": "too many inputs: at most 32"}})
        return seller(seen)

    texts = [f"text {n}" for n in range(GROUP_TEXTS * AT_ONCE * 3)]
    with Answering(limited) as server:
        found = opened(server.url).embed(texts)
        refused = [s for s in server.asked(EMBED) if len(s.json["input"]) > 32]
    assert (found["neb_status"] == "ok").all()
    assert sorted(seller.sold) == sorted(texts)
    # of three rounds of groups only the first had to learn it: whole, then in halves
    assert len(refused) <= 3 * AT_ONCE


def test_where_every_text_is_refused_most_are_not_even_sent(opened):
    def refusing(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        return Says(400, {"error": {"message": "dimensions are not supported"}})

    with Answering(refusing) as server:
        with pytest.raises(errors.BadRequestError, match="dimensions"):
            opened(server.url).embed([f"text {n}" for n in range(2_000)], dimensions=7)
        assert len(server.asked(EMBED)) < 200


def test_a_key_that_ends_is_said_and_the_rest_is_bought_with_the_next_one(seller, opened):
    expired = True

    def expiring(seen):
        if seen.path.endswith("embeddings") and seller.sold and expired:
            return Says(401, {"error": {"message": "expired"}})
        return seller(seen)

    texts = [f"text {n}" for n in range(GROUP_TEXTS * 40)]
    with Answering(expiring) as server:
        with pytest.raises(errors.AuthenticationError) as caught:
            opened(server.url).embed(texts)
        assert len(server.asked(EMBED)) <= 2 * AT_ONCE
        counts = caught.value.frame["neb_status"].value_counts()
        assert counts["ok"] >= GROUP_TEXTS
        assert counts["ok"] + counts["unsent"] == len(texts)
        expired = False
        found = opened(server.url).embed(texts)
    assert (found["neb_status"] == "ok").all()
    assert len(seller.sold) == len(texts)


def test_half_a_character_fails_alone(seller, session):
    found = session.embed(["a", "half \ud83d", "b"])
    assert list(found["neb_status"]) == ["ok", "failed", "ok"]
    assert sorted(seller.sold) == ["a", "b"]


def test_many_kept_vectors_are_read_in_slices_and_equal_texts_share_theirs(seller, session):
    texts = [f"text {n % 6_000}" for n in range(9_000)]
    first = neb.matrix(session.embed(texts))
    sold = len(seller.sold)
    second = session.embed(texts[::-1])
    assert sold == len(seller.sold) == 6_000
    np.testing.assert_array_equal(neb.matrix(second), first[::-1])
    assert second["neb_cost"].sum() == 0


def test_vectors_of_another_size_than_the_rest_fail_alone(opened):
    class Changing(Embedder):
        def __call__(self, seen):
            self.dimensions = 2 if self.sold else 3
            return super().__call__(seen)

    with Answering(Changing()) as server:
        session = opened(server.url)
        session.embed(["first"])
        found = session.embed(["first", "second"])
    assert list(found["neb_status"]) == ["ok", "failed"]
    assert "dimensions" in found["neb_error"][1]


def test_a_kept_vector_of_another_size_is_bought_anew_once(opened):
    class Shrunken(Embedder):
        def __call__(self, seen):
            texts = seen.json["input"] if seen.path.endswith("embeddings") else []
            self.dimensions = 2 if "shrunk" in texts and not self.sold else 3
            return super().__call__(seen)

    with Answering(Shrunken()) as server:
        session = opened(server.url)
        session.embed(["shrunk"])
        session.embed(["one", "two"])
        asked = len(server.asked(EMBED))
        for _ in range(2):
            found = session.embed(["one", "two", "shrunk"])
            assert list(found["neb_status"]) == ["ok"] * 3
            assert found["neb_error"].isna().all()
            assert neb.matrix(found)[2].tolist() == vector_of("shrunk")
        assert len(server.asked(EMBED)) == asked + 1


def test_an_answer_with_too_few_vectors_fails_its_texts_in_words(opened):
    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        return Says(body={"data": [{"index": 0, "embedding": [1.0]}], "usage": {}})

    with Answering(answer) as server, pytest.raises(errors.ResponseError, match="2 texts"):
        opened(server.url).embed(["a", "b"])


def test_an_answer_that_cannot_be_read_is_possibly_paid_and_read_once_only(opened):
    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        return Says(body={"data": [{"index": 0, "embedding": "?"}], "usage": {}})

    with Answering(answer) as server:
        session = opened(server.url)
        session.config.set("price", "0.1,0.1")
        session.set_budget(1.0)
        with pytest.raises(errors.ResponseError):
            session.embed(["a"])
        (purse,) = session.budgets()
        assert purse.held == 0
        assert session.spent().doubtful == 1
        with closing(sqlite3.connect(session.journal.path)) as connection:
            states = connection.execute("SELECT state FROM calls").fetchall()
        assert states == [("possibly_paid",)]


def test_a_server_that_fails_after_taking_the_texts_leaves_them_possibly_paid(opened):
    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        if b"good" in seen.body:
            return Embedder()(seen)
        return Says(status=500, body={"error": {"message": "broken"}})

    with Answering(answer) as server:
        session = opened(server.url, max_retries=0)
        texts = ["good " + "x" * 200_000, "bad"]
        found = session.embed(texts)
    assert list(found["neb_status"]) == ["ok", "possibly_paid"]


# -- what can be embedded ----------------------------------------------------------------------


class Polars:
    """What is no pandas object and can become one."""

    def __init__(self, becomes):
        self.becomes = becomes

    def to_pandas(self):
        return self.becomes


class Dask:
    """What becomes a pandas object when it is computed."""

    def __init__(self, becomes):
        self.becomes = becomes

    def __iter__(self):
        return iter(self.becomes)

    def compute(self):
        return self.becomes


FRAME = pd.DataFrame({"review": ["a", "b"]})


@pytest.mark.parametrize(
    ("given", "column"),
    [
        ("a\nb", "text"),
        (["a", "b"], "text"),
        (("a", "b"), "text"),
        (np.array(["a", "b"]), "text"),
        ((t for t in "ab"), "text"),
        (pd.Index(["a", "b"]), "text"),
        (pd.Series(["a", "b"]), "text"),
        (pd.Series(["a", "b"], name="review"), "review"),
        (pd.Series(["a", "b"], dtype="category", name="review"), "review"),
        (FRAME, "review"),
        (Polars(FRAME), "review"),
        (Polars(FRAME["review"]), "review"),
        (Dask(FRAME), "review"),
        (pd.DataFrame({"n": [1, 2], "review": ["a", None]}), "review"),
        (pd.DataFrame({"n": [1, 2], "review": pd.array(["a", pd.NA], "string")}), "review"),
    ],
)
def test_many_shapes_of_texts(session, given, column):
    found = session.embed(given)
    assert found.columns[-6] == column if len(found.columns) > 5 else True
    assert column in found.columns
    assert found["neb_status"].iloc[0] == "ok"


def test_a_frame_can_be_embedded_again(seller, session):
    once = session.embed(pd.DataFrame({"review": ["a", None]}))
    twice = session.embed(once)
    assert list(twice.columns) == list(once.columns)
    assert seller.sold == ["a"]


def test_a_column_may_be_named(seller, session):
    frame = pd.DataFrame({"title": ["a"], "review": ["b"], "n": [5]})
    session.embed(frame, column="review")
    session.embed(frame, column="n")
    assert seller.sold == ["b", "5"]


@pytest.mark.parametrize(
    ("given", "column", "says"),
    [
        (pd.DataFrame({"title": ["a"], "review": ["b"]}), None, "title, review"),
        (pd.DataFrame({"n": [1]}), None, "0 columns of text"),
        (pd.DataFrame({"review": ["b"]}), "reviews", "did you mean review"),
        (pd.DataFrame([["a", "b"]], columns=["x", "x"]), "x", "2 columns"),
        (["a"], "review", "needs a frame"),
        (5, None, "cannot be embedded"),
        (None, None, "cannot be embedded"),
        ({"a": "b"}, None, "cannot be embedded"),
        (b"bytes", None, "cannot be embedded"),
        ([["a"], ["b"]], None, "Row 0"),
        (["a", b"b"], None, "Row 1"),
        (np.zeros((2, 2)), None, "Row 0"),
        ([], None, "nothing to embed"),
        (pd.DataFrame({"review": []}, dtype="str"), "review", "nothing to embed"),
    ],
)
def test_what_cannot_be_embedded_is_said_in_words_and_nothing_is_sent(
    seller, session, given, column, says
):
    with pytest.raises(errors.OptionError, match=says):
        session.embed(given, column=column)
    assert seller.sold == []


@pytest.mark.parametrize("dimensions", [0, -3])
def test_a_size_that_makes_no_sense_is_refused(session, dimensions):
    with pytest.raises(errors.OptionError, match="dimensions"):
        session.embed(["a"], dimensions=dimensions)


def test_normalized_vectors_have_length_one_and_what_is_kept_is_as_it_came(session):
    texts = ["a text", "another", None]
    plain = neb.matrix(session.embed(texts))
    frame = session.embed(texts, normalize=True)
    found = neb.matrix(frame)
    assert np.allclose(np.linalg.norm(found[:2], axis=1), 1.0, atol=1e-6)
    assert np.isnan(found[2]).all()
    assert (frame["neb_cost"].fillna(0) == 0).all()  # bought once, for both
    assert np.array_equal(neb.matrix(session.embed(texts))[:2], plain[:2])
