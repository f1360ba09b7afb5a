"""Threads through a session: what is sent, what is kept, and what is left of it."""

import json
import sqlite3
from contextlib import closing

import pytest
from answering import MODELS, Answering, Says, delta, said, talking

from nbnebius import errors
from nbnebius.events import Note
from nbnebius.journal import Waste, hold_size, purge
from nbnebius.journal import size as size_rules
from nbnebius.session import Caller
from nbnebius.settings import home

CHAT = "chat/completions"


def cell(name, *, lasting=True):
    return Caller(place=f"{name}/1", reuse="restart", shared=True, lasting=lasting)


@pytest.fixture
def answers():
    """What the server says next, and a number where that is used up."""
    return []


@pytest.fixture
def server(answers):
    count = iter(range(1, 1000))

    def chat(_):
        answer = answers.pop(0) if answers else f"answer {next(count)}"
        return answer if isinstance(answer, Says) else Says(body=said(answer))

    with Answering(talking(chat)) as running:
        yield running


def sent(server):
    return [one.json["messages"] for one in server.asked(CHAT)]


def texts(messages):
    return [message["content"] for message in messages]


def test_a_thread_is_sent_as_a_conversation(server, opened):
    session = opened(server.url)
    session.chat("one", thread="main", system="be brief")
    session.chat("two", thread="main")
    reply = session.chat("three", thread="main", model="another")
    assert texts(sent(server)[-1]) == ["be brief", "one", "answer 1", "two", "answer 2", "three"]
    assert server.asked(CHAT)[-1].json["model"] == "another"
    assert (reply.placed.number, reply.placed.sent, reply.placed.thread) == (3, 2, "main")
    assert reply.footer.endswith("thread main, turn 3, 2 sent")


def test_without_a_thread_nothing_is_remembered(server, opened):
    session = opened(server.url)
    session.chat("one", thread="main")
    assert session.chat("two").placed is None
    assert texts(sent(server)[-1]) == ["two"]
    assert len(session.turns("main")) == 1


def test_a_cell_replaces_its_turn_and_tells_what_is_stale(server, opened):
    session = opened(server.url)
    notes = []
    session.observer = notes.append
    for name in ("a", "b", "c"):
        session.chat(f"ask {name}", thread="main", caller=cell(name))
    session.chat("ask a", thread="main", caller=cell("a"))
    assert texts(sent(server)[-1]) == ["ask a"]
    assert [row.stale for row in session.turn_rows("main")] == [False, True, True]
    told = [note.text for note in notes if isinstance(note, Note)]
    assert any(t.startswith("turns 2, 3 are stale: they were asked after") for t in told)
    session.chat("ask b", thread="main", caller=cell("b"))
    assert texts(sent(server)[-1]) == ["ask a", "answer 4", "ask b"]
    assert [row.stale for row in session.turn_rows("main")] == [False, False, True]


@pytest.mark.parametrize("lasting", [True, False])
def test_after_a_restart_the_same_cells_cost_nothing_and_rebuild_the_thread(
    server, opened, lasting
):
    def run_all():
        session = opened(server.url)
        replies = [
            session.chat(f"ask {name}", thread="main", caller=cell(name, lasting=lasting))
            for name in ("a", "b", "c")
        ]
        return session, replies

    before, _ = run_all()
    first = [(row.question, row.answer) for row in before.turn_rows("main")]
    asked = len(sent(server))
    session, replies = run_all()
    assert len(sent(server)) == asked
    assert all(reply.cached for reply in replies)
    assert [(row.question, row.answer) for row in session.turn_rows("main")] == first
    assert not any(row.stale for row in session.turn_rows("main"))


def test_without_a_cell_id_the_same_text_typed_again_is_a_turn_of_its_own(server, opened):
    session = opened(server.url)
    for _ in range(2):
        session.chat("more", thread="main", caller=cell("text", lasting=False))
    assert texts(sent(server)[-1]) == ["more", "answer 1", "more"]


def test_a_failed_turn_is_no_part_of_the_thread(server, opened, answers):
    session = opened(server.url, max_retries=0)
    session.chat("one", thread="main", caller=cell("a"))
    answers.append(Says(400, {"detail": "no"}))
    with pytest.raises(errors.ApiError):
        session.chat("two", thread="main", caller=cell("b"))
    answers.append(Says(400, {"detail": "no"}))
    with pytest.raises(errors.ApiError):
        session.chat("one", thread="main", caller=cell("a"))
    assert [row.answer for row in session.turn_rows("main")] == ["answer 1"]


