"""`fillna`: a column's missing values, from the other columns of their rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError, OptionError
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.rows import (
    MATERIAL,
    check_column,
    check_options,
    refuse_dask,
    with_instructions,
)
from nbnebius.session.prepare import is_whole
from nbnebius.session.rows import as_frame, sampled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

ROW = "row"
FILLED = "filled"
SYSTEM = (
    "You complete the records of a table. You are given a record without its field {name!r}; give "
    "the value of that field. Where it cannot be told from the record and what is generally known, "
    "give null."
)


def fillna(
    frame: Any,
    column: str,
    *,
    by: Sequence[str] | None = None,
    examples: int = 10,
    instructions: str = "",
    sample: int | None = None,
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Fill a column's missing values in, each from the other columns of its row.

    Parameters
    ----------
    frame
        A DataFrame.
    column
        The column with missing values; it keeps its dtype. Of a categorical, one of its
        categories is chosen.
    by
        The columns to tell it from; all others if left out, but those of vectors and ``neb_…``.
    examples
        How many complete rows the model is shown, always the same ones.
    instructions
        What else the model should know.
    sample
        Fill in only so many, chosen at random and always the same.
    plan
        Give the `Plan`, and send nothing.
    **options
        As of `map`: ``model``, ``budget``, ``via``, ``concurrency`` …

    Returns
    -------
    DataFrame
        The frame, with the values filled in, and the ``neb_`` columns of `map`. Rows that had a
        value are ``skipped``; what the model could not tell stays missing.

    Raises
    ------
    OptionError
        No such column, none of its values is there, or no other column is.
    NebiusError
        As of `map`; ``.frame`` holds what is filled in by then.
    """
    refuse_dask("fillna", frame)
    check_options("fillna", options)
    for word in ("background", "name"):
        if options.get(word):
            raise OptionError(f"fillna takes no {word}", why="it gives the column back filled in")
    if not is_whole(examples) or examples < 0:
        raise OptionError(f"examples cannot be {examples!r}", why="it takes 0 or more")
    rows = as_frame(frame)
    column = check_column(rows, column)
    names = _others(rows, column, by)
    missing = rows[column].isna()
    if missing.all():
        raise OptionError(
            f"No row has a value in {column!r}",
            why="so nothing tells what belongs there",
            hint="map asks for a new column",
        )
    schema = _schema(rows[column])
    session = default_session()
    shown = sampled(rows[~missing], int(examples)) if examples else rows.iloc[:0]
    system = with_instructions(f"{SYSTEM.format(name=column)} {MATERIAL}", instructions)
    for place in range(len(shown)):
        record = _record(shown, place, [*names, column])
        system += f"\n\nA complete record:\n{record}"
    wanted = sampled(rows[missing].reset_index(), sample).index if sample else None
    asked = _asked(rows, missing, names, wanted)
    told = {**options, "system": system, "schema": schema, "name": FILLED}
    if plan:
        told.pop("via", None)
        return session.plan(asked, f"{{{ROW}}}", **told)  # type: ignore[return-value]  # plan=True says so
    try:
        answered = session.map(asked, f"{{{ROW}}}", task="fillna", **told)
    except NebiusError as error:
        if error.frame is not None:
            error.frame = _filled(rows, column, error.frame)
        raise
    return _filled(rows, column, answered)


def _others(rows: pd.DataFrame, column: str, by: Sequence[str] | None) -> list[Any]:
    if by is not None:
        names = [by] if isinstance(by, str) else list(by)
        names = [check_column(rows, name) for name in names]
    else:
        names = [
            name
            for name in rows.columns
            if not str(name).startswith("neb_") and not _holds_lists(rows[name])
        ]
    names = [name for name in names if str(name) != str(column)]
    if not names:
        raise OptionError(
            f"There is no other column to tell {column!r} from", hint="by= names some"
        )
    return names


def _holds_lists(values: pd.Series[Any]) -> bool:
    return any(hasattr(value, "__len__") and not isinstance(value, str) for value in values)


def _record(rows: pd.DataFrame, place: int, names: Sequence[Any]) -> str:
    """Write a row's fields, without the missing ones."""
    import pandas as pd

    fields = ((name, rows[name].iloc[place]) for name in names)
    return "\n".join(f"{name}: {value}" for name, value in fields if not pd.isna(value))


def _asked(
    rows: pd.DataFrame, missing: pd.Series[Any], names: Sequence[Any], wanted: Any
) -> pd.DataFrame:
    """Give the records to complete, at their rows' places; None where nothing is to be asked."""
    import numpy as np
    import pandas as pd

    places = np.flatnonzero(missing.to_numpy())
    if wanted is not None:
        places = places[np.asarray(wanted)]
    records: list[str | None] = [None] * len(rows)
    for place in places:
        records[place] = _record(rows, int(place), names) or None
    return pd.DataFrame({ROW: pd.Series(records, index=rows.index, dtype="object")})


def _schema(values: pd.Series[Any]) -> dict[str, Any]:
    """Give the JSON schema of a column's values, or null."""
    import pandas as pd
    from pandas.api import types

    there = values.dropna()
    if isinstance(values.dtype, pd.CategoricalDtype):
        choices = [str(each) for each in values.dtype.categories]
        return {"type": ["string", "null"], "enum": [*choices, None]}
    if types.is_bool_dtype(there.dtype) or all(isinstance(each, bool) for each in there):
        return {"type": ["boolean", "null"]}
    if types.is_numeric_dtype(there.dtype):
        is_whole_numbers = types.is_integer_dtype(there.dtype) or (there % 1 == 0).all()
        return {"type": ["integer" if is_whole_numbers else "number", "null"]}
    if types.is_datetime64_any_dtype(there.dtype):
        return {"type": ["string", "null"], "format": "date-time"}
    return {"type": ["string", "null"]}


def _filled(rows: pd.DataFrame, column: str, answered: Any) -> pd.DataFrame:
    """Put the answers where values are missing, in the column's own dtype."""
    import pandas as pd

    from nbnebius.frames.map import OWN

    values = rows[column].copy()
    places = answered[FILLED].notna().to_numpy() & values.isna().to_numpy()
    found = answered[FILLED].to_numpy()[places]
    if isinstance(values.dtype, pd.CategoricalDtype):
        by_text = {str(each): each for each in values.dtype.categories}
        found = [by_text[str(each)] for each in found]
    elif isinstance(values.dtype, pd.DatetimeTZDtype):
        found = pd.DatetimeIndex(answered[FILLED][places]).tz_convert(values.dtype.tz)
    elif pd.api.types.is_datetime64_dtype(values.dtype):
        found = pd.DatetimeIndex(answered[FILLED][places]).tz_localize(None)
    values.iloc[places] = found
    frame = rows.drop(columns=[each for each in rows.columns if str(each) in OWN])
    frame[column] = values
    for name in OWN:
        frame[name] = answered[name]
    about = answered.attrs.get("nbnebius", {})
    frame.attrs = {**rows.attrs, "nbnebius": {**about, "columns": [column]}}
    return frame
