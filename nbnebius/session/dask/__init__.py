"""The same calls on Dask frames: lazy, partition by partition, on the cluster's workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.session.dask.embedding import embed_lazily
    from nbnebius.session.dask.frames import is_dask
    from nbnebius.session.dask.mapping import map_lazily

__getattr__ = fetcher(
    __name__,
    {
        "embed_lazily": "nbnebius.session.dask.embedding",
        "is_dask": "nbnebius.session.dask.frames",
        "map_lazily": "nbnebius.session.dask.mapping",
    },
)

__all__ = ["embed_lazily", "is_dask", "map_lazily"]
