"""The ledger of a session, purging, and private calls, against the sandbox."""

import datetime as dt
import time

import pandas as pd
import pytest

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Note
from nbnebius.session import Caller, default_session
from nbnebius.settings import Config, home

CANARY = "xyzzyplugh"


class Says:
    """Somebody who answers every question the same way."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def confirm(self, question):
        self.asked.append(question)
        return self.answer == "y"


@pytest.fixture
def session(box):
    neb.connect(box.key, box.url)
    default_session().observer = lambda event: None
    return default_session()


def cell(place="cell/1"):
    return Caller(place=place, reuse="always", shared=True)


def on_disk():
    return b"".join(p.read_bytes() for p in home().rglob("*") if p.is_file())


def test_a_row_per_billed_call_and_per_answer_shown_again(session):
    bought = session.chat("Hello", caller=cell())
    session.chat("Hello", caller=cell())
    neb.embed(["one", "two"])
    neb.embed(["one", "two", "three"])
    drawn = neb.image("a dog", seed=3, width=64, height=64, save=False, cache=True)
    neb.image("a dog", seed=3, width=64, height=64, save=False, cache=True)
    frame = neb.usage()
    assert frame.attrs["play_money"] is True
    assert dict(frame.dtypes.astype(str)) == {
        "time": "datetime64[us, UTC]",
        "kind": "string",
        "model": "string",
        "service": "string",
        "state": "string",
        "tokens_in": "Int64",
        "tokens_out": "Int64",
        "images": "Int64",
        "cost": "float64",
        "cost_bound": "float64",
        "cached": "bool",
        "place": "string",
        "session": "string",
        "answers": "Int64",
        "saved": "float64",
    }
    told = list(frame[["kind", "state", "cached"]].itertuples(index=False, name=None))
    assert told == [
        ("chat", "done", False),
        ("chat", "kept", True),
        ("embedding", "done", False),
        ("embedding", "kept", True),
        ("embedding", "done", False),
        ("image", "done", False),
        ("image", "kept", True),
    ]
    assert frame.cost[0] == pytest.approx(bought.cost)
    assert frame.tokens_in[0] == bought.usage.prompt_tokens
    assert (frame.answers[1], frame.saved[1]) == (1, pytest.approx(bought.cost))
    assert frame.answers[3] == 2
    assert frame.saved[3] == pytest.approx(frame.cost[2])
    assert frame.images[5] == 1
    assert frame.saved[6] == pytest.approx(drawn.cost)
    assert frame.cost.sum() == pytest.approx(session.spent().cost)


def test_sums_by_each_group_add_up_to_what_was_spent(session):
    session.chat("Hello", caller=cell())
    session.chat("Hello", caller=cell())
    neb.embed(["one", "two"])
    whole = neb.usage()
    for by in ("model", "kind", "day", "session", "service", "state"):
        frame = neb.usage(by)
        assert list(frame.columns) == [
            *(by, "calls", "reused", "tokens_in", "tokens_out", "images", "cost", "unpriced"),
            *("possibly_paid", "cost_bound", "saved"),
        ]
        assert frame.cost.sum() == pytest.approx(whole.cost.sum())
        assert frame.calls.sum() == 2
        assert frame.reused.sum() == 1
        assert frame.tokens_in.sum() == whole.tokens_in.sum()
        assert frame.saved.sum() == pytest.approx(whole.saved.sum())
    today = pd.Timestamp(dt.datetime.now(dt.UTC).date(), tz="UTC")
    assert abs(neb.usage("day").day[0] - today) <= pd.Timedelta(days=1)
    assert set(neb.usage("kind").kind) == {"chat", "embedding"}


def test_usage_is_cut_by_time(session):
    session.chat("Hello")
    assert len(neb.usage(since="1h")) == 1
    assert len(neb.usage(until="1h")) == 0
    assert len(neb.usage(since=dt.date(2020, 1, 1), until="2020-06-01")) == 0
    assert len(neb.usage(since=time.time() + 60)) == 0
    assert len(neb.usage("kind", since=pd.Timestamp("2020-01-01"))) == 1
    with pytest.raises(errors.OptionError, match="7d"):
        neb.usage(since="yesterday")


def test_an_unknown_group_names_the_nearest(session):
    with pytest.raises(errors.OptionError, match="model"):
        neb.usage("modle")


def test_real_money_and_play_money_are_never_in_one_frame(session):
    session.chat("Hello")
    assert len(neb.usage()) == 1
    neb.connect("a-key", "https://api.tokenfactory.nebius.com/v1/")
    frame = neb.usage()
    assert len(frame) == 0
    assert frame.attrs["play_money"] is False


# -- purge -------------------------------------------------------------------------------------


def test_purging_asks_with_what_goes_and_keeps_the_ledger(session):
    session.chat(f"Tell me of {CANARY}", caller=cell())
    neb.embed([CANARY, "two"])
    session.asker = Says("y")
    gone = session.purge()
    assert (gone.answers, gone.vectors, gone.calls) == (1, 2, 0)
    (question,) = session.asker.asked
    assert "1 kept answer, 2 vectors" in question
    assert "MB" in question
    assert "what calls cost stays" in question
    assert len(neb.usage()) == 2
    assert not session.chat(f"Tell me of {CANARY}", caller=cell()).cached


def test_vectors_go_with_the_texts_they_were_made_of(session):
    session.chat("Hello", caller=cell())
    neb.embed([CANARY])
    gone = session.purge(vectors=True, yes=True)
    assert (gone.answers, gone.vectors) == (0, 1)
    bodies = session.journal.writer.submit(
        lambda c: c.execute(
            "SELECT kind FROM bodies JOIN calls ON id = call WHERE request IS NOT NULL"
        ).fetchall()
    )
    assert bodies.result() == [("chat",)]
    assert session.chat("Hello", caller=cell()).cached


def test_no_means_no(session):
    session.chat("Hello", caller=cell())
    session.asker = Says("n")
    assert session.purge() is None
    assert session.chat("Hello", caller=cell()).cached


def test_where_nobody_can_be_asked_nothing_goes(session):
    session.chat("Hello", caller=cell())
    with pytest.raises(errors.SettingsError, match="Nobody can be asked"):
        session.purge()
    assert session.chat("Hello", caller=cell()).cached
    assert session.purge(yes=True).answers == 1


def test_everything_takes_the_ledger_too(session):
    session.chat("Hello", caller=cell())
    session.asker = Says("y")
    session.purge(everything=True)
    assert "stays" not in session.asker.asked[0]
    assert len(neb.usage()) == 0


def test_what_makes_no_sense_is_refused(session):
    with pytest.raises(errors.OptionError, match="30d"):
        session.purge(older_than="a while")
    with pytest.raises(errors.OptionError, match="only a part"):
        session.purge(everything=True, vectors=True)


def test_nothing_to_purge_is_not_asked_about(session):
    session.asker = Says("y")
    assert not session.purge(older_than="1h")
    assert session.asker.asked == []


def test_a_journal_above_its_cap_shrinks_when_it_is_opened(box, opened):
    first = opened(box.url, box.key)
    for number in range(3):
        first.chat(f"Hello {number}", caller=cell())
    first.close()
    padding = b"\x00" * 3_000_000
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(home() / "journal.sqlite")) as connection, connection:
        connection.execute("UPDATE bodies SET answer = ? WHERE call = 1", (padding,))
    config = Config()
    config.set("journal_gb", 0.001)
    told = []
    second = opened(box.url, box.key, config=config)
    second.observer = told.append
    second.models()
    assert any("journal_gb" in event.text for event in told if isinstance(event, Note))
    assert (home() / "journal.sqlite").stat().st_size < 1_000_000
    assert second.spent().calls == 3


# -- private -----------------------------------------------------------------------------------


def test_private_calls_leave_only_what_they_cost(session):
    chat = neb.chat(f"Repeat {CANARY}", private=True)
    neb.completion(f"Repeat {CANARY}", private=True)
    neb.embed([f"{CANARY} one", f"{CANARY} two"], private=True)
    neb.image(CANARY, width=64, height=64, save=False, private=True)
    list(neb.chat(f"Repeat {CANARY}", stream=True, private=True))
    assert CANARY in chat.text
    default_session().close()
    disk = on_disk()
    assert CANARY.encode() not in disk
    assert disk  # there is a journal all the same
    neb.connect(session.endpoint.key.reveal(), session.endpoint.base_url)
    default_session().models()
    frame = neb.usage()
    assert list(frame.kind) == ["chat", "completion", "embedding", "image", "chat"]
    assert (frame.cost > 0).all()
    rows = default_session().journal.writer.submit(
        lambda c: [c.execute(f"SELECT count(*) FROM {t}").fetchone()[0]
                   for t in ("bodies", "pieces", "vectors")]
    )  # fmt: skip
    assert rows.result() == [0, 0, 0]


def test_the_setting_makes_every_call_private(session):
    session.config.set("private", "on")
    neb.chat(f"Repeat {CANARY}")
    neb.embed([CANARY])
    session.config.set("private", "off")
    assert session.purge(yes=True).answers == 0
    neb.chat("Repeat something else")
    assert session.purge(yes=True).answers == 1
    assert CANARY.encode() not in on_disk()


# -- plot --------------------------------------------------------------------------------------


def test_without_a_frame_the_sessions_own_usage_is_drawn(session):
    session.chat("Hello")
    axes = neb.plot.usage()
    assert "play money" in axes.get_ylabel()
    (label,) = [text.get_text() for text in axes.get_legend().get_texts()]
    assert label.startswith(neb.usage().model[0])
