"""The options that several commands share, with the same letters everywhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """Where an answer goes."""

    out: str | None = option(
        "-o", "--out", metavar="NAME", help="put the answer into a variable; only the footer shows"
    )
    quiet: bool = option("-q", "--quiet", kind="switch", help="no footer and no progress")
    help: bool = option("-h", "--help", kind="switch", help="show this help and do nothing")
    show: bool = False
    cell: bool = field(default=False, compare=False)  # the cell form was, or is to be, used


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidOptions(OutputOptions):
    """What every paid call takes."""

    model: str | None = option("-m", "--model", help="the model's id; %models lists them")
    dry_run: bool = option(
        "--dry-run", kind="switch", help="show the request, its tokens and price; send nothing"
    )
    fresh: bool = option("--fresh", kind="switch", help="ask anew, even if an answer is kept")
    private: bool = option(
        "--private", kind="switch", help="keep neither prompt nor answer on disk, only usage"
    )
    raw: bool = option("--raw", kind="switch", help="leave {{…}} as it stands")


@dataclass(frozen=True, slots=True, kw_only=True)
class SamplingOptions(PaidOptions):
    """How an answer is sampled; names and meanings are the API's."""

    temperature: float | None = option(
        "-t", "--temperature", kind="number", metavar="T", help="0 is steady, 2 is wild"
    )
    max_tokens: int | None = option(
        "--max-tokens", kind="whole", metavar="N", help="the longest answer, in tokens"
    )
    top_p: float | None = option(
        "--top-p", kind="number", metavar="P", help="sample from the likeliest P of the mass"
    )
    seed: int | None = option("--seed", kind="whole", metavar="N", help="for repeatable sampling")
    stop: tuple[str, ...] = option(
        "--stop",
        kind="list",
        metavar="TEXT",
        help='end the answer before this text, as "\\n"; up to four',
    )
    set: tuple[tuple[str, Any], ...] = option(
        "--set",
        kind="pairs",
        metavar="NAME=VALUE",
        help="any other field of the request, as --set top_k=50",
    )

    @property
    def parameters(self) -> dict[str, Any]:
        """The body fields that were named, as the API calls them."""
        named = {
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "top_p": self.top_p,
            "seed": self.seed,
            "stop": list(self.stop) or None,
        }
        return {k: v for k, v in named.items() if v is not None} | dict(self.set)
