"""`embed`, the twin of ``%embed``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.dask import embed_lazily, is_dask
from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd


def embed(
    texts: Any,
    *,
    model: str | None = None,
    dimensions: int | None = None,
    column: str | None = None,
    normalize: bool = False,
    private: bool | None = None,
) -> pd.DataFrame:
    """
    Turn texts into vectors; each distinct text is bought once and never again.

    Parameters
    ----------
    texts
        A text, a list, a Series, or a frame; of Dask too: then nothing is sent until the frame
        that comes back is computed, by its workers.
    model
        A model's id; the default embedding model if left out.
    dimensions
        Shorter vectors, where the model can.
    column
        Of a frame, the column of texts; needed where several hold text.
    normalize
        Scale each vector to the length 1, so that a product of two is their cosine. What is kept
        is the vector as it came.
    private
        Keep nothing on disk but usage.

    Returns
    -------
    DataFrame
        What was given (a list as column ``text``), then ``embedding`` (float32 rows of one block),
        ``neb_status``, ``neb_error``, ``neb_tokens``, ``neb_cost`` (USD). `matrix` gives the block.

    Raises
    ------
    NebiusError
        Nothing at all could be embedded, or the key, the money or the connection ended in the
        middle: ``.frame`` then holds what came. A single text's failure is data.
    """
    if is_dask(texts):
        lazy: pd.DataFrame = embed_lazily(
            default_session(),
            texts,
            model=model,
            dimensions=dimensions,
            column=column,
            normalize=normalize,
            private=private,
        )
        return lazy
    return default_session().embed(
        texts,
        model=model,
        dimensions=dimensions,
        column=column,
        normalize=normalize,
        private=private,
    )
