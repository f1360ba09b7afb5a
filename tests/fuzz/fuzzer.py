"""
One target under atheris, as a process of its own: ``python -m tests.fuzz.fuzzer NAME FOLDER SECS``.

FOLDER keeps what was found interesting, between runs; an input that breaks a promise is written
beside it as ``crash-…`` by libFuzzer, which then ends.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

MOST_MEMORY = 2048
"""Megabytes."""

SLOWEST = 20
"""Seconds for one input; more is a hang."""


def main() -> None:
    name, folder, seconds = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
    with atheris.instrument_imports(include=["nbnebius"]):
        from tests.fuzz.targets import TARGETS
    from tests.fuzz.corpus import PIECES, seeds

    folder.mkdir(parents=True, exist_ok=True)
    for number, data in enumerate(seeds(name)):
        (folder / f"seed-{number:03}").write_bytes(data)
    words = folder.parent / f"{name}.dict"
    written = ("".join(f"\\x{byte:02x}" for byte in piece[:60]) for piece in PIECES)
    words.write_text("".join(f'"{word}"\n' for word in written))
    # atheris writes the inputs that break something into the current folder
    arguments = [
        sys.argv[0],
        str(folder),
        f"-dict={words}",
        f"-max_total_time={seconds}",
        f"-timeout={SLOWEST}",
        f"-rss_limit_mb={MOST_MEMORY}",
        "-max_len=8192",
        f"-artifact_prefix={folder.parent / name}-",
        "-print_final_stats=1",
        "-verbosity=0",
    ]
    target = TARGETS[name]

    def one_input(data: bytes) -> None:
        target(data)

    atheris.Setup(arguments, one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
