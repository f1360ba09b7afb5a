"""Questions: asked where somebody can answer, an error in words where nobody can."""

import getpass

import pytest

from nbnebius.errors import SettingsError
from nbnebius.session.asker import ConsoleAsker


@pytest.fixture
def somebody(monkeypatch):
    """Type an answer as a kernel's front end would: it replaces both functions."""

    def type_in(answer):
        def ask(prompt=""):
            if isinstance(answer, Exception):
                raise answer
            return answer

        ask.__module__ = "ipykernel.kernelbase"
        monkeypatch.setattr(getpass, "getpass", ask)
        monkeypatch.setattr("builtins.input", ask)

    return type_in


@pytest.mark.parametrize(
    ("answer", "means"), [("y", True), ("Yes ", True), ("", False), ("n", False)]
)
def test_only_yes_is_yes(somebody, answer, means):
    somebody(answer)
    assert ConsoleAsker().confirm("Go on?") is means


def test_a_key_is_handed_over(somebody):
    somebody("k-0123456789")
    assert ConsoleAsker().secret("API key: ") == "k-0123456789"


def test_a_front_end_that_cannot_ask_is_an_error(somebody):
    somebody(RuntimeError("no stdin"))
    for ask in (ConsoleAsker().confirm, ConsoleAsker().secret):
        with pytest.raises(SettingsError, match="Nobody can be asked"):
            ask("?")


def test_without_a_terminal_nobody_is_asked():
    # pytest's own stdin is no terminal.
    for ask in (ConsoleAsker().confirm, ConsoleAsker().secret):
        with pytest.raises(SettingsError, match="Nobody can be asked"):
            ask("?")
