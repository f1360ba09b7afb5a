"""``%completion`` and ``%%completion``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import SamplingOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class CompletionOptions(SamplingOptions):
    """A parsed completion line."""

    prompt: str = ""
    logprobs: int | None = option(
        "--logprobs", kind="whole", metavar="N", help="log probabilities of the N likeliest tokens"
    )


COMPLETION = Command(
    name="completion",
    record=CompletionOptions,
    summary="Continue a text, as a model completes code; it streams into the cell.",
    usage=("%completion [flags] a text", "%%completion [flags]   the text is the cell's body"),
    examples=(
        "%completion --max-tokens 20 Say my name",
        "%%completion -t 0 --max-tokens 60\ndef fibonacci(n):",
        "reply = %completion --max-tokens 5 --logprobs 2 The capital of France is",
    ),
    text_field="prompt",
)
