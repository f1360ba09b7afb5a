"""A job's rows as a frame: what was given, the answers, and how each row stands."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.embeddings import STATUSES
from nbnebius.frames.records import column_specs, record_frame
from nbnebius.frames.texts import PART, Texts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

UNSENT = 0
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
    codes: NDArray[np.uint8],
    words: Sequence[str],
    values: Sequence[Any],
    cached: bytes,
    errors: Mapping[int, str],
    tokens: NDArray[np.float64],
    cost: NDArray[np.float64],
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
    codes, words
        How each request stands: a place in `words`, of which the first is what has no outcome yet.
    values, cached, errors, tokens, cost
        Per request; of what has no outcome yet, nothing is shown.
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

    # A row that asks nothing has the number -1: it takes what stands last.
    none = np.empty(len(codes) + 1, dtype=object)
    told, wrong = none.copy(), none
    told[:-1] = values
    told[:-1][codes == UNSENT] = None
    for number, error in errors.items():
        wrong[number] = error
    known = [STATUSES.index(word) for word in (*words, "skipped")]
    stands = np.array(known, dtype=np.int8)[np.append(codes, len(words))]
    answers = _answers(told, numbers, schema, name, base.index, wrapped)
    del told
    # What a model adds to a record by itself must not stand in for what is there.
    asked_for = answer_columns(schema, name, wrapped)
    taken = {*map(str, base.columns), *OWN} - set(asked_for)
    answers = answers.drop(columns=[each for each in answers.columns if each in taken])
    answers["neb_status"] = pd.Categorical.from_codes(
        stands[numbers], categories=pd.Index(STATUSES)
    )
    answers["neb_cached"] = np.append(np.frombuffer(cached, dtype=bool), False)[numbers]
    answers["neb_error"] = _texts(wrong, numbers)
    took = np.append(np.where(codes == UNSENT, np.nan, tokens), np.nan)[numbers]
    answers["neb_tokens"] = pd.Series(took, index=base.index).astype("Int64")
    paid = np.append(np.where(codes == UNSENT, np.nan, cost), np.nan)[numbers]
    pays = np.zeros(len(paid), dtype=bool)
    pays[first] = True
    paid[~pays & ~np.isnan(paid)] = 0.0
    answers["neb_cost"] = paid
    frame = pd.concat([base, answers], axis=1)
    frame.attrs = {**base.attrs, "nbnebius": dict(about)}
    return frame


def _answers(
    told: NDArray[Any],
    numbers: NDArray[np.int32],
    schema: Mapping[str, Any] | None,
    name: str,
    index: Any,
    wrapped: str | None,
) -> pd.DataFrame:
    import pandas as pd

    if schema is None:
        return pd.DataFrame({name: _texts(told, numbers)}, index=index)
    # Rows of one record each; what the schema does not name comes after.
    frame = record_frame(told[numbers].tolist(), schema)
    frame.index = index
    return frame.rename(columns={wrapped: name}) if wrapped else frame


def _texts(told: NDArray[Any], numbers: NDArray[np.int32]) -> Any:
    """Give each row its request's text, part by part: a list of them all would double them."""
    texts = Texts()
    for start in range(0, len(numbers), PART):
        texts.extend(told[numbers[start : start + PART]].tolist())
    return texts.column()
