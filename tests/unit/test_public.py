"""The public face: its names, its version, and what importing it costs."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import nbnebius
from nbnebius import errors

ROOT = Path(nbnebius.__file__).resolve().parent.parent

NAMES = [
    "AnswerError",
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "BadRequestError",
    "BatchJob",
    "BudgetReached",
    "ConnectError",
    "Embedder",
    "Gallery",
    "Job",
    "JournalError",
    "NebiusError",
    "NotFoundError",
    "OptionError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "Picture",
    "RateLimitError",
    "ReplayError",
    "Reply",
    "RequestTimeout",
    "ResponseError",
    "RowsFailed",
    "ServerError",
    "Session",
    "SettingsError",
    "Stopped",
    "StreamError",
    "ToolRoundsError",
    "TransportError",
    "UnprocessableEntityError",
    "__version__",
    "batches",
    "cancel_batch",
    "chat",
    "compare",
    "compare_runs",
    "completion",
    "connect",
    "create_batch",
    "create_custom_model",
    "custom_models",
    "delete_custom_model",
    "delete_file",
    "download",
    "embed",
    "estimate_tokens",
    "explain",
    "files",
    "fix",
    "get_batch",
    "image",
    "map",
    "matrix",
    "models",
    "panel",
    "plan",
    "plot",
    "rerank",
    "search",
    "tasks",
    "threads",
    "upload",
    "usage",
]


def test_the_public_names_are_these():
    assert sorted(nbnebius.__all__) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_public_name_is_there_and_listed(name):
    assert getattr(nbnebius, name) is not None
    assert name in dir(nbnebius)


def test_type_checkers_are_told_the_same_names():
    tree = ast.parse((ROOT / "nbnebius" / "__init__.py").read_text())
    told = {
        alias.asname or alias.name
        for branch in ast.walk(tree)
        if isinstance(branch, ast.If)
        for node in branch.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert told == set(NAMES) - {"__version__"}


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = nbnebius.nothing_here


def test_the_version_is_one():
    told = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert nbnebius.__version__ == told


HEAVY = ["pandas", "numpy", "matplotlib", "ipywidgets", "httpx2", "anyio", "IPython", "PIL",
         "msgspec", "sqlite3", "markdown_it", "nh3", "platformdirs"]  # fmt: skip


def loaded(code):
    """Run code in a fresh interpreter, and tell what heavy things it loaded."""
    told = f"{code}\nimport sys\nprint(*[n for n in {HEAVY!r} if n in sys.modules])"
    run = subprocess.run([sys.executable, "-c", told], capture_output=True, text=True, check=True)
    return run.stdout.split()


def test_importing_it_loads_nothing_heavy():
    assert loaded("import nbnebius") == []


def test_connecting_loads_neither_frames_nor_plots_nor_widgets_nor_http():
    found = loaded("import nbnebius as neb; neb.connect('a-key')")
    assert {"pandas", "matplotlib", "ipywidgets", "httpx2", "IPython"}.isdisjoint(found)


# -- errors ------------------------------------------------------------------------------------

KINDS = sorted((getattr(errors, name) for name in errors.__all__), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_says_what_why_and_what_to_do_in_three_lines(kind):
    error = kind("It failed", why="because\nof this", hint="do\x1b[2J that")
    assert isinstance(error, errors.NebiusError)
    assert str(error) == "It failed\nbecause\nof this\ndo\x1b[2J that"
    drawn = error._render_traceback_()
    assert drawn == [
        f"{kind.__name__}: It failed",
        "  because of this",
        "  do\N{REPLACEMENT CHARACTER}[2J that",
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_error_is_public_and_drawn_in_the_tree(kind):
    assert getattr(nbnebius, kind.__name__) is kind
    assert kind.__name__ in errors.__doc__


def test_an_error_without_reasons_is_one_line():
    assert errors.OptionError("It failed")._render_traceback_() == ["OptionError: It failed"]


def test_stopping_stops_run_all_too():
    assert issubclass(errors.Stopped, KeyboardInterrupt)
