"""Log probabilities for tokens: made up, but shaped right and always the same."""

import math
from collections.abc import Mapping

from nbnebius.sandbox.engines.voice import number_of

_RIVALS = (" the", " a", " and", " of", " to", " in", ".", ",", " is", " that", " it", " with",
           " as", " for", " on", " this", " an", " or", "\n", " be", " not", " from")  # fmt: skip


def alternatives(token: str, place: int, count: int) -> list[tuple[str, float]]:
    """
    Give a token with its log probability, and the likeliest alternatives to it.

    Returns
    -------
    list
        ``count`` pairs, the likeliest first; at least the token itself.
    """
    share = 0.5 + 0.5 * (number_of(f"{place} {token}") % 1000) / 1000
    pairs = [(token, math.log(share))]
    left = 1.0 - share
    for step in range(max(0, count - 1)):
        rival = _RIVALS[(number_of(token) + step) % len(_RIVALS)]
        left *= 0.5
        pairs.append((rival if rival != token else f" {rival}", math.log(max(left, 1e-9))))
    return pairs


def chat_logprobs(tokens: list[str], start: int, count: int) -> Mapping[str, object]:
    """Write the ``logprobs`` of chat tokens; ``start`` is the place of the first one."""
    content = []
    for place, token in enumerate(tokens, start):
        pairs = alternatives(token, place, count)
        top = [_entry(*pair) for pair in pairs] if count else []
        content.append({**_entry(*pairs[0]), "top_logprobs": top})
    return {"content": content}


def _entry(token: str, logprob: float) -> dict[str, object]:
    return {"token": token, "logprob": logprob, "bytes": list(token.encode())}


def completion_logprobs(tokens: list[str], offset: int, count: int) -> Mapping[str, object]:
    """Write the ``logprobs`` of completion tokens; ``offset`` is where their text begins."""
    offsets, chosen, top = [], [], []
    for place, token in enumerate(tokens):
        pairs = alternatives(token, offset + place, count)
        offsets.append(offset)
        chosen.append(pairs[0][1])
        top.append(dict(pairs) if count else None)
        offset += len(token)
    return {
        "text_offset": offsets,
        "token_logprobs": chosen,
        "tokens": tokens,
        "top_logprobs": top,
    }
