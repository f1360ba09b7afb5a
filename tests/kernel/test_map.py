"""``%%map`` as a front end sees it: the frame first, then the error."""

import pytest

pytestmark = pytest.mark.kernel

TEXTS = (
    "import pandas as pd\nreviews = pd.DataFrame({'text': ['a cat sleeps', 'it is late', None]})"
)
STATUS = "list({}.neb_status)"


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(TEXTS)
    kernel.ok("%%map reviews -o first\nRepeat: {text}")  # what is told once, is told here
    return kernel


def footers(cell):
    return [o["data"]["text/plain"] for o in cell.displays if "rows ·" in o["data"]["text/plain"]]


def test_the_frame_is_bound_and_one_line_says_how_it_went(kernel):
    cell = kernel.ok("%%map reviews -o said --max-tokens 30\nRepeat: {text}")
    assert kernel.value(STATUS.format("said")) == "['ok', 'ok', 'skipped']"
    (footer,) = footers(cell)
    assert footer.startswith("said: 3 rows · 2 bought · 1 skipped · ")
    assert "USD" in footer
    assert len(cell.displays) == 1
    assert cell.printed == ""
    again = kernel.ok("%%map reviews -o said --max-tokens 30\nRepeat: {text}")
    assert "2 kept already" in footers(again)[0]
    told = cell.displays[0]["metadata"]["nbnebius"]
    assert told["parameters"]["max_tokens"] == 30
    assert told["counts"]["ok"] == 2


def test_without_a_name_the_frame_is_shown_and_is_the_cells_value(kernel):
    cell = kernel.ok("%%map reviews\nRepeat: {text}")
    assert "neb_status" in cell.plain
    assert kernel.value("list(_.columns)[:2]") == "['text', 'answer']"


@pytest.mark.parametrize(("line", "shown"), [("found <<", False), ("found =<<", True)])
def test_a_name_may_stand_first(kernel, line, shown):
    cell = kernel.ok(f"%%map {line} reviews\nRepeat: {{text}}")
    assert kernel.value("list(found.columns)[:2]") == "['text', 'answer']"
    assert ("neb_status" in cell.plain) == shown
    kernel.ok("del found")


def test_a_variables_value_is_never_looked_at_for_columns(kernel):
    kernel.ok("kinds = 'one of {good} or {text}'")
    cell = kernel.ok('%%map reviews --dry-run\nSay {{kinds}} as {"a": 1} of: {text}')
    assert 'Say one of {good} or {text} as {"a": 1} of: a cat sleeps' in cell.plain
    assert "Nothing was sent" in cell.plain


def test_an_unknown_column_is_an_error_that_names_the_nearest(kernel, requests):
    before = len(requests)
    cell = kernel.run("%%map reviews -o wrong\nRepeat: {txet}")
    assert cell.ename == "OptionError"
    assert "text" in cell.message
    assert len(cell.message.splitlines()) <= 3
    assert kernel.value("'wrong' in globals()") == "False"
    assert len(requests) == before


def test_an_expression_stands_in_quotes(kernel):
    kernel.ok('%%map "reviews[reviews.text.str.len() > 10].head(1)" -o few\nRepeat: {text}')
    assert kernel.value("list(few.text)") == "['a cat sleeps']"
    cell = kernel.run('%%map "reviews.nothing" -o few\nRepeat: {text}')
    assert cell.ename == "AttributeError"
    cell = kernel.run("%%map reviewz -o few\nRepeat: {text}")
    assert "reviews" in cell.message


def test_a_dry_run_gives_the_plan_and_sends_nothing(kernel, requests):
    before = len(requests)
    cell = kernel.ok("%%map reviews --dry-run --sample 2\nTranslate: {text}")
    assert "2 of 3" in cell.plain
    assert "an estimate" in cell.plain
    assert len(requests) == before


def test_a_schemas_columns_are_typed(kernel):
    kernel.ok('%%map reviews -o typed --schema "label cat|late, why"\nWhich is it? {text}')
    assert kernel.value("list(typed.label.cat.categories)") == "['cat', 'late']"
    assert kernel.value("typed.label.cat.ordered") == "True"


def test_the_frame_is_bound_before_a_budget_is_an_error(kernel):
    kernel.ok("many = pd.DataFrame({'text': [f'text {n}' for n in range(50)]})")
    plan = "__import__('nbnebius').plan(many.head(1), 'Now: {text}', max_tokens=9).bound * 3.5"
    budget = float(kernel.value(plan))
    cell = kernel.run(f"%%map many -o some --budget {budget:.12f} --max-tokens 9\nNow: {{text}}")
    assert cell.ename == "BudgetReached"
    assert len(cell.message.splitlines()) <= 3
    done = int(kernel.value("int(some.neb_status.isin(['ok', 'partial']).sum())"))
    assert 3 <= done < 50
    assert kernel.value("len(some)") == "50"
    assert footers(cell)
    cell = kernel.ok("%%map many -o some --budget 1 --max-tokens 9\nNow: {text}")
    assert f"{done} kept already" in footers(cell)[0]


