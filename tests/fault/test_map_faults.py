"""What goes wrong with single rows is data; what may be paid is bought once more at most."""

import pytest

import nbnebius as neb
from tests.fault.job import TEMPLATE, Spec, distinct, frame_of

pytestmark = pytest.mark.fault

ROWS = 500


@pytest.fixture
def judge():
    def judge(server, **more):
        neb.connect("x", server.url)
        return neb.map(frame_of(Spec(server.url, ROWS)), TEMPLATE, **more)

    return judge


def test_a_row_the_server_refuses_fails_alone(paying_server, judge):
    server = paying_server("--refuse-text", "text 123 of")
    frame = judge(server)
    failed = frame[frame["neb_status"] != "ok"]
    assert failed["size"].tolist() == [123]
    assert failed["neb_status"].tolist() == ["failed"]
    assert "refused" in failed["neb_error"].iloc[0]
    assert failed["answer"].isna().all()
    assert server.stats()["refused_400"] == 1
    assert set(server.counts().values()) == {1}


def test_rows_that_fail_are_asked_again_by_the_next_run_alone(paying_server, judge):
    server = paying_server("--refuse-text", "text 123 of")
    judge(server)
    before = server.executed()
    judge(server)
    assert server.executed() == before
    assert server.stats()["refused_400"] == 2


def test_too_many_failed_rows_are_an_error_with_the_frame(paying_server, judge):
    server = paying_server("--refuse-text", "text 4")  # 4, 40 to 49, 400 to 499
    with pytest.raises(neb.RowsFailed) as caught:
        judge(server, allow_failed=0.01)
    frame = caught.value.frame
    assert len(frame) == ROWS
    assert frame["answer"].notna().any()
    assert (frame["neb_status"] == "failed").any()


def test_a_server_that_fails_now_and_then_is_asked_again(paying_server, judge):
    server = paying_server("--fail-every", "25")
    frame = judge(server)
    assert set(frame["neb_status"]) == {"ok"}
    assert server.stats()["failed_500"] > 10
    assert set(server.counts().values()) == {1}


def test_what_was_cut_off_is_bought_again_at_most_once(paying_server, judge):
    server = paying_server("--cut-every", "40", "--delay-ms", "10")
    frame = judge(server, allow_failed=0.2)
    cut = server.stats()["cut"]
    assert cut > 5
    assert max(server.counts().values()) <= 2
    assert len(server.counts()) == distinct(ROWS)
    assert server.executed() - len(server.counts()) <= cut
    assert set(frame["neb_status"]) <= {"ok", "possibly_paid"}
