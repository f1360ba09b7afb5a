"""What can be embedded: a text, a list, a Series, a frame, as a frame and its texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Texts:
    """The frame that vectors are put beside, and its texts (None where there is none)."""

    frame: pd.DataFrame
    texts: list[str | None]


def read_texts(given: Any, column: str | None = None) -> Texts:
    """
    Read the texts of what was given.

    Parameters
    ----------
    given
        A text, a list or array of texts, a Series, or a frame (pandas, or one that can become it).
    column
        Of a frame, the column; needed where several columns hold text.

    Raises
    ------
    OptionError
        No texts, no such column, or several to choose from.
    """
    import pandas as pd

    if hasattr(given, "compute") and not hasattr(given, "to_pandas"):
        given = given.compute()  # Dask
    if hasattr(given, "to_pandas") and not isinstance(given, pd.DataFrame | pd.Series):
        given = given.to_pandas()
    if isinstance(given, pd.DataFrame):
        name = text_column(given, column)
        return Texts(given, _clean(given[name]))
    if column is not None:
        raise OptionError("--column needs a frame", why=f"this is a {type(given).__name__}")
    if isinstance(given, str):
        given = [given]
    if isinstance(given, Mapping | bytes | bytearray) or not isinstance(given, Iterable):
        raise OptionError(
            f"A {type(given).__name__} cannot be embedded",
            hint="give a text, a list of texts, a Series, or a frame with column=",
        )
    if isinstance(given, pd.Series):
        name = str(given.name) if given.name is not None else "text"
        return Texts(given.to_frame(name), _clean(given))
    values = list(given)
    return Texts(pd.DataFrame({"text": pd.Series(values, dtype="object")}), _clean(values))


def text_column(frame: pd.DataFrame, column: str | None) -> Any:
    """Give the label of a frame's column of texts; see `read_texts`."""
    import pandas as pd

    names = list(frame.columns)
    if column is not None:
        if column not in names:
            from difflib import get_close_matches

            near = get_close_matches(column, [str(n) for n in names], n=1)
            raise OptionError(
                f"The frame has no column {column!r}",
                why=f"did you mean {near[0]}?" if near else "",
                hint="its columns are " + ", ".join(map(str, names[:12])),
            )
        if names.count(column) > 1:
            raise OptionError(f"The frame has {names.count(column)} columns named {column!r}")
        return column
    # Our own columns are no texts, so that a frame can be embedded again.
    own = [n for n in names if not str(n).startswith("neb_") and names.count(n) == 1]
    textual = [n for n in own if pd.api.types.infer_dtype(frame[n], skipna=True) == "string"]
    if len(textual) != 1:
        raise OptionError(
            f"The frame has {len(textual)} columns of text",
            why="which one should be embedded?",
            hint="say --column NAME: " + ", ".join(map(str, (textual or names)[:12])),
        )
    return textual[0]


def _clean(values: Iterable[Any]) -> list[str | None]:
    texts = [_text(value, row) for row, value in enumerate(values)]
    if not texts:
        raise OptionError("There is nothing to embed", hint="give at least one text")
    return texts


def _text(value: Any, row: int) -> str | None:
    """Give a value as text, None where it is missing; numbers are read as they are written."""
    if isinstance(value, str):
        return str(value)
    import pandas as pd

    if isinstance(value, bytes | bytearray | Mapping) or hasattr(value, "__len__"):
        raise OptionError(
            f"Row {row} is no text but a {type(value).__name__}",
            hint="give one text per row",
        )
    return None if pd.isna(value) else str(value)
