"""The catalogs of models, as plain Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbnebius.commands import MODELS
from nbnebius.commands.models import ModelsOptions
from nbnebius.errors import OptionError
from nbnebius.events import Note
from nbnebius.frames.models import filter_models, model_frame
from nbnebius.panels.models.columns import (
    DETAILS,
    IMAGE_PRICE,
    MOST,
    NEIGHBOURS,
    SHOWN,
    WORK,
    told,
)
from nbnebius.panels.pictures import plot_html
from nbnebius.panels.state import State
from nbnebius.panels.typed import read_typed
from nbnebius.plots import models as draw_models
from nbnebius.session import default_session
from nbnebius.settings import MODEL_SETTINGS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.errors import NebiusError
    from nbnebius.session import Caller

Key = tuple[str, str]
"""A model's catalog and id."""


class ModelsState(State):
    """
    A catalog, what is asked of it, and the models that were chosen.

    Attributes
    ----------
    asked
        The filters, as ``%models`` takes them.
    catalog
        Every model of the catalog, as `nbnebius.models` gives them; None until it was read.
    shown
        Those that pass the filters, sorted.
    plot
        Price against context of those, as HTML; "" where none has both.
    chosen
        Those to be compared, by catalog and id; the first one's id can be copied, and be the
        default.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = ModelsOptions()
        self.catalog: pd.DataFrame | None = None
        self.shown: pd.DataFrame | None = None
        self.plot = ""
        self.chosen: tuple[Key, ...] = ()
        self._stale = True

    @property
    def sources(self) -> list[str]:
        """The catalogs that can be asked here."""
        return ["nebius", "nebius_custom", *default_session().neighbours(), "all"]

    def read(self) -> None:
        """Read the catalog anew."""
        self._stale = True
        self.renew("reading the catalog", self._look)

    def choose_source(self, source: str) -> None:
        """Take another catalog, and read it."""
        self.asked = replace(self.asked, source=None if source == "nebius" else source)
        self.catalog = self.shown = None
        self.plot, self.chosen = "", ()
        self.read()

    def narrow(self, **typed: str | None) -> None:
        """
        Change filters, or the order.

        Parameters
        ----------
        typed
            ``search``, ``type``, ``max_price`` (USD per million tokens out), ``context`` (tokens)
            or ``sort``, as their flags take them; "" and None take a filter away.
        """

        def take() -> None:
            values = read_typed(MODELS, typed)
            self.asked = replace(self.asked, **values)
            self.renew("sorting", self._look)

        self.attempt(take)

    def _look(self, caller: Caller) -> None:
        if self._stale:
            self._stale = False
            self._read(caller)
        if self.catalog is not None:
            self._show()

    def _read(self, caller: Caller) -> None:
        session = default_session()
        source = self.asked.source or "nebius"
        if source == "all":
            records = session.models_of_all(failed=self._tell_failed, caller=caller)
        else:
            records = session.models_of(source, caller=caller)
        self.catalog = model_frame(records)

    def _tell_failed(self, source: str, error: NebiusError) -> None:
        self.see(Note(f"{source}: {error.what}"))

    def _show(self) -> None:
        asked, catalog = self.asked, self.catalog
        assert catalog is not None
        shown = filter_models(
            catalog,
            search=asked.search or "",
            type=asked.type,
            sort=asked.sort,
            max_price=asked.max_price,
            context=asked.context,
        )
        try:
            plot = plot_html(
                lambda ax: draw_models(shown, ax=ax), about="price against context of each model"
            )
        except OptionError:  # none of them tells both
            plot = ""
        keys = set(self._keys(shown))
        with self.lock:
            self.shown, self.plot = shown, plot
            self.chosen = tuple(key for key in self.chosen if key in keys)
        of = "" if len(shown) == len(catalog) else f" of {len(catalog):,}"
        self.status = f"{len(shown):,}{of} models · prices in USD per million tokens"

    @property
    def table(self) -> pd.DataFrame | None:
        """The columns that people read of the models that pass the filters."""
        shown = self.shown
        if shown is None:
            return None
        names = list(SHOWN)
        if len(shown["source"].unique()) > 1:
            names.insert(1, "source")
        if shown[IMAGE_PRICE].notna().any():
            names.append(IMAGE_PRICE)
        return shown[names]

    @property
    def keys(self) -> list[Key]:
        """The models that pass the filters, by catalog and id."""
        return [] if self.shown is None else self._keys(self.shown)

    @staticmethod
    def _keys(frame: pd.DataFrame) -> list[Key]:
        return list(zip(frame["source"].astype(str), frame["id"].astype(str), strict=True))

    # The chosen ones.

    def choose(self, keys: Sequence[Key]) -> None:
        """Choose models to be read side by side; of more than a few, the first are taken."""
        self.chosen = tuple(dict.fromkeys(keys))[:MOST]
        if not self.busy:
            more = len(keys) > MOST
            self.status = f"the first {MOST} of {len(keys):,} are compared" if more else ""
        self.changed()

    @property
    def details(self) -> pd.DataFrame | None:
        """What is known of the chosen models, a column each; what no one of them tells is left."""
        import pandas as pd

        if self.catalog is None or not self.chosen:
            return None
        rows = dict(zip(self._keys(self.catalog), range(len(self.catalog)), strict=True))
        columns = [
            [told(self.catalog.iloc[rows[key]][name]) for name in DETAILS] for key in self.chosen
        ]
        frame = pd.DataFrame(dict(enumerate(columns)), index=list(DETAILS.values()), dtype=object)
        frame.columns = pd.Index([model for _, model in self.chosen], dtype=object)
        return frame[(frame != "").any(axis=1)]

    @property
    def id(self) -> str:
        """The id of the first chosen model; "" while none is."""
        return self.chosen[0][1] if self.chosen else ""

    @property
    def defaults(self) -> str:
        """The default models in force, in a line."""
        session = default_session()
        found = {
            work: session.config.get(setting) or session.chosen_model(work)
            for work, setting in MODEL_SETTINGS.items()
        }
        lines = [f"{work}: {model}" for work, model in found.items() if model]
        return "Defaults: " + " · ".join(lines) if lines else "No default is chosen yet"

    def make_default(self, *, keep: bool) -> None:
        """
        Make the chosen model the default of what it does.

        Parameters
        ----------
        keep
            For later sessions too.
        """
        self.attempt(lambda: self._make_default(keep=keep))

    def _make_default(self, *, keep: bool) -> None:
        if len(self.chosen) != 1:
            raise OptionError(
                "Which model should be the default?", hint="choose a single one in the list"
            )
        (key,) = self.chosen
        source, model = key
        if source in NEIGHBOURS:
            raise OptionError(
                f"{model} cannot be the default",
                why=f"it is {source}'s, and this session asks another service",
                hint="neb.connect(base_url=...) goes to that service",
            )
        assert self.catalog is not None
        kind = str(self.catalog["type"].iloc[self._keys(self.catalog).index(key)])
        if kind not in WORK:
            raise OptionError(
                f"{model} cannot be the default",
                why=f"its type is {kind}: there are defaults for {', '.join(MODEL_SETTINGS)}",
            )
        setting = MODEL_SETTINGS[WORK[kind]]
        config = default_session().config
        config.set(setting, model, keep=keep)
        later = ", and later ones" if keep else ""
        if keep and config.in_project(setting):
            later = "; in later ones pyproject.toml comes first"
        self.status = f"{setting}: {model}, for this session{later}"

    def to_cell(self) -> str:
        """Write the cell that gives the same frame."""
        return MODELS.to_cell(self.asked)
