"""The plots of models and of comparisons, and the interactive map where its package is missing."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from nbnebius import errors, plot
from nbnebius.plots import point_map
from nbnebius.plots.reading import small

mpl.use("Agg")


@pytest.fixture(autouse=True)
def _closed():
    from matplotlib import pyplot as plt

    yield
    plt.close("all")


def catalog(*rows):
    frame = pd.DataFrame(rows, columns=["id", "type", "context", "price_in", "price_out"])
    return frame.astype({"context": "Int64", "price_in": "float64", "price_out": "float64"})


MODELS = catalog(
    ("a/big", "chat", 131_072, 1.0, 3.0),
    ("a/small", "chat", 8_192, 0.02, 0.06),
    ("b/sees", "vision", 32_768, 0.1, 0.4),
    ("b/same", "vision", 32_768, 0.1, 0.4),
    ("c/free", "chat", 32_768, 0.0, 0.0),
    ("c/untold", "chat", None, 1.0, 1.0),
    ("d/embeds", "embedding", 8_192, 0.01, None),
)


def points_of(ax):
    return sorted(tuple(p) for c in ax.collections for p in np.asarray(c.get_offsets()).tolist())


def texts_of(ax):
    return [t.get_text() for t in ax.texts]


def test_models_stand_at_their_context_and_price_each_with_its_name():
    ax = plot.models(MODELS)
    assert points_of(ax) == [
        (8192, 0.06), (32768, 0.4), (32768, 0.4), (131072, 3.0),
    ]  # fmt: skip
    assert texts_of(ax) == ["big", "sees and 1 more", "small"]
    assert ax.get_ylabel() == "USD per million output tokens"
    assert ax.get_xlabel() == "context (tokens)"
    assert ax.get_title(loc="left").startswith("4 of 7 models")
    assert [t.get_text() for t in ax.get_legend().get_texts()] == ["chat", "vision"]
    ax.figure.draw_without_rendering()
    ticks = [t.get_text() for t in ax.get_xticklabels()]
    assert {"8k", "128k"} <= set(ticks)


def test_another_price_and_other_axes():
    from matplotlib import pyplot as plt

    mine = plt.figure().subplots()
    ax = plot.models(MODELS, price="price_in", ax=mine)
    assert ax is mine
    assert ax.get_ylabel() == "USD per million input tokens"
    assert len(points_of(ax)) == 5
    only = plot.models(
        MODELS[MODELS["type"] == "embedding"].assign(price_out=None), price="price_in"
    )
    assert texts_of(only) == ["embeds"]


@pytest.mark.parametrize(
    ("frame", "more", "told"),
    [
        (MODELS, {"price": "dear"}, "The frame has no column 'dear'"),
        (MODELS, {"price": "context"}, "price cannot be 'context'"),
        (MODELS.iloc[5:], {}, "No model here has price_out and a context"),
        (MODELS.drop(columns="context"), {}, "The frame has no column 'context'"),
        ("models", {}, "A str is no frame"),
    ],
)
def test_what_cannot_be_drawn_of_models(frame, more, told):
    with pytest.raises(errors.OptionError, match=told):
        plot.models(frame, **more)


def compared(count=3):
    return pd.DataFrame(
        {
            "model": [f"owner/model-{n}" for n in range(count)],
            "first_token_seconds": [0.2, None, 0.4, *[0.1] * (count - 3)],
            "tokens_per_second": [50.0, 70.0, 2000.0, *[1.0] * (count - 3)],
            "answer_cost": [0.00002, 0.0015, None, *[0.1] * (count - 3)],
        }
    )


def test_a_comparison_has_a_panel_for_each_figure_and_a_bar_for_each_model():
    ax = plot.compare(compared())
    panels = ax.child_axes
    assert [p.get_title(loc="left") for p in panels] == [
        "first token (s)", "tokens per second", "cost (USD)",
    ]  # fmt: skip
    assert [t.get_text() for t in panels[0].get_yticklabels()] == ["model-0", "model-1", "model-2"]
    assert [bar.get_width() for bar in panels[1].patches] == [50, 70, 2000]
    assert [texts_of(p) for p in panels] == [
        ["0.2", "unknown", "0.4"],
        ["50", "70", "2,000"],
        ["0.00002", "0.0015", "unknown"],
    ]
    # The first model stands on top.
    low, high = panels[0].get_ylim()
    assert low > high


@pytest.mark.parametrize("count", [3, 30])
def test_no_text_of_a_comparison_leaves_the_figure(count):
    frame = compared(count).assign(model=["owner/" + "long-" * 12] * count)
    ax = plot.compare(frame)
    ax.set_title("A title")
    figure = ax.figure
    figure.draw_without_rendering()
    whole = figure.bbox
    for panel in ax.child_axes:
        for text in [*panel.texts, *panel.get_yticklabels(), panel.title]:
            box = text.get_window_extent()
            assert box.x0 >= whole.x0 - 1
            assert box.x1 <= whole.x1 + 1


def test_what_is_no_comparison():
    with pytest.raises(errors.OptionError, match="no column 'first_token_seconds'"):
        plot.compare(pd.DataFrame({"model": ["a"]}))
    with pytest.raises(errors.OptionError, match="0 rows cannot be drawn"):
        plot.compare(compared().iloc[:0])
    with pytest.raises(errors.OptionError, match="31 rows cannot be drawn"):
        plot.compare(compared(31))


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.0000189, 2, "0.000019"), (1234.5, 4, "1,234"), (0, 2, "0"), (3.0, 4, "3"), (91, 4, "91")],
)
def test_numbers_are_written_without_an_exponent(value, digits, text):
    assert small(value, digits) == text


def vectors():
    block = np.random.default_rng(0).normal(size=(12, 6)).astype(np.float32)
    held = np.empty(12, dtype=object)
    held[:] = list(block)
    return pd.DataFrame({"text": [f"text {n}" for n in range(12)], "embedding": held})


def test_without_its_package_the_interactive_map_is_the_plain_one_and_says_so(monkeypatch):
    monkeypatch.setattr(point_map, "has_scatter", lambda: False)
    with pytest.warns(UserWarning, match=r"nbnebius\[maps\]"):
        ax = plot.vectors(vectors(), label="text", interactive=True)
    assert len(points_of(ax)) == 12
    with pytest.raises(errors.OptionError, match="stands in no axes"):
        plot.vectors(vectors(), interactive=True, ax=ax)
