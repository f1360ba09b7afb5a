"""Plots show what the frame holds, the same each time, and say what they leave out."""

import sys

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

from nbnebius import errors, plot
from nbnebius.plots.projection import principal


@pytest.fixture(autouse=True)
def figures():
    """Draw to memory, and leave no figure behind."""
    mpl.use("agg")
    yield
    from matplotlib import pyplot as plt

    plt.close("all")


def frame_of(count=60, dims=16, **columns):
    rng = np.random.default_rng(7)
    centres = rng.normal(size=(3, dims)) * 4
    group = np.arange(count) % 3
    block = (centres[group] + rng.normal(size=(count, dims))).astype(np.float32)
    vectors = np.empty(count, dtype=object)
    vectors[:] = list(block)
    topic = pd.Series(np.array(["sea", "wood", "_field"])[group])
    return pd.DataFrame({"topic": topic, "size": np.arange(count) * 1.5, **columns}).assign(
        embedding=vectors
    )


def points_of(ax):
    return np.concatenate([np.asarray(c.get_offsets()) for c in ax.collections])


@pytest.mark.parametrize(("count", "dims"), [(60, 16), (10, 300), (3, 2), (5, 1)])
def test_the_map_is_the_principal_components_by_svd(count, dims):
    rng = np.random.default_rng(0)
    block = rng.normal(size=(count, dims)).astype(np.float32)
    points, explained = principal(block)
    centred = block.astype(float) - block.astype(float).mean(axis=0)
    left, values, _ = np.linalg.svd(centred, full_matrices=False)
    shown = min(2, len(values))
    expected = np.abs(left * values)[:, :shown]
    np.testing.assert_allclose(np.abs(points)[:, :shown], expected, atol=1e-4)
    parts = (values**2 / (values**2).sum())[:shown]
    np.testing.assert_allclose(explained[:shown], parts, atol=1e-6)
    np.testing.assert_array_equal(principal(block)[0], points)


def test_a_turned_sign_of_all_vectors_does_not_turn_the_axes_at_random():
    block = np.random.default_rng(3).normal(size=(40, 8)).astype(np.float32)
    np.testing.assert_allclose(principal(-block)[0], -principal(block)[0], atol=1e-4)


def test_equal_vectors_are_one_point_and_explain_nothing():
    points, explained = principal(np.ones((5, 4), np.float32))
    np.testing.assert_allclose(points, 0, atol=1e-6)
    assert explained == (0.0, 0.0)


def test_names_get_a_legend_outside_and_every_row_a_point():
    ax = plot.vectors(frame_of(), color="topic")
    assert len(points_of(ax)) == 60
    legend = ax.get_legend()
    assert sorted(t.get_text().strip() for t in legend.get_texts()) == ["_field", "sea", "wood"]
    ax.figure.draw_without_rendering()
    assert legend.get_window_extent().x0 >= ax.get_window_extent().x1
    assert "% of the variance" in ax.get_xlabel()
    assert len({tuple(c.get_facecolor()[0]) for c in ax.collections}) == 3


def test_numbers_get_a_colour_bar_and_missing_ones_are_grey():
    frame = frame_of()
    frame.loc[3, "size"] = np.nan
    ax = plot.vectors(frame, color="size")
    assert ax.get_legend() is None
    assert len(ax.figure.axes) == 2
    assert len(points_of(ax)) == 60


def test_many_names_are_told_apart_by_shape_and_the_rest_is_counted():
    ax = plot.vectors(frame_of(name=[f"n{i % 40}" for i in range(60)]), color="name")
    labels = [t.get_text() for t in ax.get_legend().get_texts()]
    assert len(labels) == 24
    assert labels[-1] == "17 others"
    assert len(points_of(ax)) == 60


def test_categories_keep_their_order():
    order = ["wood", "sea", "_field"]
    frame = frame_of()
    frame["topic"] = pd.Categorical(frame["topic"], order)
    ax = plot.vectors(frame, color="topic")
    assert [t.get_text().strip() for t in ax.get_legend().get_texts()] == order


def test_rows_without_a_vector_are_left_out():
    frame = frame_of()
    frame["embedding"] = frame["embedding"].where(frame.index != 4, np.nan)
    assert len(points_of(plot.vectors(frame))) == 59
    assert len(plot.similarity(frame.head(10)).get_xticks()) == 9


def test_of_a_big_frame_a_part_is_drawn_as_pixels_and_the_title_says_so(monkeypatch):
    from nbnebius.plots import projected

    monkeypatch.setattr(projected, "SHOWN", 2_500)
    frame = frame_of(3_000, 4)
    ax, again = plot.vectors(frame), plot.vectors(frame)
    assert ax.get_title(loc="left") == "2,500 of 3,000 rows"
    assert ax.collections[0].get_rasterized()
    np.testing.assert_array_equal(points_of(ax), points_of(again))
    assert len(points_of(ax)) == 2_500


def test_labels_never_stand_on_each_other():
    frame = frame_of(200, text=["costs $5 and $6, so we sent it back"] * 200)
    ax = plot.vectors(frame, label="text")
    ax.figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert 3 < len(boxes) <= 40
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert f"{len(boxes)} labels" in ax.get_title(loc="left")


def test_the_heat_map_holds_the_cosines_and_the_labels():
    frame = frame_of(9, dims=5, text=[f"row {i} for $5" for i in range(9)])
    ax = plot.similarity(frame, label="text")
    block = np.stack(list(frame["embedding"])).astype(float)
    unit = block / np.linalg.norm(block, axis=1, keepdims=True)
    np.testing.assert_allclose(ax.images[0].get_array(), unit @ unit.T, atol=1e-6)
    assert ax.get_yticklabels()[2].get_text() == r"row 2 for \$5"
    assert len(ax.texts) == 81
    ax.figure.draw_without_rendering()


@pytest.mark.parametrize("draw", [plot.vectors, plot.similarity])
def test_it_draws_where_it_is_told(draw):
    from matplotlib.figure import Figure

    ax = Figure().add_subplot()
    assert draw(frame_of(10), ax=ax) is ax
    if "matplotlib.pyplot" in sys.modules:
        assert sys.modules["matplotlib.pyplot"].get_fignums() == []


@pytest.mark.parametrize(
    ("draw", "says"),
    [
        (lambda: plot.vectors([1, 2]), "no frame"),
        (lambda: plot.vectors(frame_of(), column="vektor"), "no column 'vektor'"),
        (lambda: plot.vectors(frame_of(), color="colour"), "no column 'colour'"),
        (lambda: plot.vectors(frame_of(), method="tsne"), "pca"),
        (lambda: plot.vectors(frame_of(1)), "two or more"),
        (lambda: plot.vectors(frame_of(), column="topic"), "vectors in 'topic'"),
        (lambda: plot.similarity(frame_of(61)), "too many"),
        (lambda: plot.similarity(frame_of(5).iloc[:0]), "no vectors"),
    ],
)
def test_what_cannot_be_drawn_is_said_in_words(draw, says):
    with pytest.raises(errors.OptionError, match=says):
        draw()


def test_umap_names_the_package_it_needs(monkeypatch):
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(errors.OptionError, match="umap-learn"):
        plot.vectors(frame_of(), method="umap")


def test_what_is_no_plot_is_an_attribute_error():
    assert dir(plot) == sorted(plot.__all__)
    with pytest.raises(AttributeError, match="pie"):
        _ = plot.pie
