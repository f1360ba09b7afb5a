"""Ranked documents as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.types.rerank import Rerank

COLUMNS = ["position", "document", "score"]


def rerank_frame(ranked: Rerank, documents: Sequence[str] = ()) -> pd.DataFrame:
    """
    Give ranked documents as a frame, from best to worst.

    Parameters
    ----------
    ranked
        As the client gives it.
    documents
        What was sent; without it, the texts that the server sent back.

    Returns
    -------
    DataFrame
        ``position`` (Int64, the document's place among those that were sent, from 0),
        ``document`` (str), ``score`` (float64, higher is better; the scale is the model's).
    """
    import pandas as pd

    results = ranked.results
    texts = [
        documents[one.index] if 0 <= one.index < len(documents) else one.document for one in results
    ]
    columns: dict[str, Any] = {
        "position": column([one.index for one in results], "Int64"),
        "document": column(texts, "string"),
        "score": column([one.relevance_score for one in results], "float64"),
    }
    return pd.DataFrame(columns, columns=COLUMNS)
