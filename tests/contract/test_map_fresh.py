"""Asking all rows anew although their answers are kept, and answers that outlive a damaged file."""

import sqlite3
from contextlib import closing

import pandas as pd

FRAME = pd.DataFrame({"text": [f"The kettle number {n} is fine" for n in range(12)]})


def test_fresh_buys_every_row_again_and_keeps_the_new_answers(at_box):
    session = at_box()
    first = session.map(FRAME, "Repeat: {text}", max_tokens=20)
    again = session.map(FRAME, "Repeat: {text}", max_tokens=20, fresh=True)
    assert not again["neb_cached"].any()
    assert (again["neb_cost"] > 0).all()
    assert first["answer"].equals(again["answer"])
    assert session.map(FRAME, "Repeat: {text}", max_tokens=20)["neb_cached"].all()


def test_answers_of_rows_survive_a_damaged_journal(at_box):
    session = at_box()
    bought = session.map(FRAME, "Repeat: {text}", max_tokens=20)
    path = session.journal.path
    session.close()
    with closing(sqlite3.connect(path)) as connection:
        size = connection.execute("PRAGMA page_size").fetchone()[0]
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'calls_by_key'"
        ).fetchone()
    content = bytearray(path.read_bytes())
    content[(root - 1) * size : (root - 1) * size + 8] = b"\xff" * 8
    path.write_bytes(content)
    later = at_box()
    frame = later.map(FRAME, "Repeat: {text}", max_tokens=20)
    assert frame["neb_cached"].all()
    assert frame["answer"].equals(bought["answer"])
    assert list(path.parent.glob("journal.sqlite.damaged*"))


def test_purged_answers_are_bought_again(at_box):
    session = at_box()
    session.map(FRAME, "Repeat: {text}", max_tokens=20)
    session.purge(answers=True, yes=True)
    again = session.map(FRAME, "Repeat: {text}", max_tokens=20, background=True).wait(30)
    assert not again["neb_cached"].any()
    assert (again["neb_status"] == "ok").all()


def test_an_answer_that_cannot_be_read_any_more_is_bought_again(at_box):
    session = at_box()
    bought = session.map(FRAME, "Repeat: {text}", max_tokens=20)
    with closing(sqlite3.connect(session.journal.path)) as connection, connection:
        connection.execute("UPDATE bodies SET answer = x'00' WHERE answer IS NOT NULL")
    again = session.map(FRAME, "Repeat: {text}", max_tokens=20, background=True).wait(30)
    assert not again["neb_cached"].any()
    assert again["answer"].equals(bought["answer"])
