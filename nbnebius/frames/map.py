"""A job's rows as a frame: what was given, the answers, and how each row stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.columns import column
from nbnebius.frames.embeddings import STATUSES
from nbnebius.frames.records import column_specs, record_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

OWN = ("neb_status", "neb_cached", "neb_error", "neb_tokens", "neb_cost")


def answer_columns(schema: Mapping[str, Any] | None, name: str, wrapped: str | None) -> list[str]:
    """Name the columns that answers will stand in; `wrapped` as of `map_frame`."""
    if schema is None:
        return [name]
    return [name if each == wrapped else each for each, _ in column_specs(schema)] or [name]


def map_frame(
    base: pd.DataFrame,
    *,
    numbers: NDArray[np.int32],
    first: NDArray[np.int64],
    status: Sequence[str],
    values: Sequence[Any],
    cached: bytes,
    errors: Mapping[int, str],
    tokens: Sequence[float],
    cost: Sequence[float],
    schema: Mapping[str, Any] | None,
    wrapped: str | None,
    name: str,
    about: Mapping[str, Any],
) -> pd.DataFrame:
    """
    Put answers beside the rows they belong to; columns, index and order stay.

    Parameters
    ----------
    base
        The frame that was given.
    numbers
        For each row its request's number, -1 where there was nothing to ask.
    first
        For each request the first row that asks it: the one that pays.
    status, values, cached, errors, tokens, cost
        Per request.
    schema, wrapped
        The schema of one record, and which property holds what is no record by itself: a single
        value, or a list.
    name
        The column of a text, or of what is wrapped.
    about
        What ``attrs["nbnebius"]`` tells.

    Returns
    -------
    DataFrame
        The columns of `base`, then the answers (``answer``: str; or a column for each property of
        the schema, in its dtype), then ``neb_status`` (category: ok, partial, skipped, unsent,
        failed, possibly_paid), ``neb_cached`` (bool: the answer was kept, and cost nothing now),
        ``neb_error`` (str), ``neb_tokens`` (Int64), ``neb_cost`` (float64, USD paid now: a request
        that several rows share is counted in the first).
    """
    import numpy as np
    import pandas as pd

    rows = np.asarray(numbers)
    asked = rows >= 0
    at = np.where(asked, rows, 0)
    nothing = len(status) == 0
    words = np.array(["skipped"] * len(rows) if nothing else np.asarray(status)[at], dtype=object)
    words[~asked] = "skipped"
    found = [None if number < 0 or nothing else values[number] for number in rows.tolist()]
    answers = _answers(found, schema, name, base.index, wrapped)
    # What a model adds to a record by itself must not stand in for what is there.
    asked_for = answer_columns(schema, name, wrapped)
    taken = {*map(str, base.columns), *OWN} - set(asked_for)
    answers = answers.drop(columns=[each for each in answers.columns if each in taken])
    answers["neb_status"] = pd.Categorical(words, categories=STATUSES)
    kept = np.frombuffer(cached, dtype=np.uint8).astype(bool) if cached else np.zeros(1, dtype=bool)
    answers["neb_cached"] = kept[at] & asked
    answers["neb_error"] = column(
        [errors.get(n) if n >= 0 else None for n in rows.tolist()], "string", base.index
    )
    took = np.where(asked, np.asarray(tokens, dtype=float)[at] if len(tokens) else np.nan, np.nan)
    answers["neb_tokens"] = pd.Series(took, index=base.index).astype("Int64")
    paid = np.full(len(rows), np.nan)
    if not nothing:
        paid = np.where(asked, np.asarray(cost, dtype=float)[at], np.nan)
        pays = np.zeros(len(rows), dtype=bool)
        pays[np.asarray(first)] = True
        paid[asked & ~pays & ~np.isnan(paid)] = 0.0
    answers["neb_cost"] = paid
    frame = pd.concat([base, answers], axis=1)
    frame.attrs = {**base.attrs, "nbnebius": dict(about)}
    return frame


def _answers(
    found: list[Any],
    schema: Mapping[str, Any] | None,
    name: str,
    index: Any,
    wrapped: str | None,
) -> pd.DataFrame:
    import pandas as pd

    if schema is None:
        return pd.DataFrame({name: column(found, "string", index)}, index=index)
    # Rows of one record each; what the schema does not name comes after.
    frame = record_frame(found, schema)
    frame.index = index
    return frame.rename(columns={wrapped: name}) if wrapped else frame
