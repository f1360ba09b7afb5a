"""The seven points of the bridge's contract, and what ends it."""

import asyncio
import contextlib
import signal
import subprocess
import sys
import threading
from concurrent.futures import wait
from contextlib import closing

import anyio
import anyio.lowlevel
import pytest

from nbnebius.bridge import Bridge, Mailbox
from nbnebius.errors import NebiusError
from nbnebius.events import Interlude, Note
from nbnebius.transport.shield import finish


@pytest.fixture
def bridge():
    bridge = Bridge()
    yield bridge
    bridge.close()


def script(code, *, send=None, timeout=60):
    """Run code in a process of its own; send it a signal once it says ``ready``."""
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    first = ""
    if send is not None:
        first = child.stdout.readline()
        child.send_signal(send)
    try:
        out, err = child.communicate(timeout=timeout)
    finally:
        child.kill()
    return first + out, err, child.returncode


def test_work_gives_its_result_and_its_errors(bridge):
    async def good():
        await anyio.lowlevel.checkpoint()
        return threading.current_thread().name

    async def bad():
        await anyio.lowlevel.checkpoint()
        raise ValueError("as it was")

    assert bridge.run(good) == "nbnebius"
    with pytest.raises(ValueError, match="as it was"):
        bridge.run(bad)


def test_the_loop_is_one_and_starts_at_the_first_call(bridge):
    before = threading.active_count()

    async def which():
        return threading.get_ident()

    assert bridge.run(which) == bridge.run(which) != threading.get_ident()
    assert threading.active_count() == before + 1


INTERRUPTED = """
import anyio, sys
from nbnebius.bridge import Bridge, Mailbox
from nbnebius.events import Interlude, Note
from nbnebius.transport.shield import finish

async def work():
    try:
        print("ready", flush=True)
        await anyio.sleep(600)
    finally:
        with anyio.CancelScope(shield=True):
            await anyio.sleep(0.3)
            print("cleaned up", flush=True)

bridge = Bridge()
try:
    {call}
except KeyboardInterrupt:
    print("interrupted", flush=True)

async def again():
    return "still alive"

print(bridge.run(again))
bridge.close()
"""


@pytest.mark.parametrize("call", ["bridge.run(work)", "list(bridge.iterate(work, Mailbox()))"])
def test_an_interrupt_cancels_the_work_and_waits_for_its_clean_up(call):
    out, err, code = script(INTERRUPTED.format(call=call), send=signal.SIGINT)
    assert out.split("\n")[:-1] == ["ready", "cleaned up", "interrupted", "still alive"], err
    assert code == 0


@pytest.mark.parametrize("interrupts", [1, 2])
def test_a_first_interrupt_may_ask_and_a_second_one_cancels(bridge, interrupts):
    box, asked, ended = Mailbox(), threading.Event(), []

    async def work():
        try:
            box(Note("interrupt"))
            while not asked.is_set() or interrupts == 2:  # noqa: ASYNC110 - set by a thread
                await anyio.sleep(0.01)
            return "wound down"
        finally:
            ended.append(True)

    def see(event):
        signal.raise_signal(signal.SIGINT)

    def ask():
        asked.set()
        if interrupts == 2:
            box(Note("again"))
        return True

    if interrupts == 1:
        assert bridge.run(work, mailbox=box, see=see, on_interrupt=ask) == "wound down"
    else:
        with pytest.raises(KeyboardInterrupt):
            bridge.run(work, mailbox=box, see=see, on_interrupt=ask)
    assert ended == [True]


def test_an_interrupt_that_nobody_takes_cancels(bridge):
    box = Mailbox()

    async def work():
        box(Note("interrupt"))
        await anyio.sleep_forever()

    with pytest.raises(KeyboardInterrupt):
        bridge.run(
            work,
            mailbox=box,
            see=lambda event: signal.raise_signal(signal.SIGINT),
            on_interrupt=lambda: False,
        )


def test_events_are_pushed_and_seen_on_the_waiting_thread(bridge):
    box, seen = Mailbox(), []

    async def work():
        for n in range(3):
            box(Note(str(n)))
        return "end"

    def see(event):
        seen.append((event.text, threading.get_ident()))

    assert bridge.run(work, mailbox=box, see=see) == "end"
    assert seen == [(str(n), threading.get_ident()) for n in range(3)]


