"""The manual of ``%nebius``, whose verbs each take words of their own."""

from __future__ import annotations

MANUAL = """Show where requests go and what was spent, and change settings.

    %nebius                          the endpoint, the key (masked), default models, spent so far
    %nebius config                   every setting, and where its value came from
    %nebius config NAME VALUE        change one for this session; --keep for later ones too
    %nebius config NAME --unset      back to the value before
    %nebius login                    type a key where nobody sees it; --keep puts it into the
                                     system's key store (extra keyring)
    %nebius sandbox                  start a local service with the same API, and use it: no key
    %nebius private on|off           keep prompts and answers on disk, or only what they cost
    %nebius record FILE              write every answer into a file from now on; off ends it
    %nebius replay FILE              answer from it, without key or network; off ends it
                                     (NBNEBIUS_REPLAY=FILE does so for a whole notebook)
    %nebius doctor                   what is missing, in words
    %nebius files [PURPOSE]          the files at the server, as a frame
    %nebius custom-models            your own models, as a frame
    %nebius help [MAGIC]             this, or the manual of a magic

Examples:

    %nebius

    %nebius config chat_model Qwen/Qwen3-32B --keep

    %nebius sandbox
"""
