"""``%compare`` and ``%%compare``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import SamplingOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class CompareOptions(SamplingOptions):
    """A parsed compare line."""

    prompt: str = ""
    model: None = None  # several take its place
    models: tuple[str, ...] = option(
        "-m", "--model", kind="list", metavar="MODEL", help="a model's id, each with its own -m"
    )
    system: str | None = option("-s", "--system", metavar="TEXT", help="the system prompt")
    images: tuple[str, ...] = option(
        "--images", kind="list", metavar="PATH|URL|VAR", help="a picture the models should see"
    )
    schema: str | None = option(
        "--schema",
        metavar="SCHEMA",
        help="the answers' shape, a typed column each: a variable's name, or as "
        '"name, age int, label yes|no"',
    )
    file: tuple[str, ...] = option(
        "--file",
        kind="list",
        metavar="PATH|URL",
        help="a text file, a PDF or an https page to ask with; it stands before the question",
    )


COMPARE = Command(
    name="compare",
    record=CompareOptions,
    summary="Ask several models the same, all at once; their answers stand side by side.",
    usage=(
        "%%compare -m MODEL -m MODEL [flags]   the question is the cell's body",
        "%compare -m MODEL -m MODEL [flags] a question",
    ),
    examples=(
        (
            "%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b --max-tokens 80\n"
            "Explain {{topic}} in one sentence."
        ),
        (
            "%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b -o judged "
            '--schema "label good|bad"\n'
            "It broke after a day."
        ),
        ("%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b --dry-run\nExplain {{topic}}."),
    ),
    text_field="prompt",
    notes=(
        "The value is a frame with a row per model: text, seconds to the first token, seconds, "
        "tokens, tokens per second, USD. A model that fails is a row with its error. Kept answers "
        "are shown as by %%chat, each for itself."
    ),
)
