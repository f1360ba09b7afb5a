"""Frames of requests: what cannot be one is told before anything is sent."""

from __future__ import annotations

import pandas as pd
import pytest
from sandbox_fixture import start_sandbox

import nbnebius as neb
from nbnebius.errors import OptionError

BODY = {"model": "Qwen/Qwen3-32B", "messages": [{"role": "user", "content": "Hi"}]}


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    running = start_sandbox(tmp_path_factory.mktemp("upload"))
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("frame", "told"),
    [
        (pd.DataFrame({"text": ["Hi"]}), "needs a column 'body'"),
        (pd.DataFrame({"body": [BODY, "{}"]}), "The body of '1' is a str"),
        (pd.DataFrame({"body": [BODY, None]}), "The body of '1' is a NoneType"),
        (pd.DataFrame({"body": [BODY] * 2, "custom_id": ["a", "a"]}), "are not unique"),
    ],
)
def test_a_frame_that_holds_no_requests_is_refused_and_nothing_is_uploaded(sandbox, frame, told):
    neb.connect(sandbox.api_key, sandbox.base_url)
    with pytest.raises(OptionError, match=told):
        neb.upload(frame)
    assert len(neb.files()) == 0
