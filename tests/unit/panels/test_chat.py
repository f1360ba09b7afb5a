"""The chat panel's state: asked, stopped, mended, and turned into a cell, without a widget."""

import io
import json
import time

import pytest
from answering import Answering, Says, delta, talking
from boxes import Box
from PIL import Image
from sandbox_fixture import running_sandbox

import nbnebius
from nbnebius.commands import CHAT
from nbnebius.events import TextDelta
from nbnebius.panels.chat.state import ChatState
from nbnebius.session import default_session
from nbnebius.types.record import replace

CHATS = "chat/completions"
SECONDS = 30
COUNT = "Count from 1 to 2000"


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    # Slow enough to be stopped on the way.
    with running_sandbox(tmp_path_factory.mktemp("box"), "--tokens-per-second", "150") as running:
        yield Box(running)


@pytest.fixture
def state(box, monkeypatch):
    monkeypatch.setenv("NEBIUS_BASE_URL", box.url)
    monkeypatch.setenv("NEBIUS_API_KEY", box.key)
    return opened()


def opened():
    state = ChatState()
    state.open()
    return settled(state)


def settled(state):
    assert state.wait(SECONDS)
    return state


def ask(state, text):
    assert state.send(text), state.error
    settled(state)
    assert not state.error
    return state.rows[-1]


def until(condition):
    end = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def picture():
    file = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(file, "PNG")
    return file.getvalue()


def sent(box):
    return box.requests(CHATS)[-1]


def test_opening_reads_the_catalog_and_chooses_the_usual_model(state):
    assert not state.error
    assert state.models.model == "Qwen/Qwen3-32B"
    assert "USD" in state.models.about
    assert "per million tokens" in state.models.about
    state.narrow("LLAMA 70b")
    # The chosen one stays at the top until another one is.
    assert state.models.ids[0] == "Qwen/Qwen3-32B"
    assert all("llama" in one.lower() and "70b" in one.lower() for one in state.models.ids[1:])
    assert len(state.models.ids) == state.models.found + 1


def test_a_panel_that_was_opened_without_a_key_goes_on_once_there_is_one(box, monkeypatch):
    monkeypatch.setenv("NEBIUS_BASE_URL", box.url)
    monkeypatch.delenv("NEBIUS_API_KEY", raising=False)
    state = opened()
    assert "wants a key" in state.error
    nbnebius.connect(box.key, box.url)
    state.refresh()
    settled(state)
    assert state.error == ""
    assert state.models.model in {record.id for record in state.models.records}


def test_a_question_is_a_turn_of_the_sessions_thread_with_its_price(state):
    row = ask(state, "What is two plus two?")
    assert (row.question, row.state) == ("What is two plus two?", "done")
    (kept,) = default_session().turn_rows("notebook")
    assert (kept.answer, kept.tokens, kept.cost) == (row.answer, row.tokens, row.cost)
    assert row.cost > 0
    assert state.total.startswith("this notebook's thread · 1 turn · ")
    assert "USD" in state.total
    entry = state.entry(1)
    assert f"{row.tokens:,} tokens" in entry.answer
    assert (state.draft, state.count) == ("", 1)


def test_the_thread_goes_with_the_next_question_and_is_there_when_opened_again(state, box):
    ask(state, "My name is Ada.")
    ask(state, "What is my name?")
    again = opened()
    assert [row.question for row in again.rows] == ["My name is Ada.", "What is my name?"]
    assert "turn 2, 1 sent" in state.status


def test_stop_ends_the_request_at_the_server_and_keeps_what_had_come(state, box):
    state.send(COUNT)
    until(lambda: "3, 4, 5" in state.entry(state.count).answer)
    assert state.entry(1).state == "asking"
    state.stop()
    settled(state)
    until(lambda: sent(box)["state"] != "running")
    assert sent(box)["state"] == "cancelled"
    assert "stopped" in state.status
    (row,) = state.rows
    assert row.state == "partial"
    assert "3, 4, 5" in row.answer
    assert "2000" not in row.answer
    assert "not finished" in state.entry(1).answer


def test_a_second_question_waits_while_one_is_answered(state):
    state.send(COUNT)
    until(lambda: state.asked is not None)
    assert not state.send("Another one?")
    assert "one thing at a time" in state.status
    state.stop()
    settled(state)


