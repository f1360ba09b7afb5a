"""A plot as a picture in a panel, drawn on whatever thread the panel works on."""

from __future__ import annotations

import base64
import io
import threading
from typing import TYPE_CHECKING

from nbnebius.rendering.safe import escape

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes

INCHES = 7.0, 3.2
DOTS = 100  # per inch: 700 pixels wide

# matplotlib is not made for several threads at once, and each panel has one of its own.
_DRAWING = threading.Lock()
DARK = "nbnebius-plot"
"""The class of what is drawn on white, and is to be dark in a dark theme."""

_DARK_PLOTS = ", ".join(
    f"{theme} .{DARK}"
    for theme in ('[data-jp-theme-light="false"]', ".vscode-dark", 'html[theme="dark"]')
)
# Black and white change places, and the colours stay what they are.
DARK_STYLE = f"<style>{_DARK_PLOTS}{{filter:invert(.93) hue-rotate(180deg)}}</style>"


def plot_html(
    draw: Callable[[Axes], object], *, about: str, inches: tuple[float, float] = INCHES
) -> str:
    """
    Draw a plot into an ``<img>``.

    Parameters
    ----------
    draw
        Draws into the Axes it is given.
    about
        What is to be seen, for who cannot see it.
    inches
        Its width and height, of 100 pixels each.
    """
    from matplotlib.figure import Figure

    file = io.BytesIO()
    with _DRAWING:
        # Not pyplot: that one belongs to the main thread.
        figure = Figure(figsize=inches, dpi=DOTS, layout="constrained", facecolor="white")
        draw(figure.add_subplot())
        figure.savefig(file, format="png")
    data = base64.b64encode(file.getvalue()).decode("ascii")
    return (
        f'{DARK_STYLE}<img class="{DARK}" alt="{escape(about)}" style="max-width:100%" '
        f'src="data:image/png;base64,{data}">'
    )
