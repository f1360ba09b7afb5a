"""
Tokens that a `map` with a schema sends, against the same schema pasted into each prompt.

``python -m benchmarks.schemas``. It runs on the sandbox, which counts tokens as the service does:
those of the messages, not those of ``response_format``.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.contest import Goal, Report, Table, compete, main
from benchmarks.map import frame_of

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = "label positive|negative|mixed, score int, why: in ten words"
PROMPT = "Classify this review: {text}"
ASKED, PASTED = "map(schema=…)", "the JSON schema in each prompt"


def asked(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    return _mapped(setting, PROMPT, schema=SCHEMA)


def pasted(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    from nbnebius.work.schema import to_schema

    schema = json.dumps(to_schema(SCHEMA).json)
    words = f"{PROMPT}\n\nAnswer with JSON that fits this schema, and nothing else:\n{schema}"
    return _mapped(
        setting, words.replace("{", "{{").replace("}", "}}").replace("{{text}}", "{text}")
    )


def _mapped(setting: dict[str, Any], prompt: str, **given: Any) -> Callable[[], dict[str, float]]:
    import nbnebius as neb
    from nbnebius.launch import start_sandbox

    with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
        sandbox = start_sandbox(Path(folder))
        neb.connect(sandbox.api_key, sandbox.base_url)
        frame = frame_of(setting["rows"], "review")

    def work() -> dict[str, float]:
        try:
            answers = neb.map(frame, prompt, max_tokens=100, budget=10, **given)
            assert (answers["neb_status"] == "ok").all()
            return {"sent": float(neb.usage()["tokens_in"].sum())}
        finally:
            sandbox.stop()

    return work


def run(*, quick: bool = False) -> Report:
    """Answer the question."""
    rows = 50 if quick else 200
    spent = compete({ASKED: asked, PASTED: pasted}, {"rows": rows}, 1)
    table = Table(f"{rows} rows with a schema, on the sandbox", "row", rows, spent, PASTED)
    report = Report("Schemas", [table])
    report.goals.append(
        Goal("a schema: tokens sent, of the same pasted in", 1, table.ratio(ASKED, PASTED, "sent"))
    )
    report.notes.append(
        "Tokens sent a row: "
        + ", ".join(f"{n} {table.median(n, 'sent') / rows:.1f}" for n in table.spent)
        + "."
    )
    return report


if __name__ == "__main__":
    main(run)