def test_functions_are_called_on_the_waiting_thread_and_their_errors_go_back(bridge):
    box = Mailbox()

    def where():
        return threading.get_ident()

    def fails():
        raise ValueError("from the user's function")

    async def work():
        import asyncio

        called = await asyncio.wrap_future(box.call(where))
        try:
            await asyncio.wrap_future(box.call(fails))
        except ValueError as error:
            return called, str(error)

    assert bridge.run(work, mailbox=box) == (threading.get_ident(), "from the user's function")


def test_a_call_that_nobody_waits_for_any_more_is_not_made(bridge):
    box, made = Mailbox(), []

    async def work():
        box.call(lambda: made.append("unwanted")).cancel()
        box.call(lambda: made.append("wanted"))

    bridge.run(work, mailbox=box)
    assert made == ["wanted"]


def test_the_screen_ticks_while_the_work_runs_and_once_at_its_end(bridge):
    ticks, enough = [], threading.Event()

    def tick():
        ticks.append(threading.get_ident())
        if len(ticks) > 2:
            enough.set()

    async def work():
        await anyio.to_thread.run_sync(enough.wait)

    bridge.run(work, tick=tick)
    assert set(ticks) == {threading.get_ident()}


def test_no_line_of_waiting_comes_between_an_interlude_and_what_is_called_then(bridge):
    box, happened = Mailbox(), []

    async def work():
        box(Interlude())
        box.call(lambda: happened.append("called"))

    bridge.run(
        work,
        mailbox=box,
        see=lambda event: happened.append("wiped"),
        tick=lambda: happened.append("ticked"),
    )
    assert happened[:2] == ["wiped", "called"]


def test_an_error_of_the_screen_stops_the_work(bridge):
    ended = threading.Event()

    async def work():
        try:
            await anyio.sleep(600)
        finally:
            ended.set()

    def tick():
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        bridge.run(work, tick=tick)
    assert ended.is_set()


def test_closing_the_iterator_cancels_the_producer_and_waits_for_its_clean_up(bridge):
    box, ended = Mailbox(), threading.Event()

    async def work():
        try:
            box(Note("first"))
            await anyio.sleep(600)
        finally:
            ended.set()

    with closing(bridge.iterate(work, box)) as events:
        assert next(events) == Note("first")
    assert ended.is_set()


def test_the_iterators_value_is_the_works_result(bridge):
    box = Mailbox()

    async def work():
        box(Note("a"))
        return 42

    def read():
        return (yield from bridge.iterate(work, box))

    events = read()
    assert next(events) == Note("a")
    with pytest.raises(StopIteration) as end:
        next(events)
    assert end.value.value == 42


def test_an_iterator_that_is_never_read_starts_nothing(bridge):
    async def work():
        raise AssertionError("started")

    bridge.iterate(work, Mailbox()).close()


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_what_would_end_the_loop_becomes_an_ordinary_error(bridge, error):
    async def work():
        raise error

    async def fine():
        return 1

    with pytest.raises(NebiusError, match=error.__name__):
        bridge.run(work)
    assert bridge.run(fine) == 1


def test_waiting_on_the_loops_own_thread_is_refused_at_once(bridge):
    async def inner():
        return 1

    async def work():
        return bridge.run(inner)

    with pytest.raises(NebiusError, match="AsyncClient"):
        bridge.run(work)


def test_closing_on_the_loops_own_thread_is_refused_at_once(bridge):
    async def work():
        bridge.close()

    with pytest.raises(NebiusError, match="AsyncClient"):
        bridge.run(work)


def test_a_closed_bridge_says_so_and_closes_twice(bridge):
    async def work():
        return 1

    bridge.run(work)
    last = []

    async def farewell():
        last.append("closed")

    bridge.close(farewell)
    bridge.close(farewell)
    assert last == ["closed"]
    with pytest.raises(NebiusError, match="closed"):
        bridge.run(work)


