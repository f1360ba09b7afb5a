"""Chats through a session: what is kept, what is asked, and what is left of one cut short."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from contextlib import closing, suppress

import pytest
from answering import Answering, Says, delta, said, talking
from boxes import Box
from sandbox_fixture import running_sandbox

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Note, TextDelta
from nbnebius.journal import Journal, settle_orphans
from nbnebius.journal.packing import unpack
from nbnebius.session import Caller
from nbnebius.settings import home

PROMPT = "the canary sang a secret song of forty-two notes"
CHAT = "chat/completions"
USAGE = (
    b"data: "
    + json.dumps({"choices": [], "usage": {"prompt_tokens": 10, "completion_tokens": 5}}).encode()
    + b"\n\n"
)
DONE = b"data: [DONE]\n\n"


def rows(sql, *values):
    """Read the journal as somebody else would."""
    with closing(sqlite3.connect(home() / "journal.sqlite")) as connection:
        return connection.execute(sql, values).fetchall()


def cell(place="cell/1", reuse="restart"):
    return Caller(place=place, reuse=reuse, shared=True)


def texts_on_disk():
    return b"".join(p.read_bytes() for p in home().rglob("*") if p.is_file())


# -- kept answers ------------------------------------------------------------------------------


def test_the_first_run_after_a_restart_shows_the_kept_answer(box, at_box):
    before = box.count(CHAT)
    bought = at_box().chat(PROMPT, caller=cell())
    assert bought.cost > 0
    assert not bought.cached
    new = at_box()
    kept = new.chat(PROMPT, caller=cell())
    assert box.count(CHAT) == before + 1
    assert (kept.text, kept.usage, kept.cost) == (bought.text, bought.usage, 0.0)
    assert kept.cached
    assert kept.kept_from is not None
    assert kept.footer == bought.footer
    again = new.chat(PROMPT, caller=cell())
    assert box.count(CHAT) == before + 2
    assert not again.cached


def test_a_kept_stream_is_shown_as_a_stream(box, at_box):
    bought = at_box().chat(PROMPT, stream=True, caller=cell())
    before, seen = box.count(CHAT), []
    kept = at_box().chat(
        PROMPT, stream=True, caller=Caller("cell/1", "restart", shared=True, see=seen.append)
    )
    assert box.count(CHAT) == before
    assert "".join(e.text for e in seen if isinstance(e, TextDelta)) == kept.text == bought.text
    assert kept.usage == bought.usage


def test_streamed_and_whole_answers_are_answers_to_the_same_request(box, at_box):
    at_box().chat(PROMPT, stream=True, caller=cell())
    before = box.count(CHAT)
    assert at_box().chat(PROMPT, stream=False, caller=cell()).cached
    assert box.count(CHAT) == before


def test_fresh_asks(box, at_box):
    at_box().chat(PROMPT, caller=cell())
    before = box.count(CHAT)
    assert not at_box().chat(PROMPT, caller=cell(reuse="never")).cached
    assert box.count(CHAT) == before + 1


def test_an_answer_of_another_cell_of_this_session_is_not_shown(at_box):
    session = at_box()
    session.chat(PROMPT, caller=cell("one/1"))
    assert not session.chat(PROMPT, caller=cell("two/1")).cached


def test_another_request_from_the_same_cell_is_asked(at_box):
    at_box().chat(PROMPT, caller=cell())
    new = at_box()
    assert not new.chat(PROMPT, temperature=0.5, caller=cell()).cached
    assert not new.chat(PROMPT, system="Be brief.", caller=cell()).cached


def test_always_shows_it_again_and_again(box, at_box):
    session = at_box()
    session.chat(PROMPT, caller=cell())
    before = box.count(CHAT)
    assert session.chat(PROMPT, caller=cell("two/1", reuse="always")).cached
    assert session.chat(PROMPT, caller=cell("two/1", reuse="always")).cached
    assert box.count(CHAT) == before


def test_a_cached_function_call_asks_once(box, at_box):
    before = box.count(CHAT)
    first = at_box().chat(PROMPT, cache=True)
    second = at_box().chat(PROMPT, cache=True)
    assert box.count(CHAT) == before + 1
    assert (second.text, second.cached, second.cost) == (first.text, True, 0.0)


def test_a_plain_call_asks_each_time_and_answers_nobody_else(box, at_box):
    session = at_box()
    before = box.count(CHAT)
    session.chat(PROMPT)
    session.chat(PROMPT)
    assert box.count(CHAT) == before + 2
    assert not session.chat(PROMPT, cache=True).cached
    assert not session.chat(PROMPT).cached
    assert not at_box().chat(PROMPT, caller=cell()).cached or box.count(CHAT) == before + 4


def test_a_private_answer_is_neither_kept_nor_shown(box, at_box):
    session = at_box()
    before = box.count(CHAT)
    for _ in range(2):
        assert not session.chat(PROMPT, private=True, cache=True).cached
    assert box.count(CHAT) == before + 2


def test_two_services_do_not_answer_for_each_other(at_box, opened):
    model = at_box().chat(PROMPT, cache=True).model
    with Answering(talking(lambda _: Says(body=said("from there")))) as server:
        reply = opened(server.url).chat(PROMPT, cache=True, model=model)
        assert (reply.text, reply.cached) == ("from there", False)


def test_a_kept_answer_that_cannot_be_read_does_not_stand_in_the_way(opened):
    with Answering(talking(lambda _: Says(body=said("hello")))) as server:
        opened(server.url).chat(PROMPT, cache=True)
        from nbnebius.journal.packing import pack

        with closing(sqlite3.connect(home() / "journal.sqlite")) as connection, connection:
            connection.execute("UPDATE bodies SET answer = ?", (pack(b"<html>no</html>"),))
        reply = opened(server.url).chat(PROMPT, cache=True)
    assert (reply.text, reply.cached) == ("hello", False)


# -- the journal's promises --------------------------------------------------------------------


def test_the_intent_is_on_disk_when_the_request_arrives(opened):
    found = []

    def chat(seen):
        found.extend(rows("SELECT state, kind, model FROM calls"))
        found.append(unpack(rows("SELECT request FROM bodies")[0][0]) == seen.body)
        return Says(body=said("hello"))

    with Answering(talking(chat)) as server:
        opened(server.url).chat(PROMPT, model="talker")
    assert found == [("sent", "chat", "talker"), True]


def test_an_answer_is_committed_before_it_is_read(opened):
    nonsense = {"choices": [{"message": 7}], "usage": "none"}
    with Answering(talking(lambda _: Says(body=nonsense))) as server:
        with suppress(errors.ResponseError):
            opened(server.url).chat(PROMPT, model="talker")
        [(state, answer)] = rows(
            "SELECT state, answer FROM calls JOIN bodies ON bodies.call = calls.id"
        )
    assert json.loads(unpack(answer)) == nonsense
    assert state in {"done", "possibly_paid"}


def test_a_done_row_reads_back_as_the_same_answer(at_box):
    from nbnebius.client.decode import decode_completion

    for stream in (True, False):
        reply = at_box().chat(PROMPT, stream=stream)
        body, content_type, tokens, cost = rows(
            "SELECT answer, content_type, completion_tokens, cost FROM calls"
            " JOIN bodies ON bodies.call = calls.id WHERE state = 'done' ORDER BY id DESC LIMIT 1"
        )[0]
        completion = decode_completion(unpack(body), content_type)
        assert completion.choices[0].message.content == reply.text
        assert (completion.usage, tokens) == (reply.usage, reply.usage.completion_tokens)
        assert cost == reply.cost


@pytest.mark.parametrize("stream", [True, False])
def test_what_is_private_and_the_key_are_in_no_file(box, at_box, stream):
    during = []
    caller = Caller(see=lambda _: during.append(texts_on_disk()))
    reply = at_box().chat(PROMPT, private=True, stream=stream, caller=caller)
    assert reply.text
    for content in (*during, texts_on_disk()):
        assert PROMPT.encode() not in content
        assert reply.text.encode() not in content
        assert box.key.encode() not in content
    assert rows("SELECT count(*) FROM bodies") == [(0,)]
    assert rows("SELECT state, completion_tokens FROM calls") == [
        ("done", reply.usage.completion_tokens)
    ]


FULL = """
import resource, secrets, sys
from nbnebius.session import Session
from nbnebius.settings import find_endpoint, home

