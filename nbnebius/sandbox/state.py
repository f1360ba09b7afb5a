"""What the routes share."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from starlette.requests import Request

from nbnebius.sandbox.catalog import (
    BY_ID,
    REQUESTS_PER_MINUTE,
    TOKENS_PER_MINUTE,
    FindModel,
    Kind,
    Model,
)
from nbnebius.sandbox.gate.limits import Limits
from nbnebius.sandbox.gate.signing import Signer
from nbnebius.sandbox.keeping.batches import BatchBook
from nbnebius.sandbox.keeping.customs import CustomBook
from nbnebius.sandbox.keeping.ledger import Entry, Ledger
from nbnebius.sandbox.keeping.shelf import Shelf
from nbnebius.sandbox.keeping.store import Store
from nbnebius.sandbox.settings import Settings
from nbnebius.sandbox.upstream import Upstream
from nbnebius.sandbox.wire.failures import unknown_model, unserved

_DEEDS: Mapping[str, tuple[frozenset[Kind], str]] = {
    "chat": (frozenset({"chat", "vision"}), "Chat Completions API"),
    "completions": (frozenset({"chat", "vision"}), "Completions API"),
    "embeddings": (frozenset({"embedding"}), "Embeddings API"),
    "images": (frozenset({"image"}), "Images API"),
    "rerank": (frozenset({"rerank"}), "Rerank API"),
}


@dataclass(slots=True)
class Sandbox:
    """One running sandbox: its settings, its store, its log and its limits."""

    settings: Settings
    store: Store
    ledger: Ledger = field(init=False)
    shelf: Shelf = field(init=False)
    batches: BatchBook = field(init=False)
    customs: CustomBook = field(init=False)
    limits: Limits = field(default_factory=Limits)
    signer: Signer = field(init=False)
    upstream: Upstream | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        self.ledger = Ledger(self.store)
        self.shelf = Shelf(self.store, self.settings.data / "files")
        self.batches = BatchBook(self.store)
        self.customs = CustomBook(self.store)
        if self.settings.upstream is not None:
            self.upstream = Upstream(self.settings.upstream, self.settings.upstream_key)
        self.signer = Signer(self.store.signing_key)

    def model(self, request: Request, id: str, deed: str) -> Model:
        """
        Find the model of a request and note it in the log.

        Raises
        ------
        ApiError
            404 for an id that is not there, 400 for a model that does something else.
        """
        return self.finder(entry_of(request))(id, deed)

    def finder(self, entry: Entry) -> FindModel:
        """Give a way to find a model that also notes its id in the log."""

        def find(id: str, deed: str) -> Model:
            entry.model = id
            return self.find_model(id, deed)

        return find

    def find_model(self, id: str, deed: str) -> Model:
        """
        Find a model that does what is asked.

        Raises
        ------
        ApiError
            404 for an id that is not there, 400 for a model that does something else.
        """
        model = BY_ID.get(id) or self._custom_model(id)
        if model is None:
            raise unknown_model(id)
        kinds, area = _DEEDS[deed]
        if model.kind not in kinds:
            raise unserved(f"The model does not support {area}", "model")
        return model

    def base_of(self, id: str) -> str | None:
        """Give the model that answers in the place of an active custom one."""
        custom = self.customs.find(id)
        if custom is None or custom.status(time.time()) != "active":
            return None
        return custom.base

    def _custom_model(self, id: str) -> Model | None:
        base = BY_ID.get(self.base_of(id) or "")
        return replace(base, id=id) if base else None

    def admit(self, model: Model, tokens: int) -> dict[str, str]:
        """Ask the model's rate limits; give the headers of the answer."""
        requests = self.settings.requests_per_minute or REQUESTS_PER_MINUTE
        per_minute = self.settings.tokens_per_minute or TOKENS_PER_MINUTE
        return self.limits.admit(model.id, (requests, per_minute), tokens)


def sandbox_of(request: Request) -> Sandbox:
    """Give the sandbox that serves a request."""
    sandbox = request.app.state.sandbox
    assert isinstance(sandbox, Sandbox)
    return sandbox


def entry_of(request: Request) -> Entry:
    """Give the log's line of a request."""
    entry = request.scope["nbnebius.entry"]
    assert isinstance(entry, Entry)
    return entry
