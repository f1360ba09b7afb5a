"""Every kind of error: three lines that name the next step, without key or prompt."""

from pathlib import Path

import pytest
from error_kinds import INTRODUCTION, KEY, KINDS, SECRET, produce, section

import nbnebius

PAGE = Path(nbnebius.__file__).parents[1] / "docs" / "errors.md"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.title.replace(" ", "-"))
def test_an_error_says_what_failed_why_and_what_to_do(kind, capsys):
    error, text = produce(kind)
    assert type(error).__name__ in kind.error.split("|")
    first, *rest = error._render_traceback_()
    assert first == f"{type(error).__name__}: {error.what}"
    assert len(rest) <= 2
    assert not error.what.endswith(".")
    assert error.hint, "the next step is missing"
    for word in kind.words:
        assert word in text
    told = [repr(value) for value in vars(error).values() if isinstance(value, str | list)]
    everything = "\n".join([text, str(error), repr(error), *told, *capsys.readouterr()])
    for hidden in (SECRET, KEY, "Bearer", "Authorization"):
        assert hidden not in everything
    assert section(kind, text) in PAGE.read_text(encoding="utf-8")


def test_the_page_holds_every_kind_and_no_other():
    text = PAGE.read_text(encoding="utf-8")
    assert text.startswith(INTRODUCTION)
    heads = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert heads == [kind.title for kind in KINDS]
