"""
Taking keys, prompts and control characters out of text that people will read.

Servers echo what they were sent: a key in a 401, the whole prompt in a 422. Nothing of a server's
words goes into an error message without passing through here.
"""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from nbnebius.types.secret import Secret

LONGEST = 300
"""Characters of a server's words that are shown."""

HIDDEN = "***"

_KEYS = re.compile(
    r"""(?i)\b(bearer\s+|basic\s+|(?:api[-_ ]?key|token|authorization)\W{0,3}[:=]\W{0,3}"""
    r"""(?:bearer\s+)?)([^\s"',;<>]{6,})|\b(sk-|v1\.)[\w.-]{8,}"""
)
_WINDOW = 16
_SHORTEST_ECHO = 6
_MOST_PROMPT = 200_000


def redact(text: str, secret: Secret | None = None, prompts: Iterable[str] = ()) -> str:
    """
    Return the text without the key, anything shaped like one, prompts and control characters.

    Parameters
    ----------
    text
        A server's or a library's words.
    secret
        The key; it is found raw, URL-encoded, in base64, and in parts of at least 8 characters.
    prompts
        What was sent and must not be echoed, as `prompts_in` finds it.
    """
    if secret:
        text = _without_key(text, secret.reveal())
    text = _KEYS.sub(lambda found: f"{found[1] or ''}{HIDDEN}", text)
    for prompt in prompts:
        text = _without_echo(text, prompt)
    return printable(text)


def hide_key(text: str, secret: Secret | None) -> str:
    """Return the text without the key: raw, URL-encoded, in base64 or in part; else as it is."""
    return _without_key(text, secret.reveal()) if secret else text


def hide_key_in(data: bytes, secret: Secret | None) -> bytes:
    """Return a body without the key, as `hide_key` does; every other byte stays as it is."""
    return hide_key(data.decode("latin-1"), secret).encode("latin-1")


def printable(text: str) -> str:
    """Fold white space, and show every control character as one harmless symbol."""
    folded = " ".join(text.split())
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in folded)


def shorten(text: str, longest: int = LONGEST) -> str:
    """Cut a text to `longest` characters, with an ellipsis where it was cut."""
    return text if len(text) <= longest else text[: longest - 1].rstrip() + "…"


def prompts_in(body: Any) -> Iterator[str]:
    """
    Find the texts of a request that are the user's own: prompts, messages, inputs, images.

    Parameters
    ----------
    body
        The request as plain values; anything else yields nothing.
    """
    if not isinstance(body, dict):
        return
    for name in ("messages", "prompt", "input", "negative_prompt", "suffix", "documents", "query"):
        yield from _strings(body.get(name), 8)


_LABELS = frozenset({"role", "type", "detail", "name", "format"})


def _strings(value: Any, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif depth and isinstance(value, list):
        for one in value:
            yield from _strings(one, depth - 1)
    elif depth and isinstance(value, dict):
        for name, one in value.items():
            if name not in _LABELS:  # "user" and "text" are words, not secrets
                yield from _strings(one, depth - 1)


def _without_key(text: str, key: str) -> str:
    if not key:
        return text
    raw = key.encode()
    forms = {key, quote(key, safe=""), quote_plus(key), key[::-1]}
    # in base64 a key may begin at any of three offsets, as in "user:key"
    for offset in range(3):
        coded = base64.b64encode(b"\0" * offset + raw).decode()
        forms.add(coded[(offset * 8 + 5) // 6 :].rstrip("=")[:-1])
        forms.add(
            base64.urlsafe_b64encode(b"\0" * offset + raw)
            .decode()[(offset * 8 + 5) // 6 :]
            .rstrip("=")[:-1]
        )
    for form in sorted(forms, key=len, reverse=True):
        if len(form) >= 4:  # noqa: PLR2004 - shorter ones would be found in every text
            text = text.replace(form, HIDDEN)
    return _without_windows(text, key, 8)


def _without_echo(text: str, prompt: str) -> str:
    if len(prompt) < _SHORTEST_ECHO:
        return text
    text = text.replace(prompt, "…")
    return _without_windows(text, prompt[:_MOST_PROMPT], _WINDOW, "…")


def _without_windows(text: str, secret: str, size: int, mark: str = HIDDEN) -> str:
    """Take out every run of at least `size` characters that also stands in the secret."""
    if len(secret) < size or len(text) < size:
        return text
    known = {secret[at : at + size] for at in range(len(secret) - size + 1)}
    if len(known) < len(text) and not any(each in text for each in known):
        return text
    kept: list[str] = []
    at = 0
    while at < len(text):
        if text[at : at + size] not in known:
            kept.append(text[at])
            at += 1
            continue
        end = at + size
        while text[end - size + 1 : end + 1] in known and end < len(text):
            end += 1
        kept.append(mark)
        at = end
    return "".join(kept)
