"""A value of a frame as a text that can be edited, and back."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

CHOICES_SHOWN = 12


def to_text(value: Any) -> str:
    """Write a value; one that is missing is ""."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | dict | tuple):
        return json.dumps(value, ensure_ascii=False, default=str)
    if value is None or type(value).__name__ in {"NAType", "NaTType"} or value != value:  # noqa: PLR0124 - NaN
        return ""
    return str(value)


def from_text(text: str, column: pd.Series) -> Any:
    """
    Read what was written into a cell of a column.

    Parameters
    ----------
    text
        What was typed; "" is a missing value.
    column
        Where it goes: its dtype says what it may be.

    Raises
    ------
    OptionError
        The column cannot hold it.
    """
    import pandas as pd

    if not text.strip():
        return None if column.dtype == object else pd.NA
    if isinstance(column.dtype, pd.CategoricalDtype):
        return _choice(text.strip(), column.dtype.categories, column.name)
    try:
        return _read(text, column.dtype)
    except (ValueError, TypeError, OverflowError):
        raise OptionError(
            f"{column.name!r} cannot hold {text.strip()[:60]!r}", why=f"its type is {column.dtype}"
        ) from None


def _read(text: str, dtype: Any) -> Any:
    import pandas as pd

    word = text.strip()
    if pd.api.types.is_bool_dtype(dtype):
        return {"true": True, "false": False}.get(word.lower()) or _not_true(word)
    if pd.api.types.is_integer_dtype(dtype):
        return int(word.replace(",", ""))
    if pd.api.types.is_float_dtype(dtype):
        return float(word.replace(",", ""))
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return pd.Timestamp(word).tz_localize("UTC") if _is_naive(word) else pd.Timestamp(word)
    if pd.api.types.is_object_dtype(dtype):
        return json.loads(word)
    return text


def _not_true(word: str) -> bool:
    if word.lower() != "false":
        raise ValueError(word)
    return False


def _is_naive(word: str) -> bool:
    import pandas as pd

    return pd.Timestamp(word).tz is None


def _choice(word: str, categories: pd.Index[Any], name: Any) -> Any:
    for each in categories:
        if str(each) == word:
            return each
    shown = ", ".join(str(each) for each in categories[:CHOICES_SHOWN])
    raise OptionError(f"{name!r} cannot be {word[:60]!r}", why=f"its choices are {shown}")
