"""
A large file to a sandbox and back: how much memory the client needs for it.

``python -m benchmarks.transfer 2000`` moves 2,000 MB. The peak is this process's own, as the
operating system counts it, before and after.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
from pathlib import Path

import nbnebius as neb
from nbnebius.launch import start_sandbox

MEGABYTE = 2**20


def peak() -> float:
    """Give the most memory this process has held, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def run(megabytes: int) -> None:
    """Upload and download a file, and print the peaks."""
    with tempfile.TemporaryDirectory(prefix="nbnebius-transfer-") as name:
        folder = Path(name)
        os.environ["NBNEBIUS_HOME"] = str(folder / "state")
        sandbox = start_sandbox(folder / "sandbox")
        try:
            neb.connect(sandbox.api_key, sandbox.base_url)
            neb.files()
            idle = peak()
            big = folder / "big.jsonl"
            block = os.urandom(MEGABYTE)
            with big.open("wb") as file:
                for _ in range(megabytes):
                    file.write(block)
            sent = neb.upload(big)
            up = peak()
            copy = neb.download(sent.id[0], folder / "copy.jsonl")
            assert copy.stat().st_size == big.stat().st_size
            print(f"{megabytes:,} MB up and down; peak memory in MB:")
            print(f"idle {idle:.0f}, after the upload {up:.0f}, after the download {peak():.0f}")
        finally:
            sandbox.stop()


if __name__ == "__main__":
    run(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
