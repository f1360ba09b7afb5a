"""What every test may ask for, and the ground every test stands on."""

import os
import sys

import pytest
from hypothesis import settings

# a slow machine is not a failure: no test here asserts timing
settings.register_profile("nbnebius", deadline=None)
settings.load_profile("nbnebius")


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture(autouse=True)
def _own_ground(tmp_path, monkeypatch):
    """Stand each test in folders of its own, without a key, and leave no session behind."""
    for name in list(os.environ):
        if name.startswith(("NEBIUS_", "NBNEBIUS_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    yield
    if "nbnebius.session" in sys.modules:
        from nbnebius.session import close_default

        close_default()
