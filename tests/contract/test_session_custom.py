"""Custom models through a session: made, waited for, asked."""

import pytest

import nbnebius as neb

BASE = "meta-llama/Meta-Llama-3.1-8B-Instruct"


@pytest.fixture
def adapter(box):
    neb.connect(box.key, box.url)
    return neb.upload(b"weights", purpose="fine-tune")["id"][0]


def test_creating_comes_back_at_once_or_waits_until_the_model_can_be_asked(adapter):
    made = neb.create_custom_model("soon", BASE, adapter)
    assert "active" not in list(made["status"])
    made = neb.create_custom_model("ready", BASE, adapter, wait=30)
    assert list(made["status"]) == ["active"]
    assert neb.chat("What is 2 + 3?", model=made["name"][0]).text


def test_a_fault_and_a_wait_that_is_too_short_are_errors(adapter):
    with pytest.raises(neb.NebiusError, match="cannot be used: error") as caught:
        neb.create_custom_model("broken", BASE, "file-that-is-not-there", wait=30)
    assert "does not exist" in caught.value.why
    with pytest.raises(neb.NebiusError, match="not ready after"):
        neb.create_custom_model("late", BASE, adapter, wait=0.01)
    assert {"broken", "late"} <= {name.split(":")[1][:-5] for name in neb.custom_models()["name"]}