session = Session(find_endpoint(None, sys.argv[1]))
session.journal
size = (home() / "journal.sqlite").stat().st_size
session.models()
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
try:
    session.chat(secrets.token_hex(100_000), model="talker")
except Exception as error:
    print(type(error).__name__)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no such limit there")
@pytest.mark.fault
def test_with_a_full_disk_nothing_is_sent(tmp_path):
    with Answering(talking(lambda _: Says(body=said("hello")))) as server:
        run = subprocess.run(
            [sys.executable, "-c", FULL, server.url], capture_output=True, text=True, check=False
        )
        assert run.stdout == "JournalError\n", run.stderr
        assert server.asked(CHAT) == []


def test_with_a_journal_that_cannot_be_opened_nothing_is_sent(opened, monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path / "file"))
    with Answering(talking(lambda _: Says(body=said("hello")))) as server:
        with pytest.raises(errors.JournalError):
            opened(server.url).chat(PROMPT, model="talker")
        assert server.asked(CHAT) == []


ASKS = """
import sys
from nbnebius.session import Session
from nbnebius.settings import find_endpoint

session = Session(find_endpoint(None, sys.argv[1]))
for piece in session.stream_chat("a question", model="talker", max_tokens=100):
    print(piece, flush=True)
"""


@pytest.mark.fault
def test_a_killed_kernel_leaves_what_had_come_as_possibly_paid(opened):
    pieces = [delta(f"word{n} ") for n in range(200)]
    chat = talking(lambda _: Says(pieces=pieces, pause=0.1, hold=True))
    with Answering(chat) as server:
        child = subprocess.Popen(
            [sys.executable, "-c", ASKS, server.url], stdout=subprocess.PIPE, text=True
        )
        try:
            while child.poll() is None and "word1 " not in child.stdout.readline():
                pass
            while not rows("SELECT 1 FROM pieces"):
                time.sleep(0.02)
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stdout.close()
        session = opened(server.url)
        total = session.spent()
    assert total.doubtful == 1
    assert total.in_doubt > 0
    [(answer,)] = rows("SELECT answer FROM bodies")
    assert b"word0 " in unpack(answer)
    assert rows("SELECT state FROM calls") == [("possibly_paid",)]


