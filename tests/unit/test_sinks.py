"""A model's text reaches the page through `rendering.safe` only: read in the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import nbnebius
from tests.fault.counts import proven

ROOT = Path(nbnebius.__file__).resolve().parent
# What IPython shows as it stands, or reads from a file or an address that a text names.
BANNED = frozenset(
    {
        *("Markdown", "HTML", "SVG", "Javascript", "JSON", "GeoJSON", "Latex", "Math", "Image"),
        *("Video", "Audio", "IFrame", "FileLink", "FileLinks", "Code", "Pretty", "DisplayObject"),
        *(
            "display_html",
            "display_markdown",
            "display_javascript",
            "display_svg",
            "publish_display_data",
        ),
    }
)
WIDGETS_WITH_HTML = frozenset({"HTML", "HTMLMath"})
RICH_METHODS = frozenset({"_repr_html_", "_repr_markdown_", "_repr_svg_", "_repr_javascript_"})
WORDS = re.compile(r"innerHTML|insertAdjacentHTML|document\.write|application/javascript")
ELEMENT = re.compile(r"</?[a-z]+[ >/]|<[a-z]+$|<!--")
NUMBER = re.compile(r"^[,.0-9]*[dfg%]?$")
MADE_SAFE = re.compile(r"(^|_)(escape|html|hidden|bundle|safe_html|body_html|wrap|as_written)$")
HIDES = "ipywidgets.HTML(f'<style>.{self._mark}{{display:none}}{_NARROW}</style>')"
# Read by a person: each is a constant, a number, or HTML of ours in which all was escaped.
REVIEWED = frozenset(
    {
        ("magics/guard.py", "words"),
        ("magics/screen.py", "body"),
        ("magics/screen.py", "style"),
        ("panels/chat/pictures.py", "named"),
        ("panels/chat/pictures.py", "source"),
        ("panels/chat/turns.py", "below"),
        ("panels/chat/turns.py", "pictures"),
        ("panels/map/browse.py", "lines"),
        ("panels/map/view.py", "lines"),
        ("panels/map/view.py", "shown"),
        ("panels/map/view.py", "title"),
        ("panels/panel.py", "kept['text/html']"),
        ("panels/panel.py", "self._mark"),
        ("panels/panel.py", "self.name"),
        ("panels/pictures.py", "data"),
        ("rendering/answer.py", "reasoning_title(reasoning)"),
        ("rendering/image_grid.py", "_cell(cells.get((at, beside)))"),
        ("rendering/image_grid.py", "body"),
        ("rendering/image_grid.py", "head"),
        ("rendering/image_grid.py", "source"),
        ("rendering/images.py", "caption"),
        ("rendering/images.py", "cells"),
        ("rendering/images.py", "path"),
        ("rendering/images.py", "source"),
        ("rendering/safe.py", "body"),
        ("rendering/safe.py", "hint"),
        ("rendering/safe.py", "shown"),
        ("rendering/side_by_side.py", "''.join(cells)"),
        ("rendering/side_by_side.py", "page"),
        ("rendering/stream.py", "end"),
        ("rendering/stream.py", "reasoning_title(reasoning)"),
        ("rendering/stream.py", "shown"),
        ("rendering/stream.py", "title"),
        ("rendering/table.py", "body"),
        ("rendering/table.py", "head"),
        ("rendering/table.py", "how"),
        ("rendering/table.py", "more"),
        ("rendering/tool_calls.py", "_rest(calls)"),
        ("rendering/tool_calls.py", "drawn"),
        ("rendering/tool_calls.py", "rest"),
        ("results/changed_rows.py", "shown['text/html']"),
        ("results/plan.py", "rows"),
        ("results/plan.py", "shown"),
        ("results/task_plan.py", "self._line"),
        ("results/task_plan.py", "shown['text/html']"),
    }
)


def trees():
    for path in sorted(ROOT.rglob("*.py")):
        name = str(path.relative_to(ROOT))
        if not name.startswith("sandbox/"):
            yield name, ast.parse(path.read_text(encoding="utf-8"))


def test_nothing_of_ipython_or_ipywidgets_shows_text_as_it_stands():
    found, tried = [], 0
    for name, tree in trees():
        for node in ast.walk(tree):
            tried += 1
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("IPython"):
                found += [(name, alias.name) for alias in node.names if alias.name in BANNED]
            if isinstance(node, ast.Attribute) and node.attr in BANNED - WIDGETS_WITH_HTML:
                owner = ast.unparse(node.value)
                found += [(name, ast.unparse(node))] if owner.endswith("display") else []
            if isinstance(node, ast.FunctionDef) and node.name in RICH_METHODS:
                found.append((name, node.name))
            if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in WIDGETS_WITH_HTML:
                given = [*node.args, *(k.value for k in node.keywords if k.arg == "value")]
                found += [(name, ast.unparse(node)) for each in given if not is_written_here(each)]
    # A plan draws itself in HTML, and the one widget with words of ours hides what is kept below.
    found.remove(("results/plan.py", "_repr_html_"))
    found.remove(("panels/panel.py", HIDES))
    told("what IPython or a widget would show as it stands", tried, found)


def test_words_that_put_html_into_a_page_stand_nowhere():
    found, tried = [], 0
    for name, tree in trees():
        documented = {id(n.value) for n in ast.walk(tree) if isinstance(n, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                tried += 1
                if WORDS.search(node.value) and id(node) not in documented:
                    found.append((name, node.value[:60]))
    told("words that put HTML into a page", tried, found)


def test_whatever_is_put_between_elements_was_escaped():
    strange, tried = set(), 0
    for name, tree in trees():
        for node in ast.walk(tree):
            if not isinstance(node, ast.JoinedStr) or not is_html(node):
                continue
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    tried += 1
                    if not is_harmless(value):
                        strange.add((name, ast.unparse(value.value)))
    assert REVIEWED - strange == set(), "reviewed, and gone"
    told("what stands between elements and was not escaped there", tried, strange - REVIEWED)


def told(what, tried, found):
    assert not found, "\n".join(map(str, sorted(found)))
    proven("A1", f"read in the source: {what}", tried=tried, broken={"found": len(found)})


def is_html(node):
    return any(isinstance(v, ast.Constant) and ELEMENT.search(v.value) for v in node.values)


def is_written_here(node):
    if isinstance(node, ast.Constant) or (isinstance(node, ast.Name) and node.id.isupper()):
        return True
    return isinstance(node, ast.JoinedStr) and all(
        isinstance(value, ast.Constant) or is_harmless(value) for value in node.values
    )


def is_harmless(value):
    """Tell whether what an f-string puts in is escaped, a constant's name, or a number."""
    node, spec = value.value, value.format_spec
    if spec is not None and NUMBER.match(ast.unparse(spec)[2:-1]) and ast.unparse(spec)[2:-1]:
        return True
    if isinstance(node, ast.Name) and node.id.isupper():
        return True
    if isinstance(node, ast.Call):
        called = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        return bool(MADE_SAFE.search(called)) or called in {"len", "int"}
    if isinstance(node, ast.IfExp):
        return all(isinstance(each, ast.Constant) for each in (node.body, node.orelse))
    return False
