"""What every test may ask for."""

import pytest
from hypothesis import settings

# a slow machine is not a failure: no test here asserts timing
settings.register_profile("nbnebius", deadline=None)
settings.load_profile("nbnebius")


@pytest.fixture
def anyio_backend():
    return "asyncio"
