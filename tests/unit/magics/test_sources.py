"""Completion of values: every kind has a source, and none fails on what a user has."""

import pytest

from nbnebius.commands import COMMANDS
from nbnebius.commands.nebius import VERBS
from nbnebius.commands.place import Place
from nbnebius.magics.sources import SOURCES, Asked
from nbnebius.magics.suggesting import suggest_body, suggest_line


class Sulky:
    """Fails whatever is asked of it."""

    def __getattr__(self, name):
        raise RuntimeError(name)

    @property
    def columns(self):
        raise RuntimeError

    def __getitem__(self, key):
        raise RuntimeError


NAMES = {"sulky": Sulky(), "kind": Sulky, "number": 1, "texts": ["a"], "shape": {1: 2}}


def test_whatever_a_verb_takes_has_a_source():
    assert {verb.takes for verb in VERBS.values() if verb.takes} <= set(SOURCES)


@pytest.mark.parametrize("key", SOURCES)
def test_a_source_gives_names_whatever_the_user_has(key):
    for command in ("chat", "config", "alias"):
        for words in ([], ["sulky"], ["reuse"]):
            place = Place(words=words)
            found = list(SOURCES[key](Asked(command, place, place, NAMES)))
            assert all(isinstance(one.text, str) and one.text for one in found)


@pytest.mark.parametrize("name", ["nebius", *COMMANDS])
@pytest.mark.parametrize(
    "line", ["", "-", "x", "{{", "-m ", "'", "config ", "sulky --column ", "--"]
)
def test_any_half_line_of_any_magic_is_answered(name, line):
    fragment, found = suggest_line(name, line, "", NAMES)
    assert line.endswith(fragment)
    assert all(len(one.note) <= 48 for one in found)
    if name != "nebius":
        assert suggest_body(name, "sulky", "{", NAMES)[1] == []
        assert "sulky" in [one.text for one in suggest_body(name, "", "{{su", NAMES)[1]]