def test_an_answer_that_broke_off_is_part_of_it_and_marked(server, opened, answers):
    session = opened(server.url)
    answers.append(Says(pieces=[delta("half an "), delta("answer")]))
    with pytest.raises(errors.StreamError) as caught:
        session.chat("one", thread="main", stream=True)
    assert caught.value.reply.placed.number == 1
    [row] = session.turn_rows("main")
    assert (row.answer, row.state) == ("half an answer", "partial")
    session.chat("go on", thread="main")
    assert texts(sent(server)[-1]) == ["one", "half an answer", "go on"]


def test_a_streamed_turn_is_kept_too(server, opened):
    session = opened(server.url)
    list(session.stream_chat("one", thread="main"))
    assert [row.question for row in session.turn_rows("main")] == ["one"]


def test_an_answer_that_was_mended_stands_in_the_thread_as_if_it_had_been_the_first(
    server, opened, answers
):
    session = opened(server.url)
    answers += ['{"age": "old"}', '{"age": 7}']
    session.chat("how old?", thread="main", schema="age int", repair=True)
    [row] = session.turn_rows("main")
    assert (row.question, row.answer) == ("how old?", '{"age": 7}')


def calls(name, arguments="{}", **more):
    call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": arguments}}
    answer = said("")
    answer["choices"][0]["message"] = {"role": "assistant", "content": None, "tool_calls": [call]}
    answer["choices"][0]["message"].update(more)
    answer["choices"][0]["finish_reason"] = "tool_calls"
    return Says(body=answer)


def test_tool_calls_are_sent_with_their_results(server, opened, answers):
    def weather() -> str:
        """Say how the weather is."""
        return "sunny"

    session = opened(server.url)
    answers += [calls("weather", reasoning_content="a secret thought"), "It is sunny."]
    session.chat("weather?", thread="main", tools=weather, model="zai/GLM-5")
    session.chat("and now?", thread="main", model="zai/GLM-5")
    messages = sent(server)[-1]
    assert [m["role"] for m in messages] == ["user", "assistant", "tool", "assistant", "user"]
    assert messages[1]["tool_calls"][0]["function"]["name"] == "weather"
    assert messages[1]["reasoning_content"] == "a secret thought"
    assert messages[2]["content"] == "sunny"
    session.chat("and now?", thread="main", model="Qwen/Qwen3-32B")
    assert "reasoning_content" not in sent(server)[-1][1]


def test_reasoning_is_not_sent_back(server, opened, answers):
    thought = said("<think>a thought</think>Four.")
    answers.append(Says(body=thought))
    session = opened(server.url)
    session.chat("2 + 2?", thread="main")
    session.chat("and?", thread="main")
    assert texts(sent(server)[-1]) == ["2 + 2?", "Four.", "and?"]


# -- private -----------------------------------------------------------------------------------


def on_disk():
    return b"".join(path.read_bytes() for path in home().rglob("*") if path.is_file())


def test_a_private_turn_and_what_follows_it_is_in_no_file(server, opened):
    session = opened(server.url)
    notes = []
    session.observer = notes.append
    session.chat("open question", thread="main", caller=cell("a"))
    session.chat("hush hush", thread="main", caller=cell("b"), private=True)
    reply = session.chat("what did I say?", thread="main", caller=cell("c"))
    assert texts(sent(server)[-1])[2] == "hush hush"
    assert reply.footer.endswith("turn 3, 2 sent · in memory only")
    assert any("private, as one before it" in n.text for n in notes if isinstance(n, Note))
    assert [row.private for row in session.turn_rows("main")] == [False, True, True]
    assert b"hush" not in on_disk()
    again = opened(server.url)
    assert [row.question for row in again.turn_rows("main")] == ["open question"]


def test_a_turn_can_become_private_and_open_again_in_its_place(server, opened):
    session = opened(server.url)
    for name in ("a", "b"):
        session.chat(f"ask {name}", thread="main", caller=cell(name))
    session.chat("ask a", thread="main", caller=cell("a"), private=True)
    rows = session.turn_rows("main")
    assert [(r.question, r.private) for r in rows] == [("ask a", True), ("ask b", False)]
    session.chat("ask a", thread="main", caller=cell("a"))
    rows = session.turn_rows("main")
    assert [(r.question, r.private) for r in rows] == [("ask a", False), ("ask b", False)]


# -- looking after threads ---------------------------------------------------------------------


def test_turns_are_dropped_by_number_and_from_the_end(server, opened):
    session = opened(server.url)
    for text in "12345":
        session.chat(text, thread="main")
    assert session.drop_turns("main", [2, 4]) == 2
    assert session.drop_turns("main", last=1) == 1
    assert [row.question for row in session.turn_rows("main")] == ["1", "3"]
    assert [row.stale for row in session.turn_rows("main")] == [False, True]
    assert session.drop_turns("main") == 2
    with pytest.raises(errors.OptionError, match="no thread 'main'"):
        session.drop_turns("main")


