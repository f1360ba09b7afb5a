"""The files panel without widgets: listed, uploaded, downloaded, deleted."""

import threading
from pathlib import Path

import pytest

from nbnebius.panels.files.state import FilesState, size
from nbnebius.panels.saving import new_path

LINES = b'{"custom_id": "1"}\n'


@pytest.fixture
def panel(variables, session, done):
    state = FilesState()
    state.read()
    return done(state)


def uploaded(panel, done, name="rows.jsonl"):
    panel.upload(name, memoryview(LINES))
    return done(panel)


def test_what_is_picked_is_uploaded_under_its_own_name_and_chosen(panel, done, session):
    uploaded(panel, done, "C:\\folder\\rows.jsonl")
    assert panel.file.filename == "rows.jsonl"
    assert panel.file.purpose == "batch"
    assert panel.status.startswith("uploaded rows.jsonl as ")
    assert panel.chosen in {one.id for one in session.files()}
    assert panel.table["filename"][0] == "rows.jsonl"


def test_a_path_is_uploaded_whatever_its_size(panel, done, tmp_path):
    (tmp_path / "big.jsonl").write_bytes(LINES * 1000)
    panel.purpose = "fine-tune"
    panel.upload_path(" big.jsonl ")
    done(panel)
    assert panel.file.bytes == len(LINES) * 1000
    assert panel.file.purpose == "fine-tune"
    panel.upload_path("nothing.jsonl")
    assert panel.wait(60)
    assert panel.error == "There is no file nothing.jsonl"
    panel.upload_path(" ")
    assert panel.wait(60)
    assert "No path is given" in panel.error


def test_a_download_stands_over_nothing_that_is_there(panel, done, tmp_path):
    uploaded(panel, done, "out.jsonl")
    panel.download()
    done(panel)
    assert panel.status == "saved as out.jsonl"
    (tmp_path / "out.jsonl").write_bytes(b"mine")
    panel.download()
    done(panel)
    assert panel.status == "saved as out_2.jsonl"
    assert (tmp_path / "out_2.jsonl").read_bytes() == LINES
    assert (tmp_path / "out.jsonl").read_bytes() == b"mine"
    panel.path = "out.jsonl"
    panel.download()
    assert panel.wait(60)
    assert "There is out.jsonl already" in panel.error


def test_a_file_is_deleted_and_another_one_chosen(panel, done, session):
    gone = uploaded(panel, done).chosen
    panel.delete()
    done(panel)
    assert panel.chosen != gone
    assert gone not in {one.id for one in session.files()}
    assert panel.status == "deleted rows.jsonl"


def test_one_purpose_can_be_listed_and_the_cell_lists_the_same(panel, done):
    uploaded(panel, done)
    assert panel.to_cell() == "%nebius files\n"
    panel.show("fine-tune")
    done(panel)
    assert "batch" not in set(panel.table["purpose"])
    assert panel.to_cell() == "%nebius files fine-tune\n"
    uploaded(panel, done)
    assert panel.listed == "all"  # what was uploaded is seen


@pytest.mark.parametrize(
    ("told", "name"),
    [
        ("../../.ssh/authorized_keys", "authorized_keys"),
        ("..\\..\\evil.py", "evil.py"),
        ("/etc/passwd", "passwd"),
        ("..", "download"),
        (".bashrc", "bashrc"),
        ("a\x1b[2Jb\n.jsonl", "a[2Jb.jsonl"),
        ("", "download"),
    ],
)
def test_a_servers_file_name_leads_nowhere_else(told, name):
    assert new_path("", told) == Path(name)


def test_a_size_is_written_for_people():
    assert size(999) == "999 B"
    assert size(1_500) == "1.5 kB"
    assert size(5_000_000_000_000) == "5,000.0 GB"


def test_a_list_chosen_while_something_runs_is_read_after_it_and_an_action_says_why_not(
    panel, done
):
    uploaded(panel, done)
    go = threading.Event()
    assert panel.begin("waiting", lambda _: go.wait(60) and None)
    panel.show("fine-tune")
    panel.delete()
    assert panel.status == "one thing at a time: wait, or press Stop"
    go.set()
    done(panel)
    assert {one.purpose for one in panel.files} <= {"fine-tune"}
    panel.show("batch")
    done(panel)
    assert "rows.jsonl" in set(panel.table["filename"])
