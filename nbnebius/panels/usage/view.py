"""What was spent, as widgets."""

from __future__ import annotations

import ipywidgets as widgets

from nbnebius.panels.panel import Panel
from nbnebius.panels.parts import AsCell, Pages, StatusLine, button, change, choice, row
from nbnebius.panels.usage.state import BY, SINCE, UsageState
from nbnebius.rendering.safe import escape, plain
from nbnebius.rendering.table import frame_bundle


class UsagePanel(Panel):
    """Spend by model and day, against the budget."""

    state: UsageState

    def build(self) -> list[widgets.Widget]:
        """Make the widgets, from top to bottom."""
        state = self.state
        self._status = StatusLine(state)
        self._pages = Pages("groups")
        self._budgets = widgets.VBox()
        self._plot = widgets.HTML()
        return [
            row(
                choice("by", BY, state.by, lambda by: state.choose(by=by)),
                choice("since", list(SINCE), state.since, lambda since: state.choose(since=since)),
                button("Refresh", state.read, about="Read the ledger again"),
            ),
            self._budgets,
            self._plot,
            self._pages.box,
            self._status.box,
            AsCell(state.to_cell).box,
        ]

    def paint(self) -> None:
        """Bring the widgets up to date."""
        state = self.state
        self._status.paint()
        if state.busy:
            return
        self._pages.show(state.table)
        texts = [budget.text for budget in state.budgets]
        if texts != [bar.tooltip for bar in self._budgets.children]:
            self._budgets.children = [_bar(b.text, b.share) for b in state.budgets]
        change(self._plot, "value", state.plot)

    def kept(self) -> dict[str, str]:
        """Give the table and the budgets, without widgets."""
        state = self.state
        lines = [*(budget.text for budget in state.budgets), *filter(None, [state.status])]
        table = state.table
        bundle = {"text/html": "", "text/plain": ""} if table is None else frame_bundle(table)
        told = "".join(f"<div>{escape(line)}</div>" for line in lines)
        return {
            "text/html": bundle["text/html"] + told,
            "text/plain": "\n".join([bundle["text/plain"], *map(plain, lines)]).strip(),
        }


def _bar(text: str, share: float) -> widgets.FloatProgress:
    style = "danger" if share >= 1 else "warning" if share >= 0.8 else "info"  # noqa: PLR2004 - four fifths
    made = widgets.FloatProgress(
        value=share, max=1.0, bar_style=style, description=text, tooltip=text
    )
    made.style.description_width = "60%"
    made.layout.width = "100%"
    return made


def open_panel() -> UsagePanel:
    """Open it and read the ledger."""
    made = UsagePanel("usage", UsageState())
    made.state.read()
    return made
