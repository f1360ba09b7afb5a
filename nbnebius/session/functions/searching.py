"""`search`, the twin of ``%search``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd


def search(
    frame: Any,
    query: Any,
    *,
    k: int = 5,
    column: str | None = None,
    model: str | None = None,
    query_prefix: str | None = None,
    private: bool | None = None,
) -> pd.DataFrame:
    """
    Find the rows of a frame of vectors that are nearest to a question, by cosine.

    Every row is compared, so the answer is exact. The question is embedded with the frame's own
    model and size, and kept: asked again, it is free.

    Parameters
    ----------
    frame
        What `embed` gave.
    query
        A text, a list of texts, or a vector.
    k
        How many rows, for each question.
    column
        The column of vectors, ``embedding`` if left out.
    model
        Needed where the frame does not say which model it is from, as after reading a file.
    query_prefix
        What some models want before a question, as ``"query: "``.
    private
        Keep nothing on disk but usage.

    Returns
    -------
    DataFrame
        The nearest rows, best first, with their index and columns and ``score`` (float64, -1 to
        1); of several texts, k rows each, with a column ``query``. Rows without a vector are left
        out.

    Raises
    ------
    OptionError
        The frame holds no vectors, or they are from another model or of another size.
    NebiusError
        The question could not be embedded.
    """
    return default_session().search(
        frame,
        query,
        k=k,
        column=column,
        model=model,
        query_prefix=query_prefix,
        private=private,
    )
