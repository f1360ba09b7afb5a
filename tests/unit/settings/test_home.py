"""The folder where state is kept."""

from pathlib import Path

import platformdirs
import pytest

from nbnebius.settings.home import home


@pytest.mark.parametrize("own", [None, "relative"])
@pytest.mark.parametrize("told", [None, "", "state", "/tmp/a state"])
def test_it_is_where_platformdirs_says(monkeypatch, told, own):
    monkeypatch.delenv("NBNEBIUS_HOME", raising=False)
    if own is not None:
        monkeypatch.setenv("HOME", own)
    monkeypatch.delenv("XDG_STATE_HOME", raising=False)
    if told is not None:
        monkeypatch.setenv("XDG_STATE_HOME", told)
    assert home() == Path(platformdirs.user_state_dir("nbnebius", appauthor=False))


def test_the_environment_may_name_another(monkeypatch, tmp_path):
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path))
    assert home() == tmp_path
