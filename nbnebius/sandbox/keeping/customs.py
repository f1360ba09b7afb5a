"""Custom models as they are kept."""

import time

import msgspec

from nbnebius.sandbox.keeping.store import Store


class Custom(msgspec.Struct, frozen=True):
    """
    One custom model.

    Parameters
    ----------
    name, short
        Its two names: with the model that it changes, and without.
    base_model, source, description, project
        What was asked for.
    base
        The model of the catalog that answers in its place.
    flaw
        Why it will not become active; None when it will.
    ready_at
        When its validation ends.
    """

    name: str
    short: str
    base_model: str
    base: str
    source: str
    description: str | None
    project: str | None
    flaw: str | None
    ready_at: float
    created_at: int = msgspec.field(default_factory=lambda: int(time.time()))

    def status(self, now: float) -> str:
        """Tell how it stands."""
        if now < self.ready_at:
            return "validating"
        return "active" if self.flaw is None else "error"


class CustomBook:
    """All custom models."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, custom: Custom) -> None:
        """Write down a new one."""
        self._store.execute(
            "INSERT INTO custom_models (name, short, record, deleted) VALUES (?, ?, ?, 0)",
            (custom.name, custom.short, msgspec.json.encode(custom).decode()),
        )

    def find(self, name: str) -> Custom | None:
        """Give one by either of its names."""
        rows = self._store.query(
            "SELECT record FROM custom_models WHERE ? IN (name, short) AND deleted = 0", (name,)
        )
        return msgspec.json.decode(rows[0][0], type=Custom) if rows else None

    def listing(self) -> list[Custom]:
        """List them, oldest first."""
        rows = self._store.query(
            "SELECT record FROM custom_models WHERE deleted = 0 ORDER BY number"
        )
        return [msgspec.json.decode(record, type=Custom) for (record,) in rows]

    def remove(self, custom: Custom) -> None:
        """Delete one; its name is never given again."""
        self._store.execute("UPDATE custom_models SET deleted = 1 WHERE name = ?", (custom.name,))