# -- cut short ---------------------------------------------------------------------------------


def cut():
    return talking(lambda _: Says(pieces=[delta("Once "), delta("upon")]))


def test_a_cut_stream_keeps_its_text(opened):
    with Answering(cut()) as server, pytest.raises(errors.StreamError) as caught:
        opened(server.url).chat(PROMPT, stream=True)
    assert caught.value.partial == "Once upon"
    assert caught.value.reply.text == "Once upon"
    assert caught.value.reply.partial
    assert caught.value.reply.finish_reason is None
    assert rows("SELECT state FROM calls") == [("partial",)]


def test_a_cut_stream_keeps_its_text_when_it_is_iterated(opened):
    read = []
    with Answering(cut()) as server, pytest.raises(errors.StreamError) as caught:
        read.extend(opened(server.url).stream_chat(PROMPT))
    assert caught.value.reply.text == "Once upon"


def test_a_part_of_an_answer_is_never_shown_as_a_kept_one(opened):
    says = [Says(pieces=[delta("Once ")]), Says(pieces=[delta("all", "stop"), USAGE, DONE])]
    with Answering(talking(lambda _: says.pop(0))) as server:
        with pytest.raises(errors.StreamError):
            opened(server.url).chat(PROMPT, stream=True, cache=True)
        assert opened(server.url).chat(PROMPT, stream=True, cache=True).text == "all"


def slow_box(tmp_path):
    return running_sandbox(tmp_path, "--tokens-per-second", "20")


def states(sandbox, wanted):
    """Wait until the sandbox's requests stand so; give how they stand."""
    for _ in range(500):
        found = [one["state"] for one in Box(sandbox).requests(CHAT)]
        if found == wanted:
            break
        time.sleep(0.02)
    return found


LONG = "Write a long essay about the sea and everything that lives in it."


def test_an_interrupt_keeps_the_text_and_stops_the_server(tmp_path, opened):
    with slow_box(tmp_path) as sandbox:
        session = opened(sandbox.base_url, sandbox.api_key)

        def see(event):
            if isinstance(event, TextDelta) and event.text.strip():
                signal.raise_signal(signal.SIGINT)

        with pytest.raises(errors.Stopped) as caught:
            session.chat(LONG, stream=True, caller=Caller(see=see))
        assert caught.value.reply.partial
        assert caught.value.reply.text
        assert isinstance(caught.value, KeyboardInterrupt)
        assert states(sandbox, ["cancelled"]) == ["cancelled"]
        assert rows("SELECT state FROM calls") == [("partial",)]
        session.chat("Say hi", max_tokens=3)


def test_an_interrupt_before_anything_came_says_so(opened):
    def chat(_):
        os.kill(os.getpid(), signal.SIGINT)
        return Says(pieces=[b": wait\n\n"], hold=True)

    with Answering(talking(chat)) as server:
        with pytest.raises(errors.Stopped, match="nothing had come") as caught:
            opened(server.url).chat(PROMPT, stream=True)
        assert len(server.asked(CHAT)) == 1
    assert caught.value.reply is None
    assert rows("SELECT state FROM calls") == [("possibly_paid",)]


