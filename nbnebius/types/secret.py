"""
A key that does not show itself.

The value lives in a closure, so that `vars`, `repr`, a debugger's locals, pickling and copying find
nothing; `reveal` is called in one place, where the header is set.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn, final

if TYPE_CHECKING:
    from collections.abc import Callable

SHORTEST_MASKED = 16
"""Of a shorter secret, eight shown characters would be half of it."""

SHORTEST_KEY = 16
"""Characters; shorter ones are placeholders that local servers are given."""


@final
class Secret:
    """
    Hold a key without showing it.

    Parameters
    ----------
    value
        The key; spaces and line breaks around it, which pasting adds, are taken off.
    """

    __slots__ = ("_reveal",)

    _reveal: Callable[[], str]

    def __init__(self, value: str) -> None:
        stripped = value.strip()
        object.__setattr__(self, "_reveal", lambda: stripped)

    def reveal(self) -> str:
        """Return the key itself: for the one place that sets the header."""
        return self._reveal()

    def stands_in(self, data: bytes) -> bool:
        """Tell whether the key stands in what is to be sent; one too short to be a key never."""
        # A key that a local server was given may be any short word.
        value = self._reveal()
        return len(value) >= SHORTEST_KEY and value.encode() in data

    def masked(self) -> str:
        """Return ``abcd...wxyz`` for people to recognise it by, or ``***`` where it is short."""
        value = self._reveal()
        return f"{value[:4]}…{value[-4:]}" if len(value) >= SHORTEST_MASKED else "***"

    def __bool__(self) -> bool:
        return bool(self._reveal())

    def __repr__(self) -> str:
        return "***"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return self._reveal() == other._reveal()

    def __hash__(self) -> int:
        return hash(self._reveal())

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError("a secret does not change")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError("a secret is not pickled or copied")

    def __copy__(self) -> NoReturn:
        raise TypeError("a secret is not copied; pass it on as it is")

    def __deepcopy__(self, memo: object) -> NoReturn:
        raise TypeError("a secret is not copied; pass it on as it is")


def is_sendable(secret: Secret) -> bool:
    """Tell whether a key can stand in a header; else the error of the attempt would quote it."""
    value = secret.reveal()
    return value.isascii() and value.isprintable() and " " not in value
