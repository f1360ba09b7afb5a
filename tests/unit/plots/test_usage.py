"""The plot of what was spent."""

import matplotlib as mpl
import pandas as pd
import pytest

import nbnebius
from nbnebius import plots
from nbnebius.errors import OptionError

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed():
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


def frame(*rows):
    made = pd.DataFrame(rows, columns=["time", "model", "cost"])
    made["time"] = pd.to_datetime(made["time"], utc=True).astype("datetime64[us, UTC]")
    made["cost"] = made["cost"].astype("float64")
    return made


def test_days_are_stacked_by_model_and_labelled_in_usd():
    axes = plots.usage(
        frame(
            ("2026-11-01 10:00", "a", 1.0),
            ("2026-11-01 23:59", "b", 0.5),
            ("2026-11-03 00:00", "a", 2.0),
            ("2026-11-03 00:00", "free", 0.0),
            ("2026-11-03 00:00", "unknown", None),
        )
    )
    assert axes.get_ylabel() == "cost per day (USD)"
    assert axes.get_xlabel() == "day (UTC), 2026-11-01 to 2026-11-03"
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["a (3 USD)", "b (0.5 USD)"]
    lower, upper = axes.containers
    assert [bar.get_height() for bar in lower] == [1.0, 2.0]
    assert [(bar.get_y(), bar.get_height()) for bar in upper] == [(1.0, 0.5), (2.0, 0.0)]
    assert [bar.get_center()[0] for bar in lower] == [0, 2]


def test_models_are_told_apart_without_colours():
    axes = plots.usage(frame(*((f"2026-11-0{n}", f"m{n}", n) for n in range(1, 8))))
    looks = {(bars[0].get_facecolor(), bars[0].get_hatch()) for bars in axes.containers}
    assert len(looks) == 7
    assert len({bars[0].get_hatch() for bars in axes.containers}) == 7


def test_many_models_are_summed_up_as_others():
    axes = plots.usage(frame(*(("2026-11-01", f"m{n}", n + 1) for n in range(20))))
    assert len(axes.containers) == 8
    assert axes.get_legend().get_texts()[-1].get_text() == "13 others (91 USD)"


@pytest.mark.parametrize("models", [1, 3, 20])
def test_the_legend_stands_above_the_bars(models):
    ax = plots.usage(frame(*(("2026-11-20", f"model-{n}", 1.0 + n) for n in range(models))))
    ax.figure.canvas.draw()
    bars = max(bar.get_window_extent().y1 for bar in ax.patches)
    legend = ax.get_legend().get_window_extent()
    assert bars < legend.y0
    assert legend.y1 < ax.get_window_extent().y1 + 1


def test_nothing_spent_is_said_so():
    axes = plots.usage(frame())
    assert [text.get_text() for text in axes.texts] == ["nothing was spent"]


def test_it_draws_where_it_is_told():
    from matplotlib.figure import Figure

    axes = Figure().add_subplot()
    assert plots.usage(frame(("2026-11-01", "a", 1.0)), ax=axes) is axes


def test_a_frame_of_sums_is_refused():
    with pytest.raises(OptionError, match="without by"):
        plots.usage(pd.DataFrame({"model": ["a"], "cost": [1.0]}))


def test_the_public_namespace_has_every_plot():
    assert set(dir(nbnebius.plot)) == set(plots.__all__)
    for name in plots.__all__:
        assert callable(getattr(nbnebius.plot, name))
    with pytest.raises(AttributeError):
        _ = nbnebius.plot.nothing_here
