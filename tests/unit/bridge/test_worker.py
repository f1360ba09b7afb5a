"""A worker runs one piece of work at a time off the main thread, and can stop it."""

import threading

import pytest

from nbnebius.bridge import Worker


def test_work_runs_on_another_thread_and_begin_comes_back_at_once():
    worker, go = Worker(), threading.Event()
    seen = []
    assert worker.begin(lambda: (go.wait(10), seen.append(threading.current_thread())))
    assert worker.busy
    go.set()
    assert worker.wait(10)
    assert seen != [threading.main_thread()]


def test_a_second_piece_is_refused_while_the_first_runs():
    worker, go = Worker(), threading.Event()
    worker.begin(lambda: go.wait(10))
    assert not worker.begin(lambda: None)
    go.set()
    worker.wait(10)
    assert worker.begin(lambda: None)


def test_a_stop_is_heard_at_the_next_look_and_only_once():
    worker, ended = Worker(), []

    def work():
        while True:
            try:
                worker.check()
            except KeyboardInterrupt:
                break
        worker.check()
        ended.append(True)

    worker.begin(work)
    worker.stop()
    assert worker.wait(10)
    assert ended == [True]


def test_a_stop_that_came_too_late_does_not_stop_the_next_piece():
    worker = Worker()
    worker.stop()
    ended = []
    worker.begin(lambda: (worker.check(), ended.append(True)))
    worker.wait(10)
    assert ended == [True]
    worker.stop()
    with pytest.raises(KeyboardInterrupt):
        worker.check()


def test_a_piece_may_wait_for_the_one_before():
    worker, go, ended = Worker(), threading.Event(), []
    worker.begin(lambda: (go.wait(10), ended.append(1)))
    assert worker.begin(lambda: ended.append(2), after=True)
    go.set()
    assert worker.wait(10)
    assert ended == [1, 2]
