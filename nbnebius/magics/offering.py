"""
Offering an answer's code for the next cell. It is never run.

A kernel can ask a front end for a new cell, but neither see nor delete one. So for each cell code
is put into a next cell once; when the cell is run again, the code is shown to be copied. After a
restart an answer that this same cell bought stands for an earlier run, whose next cell is in the
notebook still.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nbnebius.describe.failure import fenced
from nbnebius.magics.screen import CellPainter, say
from nbnebius.rendering.safe import plain, safe_html
from nbnebius.session import default_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.commands.common import PaidOptions
    from nbnebius.magics.magic import Notebook

VSCODE = "vscode-notebook-cell:"


def offer(
    notebook: Notebook, reply: Any, options: PaidOptions, code_of: Callable[[str], str]
) -> None:
    """
    Offer the code of an answer.

    Parameters
    ----------
    notebook
        Where it is offered.
    reply
        The answer; None where it went to the variable that the options name.
    options
        The magic's own.
    code_of
        Takes the answer's text, and gives its code or "".
    """
    if reply is None:
        name = options.out or "_"
        reply = notebook.shell.user_ns[name]
    code = plain(code_of(reply.text))
    if not code.strip():
        say(notebook, "the answer holds no whole block of Python, so there is none to offer")
        return
    if not notebook.in_kernel:
        # A terminal has one prompt, which is filled in; nothing piles up there.
        notebook.shell.set_next_input(code)
        return
    cell = notebook.cell()
    before = notebook.offered.get(cell)
    if before is None and _is_of_an_earlier_session(reply, cell):
        before = code
    notebook.offered[cell] = code
    if not takes_cells(notebook):
        show_code(code)
        say(notebook, "this front end takes no cells from a kernel: copy the code from here")
    elif before is None:
        notebook.shell.set_next_input(code, replace=False)
        if not options.quiet:
            say(notebook, "the code is in the next cell; nothing was run")
    elif before == code:
        say(notebook, "this code was put into the next cell by an earlier run of this cell")
    else:
        show_code(code)
        say(
            notebook,
            "an earlier run of this cell put code into the next cell: this is the new code, to be "
            "copied from here",
        )


def _is_of_an_earlier_session(reply: Any, cell: str) -> bool:
    """Tell whether this cell asked, and was offered the code, before the kernel was restarted."""
    if not reply.cached:
        return False
    place = default_session().bought_by(reply)
    # A recording that answers in the journal's place knows no cells.
    return not place or place.rpartition("/")[0] == cell


def takes_cells(notebook: Notebook) -> bool:
    """
    Tell whether the front end makes a cell when a kernel asks for one.

    JupyterLab, Notebook and the Qt console do. VS Code and Colab do not, and where nobody can be
    asked anything (nbconvert, papermill) no notebook is open at all.
    """
    shell = notebook.shell
    if "google.colab" in sys.modules or "__vsc_ipynb_file__" in shell.user_ns:
        return False
    if notebook.cell().startswith(VSCODE):
        return False
    return bool(getattr(shell.kernel, "_allow_stdin", False))


def show_code(code: str) -> None:
    """Show code as it is, to be copied."""
    page = safe_html(fenced(code, "python"))
    CellPainter().show({"text/html": page, "text/plain": plain(code)}, {})
