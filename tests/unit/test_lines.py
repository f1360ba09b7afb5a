"""The cookbook's table of lines: the rule is the same for both sides, and the table is current."""

import json

import pytest

from benchmarks import lines


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", 0),
        ("# a comment\n\n!pip install x\n%%time\n", 0),
        ("x = 1  # why\ny = 2", 2),
        ("found = call(\n    first,\n    second=[\n        1,\n    ],\n)", 4),
        ('text = """\nmany\nlines\n"""', 1),
        ('text = (\n    "one "\n    "two"\n)', 2),
        ('told = f"""\n{a}\n{b}\n"""', 1),
        ("print(x)\nprint(\n    y,\n)\nx\nx.y\nx[0]", 0),
        ("if verbose:\n    print(x)\nfor x in y:\n    print(x)", 0),
        ("if verbose:\n    print(x)\n    x = 1", 2),
        ("call(x)", 1),
        ("%load_ext nbnebius\nimport pandas as pd", 2),
        ("%%chat -o a\nWhy is\n\nthe sky blue?", 3),
        ("%%time\n\nanswer = ask()", 1),
    ],
)
def test_a_line_counts_where_something_begins_on_it(source, expected):
    assert lines.count(source) == expected


def test_the_table_of_the_page_is_current():
    assert lines.PAGE.read_text(encoding="utf-8") == lines.page()


def test_the_jobs_take_at_most_a_third_of_the_lines():
    counted = lines.ours()
    assert sum(counted.values()) <= sum(o.lines for o in lines.ORIGINALS.values()) / 3
    for job, original in lines.ORIGINALS.items():
        assert counted[job] <= original.lines / 3, job


def test_every_cell_with_code_is_counted_or_named_as_data():
    told = set(lines.ORIGINALS) | {lines.SETUP, "data"}
    for cell in json.loads(lines.NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            tags = cell["metadata"].get("tags", [])
            only_shown = not lines.count("".join(cell["source"]))
            assert only_shown or set(tags) <= told
            assert only_shown or len(tags) == 1
