"""Which model is asked: the catalog, a search that narrows it, and the price of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.catalogs import serves
from nbnebius.errors import OptionError
from nbnebius.rendering.answer import usd

if TYPE_CHECKING:
    from nbnebius.catalogs import Work
    from nbnebius.session import Session
    from nbnebius.types.model import ModelRecord


class ModelChoice:
    """
    The models of one kind of work, and the chosen one.

    Attributes
    ----------
    records
        The models of the service that do this work; empty until they were read, and where the
        service has no list.
    search
        Words that narrow the list.
    model
        The id of the chosen one, "" while none is known.
    """

    def __init__(self, kind: Work) -> None:
        self.kind: Work = kind
        self.records: tuple[ModelRecord, ...] = ()
        self.search = ""
        self.model = ""

    def read(self, session: Session) -> None:
        """Read the catalog; without a choice so far, the model that is asked anyway is chosen."""
        self.records = tuple(r for r in session.models(refresh=False) if serves(r, self.kind))
        if not self.model:
            try:
                self.model = session.usual_model(self.kind)
            except OptionError:
                # A service without a list is asked for a model by name.
                if self.records:
                    raise

    def narrow(self, text: str) -> None:
        """Narrow the list; where there is none, the text is the model's id."""
        self.search = text.strip()
        if not self.records and self.search:
            self.model = self.search

    @property
    def ids(self) -> list[str]:
        """The ids in which every word of the search stands, below the chosen one."""
        words = self.search.lower().split()
        found = sorted(r.id for r in self.records if all(word in r.id.lower() for word in words))
        others = [one for one in found if one != self.model]
        return [self.model, *others] if self.model else others

    @property
    def found(self) -> int:
        """How many models the search finds."""
        words = self.search.lower().split()
        return sum(all(word in r.id.lower() for word in words) for r in self.records)

    @property
    def about(self) -> str:
        """What the chosen model costs and takes, in a line."""
        record = next((r for r in self.records if r.id == self.model), None)
        if record is None:
            return "price unknown" if self.model else ""
        price = "price unknown"
        if record.price_in is not None and record.price_out is not None:
            price = f"{usd(record.price_in)} in, {usd(record.price_out)} out per million tokens"
        pieces = [price]
        if record.context:
            pieces.append(f"{record.context:,} tokens of context")
        if record.type == "vision":
            pieces.append("sees pictures")
        return " · ".join(pieces)
