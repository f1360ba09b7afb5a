"""Code that is offered for the next cell, as people meet it in JupyterLab."""

import pytest

pytestmark = pytest.mark.browser

ASK = "%chat --code Write python code that prints hello"
HELLO = "print('Hello, world!')"


def sources(notebook):
    """The cells' sources, from top to bottom."""
    return [cell.source for cell in notebook.save().cells]


@pytest.mark.parametrize("front", ["doc/tree", "notebooks"])
def test_code_appears_as_the_next_cell_once_and_is_not_run(open_notebook, page, front):
    cells = ["%load_ext nbnebius", ASK, "amount = 3", "print(amuont)", "%fix"]
    notebook = open_notebook(cells, front)
    for index in (0, 1):
        notebook.run_cell(index)
    assert sources(notebook) == [*cells[:2], HELLO, *cells[2:]]
    assert notebook.save().cells[2].execution_count is None
    assert "the code is in the next cell" in notebook.cell_output(1).inner_text()

    notebook.run_cell(1)
    assert sources(notebook) == [*cells[:2], HELLO, *cells[2:]]
    assert "earlier run of this cell" in notebook.cell_output(1).inner_text()

    notebook.run_cell(3)
    notebook.start_cell(4)
    assert notebook.wait() == "error"
    notebook.run_cell(5)
    assert sources(notebook) == [*cells[:2], HELLO, *cells[2:], "print(amount)"]
    assert notebook.save().cells[6].outputs == []
    notebook.run_cell(6)
    assert notebook.cell_output(6).inner_text().strip() == "3"
    if front == "doc/tree":  # Notebook itself logs errors as it starts
        assert page.watch.errors == []
