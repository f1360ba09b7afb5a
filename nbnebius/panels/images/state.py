"""Pictures, as plain Python."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from nbnebius.catalogs import serves
from nbnebius.commands import IMAGE
from nbnebius.errors import OptionError, Stopped
from nbnebius.events import Note
from nbnebius.panels.images.pictures import Pictures
from nbnebius.panels.images.shown import (
    Shown,
    in_words,
    is_agreed,
    named,
    price_of,
    seed_of,
    spent,
    thumb_of,
)
from nbnebius.panels.images.sweep import MOST, Sweep, read_axis
from nbnebius.panels.typed import read_typed
from nbnebius.rendering.answer import usd
from nbnebius.session import default_session
from nbnebius.types import record
from nbnebius.work.images import AT_ONCE
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from nbnebius.commands.image import ImageOptions
    from nbnebius.results import Gallery
    from nbnebius.session import Caller, Session

SIDE, BYTES = 220, 15_000  # of a preview: pixels, and bytes of the notebook's file
GRID_SIDE, GRID_BYTES = 160, 8_000
DRAWING, LOOKING = "drawing", "looking up the price"


class ImagesState(Pictures):
    """
    A form, what it would cost, a sweep, and, as of `Pictures`, what was drawn so far.

    Attributes
    ----------
    models
        The ids of the models that draw.
    price, sweep_price
        What drawing and sweeping cost, in words; "" where there is nothing to draw.
    sweep
        The last grid; None before there was one.
    """

    def __init__(self) -> None:
        super().__init__()
        self.models: tuple[str, ...] = ()
        self.price = self.sweep_price = ""
        self.sweep: Sweep | None = None
        self._done = ""
        # What the buttons named last, in USD: a click agrees to that, and to no more.
        self._offered: tuple[float | None] | None = None
        self._sweep_offered: tuple[float | None] | None = None
        self.axes: dict[str, str] = dict.fromkeys(("across", "across_at", "down", "down_at"), "")

    def read(self) -> None:
        """Read the list of models."""

        def read(caller: Caller) -> None:
            records = default_session().models(refresh=False, caller=caller)
            self.models = tuple(record.id for record in records if serves(record, "image"))
            if not self.models:
                self.see(Note("the service lists no model that draws pictures"))

        self.begin("reading the list of models", read)

    def write(self, **typed: str | None) -> None:
        """
        Change the form.

        Parameters
        ----------
        typed
            By field, as the flags of ``%image`` take it; ``prompt`` is taken as it is.
        """

        def take() -> None:
            self.price = self.sweep_price = ""
            prompt = typed.pop("prompt", self.asked.prompt) or ""
            self.asked = replace(self.asked, prompt=prompt, **read_typed(IMAGE, typed))
            self._look_ahead()

        self.attempt(take)

    def _look_ahead(self) -> None:
        self.price = self.sweep_price = ""
        with self.lock:
            if self.asked.prompt.strip() and not self.is_drawing:
                self._done = self.status
                self.renew(LOOKING, self._find_prices)

    def _find_prices(self, caller: Caller) -> None:  # noqa: ARG002 - nothing is asked
        session, asked = default_session(), self.asked
        self.status = self._done
        bound = self._bound(session, [asked])
        with self.lock:  # as a click reads it
            self.price, self._offered = price_of(bound, asked.n or 1), (bound,)
        try:
            sweep = self._swept(asked)
        except OptionError:
            return  # half written: it is said when it is to be drawn
        if sweep is not None:
            bound = self._bound(session, (one for _, one in sweep.each()))
            with self.lock:
                self.sweep_price, self._sweep_offered = price_of(bound, sweep.count), (bound,)

    @staticmethod
    def _bound(session: Session, asked: Iterable[ImageOptions]) -> float | None:
        """Check requests, and give the most that they cost together."""
        return total(session.prepare_image(one.prompt, **named(one)).bound for one in asked)

    # Drawing.

    def draw(self) -> None:
        """Draw what the form says, where it costs no more than what was told of it."""
        asked, offered = self.asked, self._offered

        def draw(caller: Caller) -> None:
            # What is wrong is said before anything is bought.
            self._agree(self._bound(default_session(), [asked]), offered, caller)
            self._draw(asked, caller)

        self._buy(DRAWING, draw)

    def _agree(
        self, bound: float | None, offered: tuple[float | None] | None, caller: Caller
    ) -> None:
        if not is_agreed(bound, offered):
            self._find_prices(caller)
            raise OptionError(
                f"Nothing is drawn yet: it costs {usd(bound)}",
                why="the price was not told before the click",
                hint="click again to draw",
            )

    @property
    def is_drawing(self) -> bool:
        """Whether pictures are drawn, or are to be as soon as their price is found."""
        following = self._next[0] if self._next else ""
        return self.doing.startswith(DRAWING) or following.startswith(DRAWING)

    def _buy(self, doing: str, work: Callable[[Caller], None]) -> None:
        """Begin to draw, once: a click waits for the price that is looked up, not for pictures."""

        def then_look(caller: Caller) -> None:
            try:
                work(caller)
            finally:
                if not self.price:  # the form was changed meanwhile
                    self.renew(LOOKING, self._find_prices)

        with self.lock:
            if not self.is_drawing:
                self.renew(doing, then_look)

    def _draw(self, asked: ImageOptions, caller: Caller) -> None:
        first, count = seed_of(asked), asked.n or 1
        self.doing = f"{DRAWING} {in_words(count)}"
        costs: list[float | None] = []
        try:
            for start in range(0, count, AT_ONCE):
                part = replace(asked, seed=first + start, n=min(AT_ONCE, count - start))
                gallery = self._ask(part, caller)
                costs.append(gallery.cost)
        except Stopped:
            self._tell_stopped(f"seed {first}")
            raise
        finally:
            if costs:
                self.status = self._done = spent(total(costs))

    def _ask(self, asked: ImageOptions, caller: Caller) -> Gallery:
        gallery = default_session().image(
            asked.prompt,
            save=asked.save,
            private=asked.private or None,
            caller=caller,
            **named(asked),
        )
        shown = []
        for picture in gallery:
            again = replace(asked, seed=picture.seed, n=None, model=picture.model)
            shown.append(Shown(picture, thumb_of(picture, SIDE, BYTES), again))
        with self.lock:
            self.pictures[:0] = reversed(shown)
            self.chosen = 0
        return gallery

    def _tell_stopped(self, what: str) -> None:
        self.see(Note(f"what had come is kept: draw {what} again to see it, USD 0"))

    # Sweeping.

    def write_axis(self, **typed: str) -> None:
        """Change what is swept: ``across`` and ``down`` name parameters, ``…_at`` their values."""
        self.axes |= typed
        self.attempt(self._look_ahead)

    def _swept(self, asked: ImageOptions) -> Sweep | None:
        axes = self.axes
        if not axes["across"] and not axes["down"]:
            return None
        if axes["across"] == axes["down"]:
            raise OptionError(
                f"{axes['across']} stands in both directions", hint="choose two parameters, or one"
            )
        across = read_axis(axes["across"], axes["across_at"])
        sweep = Sweep(asked, across, read_axis(axes["down"], axes["down_at"]))
        if sweep.count > MOST:
            raise OptionError(f"That grid has {sweep.count:,} pictures", why=f"it can have {MOST}")
        return sweep

    def draw_sweep(self) -> None:
        """Draw the grid, a picture for each pair of values; all from one seed."""
        offered = self._sweep_offered

        def start() -> None:
            sweep = self._swept(self.asked)
            if sweep is None:
                raise OptionError("Nothing is swept", hint="choose a parameter and its values")
            self._buy(
                f"{DRAWING} {in_words(sweep.count)}",
                lambda caller: self._draw_sweep(sweep, offered, caller),
            )

        self.attempt(start)

    def _draw_sweep(
        self, sweep: Sweep, offered: tuple[float | None] | None, caller: Caller
    ) -> None:
        sweep = replace(sweep, asked=replace(sweep.asked, seed=seed_of(sweep.asked)))
        bound = self._bound(default_session(), (one for _, one in sweep.each()))
        self._agree(bound, offered, caller)
        self.sweep = sweep
        costs: list[float | None] = []
        # Each request tells of its one picture: the count here is that of the grid.
        quiet = record.replace(
            caller, see=lambda event: self.see(event) if isinstance(event, Note) else None
        )
        try:
            for place, asked in sweep.each():
                gallery = self._ask(asked, quiet)
                costs.append(gallery.cost)
                with self.lock:
                    sweep.cells[place] = thumb_of(gallery.only, GRID_SIDE, GRID_BYTES)
                self.status = f"{len(costs)} of {in_words(sweep.count)}"
                self.changed()
        except Stopped:
            self._tell_stopped(f"it with seed {sweep.asked.seed}")
            raise
        finally:
            if costs:
                self.status = self._done = spent(total(costs))

    # Back to code.

    def to_cell(self) -> str:
        """Write the cell that draws what the form says."""
        return IMAGE.to_cell(self.asked)

    def sweep_to_cell(self) -> str:
        """Write the cell that draws the grid."""
        sweep = self._swept(self.asked)
        if sweep is None:
            raise OptionError("Nothing is swept", hint="choose a parameter and its values")
        return sweep.to_cell(named(self.asked))
