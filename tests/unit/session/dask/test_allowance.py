import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.session.dask.allowance import Allowance

PLACE = {"worker": "w1", "partition": "p1", "home": "a", "concurrency": 8, "slots": 4}


@pytest.fixture
def allowance():
    return Allowance()


def join(allowance, member, **more):
    return allowance.join("job", member, **{**PLACE, "partition": member, **more})


def lend(allowance, member, least, *, limit=10.0, wanted=0.0, spent=0.0, returned=0.0):
    told = {"wanted": wanted, "spent": spent, "returned": returned}
    return allowance.lend("job", member, limit=limit, least=least, **told)


def test_requests_in_flight_are_shared_out_and_no_more_than_all_of_them(allowance):
    assert [join(allowance, f"m{n}")["places"] for n in range(5)] == [2, 2, 2, 2, 0]
    allowance.leave("job", "m2", spent=0.0)
    assert join(allowance, "m4")["places"] == 2


def test_a_job_with_fewer_places_than_partitions_has_them_wait(allowance):
    assert join(allowance, "m1", concurrency=1)["places"] == 1
    assert join(allowance, "m2", concurrency=1)["places"] == 0


def test_jobs_do_not_share_with_each_other(allowance):
    join(allowance, "m1", concurrency=1)
    assert allowance.join("other", "m2", **{**PLACE, "concurrency": 1})["places"] == 1


def test_a_partition_that_was_begun_elsewhere_is_told_where(allowance):
    assert join(allowance, "m1", partition="p", home="a")["before"] == ""
    assert join(allowance, "m2", partition="p", home="a")["before"] == ""
    assert join(allowance, "m3", partition="p", home="b")["before"] == "a"


def test_what_was_lent_to_a_dead_worker_counts_as_spent(allowance):
    join(allowance, "m1", worker="dead")
    join(allowance, "m2", worker="alive")
    assert lend(allowance, "m1", 6.0) == {"lent": 6.0, "more": True}
    assert lend(allowance, "m2", 5.0) == {"lent": 0.0, "more": True}
    allowance.lose("dead")
    assert lend(allowance, "m2", 5.0) == {"lent": 0.0, "more": False}
    assert lend(allowance, "m2", 4.0)["lent"] == 4.0


def test_a_dead_workers_places_are_free_again(allowance):
    for n in range(4):
        join(allowance, f"m{n}", worker=f"w{n}")
    allowance.lose("w1")
    assert join(allowance, "m9")["places"] == 2


def test_what_comes_back_can_be_lent_again(allowance):
    join(allowance, "m1")
    join(allowance, "m2")
    lend(allowance, "m1", 10.0)
    allowance.leave("job", "m1", spent=3.0)
    assert lend(allowance, "m2", 7.0)["lent"] == 7.0


def test_a_member_that_was_given_up_gets_nothing(allowance):
    join(allowance, "m1", worker="dead")
    allowance.lose("dead")
    assert lend(allowance, "m1", 1.0) == {"lent": 0.0, "more": False}
    allowance.leave("job", "m1", spent=5.0)
    join(allowance, "m2")
    assert lend(allowance, "m2", 10.0)["lent"] == 10.0


actions = st.lists(
    st.tuples(
        st.sampled_from(["join", "lend", "leave", "lose"]),
        st.integers(0, 4),
        st.floats(0.01, 4.0),
        st.floats(0.0, 1.0),
    ),
    max_size=60,
)


@given(actions)
def test_lent_and_spent_never_exceed_the_budget_nor_places_the_concurrency(steps):
    allowance = Allowance()
    for action, number, amount, part in steps:
        member = f"m{number}"
        known = allowance.jobs["job"].members if allowance.jobs else {}
        if action == "join" and member not in known:
            join(allowance, member, worker=f"w{number % 2}")
        elif action == "lend" and member in known:
            unused = known[member].lent - known[member].spent
            lend(allowance, member, amount, wanted=3 * amount, returned=unused * part)
        elif action == "leave" and member in known:
            allowance.leave("job", member, spent=known[member].lent * part)
        elif action == "lose":
            allowance.lose(f"w{number % 2}")
        if shared := allowance.jobs.get("job"):
            everyone = shared.members.values()
            assert shared.spent + sum(one.lent for one in everyone) <= 10.0 + 1e-9
            assert sum(one.places for one in everyone) <= 8
