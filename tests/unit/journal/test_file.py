"""The journal's file: whose it is, what is in it, and what happens to a damaged one."""

import sqlite3
import stat
import sys

import pytest

from nbnebius.errors import JournalError
from nbnebius.journal import Journal, file
from nbnebius.journal.writer import Writer


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "journal.sqlite"


def test_nobody_else_may_read_it(path):
    journal = Journal(path)
    try:
        modes = {p.name: stat.S_IMODE(p.stat().st_mode) for p in (path, path.parent)}
        assert modes == {"journal.sqlite": 0o600, "state": 0o700}
        for sign in path.parent.joinpath("sessions").iterdir():
            assert stat.S_IMODE(sign.stat().st_mode) == 0o600
    finally:
        journal.close()


def test_a_file_that_others_could_read_is_closed_to_them(path):
    path.parent.mkdir()
    path.touch(0o644)
    Journal(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_link_in_its_place_is_refused(path, tmp_path):
    path.parent.mkdir()
    target = tmp_path / "elsewhere"
    target.write_bytes(b"precious")
    path.symlink_to(target)
    with pytest.raises(JournalError):
        Journal(path)
    assert target.read_bytes() == b"precious"


def test_a_damaged_file_is_kept_aside_and_a_new_one_begun(path):
    path.parent.mkdir()
    path.write_bytes(b"this was a journal once" * 400)
    writer = Writer(path)
    writer.close()
    aside = [p for p in path.parent.iterdir() if "damaged" in p.name]
    assert [p.read_bytes() for p in aside] == [b"this was a journal once" * 400]
    assert aside[0].name in writer.note


def test_a_file_with_broken_pages_is_kept_aside(path):
    Writer(path).close()
    whole = bytearray(path.read_bytes())
    whole[4096 * 2 : 4096 * 4] = b"\xff" * 8192
    path.write_bytes(whole)
    writer = Writer(path)
    writer.close()
    assert "damaged" in writer.note
    assert bytes(whole) in [p.read_bytes() for p in path.parent.iterdir()]


def test_two_damaged_files_in_one_second_are_both_kept(path):
    path.parent.mkdir()
    for content in (b"one" * 500, b"two" * 500):
        path.write_bytes(content)
        Writer(path).close()
    kept = {p.read_bytes() for p in path.parent.iterdir() if "damaged" in p.name}
    assert kept == {b"one" * 500, b"two" * 500}


def test_a_newer_schema_is_refused_and_untouched(path):
    Writer(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version=99")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(JournalError, match="newer version"):
        Writer(path)
    assert path.read_bytes() == before
    assert [p.name for p in path.parent.iterdir()] == ["journal.sqlite"]


def test_a_locked_file_is_an_error_and_not_taken_for_damaged(path, monkeypatch):
    Writer(path).close()
    monkeypatch.setattr(file, "PATIENCE", 0.05)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    try:
        with pytest.raises(JournalError, match="locked"):
            Writer(path)
    finally:
        other.close()
    assert [p.name for p in path.parent.iterdir()] == ["journal.sqlite"]


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path):
    (tmp_path / "state").write_text("a file, not a folder")
    with pytest.raises(JournalError, match="NBNEBIUS_HOME"):
        Journal(tmp_path / "state" / "journal.sqlite")


@pytest.mark.skipif(sys.platform == "win32", reason="folders open differently there")
def test_a_folder_in_the_files_place_is_an_error_in_words(path):
    path.mkdir(parents=True)
    with pytest.raises(JournalError, match="cannot be opened"):
        Journal(path)
