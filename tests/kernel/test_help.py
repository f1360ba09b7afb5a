"""`%name?`, `%name --help` and `%nebius help name` show the same manual."""

import pytest

from nbnebius.commands import COMMANDS
from nbnebius.commands.manuals import manual
from nbnebius.commands.nebius import VERBS
from nbnebius.magics.magic import MAGICS

pytestmark = pytest.mark.kernel


@pytest.mark.parametrize("name", ["nebius", *COMMANDS])
def test_a_magics_manual_is_the_same_everywhere(kernel, name):
    mark = "%" if "line" in MAGICS[name] else "%%"
    assert manual(name) in kernel.ok(f"{mark}{name}?").pages[0]
    body = "" if mark == "%" else "\n-"
    for code in (f"{mark}{name} --help{body}", f"{mark}{name} -h{body}", f"%nebius help {name}"):
        assert kernel.ok(code).plain == manual(name)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_shows_its_own_part(kernel, verb):
    for code in (f"%nebius {verb} --help", f"%nebius {verb} -h", f"%nebius help {verb}"):
        assert kernel.ok(code).plain == manual(verb)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_functions_help_is_its_own(kernel, name):
    cell = kernel.ok(f"import nbnebius; help(nbnebius.{name})")
    assert f"{name}(" in cell.printed
    assert "Parameters" in cell.printed
