"""What every panel holds: one piece of work at a time, its errors in words, its stop."""

import threading

from nbnebius.errors import OptionError, Stopped
from nbnebius.events import Note, Progress
from nbnebius.panels.state import State


def test_work_begins_at_once_and_whoever_listens_hears_its_end():
    state, heard, go = State(), [], threading.Event()
    state.listen(lambda: heard.append(state.doing))
    assert state.begin("counting", lambda _: go.wait(10) and None)
    assert state.busy
    assert not state.begin("again", lambda _: None)
    go.set()
    assert state.wait(10)
    assert (heard[0], heard[-1]) == ("counting", "")


def test_an_error_is_told_in_words_and_gone_with_the_next_work():
    state = State()

    def fail(_):
        raise OptionError("No such thing", why="it is not there", hint="take another")

    state.begin("failing", fail)
    state.wait(10)
    assert state.error == "No such thing\nit is not there\ntake another"
    assert not state.busy
    state.begin("working", lambda _: None)
    state.wait(10)
    assert state.error == ""


def test_an_error_of_anybodys_code_is_told_too():
    state = State()
    state.begin("dividing", lambda _: 1 / 0)
    state.wait(10)
    assert state.error == "ZeroDivisionError: division by zero"
    state.attempt(lambda: "".index("x"))
    assert state.error == "ValueError: substring not found"


def test_what_was_stopped_says_so_and_is_no_error():
    state = State()

    def stopped(_):
        raise Stopped("You stopped", why="what had come is kept")

    state.begin("asking", stopped)
    state.wait(10)
    assert (state.status, state.error) == ("stopped: what had come is kept", "")


def test_the_caller_of_a_panel_hears_stop_and_agrees_to_what_was_clicked():
    state, ended = State(), []

    def work(caller):
        assert caller.asker.confirm("About USD 3.20. Send them?")
        while True:
            try:
                caller.tick()
            except KeyboardInterrupt:
                ended.append(True)
                return

    state.begin("waiting", work)
    state.stop()
    assert state.wait(10)
    assert ended == [True]


def test_events_become_one_line():
    state = State()

    def work(caller):
        caller.see(Progress("rows", 3, 10, cost=0.5))
        assert state.status.startswith("3 of 10 rows")
        caller.see(Note("answers are kept"))

    state.begin("mapping", work)
    state.wait(10)
    assert state.status.endswith("answers are kept")


def test_work_may_begin_while_the_end_of_the_last_is_still_being_told():
    state, telling, go, ended = State(), threading.Event(), threading.Event(), []

    def hear():
        if not state.busy and not telling.is_set():
            telling.set()
            go.wait(10)

    state.listen(hear)
    state.begin("one", lambda _: None)
    assert telling.wait(10)
    assert state.begin("two", lambda _: ended.append(2))
    go.set()
    assert state.wait(10)
    assert (ended, state.busy) == ([2], False)


def test_what_is_renewed_meanwhile_is_done_once_more_and_only_the_last_of_it():
    state, go, done = State(), threading.Event(), []
    state.renew("looking", lambda _: (go.wait(10), done.append(1)))
    state.renew("looking", lambda _: done.append(2))
    state.renew("looking", lambda _: done.append(3))
    go.set()
    assert state.wait(10)
    assert done == [1, 3]
