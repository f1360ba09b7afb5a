"""
Batch files: an output of many lines into a frame of results, and a frame of requests into an input.

``python -m benchmarks.batches`` (``--quick`` for few). The stub serves the output from a file, and
takes the input in and throws it away.
"""

from __future__ import annotations

import json
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.answers import CHAT
from benchmarks.contest import Goal, Report, Table, compete, main
from benchmarks.stub import counts_at, running

if TYPE_CHECKING:
    from collections.abc import Callable

RESULTS, PANDAS, JSON = "get_batch(id).results()", "pandas.read_json(lines=True)", "json in a loop"
DUCKDB, PYARROW, POLARS = "duckdb, with a schema", "pyarrow, with a schema", "polars, with a schema"
UPLOAD, LOOP = "upload(frame)", "json in a loop, then openai's upload"
TEXT = (
    "It kept dry in a storm, held well, and went up in the dark; one peg bent on the second day. "
)


def write_output(path: Path, lines: int) -> None:
    """Write an output file, of some 1 KB a line, as the service writes it."""
    dice = random.Random(0)
    with path.open("w") as file:
        for at in range(lines):
            file.write(
                json.dumps(
                    {
                        "id": f"batch_req_{at:08d}",
                        "custom_id": f"review-{at:08d}",
                        "response": {
                            "id": f"chatcmpl-{at:08d}",
                            "object": "chat.completion",
                            "created": 1_790_000_000,
                            "model": CHAT,
                            "choices": [
                                {
                                    "index": 0,
                                    "message": {
                                        "role": "assistant",
                                        "content": TEXT * dice.randint(4, 8) + str(at),
                                        "reasoning_content": None,
                                        "tool_calls": [],
                                    },
                                    "logprobs": None,
                                    "finish_reason": "stop",
                                }
                            ],
                            "usage": {
                                "prompt_tokens": 20 + at % 50,
                                "completion_tokens": 90,
                                "total_tokens": 110 + at % 50,
                            },
                        },
                        "error": None,
                    }
                )
                + "\n"
            )


def results(setting: dict[str, Any]) -> Callable[[], None]:
    import nbnebius as neb

    neb.connect("x", setting["url"])
    job = neb.get_batch("batch-stub")
    neb.models()

    def work() -> None:
        frame = job.results()
        assert len(frame) == setting["lines"]
        assert frame["text"].iloc[-1].endswith(str(setting["lines"] - 1))

    return work


def with_pandas(setting: dict[str, Any]) -> Callable[[], None]:
    import pandas as pd

    def work() -> None:
        assert len(pd.read_json(setting["path"], lines=True)) == setting["lines"]

    return work


def with_json(setting: dict[str, Any]) -> Callable[[], None]:
    import pandas as pd

    def rows() -> Any:
        with Path(setting["path"]).open("rb") as file:
            for line in map(json.loads, file):
                answer = line["response"]
                choice, usage = answer["choices"][0], answer["usage"]
                yield (
                    line["custom_id"],
                    choice["message"]["content"],
                    choice["finish_reason"],
                    usage["prompt_tokens"],
                    usage["completion_tokens"],
                )

    def work() -> None:
        assert len(pd.DataFrame(rows())) == setting["lines"]

    return work


def with_duckdb(setting: dict[str, Any]) -> Callable[[], None]:
    import duckdb

    connection = duckdb.connect()
    query = f"""
        SELECT custom_id, response.choices[1].message.content AS text,
            response.choices[1].finish_reason AS finish_reason,
            response.usage.prompt_tokens AS prompt_tokens,
            response.usage.completion_tokens AS completion_tokens
        FROM read_json('{setting["path"]}', format='newline_delimited', columns={{
            custom_id: 'VARCHAR',
            response: 'STRUCT(choices STRUCT(message STRUCT(content VARCHAR),
                finish_reason VARCHAR)[], usage STRUCT(prompt_tokens BIGINT,
                completion_tokens BIGINT))'}})"""

    def work() -> None:
        assert len(connection.execute(query).df()) == setting["lines"]

    return work


def with_pyarrow(setting: dict[str, Any]) -> Callable[[], None]:
    import pyarrow as pa
    from pyarrow import json as arrow

    message = pa.struct([("content", pa.string())])
    choice = pa.struct([("message", message), ("finish_reason", pa.string())])
    usage = pa.struct([("prompt_tokens", pa.int64()), ("completion_tokens", pa.int64())])
    answer = pa.struct([("choices", pa.list_(choice)), ("usage", usage)])
    schema = pa.schema([("custom_id", pa.string()), ("response", answer)])
    options = arrow.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore")

    def work() -> None:
        table = arrow.read_json(setting["path"], parse_options=options).combine_chunks()
        answers = table["response"].chunk(0)
        first = answers.field("choices").flatten()
        columns = {
            "custom_id": table["custom_id"],
            "text": first.field("message").field("content"),
            "finish_reason": first.field("finish_reason"),
            "prompt_tokens": answers.field("usage").field("prompt_tokens"),
            "completion_tokens": answers.field("usage").field("completion_tokens"),
        }
        assert len(pa.table(columns).to_pandas()) == setting["lines"]

    return work


