"""
What an account of so many requests a minute can do, online and by batch: ``--write`` puts it down.

``python -m benchmarks.arithmetic --write`` brings `docs/limits.md` up to date. Nothing is measured:
it multiplies. What one machine can send stands in `docs/performance.md`.
"""

from __future__ import annotations

import sys
from pathlib import Path

PAGE = Path(__file__).parents[1] / "docs" / "limits.md"
BEGIN, END = "<!-- counted: begin -->", "<!-- counted: end -->"
PER_MINUTE = (600, 6_000, 60_000)
ROWS = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)
SECONDS = (0.5, 2.0, 10.0)  # that an answer takes
MOST_IN_FLIGHT = 1024  # of one `map`
TOKENS_A_MINUTE = 400_000
TOKENS = (100, 500, 2_000)  # of a row, read and written
BATCH_HOURS = 24


def spoken(minutes: float) -> str:
    """Write a time as one reads it."""
    for size, word in ((60 * 24, "days"), (60, "hours"), (1, "minutes")):
        if minutes >= 1.5 * size:
            return f"{minutes / size:,.0f} {word}"
    return f"{minutes * 60:,.0f} s"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Write a table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def online() -> str:
    """Tell how long so many rows take at a limit of requests."""
    return table(
        ["rows", *(f"{limit:,} a minute" for limit in PER_MINUTE), "by batch"],
        [
            [
                f"{rows:,}",
                *(spoken(rows / limit) for limit in PER_MINUTE),
                f"within {BATCH_HOURS} hours" + (", 2 files" if rows > 5_000_000 else ""),
            ]
            for rows in ROWS
        ],
    )


def in_flight() -> str:
    """Tell how many requests are in flight at once where a limit is used in full."""
    return table(
        ["an answer takes", *(f"{limit:,} a minute" for limit in PER_MINUTE)],
        [
            [
                f"{seconds:g} s",
                *(_count(limit / 60 * seconds) for limit in PER_MINUTE),
            ]
            for seconds in SECONDS
        ],
    )


def _count(requests: float) -> str:
    return f"{requests:,.0f}" + (" (several machines)" if requests > MOST_IN_FLIGHT else "")


def by_tokens() -> str:
    """Tell how many rows a minute a limit of tokens lets through."""
    return table(
        [
            "tokens of a row",
            f"rows a minute at {TOKENS_A_MINUTE:,} tokens a minute",
            "1,000,000 rows",
        ],
        [
            [
                f"{tokens:,}",
                f"{TOKENS_A_MINUTE / tokens:,.0f}",
                spoken(1_000_000 * tokens / TOKENS_A_MINUTE),
            ]
            for tokens in TOKENS
        ],
    )


def crossing() -> str:
    """Tell from how many rows on a batch that takes all of its day is sooner done."""
    return table(
        ["requests a minute", "a batch that takes its whole day is sooner from"],
        [[f"{limit:,}", f"{limit * 60 * BATCH_HOURS:,} rows"] for limit in PER_MINUTE],
    )


TABLES = {
    "How long rows take where the limit of requests is what bounds them:": online,
    "Requests in flight at once, where that limit is used in full:": in_flight,
    "Where a limit of tokens bounds them instead:": by_tokens,
    "When a batch wins by time alone (by price it always does: half):": crossing,
}


def page() -> str:
    """Write all tables."""
    return "\n\n".join(f"{title}\n\n{write()}" for title, write in TABLES.items())


def main() -> None:
    """Print the tables, or bring the page up to date."""
    if "--write" not in sys.argv[1:]:
        print(page())
        return
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n\n{page()}\n\n{END}{after}")


if __name__ == "__main__":
    main()
