"""``%nebius``: its verbs, each with words and flags of its own."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.option import option
from nbnebius.commands.remembering import SAVE, THREADS
from nbnebius.commands.verb import Verb


@dataclass(frozen=True, slots=True)
class ConfigOptions:
    """The flags of ``%nebius config``."""

    keep: bool = option("--keep", kind="switch", help="for later sessions too")
    unset: bool = option("--unset", kind="switch", help="back to the value before")


@dataclass(frozen=True, slots=True)
class AliasOptions:
    """The flags of ``%nebius alias``."""

    unset: bool = option("--unset", kind="switch", help="forget it")


@dataclass(frozen=True, slots=True)
class LoginOptions:
    """The flags of ``%nebius login``."""

    keep: bool = option("--keep", kind="switch", help="into the system's key store, for later")


@dataclass(frozen=True, slots=True)
class BudgetOptions:
    """The flags of ``%nebius budget``."""

    per: str = option(
        "--per",
        metavar="SPAN",
        choices=("session", "day"),
        default="session",
        help="of this session, or of all in a day",
    )
    keep: bool = option("--keep", kind="switch", help="for later sessions too")


@dataclass(frozen=True, slots=True)
class UsageOptions:
    """The flags of ``%nebius usage``."""

    since: str | None = option(metavar="TIME", help="from a date on, or an age as 7d")
    until: str | None = option(metavar="TIME", help="before a date, or an age")


@dataclass(frozen=True, slots=True)
class PurgeOptions:
    """The flags of ``%nebius purge``."""

    older_than: str | None = option(metavar="AGE", help="only what is older: 12h, 30d, 4w")
    answers: bool = option(kind="switch", help="only prompts with their answers")
    vectors: bool = option(kind="switch", help="only vectors")
    everything: bool = option(kind="switch", help="the ledger too: what calls cost")
    yes: bool = option(kind="switch", help="do not ask first")


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            "status",
            (("", "the endpoint, the key (masked), default models, spent so far"),),
        ),
        Verb(
            "config",
            (
                ("config", "every setting, and where its value came from"),
                ("config NAME VALUE", "change one for this session; --keep for later ones too"),
                ("config NAME --unset", "back to the value before"),
            ),
            ConfigOptions,
            takes="setting",
        ),
        Verb(
            "alias",
            (
                ("alias", "the names of your own for models"),
                ("alias NAME MODEL", "use NAME wherever a model is named, from now on"),
                ("alias NAME --unset", "forget it"),
            ),
            AliasOptions,
            takes="alias",
            notes=(
                "An alias is kept in your settings; a project's pyproject.toml may hold some under "
                "[tool.nbnebius.aliases], which come first. A model's own id is never an alias. "
                "Answers name the real model."
            ),
        ),
        Verb(
            "login",
            (
                (
                    "login",
                    (
                        "type a key where nobody sees it; --keep puts it into the system's key "
                        "store (extra keyring)"
                    ),
                ),
            ),
            LoginOptions,
        ),
        Verb(
            "sandbox",
            (("sandbox", "start a local service with the same API, and use it: no key"),),
        ),
        Verb(
            "private",
            (("private on|off", "keep prompts and answers on disk, or only what they cost"),),
            words=("on", "off"),
        ),
        Verb(
            "budget",
            (
                (
                    "budget [USD|off]",
                    (
                        "what this session may spend; --per day for all sessions of a day, --keep "
                        "for later sessions too"
                    ),
                ),
            ),
            BudgetOptions,
            words=("off",),
        ),
        Verb(
            "usage",
            (
                (
                    "usage [BY]",
                    (
                        "what was bought, as a frame; BY is model, kind, day, session, service or "
                        "state; --since 7d, --until 2026-11-30"
                    ),
                ),
            ),
            UsageOptions,
            words=("model", "kind", "day", "session", "service", "state"),
        ),
        Verb(
            "purge",
            (
                (
                    "purge",
                    (
                        "delete kept prompts, answers and vectors, after a question; --older-than "
                        "30d, --answers, --vectors; what calls cost stays, but with --everything; "
                        "--yes does not ask"
                    ),
                ),
            ),
            PurgeOptions,
        ),
        Verb(
            "record",
            (("record FILE", "write every answer into a file from now on; off ends it"),),
            words=("off",),
            takes="path",
        ),
        Verb(
            "replay",
            (
                (
                    "replay FILE",
                    (
                        "answer from it, without key or network; off ends it (NBNEBIUS_REPLAY=FILE "
                        "does so for a whole notebook)"
                    ),
                ),
            ),
            words=("off",),
            takes="path",
        ),
        THREADS,
        SAVE,
        Verb("doctor", (("doctor", "what is missing, in words"),)),
        Verb(
            "files",
            (("files [PURPOSE]", "the files at the server, as a frame"),),
            words=("batch", "fine-tune"),
        ),
        Verb("custom-models", (("custom-models", "your own models, as a frame"),)),
        Verb(
            "help",
            (("help [MAGIC|VERB]", "this, or the manual of a magic or a verb"),),
            takes="manual",
        ),
    )
}

SUMMARY = "Show where requests go and what was spent, and change settings."
NOTES = """\
Everything is kept in one folder: NBNEBIUS_HOME names another. On a network's file system, or with
NBNEBIUS_EXCLUSIVE=1, one kernel at a time can use it. Above %nebius config journal_gb, the oldest
kept answers go when it is opened. %nebius VERB --help shows a verb's flags."""
EXAMPLES = (
    "%nebius config chat_model Qwen/Qwen3-32B --keep",
    "%nebius usage model --since 7d",
    "%nebius sandbox",
)


def manual_of_nebius() -> str:
    """Give the manual of ``%nebius``: its verbs, each form in a line or two."""
    forms = [line for verb in VERBS.values() for line in verb.lines(37)]
    examples = [line for example in EXAMPLES for line in ("", f"    {example}")]
    return "\n".join([SUMMARY, "", *forms, "", NOTES, "", "Examples:", *examples])