@pytest.mark.parametrize("bad", [{"numbers": [3]}, {"numbers": [0]}, {"last": 0}, {"last": 3}])
def test_a_turn_that_is_not_there_cannot_be_dropped(server, opened, bad):
    session = opened(server.url)
    for text in "12":
        session.chat(text, thread="main")
    with pytest.raises(errors.OptionError):
        session.drop_turns("main", **bad)
    assert len(session.turns("main")) == 2


def test_a_turn_is_asked_again_or_with_another_question(server, opened):
    session = opened(server.url)
    for text in ("one", "two", "three"):
        session.chat(text, thread="main", system="be brief")
    session.ask_again("main", 2)
    assert texts(sent(server)[-1]) == ["be brief", "one", "answer 1", "two"]
    session.ask_again("main", 1, "uno", model="another")
    assert texts(sent(server)[-1]) == ["be brief", "uno"]
    rows = session.turn_rows("main")
    assert [(r.question, r.answer) for r in rows] == [
        ("uno", "answer 5"),
        ("two", "answer 4"),
        ("three", "answer 3"),
    ]
    assert [r.stale for r in rows] == [False, True, True]
    with pytest.raises(errors.OptionError, match="no turn 4"):
        session.ask_again("main", 4)


def test_a_thread_travels_as_json(server, opened, tmp_path):
    session = opened(server.url)
    session.chat("one", thread="main", system="be brief")
    session.chat("two", thread="main")
    assert session.export_thread("main", tmp_path / "talk.json") == 2
    told = json.loads((tmp_path / "talk.json").read_text())
    assert texts(told["messages"]) == ["be brief", "one", "answer 1", "two", "answer 2"]
    assert session.import_thread(tmp_path / "talk.json", "copy") == ("copy", 2)
    assert not any(row.stale for row in session.turn_rows("copy"))
    session.chat("three", thread="copy")
    assert texts(sent(server)[-1])[:-1] == texts(told["messages"])
    with pytest.raises(errors.OptionError, match="already"):
        session.import_thread(tmp_path / "talk.json")
    with pytest.raises(errors.OptionError, match="already"):
        session.export_thread("main", tmp_path / "talk.json")


def test_a_thread_is_written_as_markdown(server, opened, tmp_path):
    session = opened(server.url)
    session.chat("one\ntwo", thread="main")
    session.export_thread("main", tmp_path / "talk.md")
    text = (tmp_path / "talk.md").read_text()
    assert "> one\n> two\n\nanswer 1" in text


@pytest.mark.parametrize(
    "content",
    ["nonsense", "{}", "[]", '{"messages": [7]}', '[{"role": "wizard", "content": "x"}]',
     '[{"role": "user", "content": 7}]', '[{"role": "assistant", "content": "x"}]'],
)  # fmt: skip
def test_what_is_no_conversation_is_not_imported(server, opened, tmp_path, content):
    (tmp_path / "odd.json").write_text(content)
    with pytest.raises(errors.OptionError):
        opened(server.url).import_thread(tmp_path / "odd.json")


def test_any_list_of_messages_is_imported(server, opened, tmp_path):
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    (tmp_path / "my talk.json").write_text(json.dumps(messages))
    session = opened(server.url)
    assert session.import_thread(tmp_path / "my talk.json") == ("my-talk", 1)


def test_threads_of_two_services_do_not_mix(server, opened):
    with Answering(talking(lambda _: Says(body=said("elsewhere")))) as other:
        opened(server.url).chat("here", thread="main")
        session = opened(other.url)
        session.chat("there", thread="main")
        assert texts(sent(other)[-1]) == ["there"]
        assert [row.turns for row in session.threads()] == [1]


@pytest.mark.parametrize("name", ["a b", "", "drop", "x" * 99, "../x", 7])
def test_what_cannot_be_a_threads_name_is_refused(server, opened, name):
    with pytest.raises(errors.OptionError, match="cannot be called"):
        opened(server.url).thread_named(name)


def test_a_notebook_has_a_thread_of_its_own(server, opened, monkeypatch):
    monkeypatch.setenv("JPY_SESSION_NAME", "/work/one.ipynb")
    assert opened(server.url).thread_named(thread=True) == "notebook:/work/one.ipynb"
    import __main__

    monkeypatch.setattr(__main__, "__vsc_ipynb_file__", "/work/two.ipynb", raising=False)
    assert opened(server.url).thread_named("notebook") == "notebook:/work/two.ipynb"


