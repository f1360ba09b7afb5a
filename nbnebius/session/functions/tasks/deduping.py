"""`dedupe`: rows without those that say nearly the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.events import Note
from nbnebius.results.task_plan import TaskPlan
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.rows import refuse_dask
from nbnebius.session.functions.tasks.vectors import (
    Wanted,
    buy,
    plan_vectors,
    read_subject,
)
from nbnebius.session.map_request import is_number
from nbnebius.work.duplicates import near_duplicates

if TYPE_CHECKING:
    import pandas as pd


def dedupe(
    frame: Any,
    column: str | None = None,
    threshold: float = 0.95,
    *,
    text: str | None = None,
    pairs: bool = False,
    model: str | None = None,
    dimensions: int | None = None,
    budget: float | None = None,
    private: bool | None = None,
    plan: bool = False,
) -> pd.DataFrame:
    """
    Take out rows that say nearly the same as an earlier one.

    Rows are taken in their order; one that is near to none of those kept is kept. So whatever
    goes is near to something that stays. Every row is compared, by cosine, in flat memory; rows
    without a vector are kept.

    Parameters
    ----------
    frame
        What `embed` gave, or any frame, Series or list with texts, which are embedded first.
    column
        Of vectors or of texts; ``embedding`` where there is one, else the only column of texts.
    threshold
        The lowest cosine of near duplicates, above 0 to 1. It depends on the model: look at the
        pairs first.
    text
        The texts that `pairs` shows, where `column` holds vectors.
    pairs
        Give the pairs instead: what is repeated, what repeats it, and their cosine.
    model, dimensions, private
        As of `embed`.
    budget
        USD; nothing is sent where the vectors could cost more.
    plan
        Give the `TaskPlan`, and send nothing.

    Returns
    -------
    DataFrame
        The rows that stay, with index and order; or the pairs, the nearest first: ``first`` and
        ``repeats`` (labels of the index), ``score`` (float64), ``first_text``, ``repeats_text``.

    Raises
    ------
    OptionError
        No such column, no vectors, or no such threshold.
    NebiusError
        The texts could not be embedded.
    """
    refuse_dask("dedupe", frame)
    if not is_number(threshold) or not 0 < threshold <= 1:
        raise OptionError(f"threshold cannot be {threshold!r}", why="it is a cosine, above 0 to 1")
    subject = read_subject(frame, column, text)
    wanted = Wanted("dedupe", model, dimensions, budget, private)
    if plan:
        return TaskPlan("dedupe", plan_vectors(subject, wanted))  # type: ignore[return-value]  # plan=True says so
    rows, vectors, _ = buy(subject, wanted)
    first, scores = near_duplicates(vectors, float(threshold))
    goes = first >= 0
    note = f"dedupe: {int(goes.sum()):,} of {len(rows):,} rows repeat an earlier one"
    default_session().observer(Note(note))
    if not pairs:
        kept = rows[~goes].copy(deep=False)
        kept.attrs = dict(rows.attrs)
        return kept
    import numpy as np
    import pandas as pd

    order = np.flatnonzero(goes)
    order = order[np.argsort(-scores[order], kind="stable")]
    shown = pd.DataFrame(
        {
            "first": rows.index[first[order]],
            "repeats": rows.index[order],
            "score": scores[order].astype(np.float64),
        }
    )
    if subject.text is not None:
        texts = np.array(subject.texts, dtype=object)
        shown["first_text"], shown["repeats_text"] = texts[first[order]], texts[order]
    return shown
