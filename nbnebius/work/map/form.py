"""
One request of many: everything but one text is the same, and written once.

The key, the bytes on the wire and the highest price of each row are what they would be if its whole
body were written anew; only they come a hundred times faster.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

import msgspec

from nbnebius.errors import OptionError
from nbnebius.journal import KeyForm
from nbnebius.work.price import PER_MILLION

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.types.secret import Secret
    from nbnebius.work.price import Price

PATH = "chat/completions"


def hole() -> str:
    """Give a text that stands nowhere else: where each row's own text goes."""
    return f"row-{secrets.token_hex(16)}"


class Form:
    """
    What the rows of a job have in common.

    Parameters
    ----------
    service
        Whom they are asked.
    body
        The body with `gap` as the last message's content.
    gap
        The text that stands for the row's own.
    price
        The model's.
    repeat
        Which answer to the same requests is wanted: 0 is the first.
    secret
        The API key, which no prompt may hold; None where there is none.
    """

    def __init__(
        self,
        service: str,
        body: Mapping[str, Any],
        gap: str,
        price: Price,
        *,
        repeat: int = 0,
        secret: Secret | None = None,
    ) -> None:
        self.service = service
        self.model = str(body["model"])
        self.price = price
        self.repeat = repeat
        self.example = body
        self.gap = gap
        self._keys = KeyForm(service, PATH, body, gap, repeat=repeat)
        head, tail = msgspec.json.encode(body).split(f'"{gap}"'.encode())
        self._head, self._tail = head, tail
        empty = _with(body, gap, "")
        self._fixed_bound = price.bound(empty)
        self._per_byte = (price.tokens_in or 0.0) / PER_MILLION
        self._characters = _characters(empty)
        self._secret = secret

    @property
    def max_tokens(self) -> int | None:
        """The longest answer, in tokens, where the request says it."""
        longest = self.example.get("max_tokens") or self.example.get("max_completion_tokens")
        return int(longest) if longest else None

    def key(self, text: str) -> bytes:
        """Name a row's request by 16 bytes."""
        return self._keys.key(text)

    def characters(self, text: str) -> int:
        """Count the characters that a row's request has a model read."""
        return self._characters + len(text)

    def bound(self, text: str) -> float | None:
        """Give the most that a row can cost, in USD, or None where that is unknown."""
        if self._fixed_bound is None:
            return None
        size = len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        return self._fixed_bound + size * self._per_byte

    def data(self, text: str) -> bytes:
        """
        Write a row's body as it is sent.

        Raises
        ------
        OptionError
            The text holds half a character, or the API key.
        """
        try:
            data = self._head + msgspec.json.encode(text) + self._tail
        except UnicodeEncodeError:
            raise OptionError(
                "The row's text holds half a character (a lone surrogate)", hint="clean it first"
            ) from None
        if self._secret and self._secret.stands_in(data):
            raise OptionError(
                "The row's prompt holds your API key", hint="take it out of the frame"
            )
        return data

    def body(self, text: str) -> dict[str, Any]:
        """Give a row's whole body, for people to look at and for batches."""
        return _with(self.example, self.gap, text)


def _with(body: Mapping[str, Any], gap: str, text: str) -> dict[str, Any]:
    messages = [
        {**message, "content": text} if message.get("content") == gap else message
        for message in body["messages"]
    ]
    return {**body, "messages": messages}


def _characters(body: Mapping[str, Any]) -> int:
    messages: Sequence[Mapping[str, Any]] = body["messages"]
    return sum(len(m["content"]) for m in messages if isinstance(m.get("content"), str))
