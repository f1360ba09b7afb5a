"""Embeddings of a session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import Stopped
from nbnebius.session import prepare
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.connection import tell
from nbnebius.session.core import Core
from nbnebius.work.price import PER_MILLION

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.events import Asker
    from nbnebius.session.prepare import Prepared
    from nbnebius.session.service import Service
    from nbnebius.session.texts import Texts
    from nbnebius.work.embed_outlook import EmbedOutlook
    from nbnebius.work.origin import Origin


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
        normalize: bool = False,
        private: bool | None = None,
        caller: Caller = FUNCTION,
        agreed: bool = False,
        task: str = "",
        budget: float | None = None,
    ) -> pd.DataFrame:
        """
        Turn texts into vectors; see `nbnebius.embed`.

        Parameters
        ----------
        agreed
            Nobody is asked about money.
        task
            Tell what it takes before.
        budget
            USD; nothing is sent where it could cost more.
        """
        from nbnebius.frames.embeddings import embedding_frame
        from nbnebius.session.before import before_texts
        from nbnebius.session.consent import consent_to_texts, need_room
        from nbnebius.session.texts import read_texts
        from nbnebius.work.embed import Embedding
        from nbnebius.work.embed_buyer import embed

        read = read_texts(texts, column)
        prepared = self.prepare_embed(read, model=model, dimensions=dimensions)
        origin = self.origin_of(prepared, caller, cache=True, private=private)
        if task or budget is not None:
            outlook = self._look_ahead(read, prepared, dimensions, origin, caller)
            if note := before_texts(task, outlook):
                (caller.see or self.observer)(note)
            if budget is not None:
                need_room(outlook, budget)
            else:
                consent_to_texts(caller.asker or self.asker, outlook)
        elif not agreed:
            self._agree_to(prepared, caller.asker or self.asker)
        job = Embedding(read.texts, prepared.body["model"], dimensions, origin, prepared.price)

        async def work(service: Service) -> None:
            async with service.explaining("embedding", job.model):
                await embed(job, service.client, self.journal, tell)
            if job.ended_by is not None:
                job.ended_by = await service.explain(job.ended_by, "embedding", job.model)

        try:
            self.run(work, caller, on_interrupt=job.halt.ask)
        except Stopped:
            raise _stopped(embedding_frame(read.frame, job.result(), normalize=normalize)) from None
        frame = embedding_frame(read.frame, job.result(), normalize=normalize)
        if dimensions is not None:
            # Whoever searches in it must ask for the same, and not every model can be asked.
            frame.attrs["nbnebius"]["shortened"] = True
        if job.bought:
            self.say_where_kept(origin, caller)
        if job.halt.asked:
            raise _stopped(frame)
        if job.ended_by is not None:
            job.ended_by.frame = frame
            raise job.ended_by
        return frame

    def plan_embed(
        self,
        texts: Any,
        *,
        model: str | None = None,
        dimensions: int | None = None,
        column: str | None = None,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> EmbedOutlook:
        """Say what `embed` would take, without a call."""
        from nbnebius.session.texts import read_texts

        read = read_texts(texts, column)
        prepared = self.prepare_embed(read, model=model, dimensions=dimensions)
        origin = self.origin_of(prepared, caller, cache=True, private=private)
        return self._look_ahead(read, prepared, dimensions, origin, caller)

    def _look_ahead(
        self,
        read: Texts,
        prepared: Prepared,
        dimensions: int | None,
        origin: Origin,
        caller: Caller,
    ) -> EmbedOutlook:
        from nbnebius.work.embed_outlook import look_ahead_at_texts

        model = prepared.body["model"]
        return self.run(
            lambda _: look_ahead_at_texts(
                read.texts, model, dimensions, origin, prepared.price, self.journal
            ),
            caller,
        )

    @staticmethod
    def _agree_to(prepared: Prepared, asker: Asker) -> None:
        """Ask once before many texts; those that are kept already are counted too."""
        from nbnebius.session.consent import need_consent
        from nbnebius.work.estimate import estimate_each

        price = prepared.price.tokens_in
        if price is not None:
            texts = prepared.body["input"]
            cost = sum(estimate_each(texts)) * price / PER_MILLION
            need_consent(
                asker,
                cost,
                f"{len(texts):,} texts",
                also="; what is kept costs nothing",
                hint="embed them in parts",
            )


def _stopped(frame: pd.DataFrame) -> Stopped:
    counts = frame["neb_status"].value_counts()
    left = f"{counts['ok']:,} of {len(frame):,} texts have a vector, {counts['unsent']:,} not sent"
    if counts["possibly_paid"]:
        left += f", {counts['possibly_paid']:,} possibly paid"
    error = Stopped(
        "You interrupted the embedding",
        why=left,
        hint="run the cell again to buy only the rest; the error's .frame holds what is there",
    )
    error.frame = frame
    return error