def test_asking_again_replaces_the_answer_and_marks_what_came_after(state):
    ask(state, "Name a colour.")
    ask(state, "Why that one?")
    state.set("seed", "7")
    state.set("temperature", "2")
    state.edit(1)
    assert (state.draft, state.editing) == ("Name a colour.", 1)
    ask(state, "Name a shape.")
    assert [row.question for row in state.rows] == ["Name a shape.", "Why that one?"]
    assert [row.stale for row in state.rows] == [False, True]
    assert "stale" in state.entry(2).answer
    assert state.editing is None
    state.again(2)
    settled(state)
    assert [row.question for row in state.rows] == ["Name a shape.", "Why that one?"]
    assert not any(row.stale for row in state.rows)


def test_again_asks_anew_even_if_an_answer_is_kept(state, box):
    ask(state, "Say hello.")
    before = box.count(CHATS)
    state.again(1)
    settled(state)
    assert box.count(CHATS) == before + 1
    assert len(state.rows) == 1


def test_what_was_purged_is_not_asked_again(state, box):
    ask(state, "Say hello.")
    before = box.count(CHATS)
    state.rows = [replace(state.rows[0], question=None, answer=None, state="gone")]
    assert not state.again(1)
    assert "purged" in state.error
    assert "purged: it is not sent" in state.entry(1).answer
    state.edit(1)
    assert (state.draft, state.editing) == ("", 1)
    assert box.count(CHATS) == before


def test_a_turn_and_a_thread_can_be_dropped(state):
    for text in ("one", "two", "three"):
        ask(state, text)
    state.drop(2)
    settled(state)
    assert [row.question for row in state.rows] == ["one", "three"]
    state.drop_thread()
    settled(state)
    assert state.rows == []
    assert "answers stay kept" in state.status


def test_threads_are_new_chosen_and_remembered(state):
    ask(state, "in the notebook")
    state.new()
    settled(state)
    assert (state.thread, state.rows) == ("chat-1", [])
    ask(state, "in another")
    state.new("a bad/name")
    settled(state)
    assert "cannot be called" in state.error
    assert state.thread == "chat-1"
    state.choose("notebook")
    settled(state)
    assert [row.question for row in state.rows] == ["in the notebook"]
    assert set(state.threads) == {"chat-1", "notebook"}


def test_a_thread_is_written_into_a_file_and_never_over_one(state, tmp_path):
    ask(state, "Say hello.")
    state.export("talk.md")
    settled(state)
    assert state.status.startswith("wrote 1 turns into talk.md")
    assert "Say hello." in (tmp_path / "talk.md").read_text()
    state.export("talk.md")
    settled(state)
    assert "There is a file talk.md already" in state.error


def test_system_and_parameters_go_with_the_question(state, box):
    state.system = "You are terse."
    for name, text in {"temperature": "0", "max_tokens": "20", "top_p": "0.5", "seed": "3"}.items():
        state.set(name, text)
    ask(state, "Say hello.")
    assert state.rows[0].system == "You are terse."
    cell = CHAT.parse(*parts(state.to_cell()))
    assert (cell.temperature, cell.max_tokens, cell.top_p, cell.seed) == (0, 20, 0.5, 3)
    assert state.rows[0].tokens < 80
    # The thread has it from then on, without being told again.
    state.system = ""
    assert state.system_before == "You are terse."


@pytest.mark.parametrize(
    ("name", "text"), [("temperature", "hot"), ("seed", "1.5"), ("top_p", "7")]
)
def test_a_parameter_that_makes_no_sense_is_told_before_anything_is_paid(state, box, name, text):
    before = box.count(CHATS)
    state.set(name, text)
    state.send("Say hello.")
    settled(state)
    assert f"{name.replace('_', '-')}" in state.error.replace("_", "-")
    assert box.count(CHATS) == before


def parts(cell):
    line, _, body = cell.partition("\n")
    assert line.startswith("%%chat")
    return line.removeprefix("%%chat"), body


@pytest.mark.parametrize(
    "question", ["Say hello.", "two\nlines", "{{not}} a variable", "--dashed", "%%chat\nx"]
)
def test_the_cell_asks_the_same(state, question):
    state.system = 'be "brief"\nand {{kind}}'
    state.set("seed", "3")
    state.pick("some/model")
    cell = CHAT.parse(*parts(state.to_cell(question)))
    assert (cell.prompt, cell.system) == (question, state.system)
    assert (cell.model, cell.seed, cell.raw, cell.continues) == ("some/model", 3, True, True)