def test_closing_cancels_what_another_thread_waits_for(bridge):
    started, caught = threading.Event(), []

    async def work():
        started.set()
        await anyio.sleep(600)

    def wait():
        try:
            bridge.run(work)
        except NebiusError as error:
            caught.append(error.what)

    thread = threading.Thread(target=wait)
    thread.start()
    started.wait()
    bridge.close()
    thread.join()
    assert caught == ["The work was cancelled"]


@pytest.mark.parametrize("ends", ["an interrupt", "its close"])
def test_work_that_swallows_a_cancellation_is_cancelled_again(bridge, ends):
    started, went_on = threading.Event(), []

    async def work():
        started.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(600)  # as a user's function may
        await anyio.sleep(600)
        went_on.append("further")

    def see(event):
        raise KeyboardInterrupt

    if ends == "its close":
        task = bridge.start(work, Mailbox())
        started.wait()
        bridge.close()
        assert task.future.cancelled()
    else:
        box = Mailbox()
        box(Note("interrupt"))
        with pytest.raises(KeyboardInterrupt):
            bridge.run(work, mailbox=box, see=see)
    bridge.close()
    assert went_on == []


@pytest.mark.parametrize("ends", ["a cancel", "its close"])
def test_what_is_shielded_is_finished_first(bridge, ends):
    started, finished = threading.Event(), []

    async def work():
        with anyio.move_on_after(30, shield=True):
            started.set()
            await anyio.sleep(0.3)
            finished.append("whole")
        await anyio.sleep(600)

    task = bridge.start(work, Mailbox())
    started.wait()
    if ends == "a cancel":
        task.cancel()
        wait([task.future])
    bridge.close()
    assert finished == ["whole"]


def test_closing_leaves_alone_what_cancelled_work_waits_for(bridge):
    started, ended = threading.Event(), []

    async def commit():
        await asyncio.sleep(0.3)
        ended.append("committed")

    async def work():
        committing = asyncio.ensure_future(commit())  # as an attempt enters its intent
        started.set()
        await finish(committing)

    bridge.start(work, Mailbox())
    started.wait()
    bridge.close()
    assert ended == ["committed"]


def test_a_bridge_whose_loop_has_died_is_closed_all_the_same(bridge):
    async def work():
        asyncio.get_running_loop().stop()

    bridge.run(work)
    bridge._thread.join()
    bridge.close()


def test_who_comes_while_it_closes_hears_so_at_once(bridge, monkeypatch):
    async def work():
        return 1

    bridge.run(work)
    making = bridge._task

    def closing(work, box):
        task = making(work, box)
        bridge.close()
        return task

    monkeypatch.setattr(bridge, "_task", closing)
    monkeypatch.setattr("nbnebius.bridge.loop.CLEAN_UP", float("inf"))  # it would wait for ever
    with pytest.raises(NebiusError, match="closed"):
        bridge.run(work)


def test_many_threads_wait_at_once(bridge):
    results = []

    def wait(n):
        async def work():
            await anyio.sleep(0.01)
            return n

        results.append(bridge.run(work))

    threads = [threading.Thread(target=wait, args=(n,)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == list(range(20))


FORKED = """
import os
from nbnebius.bridge import Bridge

async def work():
    return 1

bridge = Bridge()
bridge.run(work)
child = os.fork()
if child == 0:
    try:
        bridge.run(work)
    except Exception as error:
        os.write(1, str(error).encode())
    bridge.close()
    os._exit(0)
os.waitpid(child, 0)
print("", bridge.run(work))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_is_told_so_and_the_parent_goes_on():
    out, err, code = script(FORKED)
    assert "another process" in out
    assert out.endswith(" 1\n")
    assert (err, code) == ("", 0)


FORGOTTEN = """
import anyio, threading
from nbnebius.bridge import Bridge

async def work():
    return 1

async def endless():
    await anyio.sleep(600)

bridge = Bridge()
print(bridge.run(work))
threading.Thread(target=lambda: bridge.run(endless), daemon=True).start()
"""


def test_a_forgotten_bridge_does_not_hold_the_interpreter():
    out, err, code = script(FORGOTTEN)
    assert (out, code) == ("1\n", 0), err
