"""The verbs of ``%nebius`` for what is remembered: threads, and saved prompts."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.option import option
from nbnebius.commands.verb import Verb


@dataclass(frozen=True, slots=True)
class ThreadsOptions:
    """The flags of ``%nebius threads``."""

    last: int | None = option("--last", kind="whole", metavar="N", help="drop the last N turns")


@dataclass(frozen=True, slots=True)
class SaveOptions:
    """The flags of ``%nebius save``."""

    file: str | None = option("--file", metavar="PATH", help="save the text of a file")
    drop: str | None = option("--drop", metavar="NAME", help="delete a saved prompt")


THREADS = Verb(
    "threads",
    (
        ("threads", "the threads, as a frame; notebook is this notebook's own"),
        ("threads NAME", "one from its beginning, with what is stale"),
        (
            "threads drop NAME [TURN …]",
            "take turns out, as 3 or 1-4; --last N the last ones; with neither, the whole thread",
        ),
        ("threads undo [NAME]", "take the last turn back; of the notebook's own, if none is named"),
        ("threads export NAME FILE", "write it as JSON with its messages, or as Markdown to .md"),
        ("threads import FILE [NAME]", "read one from JSON: an exported one, or any messages"),
    ),
    ThreadsOptions,
    words=("drop", "undo", "export", "import"),
    takes="thread",
    notes=(
        "A turn is stale where what stands before it is not what it was asked after: run its cell "
        "again. Dropping takes turns out of the thread only: answers stay kept, and a cell that is "
        "run again puts its turn back. A named thread is the same in every notebook; sandboxes and "
        "services have threads of their own."
    ),
)
SAVE = Verb(
    "save",
    (
        ("save NAME [TEXT]", "save the prompt of the last chat or map, or a text, for --with NAME"),
        ("save NAME --file PATH", "save the text of a file"),
        ("save", "the saved prompts"),
        ("save --drop NAME", "delete one"),
    ),
    SaveOptions,
    takes="prompt",
    notes=(
        "What is saved is the prompt as it was typed, with the flags that shape the answer (model, "
        "system, schema, temperature …); {{variables}} are filled when it is used. A file can have "
        "a first line of %%chat and flags."
    ),
)
