"""A notebook's variables without a notebook, and a session with a sandbox for panels."""

from types import SimpleNamespace

import pytest
from sandbox_fixture import start_sandbox

import nbnebius


@pytest.fixture
def variables(monkeypatch):
    """Give the user's variables, as panels see them."""
    names = {}
    monkeypatch.setattr(
        "nbnebius.panels.notebook.shell", lambda: SimpleNamespace(user_ns=names, kernel=None)
    )
    return names


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = start_sandbox(tmp_path_factory.mktemp("panels"))
    yield running
    running.stop()


@pytest.fixture
def session(sandbox):
    """Make the default session one with the sandbox."""
    return nbnebius.connect(sandbox.api_key, sandbox.base_url)


@pytest.fixture
def done():
    """Give a function that waits for a panel's work and fails if the panel tells an error."""

    def wait(state):
        assert state.wait(60)
        assert state.error == ""
        return state

    return wait
