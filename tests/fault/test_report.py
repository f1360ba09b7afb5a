"""RELIABILITY.md says what was counted, of every promise, and no promise was broken."""

from tests.fault.report import PAGE, PLANTED, page, promises, proofs

FAULTS = [f"R{number}" for number in range(1, 22)]
ATTACKS = [f"A{number}" for number in range(1, 26)]


def test_the_page_is_what_was_counted():
    assert PAGE.read_text() == page()


def test_every_promise_has_a_row():
    assert list(promises()) == FAULTS + ATTACKS


def test_every_promise_has_a_proof_or_a_reason():
    proven = {one["row"] for one in proofs("small")}
    reasons = {row for row, told in promises().items() if "not_run" in told}
    assert set(promises()) - proven - reasons == set()
    assert proven - set(promises()) <= {PLANTED}


def test_nothing_that_was_counted_broke_a_promise():
    for size in ("small", "full"):
        for one in proofs(size):
            assert one["tried"] > 0, one
            assert sum(one["broken"].values()) == 0, one
