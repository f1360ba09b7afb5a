"""A batch's input file and its names; lines matched by their id; money held and let go."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import BudgetReached, OptionError
from nbnebius.journal import Purse
from nbnebius.work.map.batch_file import AROUND, ENDPOINT, BatchFile, BatchRules
from nbnebius.work.map.batch_harvest import read_key
from nbnebius.work.map.pledge import Pledge, settle
from nbnebius.work.price import Price

keys = st.binary(min_size=16, max_size=16)


def body(text):
    return json.dumps({"model": "m", "messages": [text]}).encode()


def written(path, rules, rows):
    """Write rows into as many files as they take."""
    files, left = [], list(rows)
    while left:
        with BatchFile(path / f"{len(files)}.jsonl", rules) as file:
            while left and file.take_place(left[0][1]):
                file.write([left.pop(0)])
            file.finish()
        assert file.requests, "a row that no file can hold"
        files.append(file)
    return files


@given(
    rows=st.lists(st.tuples(keys, st.text(max_size=50).map(body)), unique_by=lambda row: row[0]),
    most=st.integers(1, 7),
    room=st.integers(800, 2000),  # fifty characters are up to 600 bytes of JSON
)
def test_every_row_is_in_one_file_and_no_file_is_larger_than_its_limits(
    tmp_path_factory, rows, most, room
):
    path = tmp_path_factory.mktemp("files")
    files = written(path, BatchRules(requests=most, bytes=room), rows)
    read = []
    for file in files:
        content = file.path.read_bytes()
        lines = [json.loads(line) for line in content.splitlines()]
        assert len(content) == file.size <= room
        assert len(lines) == file.requests <= most
        assert {line["url"] for line in lines} == {ENDPOINT}
        read += [(bytes.fromhex(line["custom_id"]), line["body"]) for line in lines]
    assert read == [(key, json.loads(data)) for key, data in rows]


def test_a_row_larger_than_a_file_is_told(tmp_path):
    with BatchFile(tmp_path / "f", BatchRules(bytes=AROUND + 10)) as file:
        assert file.could_hold(b"x" * 10)
        assert not file.could_hold(b"x" * 11)
        assert not file.take_place(b"x" * 11)


@given(some=st.lists(keys, unique=True, min_size=1), more=keys)
def test_a_batch_is_named_by_its_rows_and_how_often_they_were_asked(tmp_path_factory, some, more):
    path = tmp_path_factory.mktemp("names")

    def named(name, rows):
        with BatchFile(path / name, BatchRules()) as file:
            file.write([(key, b"{}") for key in rows])
        return file

    one, same = named("1", some), named("2", some)
    assert one.key(0) == same.key(0)
    assert one.key(0) != one.key(1)
    if more not in some:
        assert named("3", [*some, more]).key(0) != one.key(0)


@given(keys)
def test_a_key_is_read_from_the_id_it_was_written_as(key):
    assert read_key(key.hex()) == key


@pytest.mark.parametrize(
    "other", [None, "", "request-1", "00" * 15, "0x" * 16, "AB" * 16, "é" * 32]
)
def test_an_id_of_anybody_else_is_no_key(other):
    assert read_key(other) is None


def test_a_pledge_holds_in_every_purse_and_lets_go_of_what_is_not_sent():
    job, session = Purse(1.0), Purse(0.5)
    pledge = Pledge([job, session])
    for _ in range(5):
        assert pledge.refusal(0.1) is None
        pledge.take(0.1)
    assert isinstance(pledge.refusal(0.1), BudgetReached)
    pledge.give_back(0.1)
    assert pledge.refusal(0.1) is None
    assert pledge.amount == pytest.approx(0.4)
    assert session.held == job.held == pytest.approx(0.4)
    pledge.end()
    assert session.held == job.held == pytest.approx(0)


def test_a_row_without_a_known_price_fits_no_budget():
    assert isinstance(Pledge([Purse(1.0)]).refusal(None), OptionError)
    free = Pledge([])
    assert free.refusal(None) is None
    free.take(None)
    assert free.amount is None
    free.end()


def test_a_batch_settles_at_its_cost_or_at_the_most_where_that_is_unknown():
    purse = Purse(10.0)
    purse.held = 3.0
    settle(purse, 1.0, 0.25)
    assert (purse.held, purse.spent) == (2.0, 0.25)
    settle(purse, 2.0, None)
    assert (purse.held, purse.spent) == (0.0, 2.25)
    settle(purse, None, 0.5)  # one that an earlier run had sent
    assert (purse.held, purse.spent) == (0.0, 2.75)


def test_a_share_of_a_price_leaves_what_is_unknown_unknown():
    assert Price(2.0, 4.0, None, 1.0).at_rate(0.5) == Price(1.0, 2.0, None, 0.5)
