"""The map panel as widgets: the question, its price, and the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from nbnebius.errors import OptionError
from nbnebius.panels.map.browse import Browse
from nbnebius.panels.map.prices import facts
from nbnebius.panels.map.state import MapState
from nbnebius.panels.notebook import value_of
from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import (
    LABEL,
    AsCell,
    Chooser,
    StatusLine,
    button,
    change,
    choice,
    field,
    fold,
    row,
)
from nbnebius.rendering.answer import footer_html
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle
from nbnebius.session.rows import as_frame
from nbnebius.work.map.template import PLACE

if TYPE_CHECKING:
    from nbnebius.results.plan import Plan

CHIPS = 40  # columns that get a button
CHIP_LENGTH = 40
DEFAULT = "the default"
KEPT_ROWS = 20
LONGEST_PROMPT = 600
_PROMPT = (
    "white-space:pre-wrap;overflow-wrap:anywhere;margin:.2em 0;padding-left:.6em;"
    "border-left:3px solid var(--jp-border-color1,#8888)"
)


class MapPanel(Panel):
    """A question for each row of a frame."""

    state: MapState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._browse = Browse(state)
        self._columns: list[str] = []
        self._plan = widgets.HTML()
        self._bar = widgets.FloatProgress(max=1.0, layout=widgets.Layout(width="auto"))
        self._bar.add_class("nbnebius-progress")
        return [
            *self._question_parts(),
            self._run_parts(),
            self._plan,
            self._bar,
            self._status.box,
            self._browse.box,
            AsCell(state.to_cell).box,
        ]

    def _question_parts(self) -> list[widgets.Widget]:
        state, wide = self.state, widgets.Layout(width="auto")
        self._frame = Chooser("frame", lambda name: state.change(frame=name))
        self._frame.offer(self._frames(), state.question.frame)
        self._chips = row()
        self._prompt = widgets.Textarea(
            value=state.question.prompt,
            description="prompt",
            placeholder="What to ask of each row: {column} stands for the row's value",
            tooltip="The question; {column} is the row's value",
            rows=4,
            continuous_update=False,
            style=LABEL,
            layout=wide,
        )
        self._prompt.observe(lambda told: state.change(prompt=told["new"]), "value")
        schema = field(
            "schema",
            state.question.schema,
            lambda text: state.change(schema=text),
            about="The answers' columns; empty: one column of text. Or a variable's name",
            hint="label positive|negative, score float, why: in ten words",
        )
        schema.layout = wide
        self._model = Chooser("model", lambda model: state.change(model=model or None))
        return [
            row(self._frame.widget, button("Look again", self._look, about="List the frames anew")),
            self._chips,
            self._prompt,
            schema,
            self._model.widget,
            fold("More: system prompt, limits, column, batch", *self._more_parts()),
        ]

    def _more_parts(self) -> list[widgets.Widget]:
        state, asked = self.state, self.state.question

        def takes(name: str) -> Any:
            return lambda value: state.change(**{name: value})

        return [
            field("system", asked.system, takes("system"), about="The system prompt, for all rows"),
            field(
                "max tokens",
                asked.max_tokens,
                takes("max_tokens"),
                about="The longest answer, in tokens",
                hint="the model's own",
            ),
            field(
                "budget",
                asked.budget,
                takes("budget"),
                about="USD: a run spends no more; it needs max tokens",
                hint="USD, as 0.50",
            ),
            field(
                "column",
                asked.name,
                takes("name"),
                about="The answers' column, where there is no schema",
            ),
            choice(
                "ask",
                [("online: at once", "online"), ("by batch: half the price", "batch")],
                asked.via,
                takes("via"),
            ),
        ]

    def _run_parts(self) -> widgets.Widget:
        state = self.state
        self._look_ahead = button(
            "Plan and price",
            state.look_ahead,
            about="What a run would do and cost, and three prompts as sent; nothing is sent",
            style="primary",
        )
        self._few = widgets.BoundedIntText(
            value=state.sample,
            min=1,
            max=1_000_000,
            description="sample",
            tooltip="How many rows a try asks about; always the same ones",
            style=LABEL,
            layout=widgets.Layout(width="220px"),
        )
        self._few.observe(lambda told: self._change_sample(told["new"]), "value")
        self._out = field(
            "result in",
            state.out,
            state.rename,
            about="The variable of the result; while a run goes on it holds what is there",
        )
        self._try = button("", state.run_sample, about="Ask about a few rows, online")
        self._all = button("", state.run_all, about="Ask about all rows", style="success")
        self._left = button(
            "", state.run_left, about="Ask again what has no answer; what has one costs nothing"
        )
        return widgets.VBox(
            [row(self._out, self._few), row(self._look_ahead, self._try, self._all, self._left)]
        )

    def _frames(self) -> list[tuple[str, str]]:
        state = self.state
        names = list(dict.fromkeys([*state.frames, *filter(None, [state.question.frame])]))
        found = [(self._frame_label(name), name) for name in names if name != state.out]
        return [("choose a frame", ""), *found]

    @staticmethod
    def _frame_label(name: str) -> str:
        try:
            return f"{name} ({len(value_of(name)):,} rows)"
        except OptionError:
            return name

    def _chip(self, column: str) -> widgets.Button:
        made = button(
            plain(column)[:CHIP_LENGTH],
            lambda: self.state.insert(column),
            about=f"Put {{{plain(column)}}} at the prompt's end",
        )
        # What holds a brace, or what no page can show, cannot stand in a prompt.
        made.disabled = plain(column) != column or not PLACE.fullmatch(f"{{{column}}}")
        return made

    def _look(self) -> None:
        self._frame.offer(self._frames(), self.state.question.frame)
        if not self.state.models:
            self.state.open()
        self.repaint()

    def _change_sample(self, rows: int) -> None:
        self.state.sample = rows
        self.state.changed()

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        self._paint_question()
        offers, busy = state.offers, state.busy
        for made, text, idle in (
            (self._try, offers.sample, "Try a few rows"),
            (self._all, offers.all, "Run all rows"),
            (self._left, offers.left, ""),
        ):
            change(made, "description", text or idle)
            change(made, "disabled", busy or not text)
            change(made.layout, "display", "" if text or idle else "none")
        change(self._look_ahead, "disabled", busy)
        shown = _plan_html(state.plan) if state.plan and state.is_planned else ""
        change(self._plan, "value", shown)
        told = state.progress
        running = busy and told is not None and told.total > 0
        change(self._bar.layout, "display", "" if running else "none")
        if running and told is not None:
            change(self._bar, "value", told.done / told.total)
        self._browse.paint()

    def _paint_question(self) -> None:
        state = self.state
        change(self._prompt, "value", state.question.prompt)
        change(self._out, "value", state.out)
        columns = state.columns
        if columns != self._columns:
            self._columns = columns
            more = [widgets.Label(f"and {len(columns) - CHIPS} more")] if columns[CHIPS:] else []
            self._chips.children = [*map(self._chip, columns[:CHIPS]), *more]
        names = list(dict.fromkeys([*filter(None, [state.question.model]), *state.models]))
        options = [(DEFAULT, ""), *((name, name) for name in names)]
        self._model.offer(options, state.question.model or "")

    def kept(self) -> dict[str, str]:
        """Give the question and the first answers, without widgets."""
        state = self.state
        table = state.results.table("all")
        bundle = {"text/html": "", "text/plain": ""}
        if table is not None:
            bundle = frame_bundle(table, max_rows=KEPT_ROWS)
        prompt = state.question.prompt
        told = f"{state.out}: {state.job.summary}" if state.job else ""
        return {
            "text/html": f'<pre style="{_PROMPT}">{escape(prompt)}</pre>'
            + bundle["text/html"]
            + footer_html(told),
            "text/plain": "\n".join(
                filter(None, [plain(prompt), bundle["text/plain"], plain(told)])
            ),
        }


def _plan_html(plan: Plan) -> str:
    lines = "".join(f'<div style="line-height:1.5">{escape(line)}</div>' for line in facts(plan))
    shown = "".join(
        f'<pre style="{_PROMPT}">{escape(text[:LONGEST_PROMPT])}</pre>' for text in plan.prompts
    )
    title = "A prompt" if len(plan.prompts) == 1 else f"{len(plan.prompts)} prompts"
    return f'{lines}<div style="opacity:.75">{title}, as sent:</div>{shown}'


def open_panel(frame: str = "") -> MapPanel:
    """
    Open it.

    Raises
    ------
    OptionError
        There is no variable of the name `frame`, or it holds no rows.
    """
    if frame:
        as_frame(value_of(frame))
    made = MapPanel("map", MapState(frame))
    made.state.open()
    return made
