"""Catalogs as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.types.model import ModelRecord

TYPES = ["chat", "vision", "embedding", "image", "completion", "other"]
COLUMNS: dict[str, str] = {
    "id": "string",
    "source": "string",
    "name": "string",
    "type": "category",
    "context": "Int64",
    "max_output": "Int64",
    "price_in": "float64",
    "price_out": "float64",
    "price_image": "float64",
    "input": "object",
    "output": "object",
    "features": "object",
    "quantization": "string",
    "size_b": "float64",
    "requests_per_minute": "float64",
    "tokens_per_minute": "float64",
    "owner": "string",
    "tags": "object",
    "license": "string",
    "status": "string",
    "created": "datetime64[us, UTC]",
    "updated": "datetime64[us, UTC]",
    "url": "string",
    "raw": "object",
}


def model_frame(records: Sequence[ModelRecord]) -> pd.DataFrame:
    """
    Give models as a frame of one schema, whatever catalog they come from.

    Returns
    -------
    DataFrame
        ``id, source, name`` (str), ``type`` (category: chat, vision, embedding, image,
        completion, other), ``context, max_output`` (Int64, tokens), ``price_in, price_out``
        (float64, USD per million tokens), ``price_image`` (float64, USD per image), ``input,
        output, features, tags`` (lists), ``quantization`` (str), ``size_b`` (float64, billions of
        parameters), ``requests_per_minute, tokens_per_minute`` (float64), ``owner, license,
        status, url`` (str), ``created, updated`` (datetime64[us, UTC]), ``raw`` (the row as sent).
        What is unknown is missing, never 0.
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, dtype in COLUMNS.items():
        values = [getattr(record, name) for record in records]
        if dtype == "category":
            columns[name] = pd.Categorical(values, categories=TYPES)
        else:
            columns[name] = column(values, dtype)
    return pd.DataFrame(columns, columns=list(COLUMNS))


def filter_models(
    frame: pd.DataFrame,
    *,
    search: str = "",
    type: str | None = None,
    sort: str | None = None,
    max_price: float | None = None,
    context: int | None = None,
) -> pd.DataFrame:
    """
    Keep the models that were asked for; `nbnebius.models` says how.

    Raises
    ------
    OptionError
        No such type, or no such column to sort by.
    """
    if type is not None and type not in TYPES:
        raise OptionError(f"There is no type {type!r}", why="the types are " + ", ".join(TYPES))
    down = sort is not None and sort.startswith("-")
    sort = sort[1:] if sort is not None and down else sort
    if sort is not None and sort not in frame.columns:
        from difflib import get_close_matches

        near = get_close_matches(sort, list(frame.columns), n=1)
        raise OptionError(
            f"There is no column {sort!r} to sort by",
            why=f"did you mean {near[0]}?" if near else "",
            hint="the columns are " + ", ".join(frame.columns),
        )
    names = frame["id"] + "\n" + frame["name"].fillna("")
    for word in search.split():
        here = names.reindex(frame.index).str.contains(word, case=False, regex=False)
        frame = frame[here.astype(bool)]
    if type is not None:
        wanted = ["chat", "vision"] if type == "chat" else [type]
        frame = frame[frame["type"].isin(wanted)]
    if max_price is not None:
        frame = frame[frame["price_out"].fillna(frame["price_in"]) <= max_price]
    if context is not None:
        frame = frame[(frame["context"] >= context).fillna(value=False)]
    if sort is not None:
        frame = frame.sort_values(sort, kind="stable", na_position="last", ascending=not down)
    return frame.reset_index(drop=True)