def test_the_settings_thread_is_the_usual_one(server, opened):
    session = opened(server.url)
    assert session.thread_named(None) is None
    session.config.set("thread", "main")
    assert session.thread_named(None) == "main"
    assert session.thread_named("none") is None
    assert session.thread_named(thread=False) is None
    session.config.set("thread", "off")
    assert session.thread_named(None) is None


def test_the_ledger_knows_threads_and_sums_them(server, opened):
    session = opened(server.url)
    session.chat("one", thread="main", caller=cell("a"))
    session.chat("one", thread="main", caller=cell("a"))
    [row] = session.threads()
    assert (row.turns, row.tokens, row.model) == (1, 30, "talker")
    assert row.cost == pytest.approx(2 * 20e-6)


# -- what goes -------------------------------------------------------------------------------


def test_a_purged_answer_takes_its_turn_along_and_the_thread_says_so(server, opened):
    session = opened(server.url)
    notes = []
    session.observer = notes.append
    session.chat("one", thread="main", caller=cell("a"))
    session.chat("two", thread="main", caller=cell("b"))
    session.purge(answers=True, yes=True)
    assert b"answer 1" not in on_disk()
    assert [row.state for row in session.turn_rows("main")] == ["gone", "gone"]
    session.chat("three", thread="main", caller=cell("c"))
    assert texts(sent(server)[-1]) == ["three"]
    told = [note.text for note in notes if isinstance(note, Note)]
    assert "2 turns before it were purged, and not sent" in told
    # running its cell again puts a turn back
    session.chat("one", thread="main", caller=cell("a"))
    assert [row.state for row in session.turn_rows("main")] == ["done", "gone", "done"]


def test_purging_everything_leaves_no_turn(server, opened):
    session = opened(server.url)
    session.chat("one", thread="main")
    session.purge(everything=True, yes=True)
    assert session.turns("main") == []


def test_imported_turns_are_purged_too(server, opened, tmp_path):
    messages = [{"role": "user", "content": "imported"}, {"role": "assistant", "content": "a"}]
    (tmp_path / "talk.json").write_text(json.dumps(messages))
    session = opened(server.url)
    session.import_thread(tmp_path / "talk.json")
    assert purge(session.journal, Waste(before=1.0)).answers == 0
    assert session.purge(yes=True).answers == 1
    assert session.turn_rows("talk")[0].state == "gone"


def test_a_full_journal_drops_turns_with_their_answers(server, opened, monkeypatch):
    monkeypatch.setattr(size_rules, "CALLS", 1)
    session = opened(server.url)
    session.chat("one", thread="main")
    hold_size(session.journal, 1e-9)
    assert session.turn_rows("main")[0].state == "gone"


def test_a_damaged_journal_keeps_its_threads_and_saved_prompts(server, opened):
    from nbnebius.journal import SavedPrompt

    session = opened(server.url)
    session.chat("one", thread="main", system="be brief")
    session.chat("two", thread="main")
    session.chat("three", thread="main")
    session.save_prompt(SavedPrompt("review", "chat", "-t 0", "Review {{code}}"))
    session.close()
    path = home() / "journal.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        with connection:
            connection.execute("UPDATE turns SET said = x'00' WHERE id = 2")
        root = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'pieces_by_call'"
        ).fetchone()[0]
    whole = bytearray(path.read_bytes())
    whole[(root - 1) * 4096 : root * 4096] = b"\xff" * 4096
    path.write_bytes(whole)
    again = opened(server.url)
    assert "damaged" in again.journal.writer.note
    assert [row.state for row in again.turn_rows("main")] == ["done", "gone", "done"]
    assert again.saved_prompt("review").line == "-t 0"


def test_a_thread_that_has_grown_too_long_is_refused_before_it_is_sent(opened, tmp_path):
    models = json.loads(json.dumps(MODELS))
    models["data"][0]["context_length"] = 1000

    def serve(seen):
        return Says(body=models if seen.path.endswith("/models") else said("word " * 900))

    with Answering(serve) as server:
        session = opened(server.url)
        session.chat("one", thread="main")
        with pytest.raises(errors.OptionError) as caught:
            session.chat("two", thread="main")
        assert len(server.asked(CHAT)) == 1
    assert "1,1" in caught.value.what
    assert "threads drop main 1 " in caught.value.hint


@pytest.mark.parametrize("thread", [["main"], {"main": 1}, 7, "no name", "drop"])
def test_what_is_no_name_of_a_thread_is_refused_before_anything_is_sent(server, opened, thread):
    with pytest.raises(errors.OptionError, match="cannot be called"):
        opened(server.url).chat("one", thread=thread)
    assert server.asked(CHAT) == []
