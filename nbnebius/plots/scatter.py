"""The interactive map of vectors: point at a text, lasso a group, go on with a frame of it."""

from __future__ import annotations

from base64 import b64encode
from importlib.util import find_spec
from io import BytesIO
from typing import TYPE_CHECKING, Any

from nbnebius.plots.colours import GREY, PALETTE
from nbnebius.plots.projected import draw_map

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.plots.projected import Projected

HEIGHT = 440  # pixels
TEXT = 400  # characters that show when a point is pointed at
LINES = 6  # of them
ROOM = 0.08  # of the points' extent, on each side
NAMES = 24  # different values of a column up to which they are names with a colour each


def has_scatter() -> bool:
    """Tell whether jupyter-scatter is installed; nothing is imported."""
    return find_spec("jscatter") is not None


class VectorMap:
    """
    A map of vectors in the page; it is drawn on this machine, and nothing is loaded from elsewhere.

    Pointing at a point shows its text. The lasso is one of the buttons at its left; a double click
    into the empty map lets go.

    Parameters
    ----------
    frame
        The rows.
    projected
        Their points.
    color, label
        Columns: what colours the points, and what shows of the one that is pointed at.

    Attributes
    ----------
    scatter
        The map as jupyter-scatter has it: ``jscatter.Scatter``.
    """

    def __init__(
        self, frame: pd.DataFrame, projected: Projected, *, color: str | None, label: str | None
    ) -> None:
        import jscatter

        self._frame = frame
        self._projected = projected
        self._color = color
        rows = frame.iloc[list(projected.places)]
        data = _data(projected, rows, color, label if label is not None else _text_column(rows))
        self._color_name = "color" if color in {"x", "y", "text"} else str(color)
        data = data.rename(columns={"color": self._color_name})
        self.scatter = jscatter.Scatter(
            data=data,
            x="x",
            y="y",
            x_scale=_limits(data["x"]),
            y_scale=_limits(data["y"]),
            height=HEIGHT,
        )
        self.scatter.axes(axes=True, grid=False, labels=list(projected.names))
        self.scatter.size(default=6 if len(data) <= 500 else 4)  # noqa: PLR2004 - by eye
        self._paint(data)
        shown: dict[str, Any] = {"properties": [] if color is None else [self._color_name]}
        if "text" in data:
            shown |= {"preview": "text", "preview_type": "text", "preview_text_lines": LINES}
        self.scatter.tooltip(enable=True, histograms=False, size="large", **shown)
        self.scatter.legend(legend=color is not None)
        self._widget: Any = None

    def _paint(self, data: pd.DataFrame) -> None:
        name, about = self._color_name, {"variable": str(self._color)}
        if self._color is None:
            self.scatter.color(default=PALETTE[0], selected=PALETTE[5])
        elif hasattr(data[name], "cat"):
            names = list(data[name].cat.categories)
            colours = {name: PALETTE[place % len(PALETTE)] for place, name in enumerate(names)}
            if "missing" in colours:
                colours["missing"] = GREY
            self.scatter.color(by=name, map=colours, labeling=about, selected="#000000")
        else:
            self.scatter.color(by=name, map="viridis", labeling=about, selected="#000000")

    @property
    def widget(self) -> Any:
        """The widget, of ipywidgets' kind: to put into a layout, or to observe."""
        if self._widget is None:
            self._widget = self.scatter.show()
        return self._widget

    @property
    def selected(self) -> pd.DataFrame:
        """The rows that are lassoed now, as they stand in the frame; none where none are."""
        places = [self._projected.places[int(point)] for point in self.scatter.selection()]
        return self._frame.iloc[sorted(places)]

    def __repr__(self) -> str:
        points = len(self._projected.places)
        return f"VectorMap({points:,} points, {len(self.selected):,} selected)"

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        """Give the widget, and a picture where no widget can be shown, as in an exported page."""
        bundle = self.widget._repr_mimebundle_()
        data = dict(bundle[0] if isinstance(bundle, tuple) else bundle)
        return data | {"text/plain": repr(self), "image/png": self._picture()}

    def _picture(self) -> str:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(8.0, 4.5), layout="constrained")
        draw_map(figure.subplots(), self._projected, self._frame, self._color)
        held = BytesIO()
        figure.savefig(held, format="png", dpi=72)
        return b64encode(held.getvalue()).decode("ascii")


def _data(
    projected: Projected, rows: pd.DataFrame, color: str | None, label: str | None
) -> pd.DataFrame:
    """Give what the map is told: points, a text each, and what they are coloured by."""
    import pandas as pd

    data = pd.DataFrame({"x": projected.points[:, 0], "y": projected.points[:, 1]})
    if label is not None:
        texts = rows[label].astype("string").fillna("").str.slice(0, TEXT)
        data["text"] = texts.to_numpy(dtype=object)
    if color is not None:
        data["color"] = _colours(rows[color]).array
    return data


def _limits(values: pd.Series[Any]) -> tuple[float, float]:
    """Leave some room around the points."""
    low, high = float(values.min()), float(values.max())
    room = (high - low) * ROOM or 1.0
    return low - room, high + room


def _colours(values: pd.Series[Any]) -> pd.Series[Any]:
    """
    Give numbers as they are, all else as names; beyond some two dozen, the rest as one.

    The map has no colour for a missing number: it takes that of the smallest.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        numbers = values.astype("float64")
        return numbers.fillna(numbers.min())
    names = values.astype("string").fillna("missing").astype(object)
    common = names.value_counts().index[:NAMES]
    return names.where(names.isin(common), "others").astype("category")


def _text_column(rows: pd.DataFrame) -> str | None:
    """Find the first column of texts."""
    import pandas as pd

    for name in rows.columns:
        if not str(name).startswith("neb_"):
            kind = pd.api.types.infer_dtype(rows[name], skipna=True)
            if kind == "string":
                return str(name)
    return None
