"""``%explain`` and ``%fix``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import SamplingOptions
from nbnebius.commands.option import option

_SENT = (
    "Of an error goes out: its message, the cell that failed, the traceback without what libraries "
    "do inside, a short description of the variables on the failing lines, and the packages' "
    "versions. What looks like a key or a password is taken out first. --dry-run shows it all."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainOptions(SamplingOptions):
    """A parsed explain line."""

    what: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FixOptions(SamplingOptions):
    """A parsed fix line."""

    what: str | None = None
    show_only: bool = option(
        "--show-only", kind="switch", help="put no code into the next cell; the answer shows it"
    )


EXPLAIN = Command(
    name="explain",
    record=ExplainOptions,
    summary="Have the last error explained, or a cell, a function, or a variable.",
    usage=("%explain [flags]", "%explain [flags] NAME   a variable, or a cell as In[3]"),
    examples=(
        "%explain",
        "%explain --dry-run",
        "%explain reviews --max-tokens 300",
    ),
    text_field="what",
    notes=_SENT,
    has_cell=False,
    prose=False,
)
FIX = Command(
    name="fix",
    record=FixOptions,
    summary="Have the cell that failed explained and corrected; the code is offered, never run.",
    usage=("%fix [flags]", "%fix [flags] In[3]   that cell, or a function or an exception by name"),
    examples=(
        "%fix",
        "%fix --dry-run",
        "%fix -o mended --show-only",
    ),
    text_field="what",
    notes=(
        "The corrected cell appears as the next cell where the front end takes cells from a "
        "kernel (JupyterLab, Jupyter Notebook, a terminal), once for each cell with %fix; else as "
        f"a block to copy. {_SENT}"
    ),
    has_cell=False,
    prose=False,
)
