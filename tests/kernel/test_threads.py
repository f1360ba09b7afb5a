"""Conversations in a notebook: a cell is a turn, and running it again replaces it."""

import json
import re
from pathlib import Path

import pytest

pytestmark = pytest.mark.kernel

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "threads.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
HOSTILE = "<img src=x onerror=alert(1)> **bold**"


@pytest.fixture
def kernel(start_kernel, sandbox):
    """A kernel with threads of its own."""
    return start_kernel(sandbox)


def footer(cell):
    return cell.displays[0]["data"]["text/plain"].splitlines()[-1]


def sent(kernel, thread):
    """Give the messages that one more question in a thread would be sent with."""
    code = (
        "import nbnebius.session as _s\n"
        f"_p = _s.default_session().prepare_chat('next', thread={thread!r})\n"
        "print([m['content'] for m in _p.body['messages']][:-1], end='')"
    )
    return kernel.ok(code, store_history=False).printed


def test_a_chat_cell_is_one_question_unless_it_says_otherwise(kernel):
    kernel.ok("%chat -c Name a mineral.", "c1")
    assert "turn" not in footer(kernel.ok("%chat Name a mineral.", "c2"))
    assert footer(kernel.ok("%%chat -c\nAnd its colour?", "c3")).endswith("turn 2, 1 sent")


def test_running_a_cell_again_replaces_its_turn_and_marks_the_later_ones(kernel):
    for number, code in enumerate(["%chat -c First.", "%chat -c Second.", "%chat -c Third."]):
        kernel.ok(code, f"c{number}")
    cell = kernel.ok("%chat -c Quite another question about granite.", "c0")
    assert footer(cell).endswith("turn 1, 0 sent")
    assert "turns 2, 3 are stale" in cell.plain
    shown = kernel.ok("%nebius threads notebook").plain
    assert "this notebook's thread: 3 turns, 2 stale" in shown
    assert shown.count("stale: asked after something else") == 2
    cell = kernel.ok("%chat -c Second.", "c1")
    assert footer(cell).endswith("turn 2, 1 sent")
    assert "3 turns, 1 stale" in kernel.ok("%nebius threads notebook").plain
    # a later turn does not make an earlier one stale
    assert "stale" not in kernel.ok("%chat -c Third.", "c2").plain


def test_several_chats_in_one_cell_are_turns_of_their_own(kernel):
    code = "for n in (1, 2):\n    %chat -c -q Question {{n}}.\nafter = %chat -c -q And then?"
    kernel.ok(code, "loop")
    kernel.ok(code, "loop")
    kernel.ok("import nbnebius as neb")
    assert kernel.value("list(neb.threads('notebook').question)") == (
        "['Question 1.', 'Question 2.', 'And then?']"
    )


def test_restart_and_run_all_costs_nothing_and_gives_the_same_thread(
    start_kernel, sandbox, requests
):
    kernel = start_kernel(sandbox)
    cells = [
        ("r1", "%chat -c -t 2 Name a mineral."),
        ("r2", "%%chat -c\nHow hard is it?"),
        ("r3", "%chat --thread named Is it blue?"),
    ]
    first = [kernel.ok(code, name).displays[0]["data"] for name, code in cells]
    kernel.ok(cells[0][1], "r1")
    kernel.ok(cells[1][1], "r2")
    thread = sent(kernel, "notebook")
    sum_ = len(requests)
    kernel.restart()
    second = [kernel.ok(code, name) for name, code in cells]
    assert len(requests) == sum_
    assert all("kept from" in cell.plain for cell in second)
    assert [c.displays[0]["data"] for c in second][2] == first[2]
    assert sent(kernel, "notebook") == thread
    assert not kernel.ok("%nebius threads").plain.count("True")


