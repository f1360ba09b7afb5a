"""`models`, the twin of ``%models``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd


def models(
    search: str = "",
    *,
    type: str | None = None,
    sort: str | None = None,
    max_price: float | None = None,
    context: int | None = None,
) -> pd.DataFrame:
    """
    List the service's models.

    Parameters
    ----------
    search
        Part of an id, in any case.
    type
        chat, vision, embedding, image, completion or other; chat includes vision.
    sort
        A column; the cheapest or smallest first, unknown last.
    max_price
        At most this many USD per million output tokens.
    context
        At least this many tokens.

    Returns
    -------
    DataFrame
        See `nbnebius.frames.models.model_frame`; prices are USD per million tokens.

    Raises
    ------
    NebiusError
        The server cannot be reached, or refuses the key.
    """
    from nbnebius.frames.models import filter_models, model_frame

    frame = model_frame(default_session().models())
    return filter_models(
        frame, search=search, type=type, sort=sort, max_price=max_price, context=context
    )
