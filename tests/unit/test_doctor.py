"""The doctor: what is missing, in words."""

import pytest

from nbnebius.launch import doctor, examine, sandbox
from nbnebius.launch.sandbox import start_sandbox


def found(findings, words):
    (finding,) = [f for f in findings if words in f.text]
    return finding


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "state" / "journal.sqlite"


def test_all_is_well(journal):
    findings = examine(journal, key_source="environment", endpoint="https://host/v1/")
    assert found(findings, "key from environment").fine
    assert found(findings, "Python 3").fine
    assert found(findings, "requests go to https://host/v1/").fine
    assert found(findings, "answers are kept in").fine
    assert not journal.parent.exists()


def test_no_key(journal):
    finding = found(examine(journal, key_source=None, endpoint=""), "no API key")
    assert not finding.fine
    for word in ("NEBIUS_API_KEY", "%nebius login", "%nebius sandbox"):
        assert word in finding.hint


def test_a_folder_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor.os, "access", lambda *_: False)
    finding = found(
        examine(tmp_path / "journal.sqlite", key_source=None, endpoint=""), "written to"
    )
    assert not finding.fine
    assert "NBNEBIUS_HOME" in finding.hint


def test_missing_extras(journal, monkeypatch):
    monkeypatch.setattr(doctor, "find_spec", lambda name: None if name == "uvicorn" else name)
    findings = examine(journal, key_source=None, endpoint="")
    assert (
        found(findings, "extra sandbox: uvicorn missing").hint == "pip install 'nbnebius[sandbox]'"
    )
    assert found(findings, "extra lab").fine


@pytest.mark.parametrize("name", ["SSL_CERT_FILE", "SSLKEYLOGFILE", "HTTPS_PROXY"])
def test_variables_that_change_the_connection_are_told(journal, monkeypatch, name):
    monkeypatch.setenv(name, "x")
    finding = found(examine(journal, key_source=None, endpoint=""), f"{name} is set")
    assert not finding.fine
    assert "it changes" in finding.hint


def test_a_sandbox_that_is_not_installed_is_told(monkeypatch):
    monkeypatch.setattr(sandbox, "find_spec", lambda _: None)
    with pytest.raises(
        sandbox.SettingsError, match=r"starlette and uvicorn missing\n.*pip install"
    ):
        start_sandbox()


def test_a_sandbox_that_does_not_start_says_why(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(sandbox.SettingsError, match="The sandbox did not start") as caught:
        start_sandbox(blocked)
    assert caught.value.why
    assert len(caught.value._render_traceback_()) == 3


def test_a_sandbox_that_never_speaks_is_given_up(tmp_path, monkeypatch):
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o700)
    monkeypatch.setattr(sandbox.sys, "executable", str(silent))
    monkeypatch.setattr(sandbox, "READY_WITHIN", 0.1)
    with pytest.raises(sandbox.SettingsError, match="it said nothing within"):
        start_sandbox(tmp_path)


def test_a_sandbox_starts_answers_and_ends(tmp_path):
    running = start_sandbox(tmp_path / "data")
    try:
        assert running.base_url.startswith("http://127.0.0.1:")
        assert running.api_key not in repr(running)
        assert running.process.poll() is None
    finally:
        running.stop()
    assert running.process.returncode == 0
    running.stop()