def test_the_cell_of_a_named_thread_names_it(state):
    state.new("review")
    settled(state)
    cell = CHAT.parse(*parts(state.to_cell("Go on")))
    assert (cell.thread, cell.continues, cell.raw) == ("review", False, False)


def test_without_a_question_there_is_no_cell(state):
    with pytest.raises(Exception, match="no question yet"):
        state.to_cell()


def test_pictures_are_seen_by_the_model_and_named_in_the_cell(state, tmp_path):
    (tmp_path / "red.png").write_bytes(picture())
    state.pick("")
    state.attach("red.png")
    state.upload({"mine.png": picture()})
    assert [one.name for one in state.pictures] == ["red.png", "mine.png"]
    cell = CHAT.parse(*parts(state.to_cell("What colour is it?")))
    assert cell.images == ("red.png", "picture_1")
    row = ask(state, "What colour is it?")
    assert "red" in row.answer.lower()
    assert len(row.pictures) == 2
    entry = state.entry(1)
    assert entry.question == "What colour is it?"
    assert len(entry.pictures) == 2
    assert state.pictures == ()
    # The question's pictures go with it when it is edited.
    state.edit(1)
    assert len(state.pictures) == 2
    state.leave()
    assert (state.pictures, state.draft, state.editing) == ((), "", None)


def test_what_is_no_picture_is_told(state):
    state.attach("no_such_variable")
    assert "no variable 'no_such_variable'" in state.error
    state.attach("gone.png")
    assert "There is no file gone.png" in state.error
    state.upload({"notes.txt": b"hello"})
    assert "no picture" in state.error
    assert state.pictures == ()


def events(*texts, hold=False):
    pieces = [delta(text) for text in texts]
    return Says(pieces=pieces if hold else [*pieces, b"data: [DONE]\n\n"], hold=hold)


@pytest.fixture
def at_server(monkeypatch):
    def begin(answer):
        running = Answering(talking(answer))
        running.__enter__()
        started.append(running)
        monkeypatch.setenv("NEBIUS_BASE_URL", running.url)
        monkeypatch.setenv("NEBIUS_API_KEY", "k")
        return running

    started = []
    yield begin
    default_session().close()
    for running in started:
        running.__exit__()


def test_a_question_without_an_answer_stays_in_sight_and_can_be_asked_again(at_server):
    bad = [Says(400, {"detail": "no"})]
    at_server(lambda _: bad.pop() if bad else events("fine"))
    state = opened()
    assert state.send("Are you there?")
    settled(state)
    assert state.error
    assert (state.count, state.rows) == (1, [])
    entry = state.entry(1)
    assert (entry.question, entry.state) == ("Are you there?", "failed")
    assert "no answer came" in entry.answer
    state.edit(1)
    assert (state.draft, state.count) == ("Are you there?", 0)
    assert state.send(state.draft)
    settled(state)
    assert [row.answer for row in state.rows] == ["fine"]


def test_reasoning_is_folded_and_not_sent_back(at_server):
    def thinking(_):
        choice = {"index": 0, "delta": {"reasoning_content": "let me think"}}
        first = b"data: " + json.dumps({"id": "a", "choices": [choice]}).encode() + b"\n\n"
        return Says(pieces=[first, delta("four", "stop"), b"data: [DONE]\n\n"])

    server = at_server(thinking)
    state = opened()
    state.send("2 + 2?")
    settled(state)
    assert "<details" in state.entry(1).answer
    assert "let me think" in state.entry(1).answer
    state.send("And 3 + 3?")
    settled(state)
    assert "let me think" not in json.dumps(server.asked(CHATS)[-1].json["messages"])


def test_an_answer_that_the_thread_cannot_keep_is_shown_all_the_same(at_server, monkeypatch):
    at_server(lambda _: events("precious"))
    state = opened()
    monkeypatch.setattr(
        "nbnebius.journal.keep_turn", lambda *_, **__: (_ for _ in ()).throw(full())
    )
    state.send("Are you there?")
    settled(state)
    assert state.rows == []
    assert "precious" in state.entry(1).answer
    assert "could not be kept in its thread" in state.status


def full():
    from nbnebius.errors import JournalError

    return JournalError("the disk is full")


def test_text_grows_by_what_comes(state):
    seen = []
    state.listen(lambda: state.asked and seen.append(len(state.asked.html)))
    ask(state, "Count from 1 to 60")
    assert len(set(seen)) > 3
    state.see(TextDelta("too late"))  # nothing is asked: it changes nothing
    assert "too late" not in state.entry(1).answer