def test_leaving_a_stream_stops_the_server(tmp_path):
    with slow_box(tmp_path) as sandbox:
        neb.connect(sandbox.api_key, sandbox.base_url)
        stream = neb.chat(LONG, stream=True)
        assert next(stream)
        with pytest.raises(errors.NebiusError, match="not finished"):
            _ = stream.reply
        stream.close()
        assert states(sandbox, ["cancelled"]) == ["cancelled"]
        with neb.chat(LONG, stream=True) as stream:
            next(stream)
        assert states(sandbox, ["cancelled"] * 2) == ["cancelled"] * 2
        assert list(stream) == []


def test_a_stream_has_its_reply_at_the_end_and_only_there(box):
    neb.connect(box.key, box.url)
    stream = neb.chat(PROMPT, stream=True)
    with pytest.raises(errors.NebiusError, match="not finished"):
        _ = stream.reply
    text = "".join(stream)
    assert stream.reply.text == text
    assert stream.reply.usage.total_tokens > 0
    assert stream.reply.cost > 0


# -- many at once, and ends --------------------------------------------------------------------


def test_events_go_to_the_thread_that_waits_for_them(opened):
    together = threading.Barrier(4)

    def chat(seen):
        together.wait()
        word = seen.json["messages"][0]["content"]
        return Says(
            pieces=[*(delta(f"{word} ") for _ in range(30)), delta("", "stop"), DONE], pause=0.005
        )

    heard = {word: [] for word in ("north", "east", "south", "west")}
    with Answering(talking(chat)) as server:
        session = opened(server.url)
        session.models()

        def ask(word):
            caller = Caller(see=heard[word].append)
            session.chat(word, stream=True, model="talker", caller=caller)

        threads = [threading.Thread(target=ask, args=(word,)) for word in heard]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    for word, events in heard.items():
        text = "".join(e.text for e in events if isinstance(e, TextDelta))
        assert text == f"{word} " * 30


def test_a_closed_session_says_so_and_opens_nothing(at_box):
    session = at_box()
    session.chat(PROMPT)
    session.close()
    session.close()
    for call in (lambda: session.chat(PROMPT), session.spent, lambda: session.journal):
        with pytest.raises(errors.NebiusError, match="closed"):
            call()
    assert list((home() / "sessions").iterdir()) == []


def test_the_first_billed_call_says_once_where_answers_are_kept(at_box):
    told = []
    for _ in range(2):
        session = at_box()
        session.observer = told.append
        session.chat(PROMPT)
        session.chat(PROMPT)
    notes = [e.text for e in told if isinstance(e, Note)]
    assert len(notes) == 1
    assert "private on" in notes[0]


def test_a_damaged_journal_is_told_once(at_box):
    home().mkdir()
    (home() / "journal.sqlite").write_bytes(b"garbage" * 2000)
    told, session = [], at_box()
    session.observer = told.append
    session.models()
    session.models()
    assert [("damaged" in e.text) for e in told if isinstance(e, Note)] == [True]


CHILD = """
import os, sys
import nbnebius as neb
from nbnebius.session import default_session

neb.connect(sys.argv[2], sys.argv[1])
default_session().at_close(lambda: os.write(1, b"closed;"))
neb.chat("one", max_tokens=5)
if (child := os.fork()) == 0:
    try:
        neb.chat("two", max_tokens=5)
    except neb.NebiusError as error:
        os.write(1, error.what.encode() + b";")
    neb.connect(sys.argv[2], sys.argv[1])
    os.write(1, b"child asks;" if neb.chat("three", max_tokens=5).text is not None else b"")
    os._exit(0)
os.waitpid(child, 0)
neb.chat("four", max_tokens=5)
os.write(1, b"parent asks;")
default_session().close()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no fork there")
def test_a_forked_child_must_connect_anew_and_ends_nothing_of_its_parent(box):
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CHILD, box.url, box.key],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout == (
        "This session was opened in another process;child asks;parent asks;closed;"
    ), run.stderr


LEAVES = """
import sys
import nbnebius as neb
neb.connect(sys.argv[2], sys.argv[1])
stream = neb.chat("Write an essay about the sea.", stream=True)
print(next(stream), flush=True)
"""


def test_leaving_python_in_the_middle_of_a_stream_does_not_hang(box):
    run = subprocess.run(
        [sys.executable, "-c", LEAVES, box.url, box.key],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, b"")


def test_settling_leaves_a_running_call_of_this_process_alone(opened):
    found = []

    def chat(_):
        journal = Journal(home() / "journal.sqlite")
        found.append(settle_orphans(journal))
        journal.close()
        return Says(body=said("hello"))

    with Answering(talking(chat)) as server:
        opened(server.url).chat(PROMPT)
    assert found == [0]
    assert rows("SELECT state FROM calls") == [("done",)]
