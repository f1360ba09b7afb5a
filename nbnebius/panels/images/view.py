"""Pictures, as widgets."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.panels.images.state import ImagesState
from nbnebius.panels.images.sweep import SWEPT
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    LABEL,
    AsCell,
    Chooser,
    StatusLine,
    button,
    change,
    field,
    fold,
    row,
)
from nbnebius.rendering.image_grid import image_grid_bundle
from nbnebius.rendering.images import gallery_bundle
from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.panels.images.shown import Shown
    from nbnebius.panels.images.sweep import Sweep

PAGE = 9  # pictures on a page: three beside each other
NARROW = widgets.Layout(width="330px")
NUMBERS = (
    ("width", "pixels, 64 to 2048"),
    ("height", "pixels, 64 to 2048"),
    ("steps", "1 to 80"),
    ("guidance", "how closely to follow the words, 0 to 100"),
    ("seed", "one of its own each time"),
    ("n", "how many, seeds one apart"),
)
WORDS = 60  # characters of a prompt in the list of pictures
DEFAULT = "the default"


class ImagesPanel(Panel):
    """Pictures drawn, varied and swept over."""

    state: ImagesState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._loading: int | None = None
        self._draw = button("Draw", state.draw, about="Draw what the form says", style="primary")
        return [
            *self._form(),
            row(self._draw),
            self._status.box,
            *self._gallery_parts(),
            self._sweep_parts(),
            AsCell(state.to_cell).box,
        ]

    def _takes(self, name: str) -> Any:
        def take(text: str) -> None:
            # The user may type on another thread meanwhile.
            if self._loading != threading.get_ident():
                self.state.write(**{name: text})

        return take

    def _form(self) -> list[widgets.Widget]:
        state = self.state
        self._prompt = widgets.Textarea(
            description="prompt",
            placeholder="An elephant in a desert",
            tooltip="What to draw",
            rows=3,
            continuous_update=False,
            style=LABEL,
            layout=widgets.Layout(width="auto"),
        )
        take = self._takes("prompt")
        self._prompt.observe(lambda told: take(told["new"]), "value")
        self._model = Chooser("model", lambda model: state.write(model=model))
        self._model.widget.layout.width = "auto"
        self._fields = {
            name: field(name, "", self._takes(name), about=hint, hint=hint)
            for name, hint in NUMBERS
        }
        for made in self._fields.values():
            made.layout = NARROW
        self._fields["negative"] = field(
            "negative", "", self._takes("negative"), about="What should not be there"
        )
        self._fields["save"] = field(
            "folder",
            "",
            self._takes("save"),
            about="Where full size is saved",
            hint="nebius_images",
        )
        for name in ("negative", "save"):
            self._fields[name].layout = widgets.Layout(width="auto")
        numbers = [self._fields[name] for name, _ in NUMBERS]
        return [
            self._prompt,
            self._model.widget,
            row(*numbers),
            self._fields["negative"],
            self._fields["save"],
        ]

    def _gallery_parts(self) -> list[widgets.Widget]:
        state = self.state
        self._gallery = widgets.HTML()
        self._page = 0
        self._painted: tuple[Any, ...] = ()
        self._picture = Chooser("picture", state.look)
        self._picture.widget.layout.width = "auto"
        self._about = widgets.HTML()
        self._back = button("Back", lambda: self._turn(-1), about="the pictures before")
        self._where = widgets.Label()
        self._on = button("Next", lambda: self._turn(1), about="the next pictures")
        self._turner = row(self._back, self._where, self._on)
        self._varying = row(
            button(
                "Use its settings",
                state.use_settings,
                about="Put them into the form, its seed too: then change the words",
            ),
            button(
                "Next seeds",
                state.next_seeds,
                about="Put its settings into the form, with the seeds that follow",
            ),
        )
        return [self._gallery, self._turner, self._picture.widget, self._about, self._varying]

    def _sweep_parts(self) -> widgets.Widget:
        state = self.state
        self._grid = widgets.HTML()
        self._sweep = button(
            "Draw the grid", state.draw_sweep, about="Draw a picture for each pair"
        )
        parts = []
        for way in ("across", "down"):
            chosen = Chooser(way, lambda name, way=way: state.write_axis(**{way: name}))  # type: ignore[misc]
            chosen.offer([("nothing", ""), *((name, name) for name in SWEPT)], "")
            values = field(
                "values",
                "",
                lambda text, way=way: state.write_axis(**{f"{way}_at": text}),  # type: ignore[misc]
                about=f"The values {way}, with commas between them",
                hint="4, 8, 16",
            )
            parts.append(row(chosen.widget, values))
        cell = AsCell(state.sweep_to_cell)
        return fold("Sweep over two parameters", *parts, row(self._sweep), self._grid, cell.box)

    def _turn(self, by: int) -> None:
        self._page += by
        self.repaint()

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        self._fill_form()
        change(self._draw, "description", f"Draw {state.price}".strip())
        change(self._sweep, "description", f"Draw the grid: {state.sweep_price}".strip(": "))
        self._paint_gallery()
        sweep = state.sweep
        if sweep is not None:
            change(self._grid, "value", _grid(sweep)["text/html"])

    def _fill_form(self) -> None:
        asked = self.state.asked
        self._loading = threading.get_ident()
        try:
            change(self._prompt, "value", asked.prompt)
            ids = dict.fromkeys([*self.state.models, *filter(None, [asked.model])])
            self._model.offer([(DEFAULT, ""), *((one, one) for one in ids)], asked.model or "")
            if not self.state.error:  # what cannot be read stays, to be mended
                for name, made in self._fields.items():
                    value = getattr(asked, name)
                    if not (value is not None and _same(made.value, value)):
                        change(made, "value", "" if value is None else str(value))
        finally:
            self._loading = None

    def _paint_gallery(self) -> None:
        pictures = self.state.pictures
        pages = max(1, -(-len(pictures) // PAGE))
        self._page = min(max(0, self._page), pages - 1)
        first = self._page * PAGE
        there = "" if pictures else "none"
        for made in (self._picture.widget, self._varying, self._about):
            change(made.layout, "display", there)
        change(self._turner.layout, "display", "" if pages > 1 else "none")
        change(self._back, "disabled", self._page == 0)
        change(self._on, "disabled", self._page == pages - 1)
        last = min(first + PAGE, len(pictures))
        change(self._where, "value", f"{first + 1:,} to {last:,} of {len(pictures):,} pictures")
        part = pictures[first:last]
        if tuple(map(id, part)) != self._painted:
            self._painted = tuple(map(id, part))
            self._gallery.value = _gallery(part)["text/html"]
        if pictures:
            labels = [(_title(shown), place) for place, shown in enumerate(pictures)]
            self._picture.offer(labels, self.state.chosen)
            shown = self.state.picture
            assert shown is not None
            change(self._about, "value", f"<div>{escape(_settings(shown))}</div>")

    def kept(self) -> dict[str, str]:
        """Give the grid and the newest pictures, without widgets."""
        state = self.state
        newest = state.pictures[:PAGE]
        bundles = []
        if state.sweep is not None and state.sweep.cells:
            bundles.append(_grid(state.sweep))
            newest = [] if len(state.pictures) <= state.sweep.count else newest
        if newest:
            bundles.append(_gallery(newest))
        told = f"<div>{escape(state.status)}</div>"
        texts = [*(bundle["text/plain"] for bundle in bundles), plain(state.status)]
        return {
            "text/html": "".join(bundle["text/html"] for bundle in bundles) + told,
            "text/plain": "\n".join(filter(None, texts)),
        }


def _same(typed: str, value: Any) -> bool:
    """Tell whether a text says a value already, in whatever way it is written."""
    try:
        return typed.strip() == str(value) or float(typed) == float(value)
    except (TypeError, ValueError):
        return False


def _gallery(pictures: Sequence[Shown]) -> dict[str, str]:
    """Show pictures side by side; a path below each would leave room for one of them."""
    thumbs = [shown.thumb for shown in pictures]
    html = gallery_bundle([replace(thumb, path="") for thumb in thumbs])["text/html"]
    return {"text/html": html, "text/plain": gallery_bundle(thumbs)["text/plain"]}


def _grid(sweep: Sweep) -> dict[str, str]:
    return image_grid_bundle(sweep.down.labels, sweep.across.labels, sweep.cells)


def _title(shown: Shown) -> str:
    words = " ".join(shown.asked.prompt.split())
    short = words if len(words) <= WORDS else words[: WORDS - 1] + "…"
    return f"seed {shown.picture.seed} · {short}"


def _settings(shown: Shown) -> str:
    asked = shown.asked
    told = [asked.model or ""]
    told += [
        f"{name} {getattr(asked, name)}"
        for name in ("width", "height", "steps", "guidance", "negative")
        if getattr(asked, name) is not None
    ]
    return " · ".join(filter(None, [*told, str(shown.picture.path or "")]))


def open_panel() -> ImagesPanel:
    """Open it and read the list of models."""
    made = ImagesPanel("images", ImagesState())
    made.state.read()
    return made
