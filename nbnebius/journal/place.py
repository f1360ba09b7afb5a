"""
Where the journal lies: on this machine's own disk, or on a file system that others share.

SQLite's locks, and signs of life by locked files, hold only among kernels that see each other's
locks. Over a network nobody can promise that, so there one kernel holds the journal alone.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from functools import lru_cache
from pathlib import Path

# Of FUSE, only block devices are local; every other may be anything, such as sshfs.
NETWORK = frozenset({
    "nfs", "nfs3", "nfs4", "smb", "smbfs", "smb2", "smb3", "cifs", "ncpfs", "9p", "virtiofs",
    "vboxsf", "vmhgfs", "prl_fs", "lustre", "gpfs", "mmfs", "beegfs", "ceph", "afs", "auristorfs",
    "coda", "ocfs2", "gfs", "gfs2", "glusterfs", "orangefs", "pvfs2", "panfs", "quobyte", "davfs",
    "webdav", "afpfs", "osxfuse", "macfuse", "fuse", "fakeowner", "drvfs", "wekafs",
})  # fmt: skip
ESCAPED = re.compile(r"\\([0-7]{3})")
MAC_MOUNT = re.compile(r"^.* on (?P<point>/.*) \((?P<kind>[\w.]+)[,)]")
SWITCH = "NBNEBIUS_EXCLUSIVE"


def is_network(kind: str) -> bool:
    """Tell whether a type of file system is one that other machines share."""
    return kind in NETWORK or kind.startswith("fuse.")


def kind_in_mountinfo(text: str, path: str) -> str:
    """
    Find the type of the file system that holds `path`, "" where nothing tells.

    Parameters
    ----------
    text
        What ``/proc/self/mountinfo`` says.
    path
        Absolute, without links.
    """
    mounts = []
    for line in text.splitlines():
        place, dash, device = line.partition(" - ")
        fields = place.split(" ")
        if dash and len(fields) > 4 and device:  # noqa: PLR2004 - the fifth is the mount point
            point = ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[4])
            mounts.append((point, device.split(" ")[0]))
    return _longest(mounts, path)


def kind_in_mount_list(text: str, path: str) -> str:
    """Find the same in what ``mount`` prints on macOS."""
    found = (MAC_MOUNT.match(line) for line in text.splitlines())
    return _longest([(one["point"], one["kind"]) for one in found if one], path)


def _longest(mounts: list[tuple[str, str]], path: str) -> str:
    best, kind = -1, ""
    for point, its_kind in mounts:
        holds = point in {"/", path} or path.startswith(f"{point}/")
        # Of two on one point, the later one hides the earlier.
        if holds and len(point) >= best:
            best, kind = len(point), its_kind
    return kind


@lru_cache(maxsize=16)
def _kind(folder: str) -> str:
    try:
        if sys.platform == "darwin":
            told = subprocess.run(
                ["/sbin/mount"], capture_output=True, text=True, timeout=5, check=False
            )
            return kind_in_mount_list(told.stdout, folder)
        text = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="surrogateescape")
    except (OSError, subprocess.SubprocessError):
        return ""  # then it is taken for local
    return kind_in_mountinfo(text, folder)


def file_system(path: Path) -> str:
    """Give the type of the file system of a file's folder, "" where nothing tells."""
    return _kind(os.path.realpath(path.parent))


def on_network(path: Path) -> bool:
    """Tell whether a file lies on a file system that other machines share."""
    return is_network(file_system(path))


def is_exclusive(path: Path) -> bool:
    """
    Tell whether one kernel must hold the journal alone.

    It must on a network's file system, and wherever ``NBNEBIUS_EXCLUSIVE=1`` says so.
    """
    return os.environ.get(SWITCH, "").lower() in {"1", "on", "true", "yes"} or on_network(path)