def test_budgets_of_the_session_are_set_and_lifted(kernel):
    kernel.ok("%nebius budget 0.0000001")
    cell = kernel.run("%%map many -o some --max-tokens 8\nNow: {text}")
    assert cell.ename == "BudgetReached"
    assert "session" in cell.message
    kernel.ok("%nebius budget off")
    kernel.ok("%%map many -o some --max-tokens 8\nNow: {text}")
    assert kernel.value("bool(some.neb_status.isin(['ok', 'partial']).all())") == "True"


def test_after_a_restart_the_same_cell_costs_nothing(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    kernel.ok(TEXTS)
    cell = "%%map reviews -o said\nRepeat after the restart: {text}"
    kernel.ok(cell)
    before = len(requests)
    kernel.restart()
    kernel.ok(TEXTS)
    again = kernel.ok(cell)
    assert "2 kept already" in footers(again)[0]
    assert "USD 0" in footers(again)[0]
    assert len(requests) == before


SLOW = """
import sys
sys.path.insert(0, {tests!r})
import pandas as pd
from answering import Answering
from labeller import Labeller
server = Labeller(lambda prompt: 'said ' + prompt)
running = Answering(server).__enter__()
import nbnebius as neb
neb.connect('a-key', running.url)
rows = pd.DataFrame({{'text': [f't{{n}}' for n in range(40)]}})
"""


@pytest.fixture(scope="module")
def slow(start_kernel):
    """A kernel whose server answers when it is told to."""
    from pathlib import Path

    kernel = start_kernel()
    kernel.ok(SLOW.format(tests=str(Path(__file__).parents[1])))
    kernel.ok("%%map rows -o first --sample 1\nFirst: {text}")
    return kernel


def test_an_interrupt_keeps_what_was_paid_for_and_running_again_goes_on(slow):
    slow.ok("n = len(server.prompts)\nserver.go.clear()")
    slow.ok("import threading\nthreading.Timer(3, server.go.set).start()")
    running = slow.begin("%%map rows -o half --concurrency 4\nGo: {text}")
    slow.wait(running, until=lambda cell: cell.paints)
    slow.interrupt()
    cell = slow.wait(running)
    assert cell.ename == "Stopped"
    assert len(cell.message.splitlines()) <= 3
    assert slow.value("half.neb_status.value_counts()[['ok', 'unsent']].tolist()") == "[4, 36]"
    assert slow.value("len(server.prompts) - n") == "4"
    (footer,) = footers(cell)
    assert footer.startswith("half: 40 rows · 4 bought · 36 unsent")
    again = slow.ok("%%map rows -o half --concurrency 4\nGo: {text}")
    assert "36 bought · 4 kept already" in footers(again)[0]
    assert slow.value("len(server.prompts) - n") == "40"


def test_progress_is_one_line_that_becomes_the_footer(slow):
    slow.ok("server.go.clear()\nthreading.Timer(2.5, server.go.set).start()")
    cell = slow.ok("%%map rows -o whole --concurrency 4\nProgress: {text}")
    lines = [paint["data"]["text/plain"] for paint in cell.paints]
    assert lines[0].startswith("0 of 40 requests")
    assert lines[-1].startswith("whole: 40 rows · 40 bought")
    assert len(cell.displays) == 1


def test_a_background_job_leaves_the_kernel_free_and_can_be_awaited(slow):
    slow.ok("server.go.clear()")
    cell = slow.ok("%%map rows -o job --background\nBehind: {text}")
    assert "Job(" in slow.value("job")
    assert slow.value("job.status") == "'running'"
    assert slow.value("1 + 1") == "2"
    assert slow.value("set(job.frame().neb_status)") == "{'unsent'}"
    slow.ok("server.go.set()\ndone = await job")
    assert slow.value("done.answer[3]") == "'said Behind: t3'"
    assert slow.value("job.done") == "True"
    assert cell.status == "ok"


def test_a_plain_call_shows_its_progress_on_stderr(slow):
    slow.ok("%unload_ext nbnebius")
    slow.ok("neb.connect('a-key', running.url)\nserver.go.clear()")
    code = """
def later():
    import time
    for _ in range(12):
        time.sleep(0.25)
        server.go.set(); time.sleep(0.02); server.go.clear()
    server.go.set()
threading.Thread(target=later).start()
told = neb.map(rows, 'Plain: {text}', concurrency=2)
"""
    cell = slow.ok(code)
    assert "of 40 requests" in cell.printed
    assert cell.printed.rstrip().rpartition("\r")[2].startswith("nbnebius: 40 rows · 40 bought")