def with_polars(setting: dict[str, Any]) -> Callable[[], None]:
    import polars as pl

    message = pl.Struct({"content": pl.String})
    choice = pl.Struct({"message": message, "finish_reason": pl.String})
    usage = pl.Struct({"prompt_tokens": pl.Int64, "completion_tokens": pl.Int64})
    answer = pl.Struct({"choices": pl.List(choice), "usage": usage})

    def work() -> None:
        frame = pl.read_ndjson(setting["path"], schema={"custom_id": pl.String, "response": answer})
        first = pl.col("response").struct.field("choices").list.first()
        told = pl.col("response").struct.field("usage")
        found = frame.select(
            "custom_id",
            first.struct.field("message").struct.field("content").alias("text"),
            first.struct.field("finish_reason"),
            told.struct.field("prompt_tokens"),
            told.struct.field("completion_tokens"),
        )
        assert len(found.to_pandas()) == setting["lines"]

    return work


def _requests(rows: int) -> Any:
    import pandas as pd

    bodies = [
        {
            "model": CHAT,
            "messages": [
                {"role": "system", "content": "You read reviews."},
                {"role": "user", "content": f"Is review {at} friendly? {TEXT * 4}"},
            ],
            "max_tokens": 64,
        }
        for at in range(rows)
    ]
    return pd.DataFrame({"custom_id": [f"review-{at}" for at in range(rows)], "body": bodies})


def upload(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    import nbnebius as neb

    neb.connect("x", setting["url"])
    neb.upload(_requests(5))
    frame = _requests(setting["rows"])
    return _received(lambda: neb.upload(frame), setting)


def loop(setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    import openai

    client = openai.OpenAI(api_key="x", base_url=setting["url"])
    frame = _requests(setting["rows"])

    def work() -> None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "requests.jsonl"
            with path.open("w") as file:
                for name, body in zip(frame["custom_id"], frame["body"], strict=True):
                    line = {
                        "custom_id": name,
                        "method": "POST",
                        "url": "/v1/chat/completions",
                        "body": body,
                    }
                    file.write(json.dumps(line) + "\n")
            with path.open("rb") as content:
                client.files.create(file=content, purpose="batch")

    return _received(work, setting)


def _received(work: Callable[[], Any], setting: dict[str, Any]) -> Callable[[], dict[str, float]]:
    before = counts_at(setting["url"])["received"]

    def counted() -> dict[str, float]:
        work()
        received = counts_at(setting["url"])["received"] - before
        assert received > 400 * setting["rows"]
        return {"received": received}

    return counted


def run(*, quick: bool = False) -> Report:
    """Answer the questions."""
    report = Report("Batch files")
    lines = 20_000 if quick else 200_000
    readers = {
        RESULTS: results,
        JSON: with_json,
        PANDAS: with_pandas,
        DUCKDB: with_duckdb,
        PYARROW: with_pyarrow,
        POLARS: with_polars,
    }
    if quick:  # a process for each takes longer than what it measures
        del readers[JSON], readers[POLARS]
    with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
        path = Path(folder) / "output.jsonl"
        write_output(path, lines)
        size = path.stat().st_size / 2**20
        with running(output=path) as url:
            setting = {"url": url, "path": str(path), "lines": lines}
            read = Table(
                f"An output of {lines:,} lines ({size:,.0f} MB) to a frame; ours downloads it, too",
                "line",
                lines,
                compete(readers, setting, 1),
                PANDAS,
            )
    least = min(
        (read.ratio(RESULTS, n) or 0 for n in (DUCKDB, PYARROW) if n in read.spent), default=None
    )
    report.goals += [
        Goal(
            "batch output: time of pandas.read_json, of ours",
            10,
            read.ratio(PANDAS, RESULTS),
            least=True,
        ),
        Goal("batch output: our time, of pyarrow's or duckdb's with a schema", 2, least),
        Goal("batch output: peak memory, of the file", 1, read.median(RESULTS, "growth") / size),
    ]
    with running() as url:
        spent = compete({UPLOAD: upload, LOOP: loop}, {"url": url, "rows": lines}, 1)
    wrote = Table(f"A frame of {lines:,} requests, uploaded", "row", lines, spent, LOOP)
    report.goals += [
        Goal(
            "batch input: time of json in a loop, of ours", 3, wrote.ratio(LOOP, UPLOAD), least=True
        ),
        Goal("batch input: peak memory, MB", 64, wrote.median(UPLOAD, "growth")),
    ]
    report.tables += [read, wrote]
    return report


if __name__ == "__main__":
    main(run)
