"""What Dask's frames are known by, and what comes back in their place."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session.session import Session


def is_dask(given: Any) -> bool:
    """Tell whether it is a frame or a series of Dask; Dask is not loaded for that."""
    dask_frames = sys.modules.get("dask.dataframe")
    return dask_frames is not None and isinstance(given, dask_frames.DataFrame | dask_frames.Series)


def refuse_recordings(session: Session) -> None:
    """
    Keep Dask frames from recordings: what workers ask passes by this process.

    Raises
    ------
    OptionError
        The session replays a recording, or writes one.
    """
    if session.replays or session.records:
        raise OptionError(
            "A recording answers, and hears, frames in memory, and this is a Dask frame",
            why="its workers ask the service by themselves",
            hint="frame.compute() it first",
        )


def as_dask_frame(given: Any) -> Any:
    """
    Give a frame of Dask; a series becomes a frame of one column, ``text`` where it has no name.

    Raises
    ------
    OptionError
        Two of its columns have one name.
    """
    import dask.dataframe as dd

    if isinstance(given, dd.Series):
        given = given.to_frame("text" if given.name is None else str(given.name))
    names = [str(name) for name in given.columns]
    if double := sorted({name for name in names if names.count(name) > 1}):
        raise OptionError(f"The frame has more than one column named {double[0]!r}")
    return given


def some_rows(frame: Any) -> pd.DataFrame:
    """Give a frame of pandas with the columns, dtypes and index of Dask's, and made-up rows."""
    made: pd.DataFrame = frame._meta_nonempty  # noqa: SLF001 - what Dask's own functions use
    return made


def conform(frame: pd.DataFrame, meta: pd.DataFrame) -> pd.DataFrame:
    """
    Give a partition's frame the columns and dtypes that were promised for all partitions.

    What answers hold beyond the schema is left out: other partitions would not have it.
    """
    frame = frame[list(meta.columns)]
    now = dict(frame.dtypes.items())
    # categories are part of a dtype
    other = {name: dtype for name, dtype in meta.dtypes.items() if now[name] != dtype}
    return frame.astype(other) if other else frame
