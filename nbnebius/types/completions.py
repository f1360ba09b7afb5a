"""
Text completions (v1/completions): a prompt goes in, its continuation comes out.

Source: https://docs.tokenfactory.nebius.com/api-reference/inference/create-completion
"""

from __future__ import annotations

from typing import Any

import msgspec

from nbnebius.types.usage import Usage


class CompletionChoice(msgspec.Struct):
    """One continuation; ``logprobs`` is the server's object as it is."""

    index: int = 0
    text: str = ""
    finish_reason: str | None = None
    logprobs: Any | None = None


class Completion(msgspec.Struct):
    """An answer to a completion request. ``created`` is in seconds since 1970."""

    id: str = ""
    created: int | None = None
    model: str = ""
    choices: list[CompletionChoice] = msgspec.field(default_factory=list)
    usage: Usage | None = None
