"""``%chat`` and ``%%chat``."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.command import Command
from nbnebius.commands.common import SamplingOptions
from nbnebius.commands.option import option


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOptions(SamplingOptions):
    """A parsed chat line."""

    prompt: str = ""
    system: str | None = option("-s", "--system", metavar="TEXT", help="the system prompt")
    images: tuple[str, ...] = option(
        "--images",
        kind="list",
        metavar="PATH|URL|VAR",
        help="a picture the model should see, or several: a list, a column, *.png",
    )
    tools: str | None = option(
        "--tools",
        metavar="F,G",
        help="functions the model may call, or variables with an MCP server's command",
    )
    approve: bool = option("--approve", kind="switch", help="ask before each call of a tool")
    schema: str | None = option(
        "--schema",
        metavar="SCHEMA",
        help="the answer's shape: a variable's name, or as \"name, age int, label yes|no\"",
    )
    schema_multi: str | None = option(
        "--schema-multi", metavar="SCHEMA", help="likewise, for a list of records"
    )
    repair: bool = option(
        "--repair", kind="switch", help="where an answer does not fit, ask once more"
    )
    code: bool = option(
        "--code", kind="switch", help="put the answer's code into the next cell; it is not run"
    )
    as_: str = option(
        "--as",
        metavar="FORM",
        choices=("md", "text", "json", "code"),
        default="md",
        help="show the answer as md, as text to the letter, as json, or its code alone",
    )
    file: tuple[str, ...] = option(
        "--file",
        kind="list",
        metavar="PATH|URL",
        help="a text file, a PDF or an https page to ask with; it stands before the question",
    )
    thread: str | None = option(
        "--thread",
        metavar="NAME",
        help="go on with a conversation; notebook is the notebook's own, none is no thread",
    )
    continues: bool = option(
        "-c", "--continue", kind="switch", help="go on with the notebook's own conversation"
    )
    with_: str | None = option(
        "--with",
        metavar="NAME|PATH",
        help="a saved prompt (%nebius save) or a file with one; it stands before the question",
    )


CHAT = Command(
    name="chat",
    record=ChatOptions,
    summary="Ask a chat model; the answer streams into the cell.",
    usage=("%chat [flags] a question", "%%chat [flags]   the question is the cell's body"),
    examples=(
        "%chat Why is the sky blue?",
        "%%chat -t 0 --max-tokens 200 -o answer\nExplain {{topic}} in three bullet points.",
        'reply = %chat -s "You are terse." Name a prime number above 100.',
    ),
    text_field="prompt",
    notes=(
        "{{name}}, here and in an option's value, is replaced by a variable's value; single braces "
        "are text. A cell that is run for the first time after a kernel restart shows its kept "
        "answer; run it again to ask anew. A chat remembers nothing but what its thread holds "
        "(-c, --thread): there, a cell that is run again replaces its own turn, and is sent only "
        "those before it. Notebooks have a thread each; a named one is the same in all of them."
    ),
)
