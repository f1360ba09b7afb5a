"""One definition, many places: the page, the manuals and the functions' docstrings agree."""

import inspect
import re
from pathlib import Path

import pytest

import nbnebius
from nbnebius.commands import COMMANDS
from nbnebius.commands.manuals import NAMES, manual
from nbnebius.commands.nebius import VERBS
from nbnebius.commands.pages import magics_page
from nbnebius.magics import nebius

PAGE = Path(nbnebius.__file__).parents[1] / "docs" / "magics.md"


def test_the_page_is_what_the_commands_say():
    again = "python -m nbnebius.commands.pages > docs/magics.md"
    assert PAGE.read_text(encoding="utf-8") == magics_page(), again


def test_every_verb_has_a_manual_and_an_action():
    assert set(nebius.VERBS) == set(VERBS)


@pytest.mark.parametrize("name", VERBS)
def test_a_verbs_manual_holds_its_flags_and_stands_in_the_whole(name):
    text, whole = manual("nebius"), manual(name)
    for option in VERBS[name].options:
        assert option.long in whole
    for form, _ in VERBS[name].forms:
        assert f"%nebius {form}".rstrip() in text


@pytest.mark.parametrize("name", COMMANDS)
def test_a_manual_tells_of_every_flag_and_gives_three_examples(name):
    text = manual(name)
    assert name in NAMES
    for option in COMMANDS[name].options:
        assert all(flag in text for flag in option.flags)
        assert option.help.split()[0] in text
    assert len(COMMANDS[name].examples) == 3
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize("name", COMMANDS)
def test_a_functions_docstring_tells_of_every_argument(name):
    function = getattr(nbnebius, name)
    text = inspect.getdoc(function)
    told = text.partition("Parameters\n----------")[2].partition("\n----")[0]
    heads = " ".join(re.findall(r"^(\S.*)$", told, re.MULTILINE))
    for argument in inspect.signature(function).parameters:
        assert re.search(rf"\b{argument}\b", heads), argument
