"""Run every benchmark; ``--quick`` for few rounds."""

from __future__ import annotations

import sys

from benchmarks import imports

imports.run(rounds=3 if "--quick" in sys.argv[1:] else 9)
