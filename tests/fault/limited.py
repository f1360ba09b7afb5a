"""A child whose files may not grow beyond a size, as by a quota, until it has met that once."""

from __future__ import annotations

import json
import os
import resource
from dataclasses import replace
from pathlib import Path

import msgspec

from tests.fault import job


def main(room: str, spec_path: str, out: str) -> None:
    """Do a job with so many bytes of room for the journal, and once more with all there is."""
    spec = msgspec.json.decode(Path(spec_path).read_bytes(), type=job.Spec)
    # whatever is imported and written first is there before the quota
    job.run(replace(spec, rows=1))
    size = (Path(os.environ["NBNEBIUS_HOME"]) / "journal.sqlite").stat().st_size
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + int(room), hard))
    limited = job.run(spec)
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    told = {**job.run(spec), "met": limited["raised"]}
    fresh = Path(f"{out}.new")
    fresh.write_text(json.dumps(told))
    fresh.rename(out)
