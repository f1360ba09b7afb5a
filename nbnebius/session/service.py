"""The service a session talks to, on the background loop: its client, name and catalog."""

from __future__ import annotations

import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from nbnebius.catalogs import Catalog, first_choice, load, nearest, save, serves, to_records
from nbnebius.client import AsyncClient
from nbnebius.errors import (
    ApiError,
    NebiusError,
    NotFoundError,
    OptionError,
    RateLimitError,
    ServerError,
    TransportError,
)
from nbnebius.settings import MODEL_SETTINGS, Config, Endpoint, home, missing_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from nbnebius.catalogs import Work
    from nbnebius.events import Observer, Recorder
    from nbnebius.transport import Timeouts
    from nbnebius.transport.tape import Replaying
    from nbnebius.types.model import ModelRecord

CANNOT: dict[Work, str] = {
    "chat": "does not chat",
    "vision": "reads no pictures",
    "embedding": "makes no vectors",
    "image": "draws no pictures",
}
SANDBOX_HEADER = "x-nbnebius-sandbox"
NO_LIST = frozenset({400, 404, 405, 422, 501})  # how servers say that they have no model list


class Service:
    """
    One endpoint, as the session's work needs it.

    Parameters
    ----------
    endpoint
        The address and its key.
    config
        The defaults in force.
    recorder, observer
        Handed to the client: the journal, and whoever wants to hear of retries.
    replaying
        The recording that answers instead; no key is needed then.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        config: Config,
        *,
        recorder: Recorder,
        observer: Observer,
        max_retries: int,
        timeouts: Timeouts,
        replaying: Replaying | None = None,
    ) -> None:
        if endpoint.key is None and endpoint.is_nebius and replaying is None:
            raise missing_key()
        self.endpoint = endpoint
        self.config = config
        self.client = AsyncClient(
            endpoint.key,
            endpoint.base_url,
            max_retries=max_retries,
            timeouts=timeouts,
            recorder=recorder,
            observer=observer,
        )
        self.client.transport.replay = replaying
        self._keeps_catalog = replaying is None
        self._catalog: Catalog | None = None
        # All of Nebius's hosts are one service; a sandbox tells its name with its first answer.
        self._name = "nebius" if endpoint.is_nebius else ""
        if not self._name and not endpoint.is_loopback:
            self._name = _origin(endpoint)
        if replaying is not None:
            self._name = replaying.service

    @property
    def is_sandbox(self) -> bool:
        """Whether it is this package's own sandbox."""
        return self._name.startswith("sandbox:")

    @property
    def speaks_nebius(self) -> bool:
        """Whether it follows Nebius's own rules: the real service or the sandbox."""
        return self.endpoint.is_nebius or self.is_sandbox

    @property
    def known_name(self) -> str:
        """The service's name, "" where it has not told it yet."""
        return self._name

    @property
    def is_settled(self) -> bool:
        """Whether its name and its models are known, so that neither is asked for again."""
        return bool(self._name) and self._catalog is not None

    @property
    def known_models(self) -> list[ModelRecord]:
        """The models as far as they were read."""
        return self._catalog.records if self._catalog else []

    async def name(self) -> str:
        """Name the service, however its host is spelled today."""
        if not self._name:
            await self.catalog()
        return self._name

    async def catalog(self, *, refresh: bool = False) -> Catalog:
        """
        Give the models: from memory, from disk if read within a day, else from the server.

        A server without a model list gives an empty catalog; one that fails, the last one kept.

        Raises
        ------
        NebiusError
            The server cannot be reached, refuses the key, or is no such server.
        """
        if self._catalog and not refresh:
            return self._catalog
        lasting = self._keeps_catalog and self._name and not self.is_sandbox
        kept = load(home(), self._name) if lasting else None
        if kept and kept.is_fresh and not refresh:
            self._catalog = kept
            return kept
        try:
            self._catalog = await self._read()
        except (TransportError, RateLimitError, ServerError):
            if kept is None or refresh:
                raise
            self._catalog = kept
        return self._catalog

    async def _read(self) -> Catalog:
        try:
            models, answer = await self.client.models.list(verbose=True)
        except ApiError as error:
            if error.status not in NO_LIST:
                raise
            # Some servers have no list; they can still be asked by name.
            self._name = self._name or _origin(self.endpoint)
            return Catalog(self._name, time.time(), [])
        if not self._name:
            sandbox = answer.headers.get(SANDBOX_HEADER)
            known = sandbox and self.endpoint.is_loopback
            self._name = f"sandbox:{sandbox}" if known else _origin(self.endpoint)
        source = "nebius" if self.speaks_nebius else self.endpoint.host
        catalog = Catalog(self._name, time.time(), to_records(models, source))
        if catalog.records and self._keeps_catalog:
            save(home(), catalog)
        return catalog

    async def model(self, kind: Work, wanted: str | None) -> tuple[str, ModelRecord | None]:
        """
        Settle which model does a kind of work: chat, embedding or image.

        Returns
        -------
        tuple
            The id, and its record where the catalog has one.

        Raises
        ------
        OptionError
            The named model is of another type, or none was named and none can be chosen.
        """
        catalog = await self.catalog()
        setting = MODEL_SETTINGS.get(kind, "chat_model")
        named = wanted or self.config.get(setting)
        if named:
            if catalog.find(named) is None:  # the service's own ids come first
                named = self.config.real_model(named)
            record = catalog.find(named)
            fits = record is None or not record.output or serves(record, kind)
            if fits:
                return named, record
            # A default that cannot see does not stand in the way of a picture.
            if wanted or kind != "vision":
                assert record is not None
                raise OptionError(
                    f"{named} {CANNOT[kind]}: its type is {record.type}",
                    hint=f"%models --type {kind} lists those that are",
                )
        chosen = self.config.chosen(catalog.service, kind)
        if not (chosen and catalog.find(chosen)):
            chosen = first_choice(catalog.records, kind)
            if chosen is None:
                raise OptionError(
                    f"No {kind} model was named, and the service lists none",
                    why=f"{len(catalog.records)} models are listed",
                    hint=f"name one with -m, or keep one with %nebius config {setting} ID",
                )
            self.config.keep_choice(catalog.service, kind, chosen)
        return chosen, catalog.find(chosen)

    @asynccontextmanager
    async def explaining(self, kind: Work, model: str) -> AsyncIterator[None]:
        """Name the nearest ids in an error of the block that says there is no such model."""
        try:
            yield
        except NebiusError as error:
            raise await self.explain(error, kind, model) from None

    async def explain(self, error: NebiusError, kind: Work, model: str) -> NebiusError:
        """Add the nearest ids to an error that says there is no such model."""
        if not isinstance(error, NotFoundError):
            return error
        try:
            catalog = await self.catalog(refresh=True)
        except NebiusError:
            return error
        if catalog.find(model):
            return error
        ids = [r.id for r in catalog.records if serves(r, kind)] or [r.id for r in catalog.records]
        ids += [*self.config.aliases]
        if ids:
            error.why = "the nearest are " + ", ".join(nearest(model, ids))
            error.hint = f"%models --type {kind} lists all; ids are case-sensitive"
        return error


def _origin(endpoint: Endpoint) -> str:
    parts = urlsplit(endpoint.base_url)
    return f"{parts.scheme}://{parts.netloc}"
