"""Paying servers and children for tests of faults."""

import contextlib

import pytest

from tests.fault.paying import start_paying


@pytest.fixture
def paying_server(tmp_path):
    """Start paying servers; all are stopped at the end."""
    with contextlib.ExitStack() as stack:
        started = []

        def start(*options):
            server = start_paying(tmp_path / f"server-{len(started)}", *options)
            started.append(server)
            stack.callback(server.stop)
            return server

        yield start
