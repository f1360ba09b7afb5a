"""Asking once before something that is not cheap."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labeller import Asker

from nbnebius.errors import OptionError, SettingsError, Stopped
from nbnebius.session.consent import CONFIRM, confirm_above, need_consent


class Nobody:
    def confirm(self, question):
        raise SettingsError("Nobody can be asked here")


def ask(asker, cost):
    need_consent(asker, cost, "7 requests", also="; as a batch less", hint="give a budget")


@given(st.none() | st.floats(0, 1))
def test_up_to_a_dollar_and_of_the_unknown_nobody_is_asked(cost):
    ask(Nobody(), cost)


def test_above_it_the_question_tells_what_and_how_much():
    asker = Asker("y")
    ask(asker, 1.5)
    assert asker.asked == [
        "About USD 1.50 for 7 requests (an estimate; as a batch less). Send them?"
    ]
    with pytest.raises(Stopped, match="nothing was sent"):
        ask(Asker("n"), 1.5)


def test_where_nobody_is_there_it_is_an_error_that_says_how_to_agree():
    with pytest.raises(OptionError, match="nobody can be asked") as caught:
        ask(Nobody(), 2.0)
    assert "give a budget" in caught.value.hint
    assert f"{CONFIRM}=3" in caught.value.hint


def test_the_environment_moves_the_limit(monkeypatch):
    monkeypatch.setenv(CONFIRM, "20")
    assert confirm_above() == 20
    ask(Nobody(), 19)
    monkeypatch.setenv(CONFIRM, "a lot")
    with pytest.raises(SettingsError, match="no number"):
        confirm_above()
