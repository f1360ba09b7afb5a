"""
Which function describes which type.

Types are found by name along the object's ancestors, so pandas or numpy are never imported to
find out that a value is none of theirs. What others register by type goes first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, cast

from nbnebius.describe import arrays, frames, objects, values

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["describe", "register"]

Describer: TypeAlias = "Callable[[Any, int], str]"

# About four characters make a token, in English; other scripts need more tokens than that.
_CHARACTERS_PER_TOKEN: Final = 4

_REGISTERED: Final[dict[type, Describer]] = {}
_BY_NAME: Final[dict[str, Describer]] = {
    "builtins.BaseException": values.exception,
    "builtins.NoneType": values.simple,
    "builtins.bool": values.simple,
    "builtins.builtin_function_or_method": values.function,
    "builtins.complex": values.simple,
    "builtins.dict": values.nested,
    "builtins.float": values.simple,
    "builtins.frozenset": values.nested,
    "builtins.function": values.function,
    "builtins.int": values.simple,
    "builtins.list": values.nested,
    "builtins.method": values.function,
    "builtins.module": objects.module,
    "builtins.set": values.nested,
    "builtins.str": values.text,
    "builtins.tuple": values.nested,
    "builtins.type": values.function,
    "dask.DataFrame": objects.lazy_frame,
    "dask.Series": objects.lazy_frame,
    "numpy.generic": values.simple,
    "numpy.ndarray": arrays.array,
    "pandas.DataFrame": frames.frame,
    "pandas.Index": frames.index,
    "pandas.Series": frames.series,
    "polars.DataFrame": frames.other_frame,
    "polars.LazyFrame": objects.lazy_frame,
    "polars.Series": frames.other_series,
}


def register(type: type, function: Callable[[Any, int], str]) -> None:
    """
    Teach `describe` a type, for it and the types made from it.

    Parameters
    ----------
    type
        The type to describe.
    function
        Takes the value and the most characters, and gives the text.

    Examples
    --------
    >>> class Order:
    ...     number = 7
    >>> register(Order, lambda order, limit: f"order number {order.number}")
    >>> describe(Order())
    'order number 7'
    """
    _REGISTERED[type] = function


def describe(value: Any, *, budget: int = 2000) -> str:
    """
    Write an object as text for a prompt.

    A text stays as it is. A frame becomes its columns and a sample of its rows, an array its
    shape and spread, a function, a class or a module its source or its names; anything else its
    ``repr``. A type may describe itself by a method ``_describe_(self, limit)``, which is given the
    most characters, or by ``_ai_repr_(self)``.

    Parameters
    ----------
    value
        Any object.
    budget
        About how many tokens the text may have, at four characters each. A text you wrote
        yourself is never cut.

    Returns
    -------
    str
        The description.

    Examples
    --------
    >>> describe({"a": 1})
    '{"a": 1}'
    """
    limit = max(1, budget) * _CHARACTERS_PER_TOKEN
    made = _describer(type(value))(value, limit)
    return made if isinstance(value, str) else values.cut(made, limit)


def _describer(kind: type) -> Describer:
    own = getattr(kind, "_describe_", None)
    if own is not None:
        return cast("Describer", own)
    for ancestor in kind.__mro__:
        if ancestor in _REGISTERED:
            return _REGISTERED[ancestor]
        library = ancestor.__module__.partition(".")[0]
        known = _BY_NAME.get(f"{library}.{ancestor.__qualname__}")
        if known is not None:
            return known
    return _anything


def _anything(value: Any, limit: int) -> str:
    """Write what an object says of itself, else its ``repr``."""
    said = objects.own_words(value) if hasattr(type(value), "_ai_repr_") else None
    return values.anything(value, limit) if said is None else said
