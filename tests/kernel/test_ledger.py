"""`%nebius usage` and `%nebius purge`, and the plot of what was spent."""

import pytest

pytestmark = pytest.mark.kernel


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    """A kernel that bought a chat and two vectors."""
    kernel = start_kernel(sandbox)
    kernel.ok("%chat -q -o first Hello")
    kernel.ok("%embed -q -o vectors 'one'")
    return kernel


def test_usage_is_a_frame_of_every_call(kernel):
    shown = kernel.ok("frame = %nebius usage\nframe")
    assert "chat" in shown.plain
    assert kernel.value("list(frame.kind)") == "['chat', 'embedding']"
    assert kernel.value("float(frame.cost[0]) == first.cost") == "True"


def test_usage_is_summed_by_what_is_named(kernel):
    kernel.ok("frame = %nebius usage model --since 7d")
    assert kernel.value("(list(frame.columns)[:2], int(frame.calls.sum()))") == (
        "(['model', 'calls'], 2)"
    )
    kernel.ok("frame = %nebius usage --until 7d day")
    assert kernel.value("len(frame)") == "0"
    cell = kernel.run("%nebius usage modle")
    assert cell.ename == "OptionError"
    assert "did you mean model" in cell.message
    assert kernel.run("%nebius usage --sinc 7d").ename == "OptionError"


def test_what_was_spent_is_drawn(kernel):
    cell = kernel.ok("import nbnebius as neb\nneb.plot.usage();")
    assert any("image/png" in output["data"] for output in cell.displays)


def test_purge_asks_first_and_keeps_what_calls_cost(kernel):
    cell = kernel.ok("%nebius purge --answers", answers=["n"])
    assert "Delete 1 kept answer" in cell.asked[0]["prompt"]
    assert "what calls cost stays" in cell.asked[0]["prompt"]
    assert "nothing was deleted" in cell.plain
    assert (
        kernel.ok("%nebius purge --vectors", answers=["n"])
        .asked[0]["prompt"]
        .startswith("Delete 1 vector (")
    )
    assert "nothing to delete" in kernel.ok("%nebius purge --older-than 30d").plain
    cell = kernel.ok("%nebius purge", answers=["y"])
    assert "1 vector" in cell.asked[0]["prompt"]
    assert "deleted" in cell.plain
    assert "MB" in cell.plain
    kernel.ok("frame = %nebius usage")
    assert kernel.value("len(frame)") == "2"
    assert "2 calls" in kernel.ok("%nebius").plain


def test_purge_without_a_question_where_nobody_can_be_asked(kernel):
    kernel.ok("%chat -q Hello again")
    assert kernel.run("%nebius purge").ename == "SettingsError"
    assert "deleted 1 kept answer" in kernel.ok("%nebius purge --yes").plain
    assert "ledger" in kernel.ok("%nebius purge --everything --yes").plain
    assert "nothing yet" in kernel.ok("%nebius").plain


@pytest.mark.parametrize(
    "line", ["purge now", "purge --older-than soon", "purge --everything --answers", "purge --all"]
)
def test_a_purge_that_makes_no_sense_deletes_nothing(kernel, line):
    cell = kernel.run(f"%nebius {line}")
    assert cell.ename == "OptionError"
