"""``%%map``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import SamplingOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class MapOptions(SamplingOptions):
    """A parsed map cell."""

    prompt: str = ""
    frame: str = ""
    schema: str | None = option(
        "--schema",
        metavar="SCHEMA",
        help="the answers' shape, a typed column each: a variable's name, or as "
        '"label positive|negative, why: in ten words"',
    )
    system: str | None = option("-s", "--system", metavar="TEXT", help="the system prompt")
    via: str = option(
        "--via",
        metavar="WAY",
        choices=("online", "batch"),
        default="online",
        help="online, or batch: by the Batch API at half the price, within a day",
    )
    name: str = option(
        "--name", metavar="NAME", default="answer", help="the answers' column, without a schema"
    )
    budget: float | None = option(
        "--budget", kind="number", metavar="USD", help="spend no more than this in this run"
    )
    price: str | None = option(
        "--price",
        metavar="IN,OUT",
        help="USD per million tokens, where the catalog has no price",
    )
    concurrency: int | None = option(
        "--concurrency", kind="whole", metavar="N", help="most requests in flight (64)"
    )
    sample: int | None = option(
        "--sample", kind="whole", metavar="N", help="only N rows, at random, always the same"
    )
    repeat: int = option(
        "--repeat",
        kind="whole",
        metavar="N",
        default=0,
        help="another answer to the same rows: 1 is the second",
    )
    allow_failed: float = option(
        "--allow-failed",
        kind="number",
        metavar="SHARE",
        default=0.01,
        help="the share of rows that may fail without an error (0.01)",
    )
    background: bool = option(
        "--background", kind="switch", help="come back at once with a job: .frame(), .wait()"
    )
    with_: str | None = option(
        "--with",
        metavar="NAME|PATH",
        help="a saved prompt (%nebius save) or a file with one; it stands before the cell's",
    )


MAP = Command(
    name="map",
    record=MapOptions,
    summary="Ask a question for each row of a DataFrame; run it again to do what is left.",
    usage=(
        "%%map [flags] FRAME   the cell's body is the prompt, with {column} in it",
        '%%map [flags] "FRAME.query(...)"   any expression, in quotes',
        "%map [flags] FRAME --with NAME   a saved prompt, with nothing added",
    ),
    examples=(
        (
            '%%map reviews -o judged --schema "label positive|negative, why: in ten words"\n'
            "Classify this review: {text}"
        ),
        "%%map reviews --dry-run --sample 20\nIn which language is this? {text}",
        (
            '%%map "reviews.head(1)" -o short --name summary --budget 0.05 --max-tokens 60\n'
            "Summarize in one sentence: {text}"
        ),
    ),
    text_field="prompt",
    line_text="frame",
    prose=False,
    notes=(
        "{column} is the row's value; other braces are text. {{name}} is a variable's value. Every "
        "answer is kept before it is read: after an interrupt, a dead kernel or a budget that was "
        "reached, run the cell again, and only what is left is bought. --fresh buys all anew."
    ),
)
