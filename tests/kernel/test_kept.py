"""Kept answers: Restart & Run All costs nothing and gives the same notebook."""

import pytest

pytestmark = pytest.mark.kernel

# (cell id, code): two cells with the same question, a loop of three, vectors and pictures
NOTEBOOK = [
    ("c1", "%%chat\nExplain limestone in two sentences."),
    ("c2", "%%chat\nExplain limestone in two sentences."),
    ("c3", "for n in (1, 1, 2):\n    %chat Name a prime above {{n}}0"),
    ("c4", "reply = %chat -t 0 What is granite?"),
    ("c5", '%embed "a text to embed"'),
    ("c6", "%%embed -o vectors\none\ntwo"),
    ("c7", "%image a lighthouse at dawn --seed 3 --width 128 --height 128"),
    ("c8", "%image a lighthouse at dawn --n 2 --seed 9 --width 128 --height 128 -o gallery"),
]


def run_all(kernel, *, ids):
    """Run the notebook; without ids, two equal cells cannot be told from one that is run again."""
    cells = NOTEBOOK if ids else [each for each in NOTEBOOK if each[0] != "c2"]
    return [(code, kernel.ok(code, cell_id if ids else None)) for cell_id, code in cells]


def answers(cell):
    """Give the data of a cell's answers: all outputs but the lines that tell of keeping."""
    return [
        o["data"] for o in cell.displays if "kept" not in o["data"]["text/plain"].split(" · ")[0]
    ]


@pytest.mark.parametrize("ids", [True, False], ids=["with cell ids", "without cell ids"])
def test_restart_and_run_all_costs_nothing(start_kernel, sandbox, requests, ids):
    kernel = start_kernel(sandbox)
    first = run_all(kernel, ids=ids)
    sent = len(requests)
    kernel.restart()
    second = run_all(kernel, ids=ids)
    assert len(requests) == sent
    for (code, before), (_, after) in zip(first, second, strict=True):
        if "embed" in code and "-o" not in code:
            frame = next(o["data"] for o in before.displays if o["output_type"] == "execute_result")
            assert "text/html" in frame
            continue
        if "embed" not in code:
            assert answers(after) == answers(before)
            assert "kept from" in after.plain
            assert "USD 0; run again to ask anew" in after.plain
    kernel.restart()
    third = run_all(kernel, ids=ids)
    assert len(requests) == sent
    # what is kept is shown the same way every time, to the last byte of the notebook
    assert [c.outputs for _, c in third] == [c.outputs for _, c in second]


def test_two_cells_with_one_question_keep_an_answer_each(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    before = len(requests)
    cells = ["%%chat -t 2\nName a colour."] * 2
    first = [kernel.ok(c, f"id-{n}") for n, c in enumerate(cells)]
    assert len(requests) == before + 2
    kernel.restart()
    second = [kernel.ok(c, f"id-{n}") for n, c in enumerate(cells)]
    assert len(requests) == before + 2
    assert [answers(c) for c in second] == [answers(c) for c in first]


def test_the_second_run_in_a_kernel_asks(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    code = "%%chat\nHello"
    kernel.ok(code, "id")
    kernel.ok(code, "id")
    sent = len(requests)
    kernel.restart()
    assert "kept from" in kernel.ok(code, "id").plain
    assert len(requests) == sent
    assert "kept from" not in kernel.ok(code, "id").plain
    assert len(requests) == sent + 1


def test_a_changed_cell_asks(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    kernel.ok("%%chat\nHello", "id")
    kernel.restart()
    sent = len(requests)
    assert "kept from" not in kernel.ok("%%chat\nHello there", "id").plain
    assert "kept from" not in kernel.ok("%%chat -t 0\nHello", "id").plain
    assert len(requests) == sent + 2


def test_fresh_asks(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    kernel.ok("%chat Hello", "id")
    kernel.restart()
    sent = len(requests)
    assert "kept from" not in kernel.ok("%chat --fresh Hello", "id").plain
    assert len(requests) == sent + 1


def test_the_setting_reuse(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    kernel.ok("%chat Hello", "id")
    kernel.ok("%nebius config reuse always")
    sent = len(requests)
    assert "kept from" in kernel.ok("%chat Hello", "id").plain
    assert "kept from" in kernel.ok("%chat Hello", "another").plain
    assert len(requests) == sent
    kernel.ok("%nebius config reuse never --keep")
    kernel.restart()
    assert "kept from" not in kernel.ok("%chat Hello", "id").plain
    assert len(requests) == sent + 1


def test_kept_answers_are_marked_in_the_metadata_only(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    first = kernel.ok("%chat Hello", "id").displays[0]
    kernel.restart()
    kept = kernel.ok("%chat Hello", "id").displays[0]
    assert kept["data"] == first["data"]
    assert first["metadata"]["nbnebius"]["cached"] is False
    assert kept["metadata"]["nbnebius"]["cached"] is True
    assert kernel.value("(_.cached, _.cost)") == "(True, 0.0)"


def test_the_line_that_tells_of_keeping_is_an_output_of_its_own(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok("x = %chat Hello", "id")
    kernel.restart()
    cell = kernel.ok("x = %chat Hello", "id")
    answer, line = cell.displays
    assert "kept" not in answer["data"]["text/plain"]
    assert line["data"]["text/plain"].startswith("kept from ")
    assert line["metadata"]["nbnebius"] == {"kept": True}


def test_a_private_answer_is_not_kept(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    kernel.ok("%chat --private Hello my secret", "id")
    kernel.restart()
    sent = len(requests)
    assert "kept from" not in kernel.ok("%chat --private Hello my secret", "id").plain
    assert len(requests) == sent + 1
