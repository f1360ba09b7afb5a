"""Sessions for tests: against the sandbox as its own process, or any server."""

import pytest
from boxes import Box
from sandbox_fixture import start_sandbox

from nbnebius.session import Session
from nbnebius.settings import find_endpoint


@pytest.fixture(scope="module")
def box(tmp_path_factory):
    running = start_sandbox(tmp_path_factory.mktemp("box"))
    yield Box(running)
    running.stop()


@pytest.fixture
def opened():
    """Open sessions, as new kernels would; all are closed at the end."""
    sessions = []

    def open_one(url, key=None, **more):
        session = Session(find_endpoint(key, url), **more)
        session.observer = lambda event: None
        sessions.append(session)
        return session

    yield open_one
    for session in sessions:
        session.close()


@pytest.fixture
def at_box(box, opened):
    """Open sessions with the sandbox."""
    return lambda **more: opened(box.url, box.key, **more)
