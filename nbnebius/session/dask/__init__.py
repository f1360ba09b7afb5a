"""The same calls on Dask frames: lazy, partition by partition, on the cluster's workers."""

from nbnebius.session.dask.embedding import embed_lazily
from nbnebius.session.dask.frames import is_dask
from nbnebius.session.dask.mapping import map_lazily

__all__ = ["embed_lazily", "is_dask", "map_lazily"]
