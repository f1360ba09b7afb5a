"""`%explain` and `%fix` of what failed in a notebook."""

import pytest

pytestmark = pytest.mark.kernel

SECRET = "swordfish-4711"
OF_ENVIRONMENT = "open-sesame-4711"


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox, DB_PASSWORD=OF_ENVIRONMENT)
    kernel.ok("%chat -q -o first Hello")  # what is told once, is told here
    return kernel


def sent(kernel, line):
    """What a dry run says would be sent."""
    return kernel.ok(f"{line} --dry-run").plain


def test_before_any_error_there_is_nothing_to_explain(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    for magic in ("%explain", "%fix"):
        cell = kernel.run(magic)
        assert cell.ename == "OptionError"
        assert "There is no error" in cell.message
        assert "no cell has failed" in cell.message
    assert "no cell has failed" in kernel.run("%chat {{Err}}").message


def test_an_error_goes_out_with_its_cell_variables_and_versions(kernel):
    kernel.ok(
        "import pandas as pd\n"
        "df = pd.DataFrame({'price': [1, 2]})\n"
        "def total(frame, column):\n"
        "    rate = 3\n"
        "    return frame[column].sum() * rate"
    )
    assert kernel.run("# the sum\ntotal(df, 'prise')").ename == "KeyError"
    text = sent(kernel, "%explain")
    assert "KeyError: 'prise'" in text
    assert "   1 | # the sum\n-> 2 | total(df, 'prise')" in text
    assert "-> 5 |     return frame[column].sum() * rate" in text
    assert "column = 'prise'" in text
    assert "- price: int64" in text
    assert "pandas " in text.partition("## Versions")[2]
    assert "ipykernel" not in text
    assert "site-packages" not in text


def test_explain_asks_once_about_what_a_dry_run_shows(kernel, requests):
    kernel.run("1 / 0")
    shown = sent(kernel, "%explain")
    before = len(requests)
    assert kernel.ok("%explain -o why").displays
    assert len(requests) == before + 1
    assert kernel.value("type(why).__name__") == "'Reply'"
    assert "ZeroDivisionError: division by zero" in shown
    assert "-> 1 | 1 / 0" in shown


def test_no_secret_goes_out(kernel):
    kernel.ok(f"api_key = {SECRET!r}\nconf = {{'user': 'me', 'password': {SECRET!r}}}")
    kernel.run(
        f"password = {SECRET!r}\n"
        f"missing(api_key, conf, password, {OF_ENVIRONMENT!r}, token={SECRET!r})"
    )
    for text in (sent(kernel, "%explain"), sent(kernel, "%fix")):
        assert SECRET not in text
        assert OF_ENVIRONMENT not in text
        assert "hidden: its name is that of a secret" in text
        assert '"user": "me"' in text
    assert SECRET not in sent(kernel, "%explain conf")


def test_a_syntax_error_is_mended_and_offered_and_not_run(kernel):
    assert kernel.run("for number in range(3)\n    counted = number").ename == "SyntaxError"
    cell = kernel.ok("%fix", "mending", answers=[])
    assert cell.offered == ["for number in range(3):\n    counted = number"]
    assert "nothing was run" in cell.plain
    assert kernel.value("'counted' in globals()") == "False"


def test_a_cell_that_is_run_again_piles_up_no_cells(kernel):
    kernel.ok("amount = 3")
    kernel.run("print(amuont)")
    first = kernel.ok("%fix", "again", answers=[])
    assert first.offered == ["print(amount)"]
    again = kernel.ok("%fix", "again", answers=[])
    assert again.offered == []
    assert "by an earlier run of this cell" in again.plain
    kernel.run("print(amuont * 2)")
    other = kernel.ok("%fix", "again", answers=[])
    assert other.offered == []
    assert "print(amount * 2)" in [d["data"]["text/plain"] for d in other.displays]
    assert kernel.ok("%fix", "elsewhere", answers=[]).offered == ["print(amount * 2)"]


def test_a_kept_answer_after_a_restart_makes_no_second_cell(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    ask = "%chat --code Write python code that prints hello"
    assert kernel.ok(ask, "one", answers=[]).offered == ["print('Hello, world!')"]
    kernel.restart()
    cell = kernel.ok(ask, "one", answers=[])
    assert cell.offered == []
    assert "kept from" in cell.plain
    assert "by an earlier run" in cell.plain
    # Another cell with the same question has no next cell yet, even if the answer is kept.
    kernel.restart()
    cell = kernel.ok(ask, "two", answers=[])
    assert "kept from" in cell.plain
    assert cell.offered == ["print('Hello, world!')"]


@pytest.mark.parametrize("front", ["vscode", "nobody"])
def test_where_no_cell_can_be_made_the_code_is_shown(kernel, front):
    cell_id = {"vscode": "vscode-notebook-cell:/a.ipynb#W0", "nobody": "plain"}[front]
    answers = {"vscode": [], "nobody": None}[front]
    cell = kernel.ok("%chat --code Write python code that prints hello", cell_id, answers=answers)
    assert cell.offered == []
    shown = [d["data"] for d in cell.displays]
    assert any(d["text/plain"] == "print('Hello, world!')" for d in shown)
    assert "takes no cells" in cell.plain


def test_an_answer_without_code_says_so(kernel):
    cell = kernel.ok("%chat --code Hello", answers=[])
    assert cell.offered == []
    assert "holds no whole block of Python" in cell.plain


def test_show_only_and_a_variable_keep_the_code(kernel):
    kernel.run("for number in range(3)\n    pass")
    cell = kernel.ok("%fix --show-only -o mended", answers=[])
    assert cell.offered == []
    assert kernel.value("mended.code") == repr("for number in range(3):\n    pass")


def test_an_error_of_a_magic_is_explained(kernel):
    kernel.run("%chat -m no-such-model Hello")
    text = sent(kernel, "%explain")
    assert "no model 'no-such-model' here" in text
    assert "%chat -m no-such-model Hello" in text


def test_explain_that_fails_itself_is_about_the_same_error_when_run_again(kernel):
    kernel.run("1 / 0")
    assert kernel.run("%explain -m no-such-model").ename == "NotFoundError"
    assert kernel.run("%explain --nothing").ename == "OptionError"
    assert "ZeroDivisionError" in sent(kernel, "%explain")


def test_a_cell_a_function_and_a_variable_are_explained_by_name(kernel):
    kernel.ok("def twice(x):\n    return 2 * x")
    kernel.ok("rows = [1, 2, 3]")
    assert "rows = [1, 2, 3]" in sent(kernel, "%explain In[-1]")
    assert "return 2 * x" in sent(kernel, "%explain twice")
    assert "[1, 2, 3]" in sent(kernel, "%explain rows")
    kernel.run("rows[7]")
    assert "IndexError" in sent(kernel, "%fix In[-1]")
    assert "There is no variable 'rwos'" in kernel.run("%explain rwos").message
    assert "cannot be mended" in kernel.run("%fix rows").message
    assert "There is no In[9999]" in kernel.run("%fix In[9999]").message


def test_the_functions_do_the_same(kernel):
    kernel.ok("import nbnebius as neb")
    kernel.run("for number in range(3)\n    pass")
    assert kernel.value("neb.fix().code") == repr("for number in range(3):\n    pass")
    inside = "try:\n    1 / 0\nexcept ZeroDivisionError:\n    said = neb.explain().text"
    kernel.ok(inside)
    assert kernel.value("len(said) > 0") == "True"


def test_earlier_cells_and_results_stand_in_a_prompt(kernel):
    kernel.ok("41 + 1")
    kernel.ok("apples = 7")
    number = int(kernel.value("get_ipython().execution_count")) - 1
    text = sent(kernel, "%chat [{{In[-1]}}] [{{Out[-1]}}] {{In[" + str(number) + "]}}")
    assert '"content": "[apples = 7] [42] apples = 7"' in text
    assert "41 + 1\\n\\napples = 7" in sent(
        kernel, "%chat {{In[" + f"{number - 1}:{number + 1}" + "]}}"
    )
    kernel.run("1 / 0")
    assert "ZeroDivisionError: division by zero" in sent(kernel, "%chat Why {{Err}}?")
    assert "the cells that ran are 1 to" in kernel.run("%chat {{In[9999]}}").message
    assert "is not there" in kernel.run("%chat {{Out[9999]}}").message


def test_a_variable_called_in_or_err_is_the_users_own(kernel):
    kernel.ok("Err = 'my own'")
    assert "my own" in sent(kernel, "%chat {{Err}}")
    kernel.ok("del Err")


def test_an_error_of_the_helpers_themselves_is_never_what_is_asked_about(
    start_kernel, sandbox, ask_log
):
    kernel = start_kernel(sandbox)
    kernel.ok("import nbnebius as neb")
    before = len(ask_log(sandbox))
    for ask in ("%explain", "neb.fix()", "neb.explain()", "%fix"):
        assert "There is no error" in kernel.run(ask).message
    assert len(ask_log(sandbox)) == before
    kernel.run("1 / 0")
    kernel.run("neb.explain(model='no/such')")
    assert "ZeroDivisionError" in kernel.ok("%fix --dry-run").plain


def test_the_sandbox_repeats_the_error_and_the_line_instead_of_inventing_code(kernel):
    kernel.run("ratio = 1 / 0")
    shown = kernel.ok("%explain").plain
    assert "ZeroDivisionError: division by zero" in shown
    assert "line 1, `ratio = 1 / 0`" in shown
    assert "def " not in shown
