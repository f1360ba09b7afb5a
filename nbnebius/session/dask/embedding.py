"""Vectors for a Dask frame or series, partition by partition."""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError, OptionError
from nbnebius.session.dask.elsewhere import warn_of_another_journal
from nbnebius.session.dask.frames import as_dask_frame, conform, refuse_recordings, some_rows
from nbnebius.session.dask.seat import Terms, take_seat
from nbnebius.session.dask.worker import journal_place, worker_session
from nbnebius.session.texts import Texts, text_column
from nbnebius.work.map.answers import one_line

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session.session import Session

logger = logging.getLogger("nbnebius")
PLENTY = 1_000_000  # no partition waits for another: embeddings bound themselves


@dataclass(frozen=True, slots=True, eq=False)
class PartitionEmbed:
    """
    Vectors for a partition: what travels to the workers, and no key with it.

    Attributes
    ----------
    base_url
        Whom all workers ask.
    model, dimensions, column, normalize, private
        As of `nbnebius.embed`, settled.
    terms
        Names the job.
    meta
        The frame's columns and dtypes, without rows.
    """

    base_url: str
    model: str
    dimensions: int | None
    column: Any
    normalize: bool
    private: bool | None
    terms: Terms
    meta: pd.DataFrame

    def __dask_tokenize__(self) -> str:
        """Name it among Dask's tasks."""
        return f"nbnebius-embed-{self.terms.job}"

    def __call__(self, part: pd.DataFrame) -> pd.DataFrame:
        """
        Embed all texts; what goes wrong with them is data.

        Raises
        ------
        SettingsError
            This worker has no key, before anything is asked.
        """
        if not len(part):
            return self.meta.copy()
        session = worker_session(self.base_url)
        seat = take_seat(self.terms, journal_place())
        if seat.before:
            warn_of_another_journal(seat.before)
        try:
            session.run(lambda service: _share(service, seat.share))
            frame = session.embed(
                part,
                model=self.model,
                dimensions=self.dimensions,
                column=self.column,
                normalize=self.normalize,
                private=self.private,
                agreed=True,  # on a worker nobody can be asked
            )
        except NebiusError as error:
            logger.warning("not all of a partition was embedded: %s", error.what)
            if error.frame is None:
                frame = without_vectors(part, error)
            else:
                frame = error.frame
                unsent = frame["neb_status"] == "unsent"
                frame.loc[unsent, "neb_error"] = f"{type(error).__name__}: {one_line(error)}"
        finally:
            seat.leave()
        return conform(frame, self.meta)


async def _share(service: Any, share: float) -> None:
    service.client.transport.share_limits(share)


def embed_lazily(
    session: Session,
    given: Any,
    *,
    model: str | None = None,
    dimensions: int | None = None,
    column: str | None = None,
    normalize: bool = False,
    private: bool | None = None,
) -> Any:
    """
    Turn the texts of a Dask frame or series into vectors, once it is computed.

    See `nbnebius.embed`. A series becomes a frame of its texts and their vectors.

    Returns
    -------
    dask.dataframe.DataFrame
        With the columns and dtypes of `nbnebius.embed`.

    Raises
    ------
    NebiusError
        What `embed` would raise before it sends anything.
    """
    refuse_recordings(session)
    frame = as_dask_frame(given)
    if column is not None and frame is not given:
        raise OptionError("column needs a frame", why=f"this is a {type(given).__name__}")
    made = some_rows(frame)
    label = text_column(made, column)
    some = Texts(made, ["a text"])
    prepared = session.prepare_embed(some, model=model, dimensions=dimensions)
    meta = without_vectors(made, None).iloc[:0]
    meta.attrs = {}
    embed = PartitionEmbed(
        base_url=session.endpoint.base_url,
        model=prepared.body["model"],
        dimensions=dimensions,
        column=label,
        normalize=normalize,
        private=bool(session.config.get("private") if private is None else private),
        terms=Terms(secrets.token_hex(8), max(1, frame.npartitions), PLENTY, None),
        meta=meta,
    )
    return frame.map_partitions(embed, meta=meta)


def without_vectors(frame: pd.DataFrame, error: NebiusError | None) -> pd.DataFrame:
    """Give a frame as `nbnebius.embed` would, with no vector in any row and one reason."""
    import numpy as np

    from nbnebius.frames.embeddings import embedding_frame
    from nbnebius.types.answers import EmbeddingResult

    count = len(frame)
    nothing = np.full((count, 1), np.nan, dtype=np.float32)
    reason = f"{type(error).__name__}: {one_line(error)}" if error else None
    result = EmbeddingResult(
        vectors=nothing,
        status=["failed"] * count,
        errors=[reason] * count,
        cached=np.zeros(count, np.bool_),
        tokens=np.full(count, np.nan),
        cost=np.full(count, np.nan),
        model="",
        dimensions=0,
    )
    return embedding_frame(frame, result)
