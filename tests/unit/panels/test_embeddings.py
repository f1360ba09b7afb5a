"""The embeddings panel without widgets: its map, its search, its selection."""

import numpy as np
import pandas as pd
import pytest

import nbnebius
from nbnebius.commands import SEARCH
from nbnebius.errors import OptionError
from nbnebius.panels.embeddings.state import EmbeddingsState
from nbnebius.panels.embeddings.view import EmbeddingsPanel, open_panel
from nbnebius.plots import projected

TEXTS = [f"The battery of phone {n} lasts long" for n in range(8)]
TEXTS += [f"A soft red carpet, number {n}" for n in range(8)]


@pytest.fixture
def vectors(variables, session):
    frame = pd.DataFrame(
        {"text": TEXTS, "thing": ["phone"] * 8 + ["carpet"] * 8}, index=["same"] * 16
    )
    variables["vectors"] = nbnebius.embed(frame, column="text")
    return variables["vectors"]


@pytest.fixture
def panel(vectors, done):
    state = EmbeddingsState()
    state.look()
    return done(state)


def test_it_finds_the_frame_and_draws_its_map(panel, variables):
    variables["other"] = pd.DataFrame({"a": [1]})
    assert panel.frames == ["vectors"]
    assert panel.name == "vectors"
    assert panel.vector_columns == ["embedding"]
    assert "thing" in panel.other_columns
    assert 'alt="map of the vectors of vectors"' in panel.plot
    assert panel.status.startswith("16 points")
    assert list(panel.table["text"]) == TEXTS


def test_points_are_computed_once_and_anew_for_another_frame(panel, variables, done, monkeypatch):
    counted = []
    monkeypatch.setattr(
        "nbnebius.panels.embeddings.state.project",
        lambda *asked: counted.append(1) or projected.project(*asked),
    )
    before = panel.plot
    panel.look(color="thing")
    done(panel)
    assert panel.plot != before
    panel.search("a carpet")
    done(panel)
    assert counted == []
    variables["vectors"] = variables["vectors"].iloc[:10]
    panel.look()
    done(panel)
    assert counted == [1]
    assert len(panel.rows) == 10


def test_a_search_lists_and_rings_what_search_finds(panel, vectors, done):
    before = panel.plot
    panel.k = 3
    panel.search("a red carpet")
    done(panel)
    expected = nbnebius.search(vectors, "a red carpet", k=3)
    assert list(panel.rows["text"]) == list(expected["text"])
    assert list(panel.rows["score"]) == list(expected["score"])
    assert list(panel.rows.index) == ["same"] * 3
    assert panel.plot != before
    cell = panel.to_cell()
    assert cell == "%search --out chosen --frame vectors -k 3 a red carpet\n"
    assert SEARCH.parse(cell.removeprefix("%search").strip()).query == "a red carpet"
    panel.forget_search()
    done(panel)
    assert panel.plot == before
    panel.attempt(panel.to_cell)
    assert "no question" in panel.error


def test_a_rectangle_selects_rows_and_puts_them_into_a_variable(panel, vectors, variables, done):
    left, _, bottom, top = panel.extent
    points = panel.projected.points
    middle = float(np.median(points[:, 0]))
    panel.select((left, middle, bottom, top))
    done(panel)
    inside = [int(at) for at in np.flatnonzero(points[:, 0] <= middle)]
    assert 0 < len(inside) < 16
    assert panel.selected == inside
    panel.put("half")
    assert panel.error == ""
    pd.testing.assert_frame_equal(variables["half"], vectors.iloc[inside])
    panel.put("vectors")
    assert "the frame they are of" in panel.error
    assert variables["vectors"] is vectors
    panel.put("not a name")
    assert "no variable name" in panel.error
    panel.select(None)
    done(panel)
    assert len(panel.rows) == 16
    panel.select(panel.extent)
    done(panel)
    assert len(panel.selected) == 16


def test_a_frame_without_vectors_is_told(variables, session):
    state = EmbeddingsState()
    state.look()
    state.wait(60)
    assert "No variable holds vectors" in state.error
    variables["plain"] = pd.DataFrame({"text": ["a", "b"]})
    state = EmbeddingsState("plain")
    state.look()
    state.wait(60)
    assert "plain holds no vectors" in state.error
    with pytest.raises(OptionError, match="no variable"):
        open_panel("gone")


def test_a_blank_question_is_told_and_buys_nothing(panel):
    calls = len(nbnebius.usage())
    panel.search(" ")
    panel.wait(60)
    assert "blank" in panel.error
    assert len(nbnebius.usage()) == calls


def test_what_is_kept_is_the_list_and_the_question(panel, done):
    panel.search("a red carpet")
    done(panel)
    kept = EmbeddingsPanel("embeddings", panel).kept()
    assert "a red carpet" in kept["text/plain"]
    assert "A soft red carpet, number" in kept["text/plain"]


def test_a_lasso_selects_rows_until_another_selection_or_none(panel, done, variables):
    panel.lasso([3, 1])
    done(panel)
    assert (panel.listed, panel.selected) == ("selected", [1, 3])
    assert "2 selected" in panel.status
    panel.put("held")
    assert list(variables["held"]["text"]) == [TEXTS[1], TEXTS[3]]
    panel.lasso([])
    done(panel)
    assert (panel.listed, panel.selected) == ("all", [])
    panel.lasso([2])
    done(panel)
    panel.select(panel.extent)
    done(panel)
    assert len(panel.selected) == 16


def test_two_panels_on_one_frame_select_each_for_itself(panel, done):
    other = EmbeddingsState("vectors")
    other.look()
    done(other)
    panel.lasso([0])
    other.lasso([1, 2])
    done(panel)
    done(other)
    assert (panel.selected, other.selected) == ([0], [1, 2])
