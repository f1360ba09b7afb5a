"""The manual of ``%nebius``, whose verbs each take words of their own, and two verbs' flags."""

from __future__ import annotations

from dataclasses import dataclass

from nbnebius.commands.option import option


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


MANUAL = """Show where requests go and what was spent, and change settings.

    %nebius                          the endpoint, the key (masked), default models, spent so far
    %nebius config                   every setting, and where its value came from
    %nebius config NAME VALUE        change one for this session; --keep for later ones too
    %nebius config NAME --unset      back to the value before
    %nebius login                    type a key where nobody sees it; --keep puts it into the
                                     system's key store (extra keyring)
    %nebius sandbox                  start a local service with the same API, and use it: no key
    %nebius private on|off           keep prompts and answers on disk, or only what they cost
    %nebius budget [USD|off]         what this session may spend; --per day for all sessions of a
                                     day, --keep for later sessions too
    %nebius usage [BY]               what was bought, as a frame; BY is model, kind, day, session,
                                     service or state; --since 7d, --until 2026-11-30
    %nebius purge                    delete kept prompts, answers and vectors, after a question;
                                     --older-than 30d, --answers, --vectors; what calls cost stays,
                                     but with --everything; --yes does not ask
    %nebius record FILE              write every answer into a file from now on; off ends it
    %nebius replay FILE              answer from it, without key or network; off ends it
                                     (NBNEBIUS_REPLAY=FILE does so for a whole notebook)
    %nebius doctor                   what is missing, in words
    %nebius files [PURPOSE]          the files at the server, as a frame
    %nebius custom-models            your own models, as a frame
    %nebius help [MAGIC]             this, or the manual of a magic

Everything is kept in one folder: NBNEBIUS_HOME names another. On a network's file system, or with
NBNEBIUS_EXCLUSIVE=1, one kernel at a time can use it. Above %nebius config journal_gb, the oldest
kept answers go when it is opened.

Examples:

    %nebius config chat_model Qwen/Qwen3-32B --keep

    %nebius usage model --since 7d

    %nebius sandbox
"""
