"""
Lines of code for the jobs of Nebius's cookbook: theirs, and those of ``notebooks/cookbook.ipynb``.

``python -m benchmarks.lines`` prints the table, ``--write`` puts it into ``docs/cookbook.md``.
``--check FOLDER`` counts the originals anew in a clone of their repository (bare or not) and
compares. The originals' text is not kept here: only file, cells and count.

The rule, for both sides: a line counts where a statement, an argument or a value begins on it. So
blank lines, comments, closing brackets and the further lines of a long text do not count, nor does
what only installs, times or shows: ``!pip``, ``%%time``, ``print(…)``, a bare name at a cell's end.
"""

from __future__ import annotations

import argparse
import ast
import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOK = ROOT / "notebooks" / "cookbook.ipynb"
PAGE = ROOT / "docs" / "cookbook.md"
BEGIN, END = "<!-- lines -->", "<!-- /lines -->"
REPOSITORY = "https://github.com/nebius/token-factory-cookbook"
COMMIT = "dcce0cb835629be164d37df43f5a61809d828394"
SETUP = "setup"  # the tag of what every job needs: it counts in each of them
UNCOUNTED = ("!", "%pip", "%uv", "%%time", "%%capture")
SHOWN = (ast.Name, ast.Attribute, ast.Subscript)


@dataclass(frozen=True)
class Original:
    """A job as it is done there: which cells of which notebooks, and how many lines they count."""

    what: str
    cells: dict[str, list[int]]
    lines: int


_DISTILLATION = "distillation/distillation-1"
ORIGINALS = {
    "structured": Original(
        "structured output", {"guided_json.ipynb": [8, 10, 12, 14, 16, 17]}, 49
    ),
    "tool": Original("a tool", {"tool-calling/function_calling_1.ipynb": [9, 11, 12]}, 45),
    "rounds": Original(
        "tools, round after round",
        {"tool-calling/tavily_tool_calling.ipynb": [8, 10, 12, 14, 16, 18, 20, 22]},
        74,
    ),
    "distillation": Original(
        "training data from a teacher, as a batch",
        {
            f"{_DISTILLATION}/1_generate_training_data.ipynb": [
                4, 8, 14, 16, 18, 20, 22, 24, 26, 29, 31, 33, 34, 37
            ]
        },
        82,
    ),
    "lora": Original("a model of one's own", {"AddLora.ipynb": [0, 1, 2, 3]}, 49),
    "rag": Original(
        "answers from documents",
        {
            "rag/rag-milvus-1/1_process_pdfs.ipynb": [6, 8, 9, 11],
            "rag/rag-milvus-1/2_query_pdfs.ipynb": [4, 6, 7, 9, 11, 13, 15],
        },
        59,
    ),
    "images": Original(
        "pictures in several styles", {"image_lora.ipynb": [0, 2, 5, 7, 9, 17]}, 90
    ),
    "evaluation": Original(
        "evaluation by a judge",
        {f"{_DISTILLATION}/3_evaluate_model.ipynb": [2, 4, 6, 16, 18, 20, 22, 24, 26]},
        158,
    ),
}  # fmt: skip


def count(source: str) -> int:
    """Count the lines of a cell, by the rule above; each line of a cell magic's body counts."""
    lines = [line for line in source.splitlines() if not line.lstrip().startswith(UNCOUNTED)]
    told = [line for line in lines if line.strip()]
    if told and told[0].startswith("%%"):
        return len(told)
    magics = [number for number, line in enumerate(lines) if line.lstrip().startswith("%")]
    for number in magics:
        indent = len(lines[number]) - len(lines[number].lstrip())
        lines[number] = " " * indent + "pass"
    found: set[int] = set()
    _begin(ast.parse("\n".join(lines)), found)
    return len(found)


def _begin(node: ast.AST, found: set[int]) -> None:
    """Note on which lines the parts of a tree begin."""
    if isinstance(node, ast.stmt) and _only_shows(node):
        return
    if hasattr(node, "lineno"):
        found.add(node.lineno)
    if isinstance(node, ast.JoinedStr):
        return
    for child in ast.iter_child_nodes(node):
        _begin(child, found)


def _only_shows(node: ast.stmt) -> bool:
    """Tell whether a statement only shows something, or is a branch or loop that only does so."""
    if isinstance(node, ast.If | ast.For):
        return all(_only_shows(each) for each in (*node.body, *node.orelse))
    if not isinstance(node, ast.Expr):
        return False
    called = node.value.func if isinstance(node.value, ast.Call) else None
    return isinstance(node.value, SHOWN) or (isinstance(called, ast.Name) and called.id == "print")


def ours() -> dict[str, int]:
    """Count the lines of each job of the notebook, with what every job needs."""
    by_tag: dict[str, int] = {}
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            for tag in cell["metadata"].get("tags", []):
                by_tag[tag] = by_tag.get(tag, 0) + count("".join(cell["source"]))
    return {job: by_tag[SETUP] + by_tag[job] for job in ORIGINALS}


def theirs(folder: Path) -> dict[str, int]:
    """Count the originals anew, in a clone of their repository."""
    found = {}
    for job, original in ORIGINALS.items():
        found[job] = 0
        for path, cells in original.cells.items():
            command = ["git", "-C", str(folder), "show", f"{COMMIT}:{path}"]
            told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
            every = json.loads(told)["cells"]
            found[job] += sum(count("".join(every[number]["source"])) for number in cells)
    return found


def table() -> str:
    """Write the table of the page."""
    counted = ours()
    rows = ["| job | original, cells | lines there | lines here | share |", "|---|---|---|---|---|"]
    for job, original in ORIGINALS.items():
        where = "; ".join(
            f"[{path.rpartition('/')[2]}]({REPOSITORY}/blob/{COMMIT}/{path}) "
            + ", ".join(map(str, cells))
            for path, cells in original.cells.items()
        )
        share = counted[job] / original.lines
        rows.append(
            f"| {original.what} | {where} | {original.lines} | {counted[job]} | {share:.0%} |"
        )
    there, here = sum(o.lines for o in ORIGINALS.values()), sum(counted.values())
    rows.append(f"| **all** | | **{there}** | **{here}** | **{here / there:.0%}** |")
    return "\n".join(rows)


def page() -> str:
    """Give the page with the table as it is now."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def run() -> None:
    """Print the table, write it, or check the originals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lines")
    parser.add_argument("--write", action="store_true", help="put the table into docs/cookbook.md")
    parser.add_argument("--check", type=Path, metavar="FOLDER", help="count the originals anew")
    told = parser.parse_args()
    if told.check:
        for job, lines in theirs(told.check).items():
            known = ORIGINALS[job].lines
            print(f"{job:14}{lines:5}", "" if lines == known else f"but {known} stand here")
    elif told.write:
        PAGE.write_text(page(), encoding="utf-8")
    else:
        print(table())


if __name__ == "__main__":
    run()