def test_without_cell_ids_a_restart_rebuilds_the_thread_too(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    cells = ["%chat -c Name a mineral.", "%chat -c More.", "%chat -c More."]
    first = [footer(kernel.ok(code)) for code in cells]
    assert [line.split(" · ")[-1] for line in first] == [
        "turn 1, 0 sent",
        "turn 2, 1 sent",
        "turn 3, 2 sent",
    ]
    before = len(requests)
    kernel.restart()
    assert [footer(kernel.ok(code)) for code in cells] == first
    assert len(requests) == before


def test_an_answer_that_is_stopped_is_a_turn_and_marked(start_kernel, slow_sandbox):
    kernel = start_kernel(slow_sandbox)
    cell = kernel.begin("%chat -c Write an essay of 800 words about granite.", "c1")
    kernel.wait(cell, until=lambda c: len(c.paints) > 3)
    kernel.interrupt()
    kernel.wait(cell)
    assert cell.ename == "Stopped"
    shown = kernel.ok("%nebius threads notebook").plain
    assert "this notebook's thread: 1 turn\n" in shown
    assert "not finished" in shown
    assert footer(kernel.ok("%chat -c --max-tokens 5 Go on.", "c2")).split(" · ")[3] == (
        "turn 2, 1 sent"
    )


def test_a_conversation_is_replayed_without_its_journal(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    cells = ["%chat -c Name a mineral.", "%chat -c And its colour?", "%chat -c Why?"]
    kernel.ok("%nebius record talk.nbr")
    first = [kernel.ok(code, f"c{n}").displays[0]["data"] for n, code in enumerate(cells)]
    kernel.ok("%nebius record off")
    tape = kernel.folder / "talk.nbr"
    elsewhere = start_kernel(NBNEBIUS_REPLAY=str(tape))
    again = [elsewhere.ok(code).displays[0]["data"] for code in cells]
    assert again == first


def test_a_named_thread_is_the_same_for_the_function(kernel):
    kernel.ok("%chat --thread main -s 'Be brief.' Hello", "c1")
    kernel.ok("import nbnebius as neb\nreply = neb.chat('Again', thread='main')", "c2")
    assert kernel.value("(reply.placed.number, reply.placed.sent)") == "(2, 1)"
    assert sent(kernel, "main").startswith("['Be brief.', 'Hello', ")
    assert footer(kernel.ok("%chat --thread main Third", "c3")).endswith(
        "thread main, turn 3, 2 sent"
    )


def test_a_thread_can_be_the_usual_one(kernel):
    kernel.ok("%nebius config thread main")
    assert "thread main, turn 1" in footer(kernel.ok("%chat Hello", "c1"))
    assert "turn" not in footer(kernel.ok("%chat --thread none Hello", "c2"))
    kernel.ok("import nbnebius as neb")
    assert kernel.value("neb.chat('Hi').placed.number") == "2"
    kernel.ok("%nebius config thread off")
    assert "turn" not in footer(kernel.ok("%chat Hello", "c3"))


def test_a_private_turn_says_so_and_is_gone_after_a_restart(kernel):
    kernel.ok("%chat --thread main Hello", "c1")
    cell = kernel.ok("%chat --thread main --private My secret is 42.", "c2")
    assert footer(cell).endswith("thread main, turn 2, 1 sent · in memory only")
    assert "private: in memory only" in kernel.ok("%nebius threads main").plain
    kernel.restart()
    assert "thread main: 1 turn" in kernel.ok("%nebius threads main").plain


def test_turns_are_dropped_taken_back_and_travel_in_files(kernel):
    for text in ("One", "Two", "Three", "Four"):
        kernel.ok(f"%chat --thread main {text}")
    assert "dropped 1 turn of main" in kernel.ok("%nebius threads drop main 2").plain
    assert "took the last turn of main back" in kernel.ok("%nebius threads undo main").plain
    assert "wrote 2 turns" in kernel.ok("%nebius threads export main talk.json").plain
    assert "wrote 2 turns" in kernel.ok("%nebius threads export main talk.md").plain
    told = json.loads((kernel.folder / "talk.json").read_text())
    assert [m["content"] for m in told["messages"] if m["role"] == "user"] == ["One", "Three"]
    assert "> Three" in (kernel.folder / "talk.md").read_text()
    assert "thread copy has 2 turns" in kernel.ok("%nebius threads import talk.json copy").plain
    assert sent(kernel, "copy") == sent(kernel, "main")
    assert "dropped 2 turns of copy" in kernel.ok("%nebius threads drop copy --last 2").plain
    assert "no thread 'copy'" in kernel.run("%nebius threads copy").message


def test_what_stands_in_a_thread_is_shown_safely(kernel):
    talk = [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}]
    (kernel.folder / "odd.json").write_text(json.dumps(talk))
    kernel.ok("%nebius threads import odd.json odd")
    page = kernel.ok("%nebius threads odd").displays[0]["data"]
    assert "<img" not in page["text/html"]
    assert "&lt;img" in page["text/html"]
    assert "text/plain" in page


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%chat -c --thread main Hello", "There are two threads"),
        ("%chat --thread drop Hello", "cannot be called 'drop'"),
        ("%nebius threads nowhere", "There is no thread 'nowhere'"),
        ("%nebius threads drop", "Which thread?"),
        ("%nebius threads drop main x", "'x' is no turn"),
        ("%nebius threads export main", "takes a thread and a file"),
        ("%nebius threads import nothing.json", "cannot be read"),
        ("%nebius threads show main", "no 'show'"),
        ("%nebius threads main --last 2", "--last belongs to drop"),
    ],
)
def test_what_makes_no_sense_is_said(kernel, code, said):
    cell = kernel.run(code)
    assert cell.ename == "OptionError"
    assert said in cell.message


def test_threads_are_a_frame(kernel):
    kernel.ok("%chat --thread main Hello")
    frame = kernel.ok("%nebius threads").displays[0]["data"]["text/plain"]
    assert "main" in frame
    kernel.ok("import nbnebius as neb\ntable = neb.threads()")
    assert kernel.value("(table.name[0], int(table.turns[0]), int(table.stale[0]))") == (
        "('main', 1, 0)"
    )
    assert kernel.value("str(table.asked.dtype)") == "'datetime64[us, UTC]'"


