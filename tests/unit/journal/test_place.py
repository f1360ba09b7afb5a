"""Where the journal lies, and who may use it there."""

import json
import os
import subprocess
import sys

import pytest

from nbnebius.errors import JournalError
from nbnebius.journal import Journal, place, settle_orphans
from nbnebius.journal.place import is_network, kind_in_mount_list, kind_in_mountinfo

MOUNTS = r"""
22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
23 22 0:21 / /proc rw - proc proc rw
40 22 0:50 / /home rw,relatime shared:2 - nfs4 server:/export rw,vers=4.2
41 40 8:2 / /home/ann/fast rw - xfs /dev/sdb1 rw
42 22 0:51 / /mnt/with\040blank rw - fuse.sshfs ann@host: rw
43 22 0:52 / /mnt/over rw - ext4 /dev/sdc1 rw
44 22 0:53 / /mnt/over rw master:3 propagate_from:2 - cifs //host/share rw
45 22 8:9 / /mnt/usb rw - fuseblk /dev/sdd1 rw
this line is none
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/", "ext4"),
        ("/var/lib", "ext4"),
        ("/home", "nfs4"),
        ("/home/ann", "nfs4"),
        ("/home/ann/fast", "xfs"),
        ("/home/ann/fast/deep/er", "xfs"),
        ("/home/ann/faster", "nfs4"),
        ("/homestead", "ext4"),
        ("/mnt/with blank/x", "fuse.sshfs"),
        ("/mnt/over/x", "cifs"),
        ("/mnt/usb", "fuseblk"),
    ],
)
def test_the_longest_mount_point_that_holds_a_path_tells_its_file_system(path, kind):
    assert kind_in_mountinfo(MOUNTS, path) == kind


def test_nothing_is_told_of_nothing():
    assert kind_in_mountinfo("", "/x") == ""
    assert kind_in_mount_list("", "/x") == ""


def test_what_mount_prints_on_macos_tells_the_same():
    text = (
        "/dev/disk1s1 on / (apfs, sealed, local, read-only, journaled)\n"
        "//ann@host/share on /Volumes/my share (smbfs, nodev, nosuid, mounted by ann)\n"
        "/dev/disk1s2 on /System/Volumes/Data (apfs, local, journaled)\n"
    )
    assert kind_in_mount_list(text, "/Volumes/my share/x") == "smbfs"
    assert kind_in_mount_list(text, "/Users/ann") == "apfs"


@pytest.mark.parametrize(
    "kind",
    ["nfs", "nfs4", "cifs", "smb3", "9p", "fuse", "fuse.sshfs", "vboxsf", "lustre", "gpfs", "ceph",
     "afs", "smbfs"],
)  # fmt: skip
def test_file_systems_of_a_network_are_known(kind):
    assert is_network(kind)


@pytest.mark.parametrize(
    "kind", ["ext4", "xfs", "btrfs", "tmpfs", "overlay", "apfs", "fuseblk", ""]
)
def test_file_systems_of_this_machine_are_known(kind):
    assert not is_network(kind)


# -- one kernel at a time ----------------------------------------------------------------------

HOLD = """
import sys
from pathlib import Path
from nbnebius.journal import Journal
journal = Journal(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.readline()
journal.close()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "journal.sqlite"


@pytest.fixture
def holder(path):
    """Another process that holds the journal alone."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)],
        env={**os.environ, "NBNEBIUS_EXCLUSIVE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_kernel_is_told_who_holds_the_journal(holder, path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_EXCLUSIVE", "1")
    with pytest.raises(JournalError) as caught:
        Journal(path)
    assert f"process {holder.pid} on {os.uname().nodename}" in caught.value.why
    assert "since 20" in caught.value.why
    assert "NBNEBIUS_HOME" in caught.value.hint
    assert [p.name for p in path.parent.iterdir() if "damaged" in p.name] == []


def test_it_is_free_again_when_the_first_has_closed_it(holder, path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_EXCLUSIVE", "1")
    holder.communicate("\n")
    journal = Journal(path)
    assert json.loads(path.with_name("journal.sqlite.holder").read_text())["pid"] == os.getpid()
    journal.close()
    assert [p.name for p in path.parent.iterdir()] == ["journal.sqlite"]


def test_it_is_free_again_when_the_first_was_killed(holder, path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_EXCLUSIVE", "1")
    holder.kill()
    holder.communicate()
    Journal(path).close()


def test_one_who_does_not_share_the_rule_is_told_too(holder, path, monkeypatch):
    monkeypatch.setattr("nbnebius.journal.file.PATIENCE", 0.2)
    with pytest.raises(JournalError, match="Another kernel holds"):
        Journal(path)


def test_a_network_is_told_and_locks_prove_nothing_there(path, monkeypatch):
    ordinary = Journal(path)
    sign = path.parent / "sessions" / ordinary.session
    ordinary.writer.submit(
        lambda connection: connection.execute(
            "INSERT INTO calls (key, kind, service, model, state, attempt, session, owner, sent_at)"
            " VALUES (x'00', 'chat', 's', 'm', 'sent', 1, ?, 'o', 1.7e9)",
            (ordinary.session,),
        )
    ).result()
    ordinary.close()
    sign.touch()  # as of one whose lock cannot be seen from here
    monkeypatch.setattr(place, "_kind", lambda folder: "nfs4")
    journal = Journal(path)
    try:
        assert "network file system (nfs4)" in journal.writer.note
        assert "one kernel at a time" in journal.writer.note
        assert settle_orphans(journal) == 0
        assert [p.name for p in sign.parent.iterdir()] == [sign.name]
        sign.unlink()
        assert settle_orphans(journal) == 1
    finally:
        journal.close()
