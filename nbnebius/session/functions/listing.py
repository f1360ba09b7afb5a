"""`models`, the twin of ``%models``."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Literal

from nbnebius.errors import OptionError
from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.errors import NebiusError
    from nbnebius.types.model import ModelRecord


def models(
    source: str = "nebius",
    *,
    search: str = "",
    type: str | None = None,
    sort: str | None = None,
    max_price: float | None = None,
    context: int | None = None,
    base_url: str | None = None,
    api_key: str | None = None,
    query: str | None = None,
    view_option: Literal["created", "shared"] | None = None,
    tag: str | None = None,
    order_by: Literal["name", "created_at", "updated_at"] | None = None,
    direction: Literal["asc", "desc"] | None = None,
    page: int | None = None,
) -> pd.DataFrame:
    """
    List models of one catalog, or of all side by side.

    Parameters
    ----------
    source
        ``nebius`` (the session's own service), ``nebius_custom``, ``open_webui``,
        ``nebula_block``, or ``all``: those with a key. One of them that fails is a warning.
    search
        Words, in any case: models whose id or name holds all of them.
    type
        chat, vision, embedding, image, completion or other; chat includes vision.
    sort
        A column; the cheapest or smallest first, or, with a ``-`` before it, the largest; unknown
        last.
    max_price
        At most this many USD per million output tokens.
    context
        At least this many tokens.
    base_url, api_key
        Of Open WebUI or Nebula Block; else ``OPEN_WEBUI_BASE_URL``, ``OPEN_WEBUI_API_KEY``,
        ``NEBULA_BASE_URL``, ``NEBULA_API_KEY``.
    query, view_option, tag, order_by, direction, page
        Open WebUI's own filters.

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

    theirs: dict[str, Any] = {
        "base_url": base_url,
        "api_key": api_key,
        "query": query,
        "view_option": view_option,
        "tag": tag,
        "order_by": order_by,
        "direction": direction,
        "page": page,
    }
    told = {name: value for name, value in theirs.items() if value is not None}
    if source == "all" and told:
        raise OptionError(f"all takes no {', '.join(told)}", why="each catalog has its own")
    records = _all() if source == "all" else default_session().models_of(source, **told)
    return filter_models(
        model_frame(records),
        search=search,
        type=type,
        sort=sort,
        max_price=max_price,
        context=context,
    )


def _all() -> list[ModelRecord]:
    def warn(source: str, error: NebiusError) -> None:
        warnings.warn(f"{source}: {error.what}", stacklevel=5)

    return default_session().models_of_all(failed=warn)