# -- saved prompts -----------------------------------------------------------------------------


def dry(kernel, code):
    """Give the request that a cell would send."""
    text = kernel.ok(code).plain
    return json.loads(text[: text.index("\nabout ")])


def test_the_last_prompt_is_saved_with_its_flags_and_filled_when_it_is_used(kernel):
    kernel.ok("code = 'x = 1'")
    kernel.ok("%%chat -s 'You review.' -t 0.5 --max-tokens 20 -o first\nReview: {{code}}")
    assert "%chat --with review uses it" in kernel.ok("%nebius save review").plain
    kernel.restart()
    kernel.ok("code = 'y = 2'")
    body = dry(kernel, "%chat --with review -t 0 --dry-run Be kind.")
    assert [m["content"] for m in body["messages"]] == ["You review.", "Review: y = 2\n\nBe kind."]
    assert (body["temperature"], body["max_tokens"]) == (0.0, 20)
    assert "Review: {{code}}" in kernel.ok("%nebius save").plain
    assert kernel.ok("%chat --with review").displays
    kernel.ok("del code")
    assert "There is no variable 'code'" in kernel.run("%chat --with review").message
    assert "deleted" in kernel.ok("%nebius save --drop review").plain
    assert "no saved prompt 'review'" in kernel.run("%chat --with review").message


def test_a_prompt_is_saved_from_text_and_from_a_file(kernel):
    kernel.ok("%nebius save short In one word: {{question}}")
    (kernel.folder / "long.md").write_text("%%chat -t 0.25\nAt length: {{question}}\n")
    kernel.ok("%nebius save long --file long.md")
    kernel.ok("question = 'why?'")
    assert dry(kernel, "%chat --with short --dry-run")["messages"][0]["content"] == (
        "In one word: why?"
    )
    for name in ("long", "./long.md"):
        body = dry(kernel, f"%chat --with {name} --dry-run")
        assert body["messages"][0]["content"] == "At length: why?"
        assert body["temperature"] == 0.25


@pytest.mark.parametrize("flag", ["--file secret.txt", "--images plot.png", "--tools remove"])
def test_a_prompt_file_reads_nothing_but_itself_until_it_is_kept_under_a_name(kernel, flag):
    (kernel.folder / "secret.txt").write_text("the launch code")
    (kernel.folder / "afar.md").write_text(f"%%chat {flag}\nSum it up.\n")
    cell = kernel.run("%chat --with ./afar.md")
    assert cell.ename == "OptionError"
    assert f"{flag.split()[0]}, which a file may not bring" in cell.message
    kernel.ok("%nebius save afar --file afar.md")
    if "secret" in flag:
        content = dry(kernel, "%chat --with afar --dry-run")["messages"][0]["content"]
        assert "the launch code" in content


def test_a_saved_prompt_asks_for_every_row(kernel):
    kernel.ok("import pandas as pd\ndf = pd.DataFrame({'text': ['good {x}', 'bad']})")
    kernel.ok("%nebius save judge Is this good? {text}")
    kernel.ok("%map df --with judge -o judged")
    kernel.ok("%%map df --with judge -o again\nBe brief.")
    assert kernel.value("[len(judged), len(again), set(judged.neb_status)]") == "[2, 2, {'ok'}]"
    assert "There is no prompt" in kernel.run("%map df").message


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("%nebius save it", "No prompt was asked yet"),
        ("%nebius save 'a/b' text", "cannot be called"),
        ("%nebius save it --file none.md", "There is no file"),
        ("%nebius save it some text --file none.md", "There are two prompts"),
        ("%nebius save --file none.md", "needs a name"),
        ("%nebius save --drop nothing", "no saved prompt 'nothing'"),
        ("%chat --with nothing", "no saved prompt 'nothing'"),
    ],
)
def test_what_cannot_be_saved_or_used_is_said(kernel, code, said):
    cell = kernel.run(code)
    assert cell.ename == "OptionError"
    assert said in cell.message


def test_tab_names_threads_and_saved_prompts(kernel):
    kernel.ok("%chat --thread minerals Hello\n%nebius save review Review {{code}}")

    def tab(code):
        reply = kernel.client.complete(code, len(code), reply=True, timeout=60)
        return reply["content"]["matches"]

    assert any("minerals" in match for match in tab("%chat --thread mi"))
    assert any("minerals" in match for match in tab("%nebius threads mi"))
    assert any("review" in match for match in tab("%chat --with re"))


def test_every_block_of_the_page_runs(kernel):
    assert len(BLOCKS) > 15
    for number, block in enumerate(BLOCKS):
        cell = kernel.run(block, f"page-{number}")
        assert cell.status == "ok", f"{block}\n{cell.message}"


def test_a_saved_prompt_keeps_flags_that_are_zero(kernel):
    kernel.ok("%chat --temperature 0 --seed 0 -o once Say one word")
    kernel.ok("%nebius save exact")
    shown = kernel.ok("%chat --with exact --dry-run again").plain
    assert '"temperature": 0' in shown
    assert '"seed": 0' in shown
