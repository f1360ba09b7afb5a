"""Embeddings of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import tell
from nbnebius.session.core import Core
from nbnebius.session.texts import Texts, read_texts
from nbnebius.work.embed import embed

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.types.answers import EmbeddingResult


class Vectors(Core):
    """The part of a session that embeds."""

    def prepare_embed(
        self, texts: Texts, *, model: str | None = None, dimensions: int | None = None
    ) -> Prepared:
        """Settle everything about an embedding request without sending it."""
        return self.run(lambda service: prepare.embedding(service, texts.texts, model, dimensions))

    def embed(
        self,
        texts: Any,
        *,
        model: str | None = None,
        dimensions: int | None = None,
        column: str | None = None,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> pd.DataFrame:
        """Turn texts into vectors; see `nbnebius.embed`."""
        from nbnebius.frames.embeddings import embedding_frame

        read = read_texts(texts, column)
        prepared = self.prepare_embed(read, model=model, dimensions=dimensions)
        origin = self.origin_of(prepared, caller, cache=True, private=private)

        async def work(service: Service) -> EmbeddingResult:
            async with service.explaining("embedding", prepared.body["model"]):
                return await embed(
                    read.texts,
                    model=prepared.body["model"],
                    dimensions=dimensions,
                    client=service.client,
                    journal=self.journal,
                    origin=origin,
                    price=prepared.price,
                    observer=tell,
                )

        result = self.run(work, caller)
        if not all(result.cached):
            self.say_where_kept(origin, caller)
        return embedding_frame(read.frame, result)
