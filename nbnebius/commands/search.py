"""``%search``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import PaidOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchOptions(PaidOptions):
    """A parsed search line."""

    query: str = ""
    frame: str | None = option(
        "--frame", metavar="NAME", help="the variable that holds what %embed gave"
    )
    k: int | None = option("-k", kind="whole", metavar="N", help="how many rows; 5 by default")
    column: str | None = option(
        "--column", metavar="NAME", help="its column of vectors; embedding by default"
    )
    query_prefix: str | None = option(
        "--query-prefix", metavar="TEXT", help="what the model wants before a question"
    )


SEARCH = Command(
    name="search",
    record=SearchOptions,
    summary="Find the rows of a frame of vectors that are nearest to a question, by cosine.",
    usage=("%search --frame NAME [flags] a question in words",),
    examples=(
        "%search --frame vectors what do people praise",
        "%search --frame vectors -k 1 -o nearest is the battery any good?",
        '%search --frame vectors --query-prefix "query: " {{topic}}',
    ),
    text_field="query",
    notes=(
        "The question is embedded with the frame's own model and size, and kept: asked again, it "
        "is free. Every row is compared, so the answer is exact."
    ),
    has_cell=False,
)
