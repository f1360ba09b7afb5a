"""The images panel without widgets: its prices, its seeds, its sweep, its stop."""

import io

import pytest
from PIL import Image

import nbnebius
from nbnebius.commands import IMAGE
from nbnebius.panels.images.state import ImagesState
from nbnebius.panels.images.view import ImagesPanel

SMALL = {"width": "64", "height": "64", "steps": "2"}


@pytest.fixture
def panel(session, done):
    state = ImagesState()
    state.read()
    done(state)
    state.write(prompt="A red boat", **SMALL)
    return done(state)


def calls(kind="image"):
    frame = nbnebius.usage()
    return frame[(frame["kind"] == kind) & (frame["cost"] > 0)]


def test_the_price_is_known_before_and_what_was_paid_after(panel, done):
    panel.write(n="3", seed="11")
    done(panel)
    assert panel.price.startswith("3 pictures, USD 0.0")
    assert not len(calls())
    panel.draw()
    done(panel)
    assert [shown.picture.seed for shown in panel.pictures] == [13, 12, 11]
    assert panel.status.startswith("drawn for USD 0.0")
    assert len(calls()) == 3
    panel.draw()
    done(panel)
    assert panel.status.startswith("all were kept already: USD 0")
    assert len(calls()) == 3


def test_a_click_agrees_to_the_price_that_was_told_and_to_no_more(session, done):
    state = ImagesState()
    state.read()
    done(state)
    state.write(prompt="A red boat", **SMALL)
    state.draw()
    assert state.wait(60)
    assert state.error.startswith("Nothing is drawn yet: it costs USD 0.0")
    assert state.price.startswith("1 picture, USD 0.0")
    state.draw()
    done(state)
    assert len(calls()) == 1
    # Other words cost the same: one click draws. More of them cost more: it takes another.
    state.write(prompt="A blue boat")
    state.draw()
    done(state)
    assert len(calls()) == 2
    with state.lock:  # the click comes before the new price is told
        state.write(n="3")
        state.draw()
    assert state.wait(60)
    assert "Nothing is drawn yet" in state.error
    assert state.price.startswith("3 pictures")
    assert len(calls()) == 2
    state.axes |= {"across": "steps", "across_at": "2, 4"}
    state.draw_sweep()
    assert state.wait(60)
    assert "Nothing is drawn yet" in state.error
    assert len(calls()) == 2
    state.draw_sweep()
    done(state)
    assert len(calls()) == 4


def test_without_a_seed_each_draw_is_another_picture_whose_settings_draw_it_again(panel, done):
    for _ in range(2):
        panel.draw()
        done(panel)
    newest, older = panel.pictures
    assert newest.picture.seed != older.picture.seed
    panel.look(1)
    panel.use_settings()
    done(panel)
    assert panel.asked.seed == older.picture.seed
    assert panel.asked.steps == 2
    panel.draw()
    done(panel)
    assert panel.pictures[0].picture.data == older.picture.data
    assert panel.pictures[0].picture.cached


def test_the_next_seeds_follow_those_that_were_drawn(panel, done):
    panel.write(seed="40", n="2")
    done(panel)
    panel.draw()
    done(panel)
    panel.look(1)
    panel.next_seeds()
    done(panel)
    assert (panel.asked.seed, panel.asked.n) == (42, 4)
    assert panel.price.startswith("4 pictures")


def test_previews_are_small_and_full_size_is_on_disk(panel, done):
    panel.write(width="512", height="512", seed="5")
    done(panel)
    panel.draw()
    done(panel)
    (shown,) = panel.pictures
    assert len(shown.thumb.data) <= 15_000
    assert max(Image.open(io.BytesIO(shown.thumb.data)).size) == 220
    with Image.open(shown.picture.path) as full:
        assert full.size == (512, 512)
    kept = ImagesPanel("images", panel).kept()
    assert len(kept["text/html"]) < 40_000
    assert "seed 5" in kept["text/plain"]


def test_a_sweep_is_a_grid_of_one_seed_and_buys_each_picture_once(panel, done):
    panel.write(seed="3")
    panel.write_axis(across="steps", across_at="2, 4", down="guidance", down_at="1, 7.5, 20")
    done(panel)
    assert panel.sweep_price.startswith("6 pictures, USD 0.0")
    panel.draw_sweep()
    done(panel)
    sweep = panel.sweep
    assert sorted(sweep.cells) == [(row, column) for row in range(3) for column in range(2)]
    assert sweep.across.labels == ["steps 2", "steps 4"]
    assert sweep.down.labels == ["guidance 1.0", "guidance 7.5", "guidance 20.0"]
    assert {shown.picture.seed for shown in panel.pictures} == {3}
    bought = len(calls())
    assert bought == 6
    names = {}
    exec(panel.sweep_to_cell(), names)  # the cell that is shown has to run
    assert sorted(names["grid"]) == sorted((g, s) for g in (1.0, 7.5, 20.0) for s in (2, 4))
    # What the panel drew, the cell finds.
    assert len(calls()) == bought


def test_what_makes_no_grid_is_told_before_anything_is_bought(panel, done):
    for axes, words in (
        ({"across": "steps", "across_at": "4, x"}, "--steps"),
        ({"across": "steps", "across_at": ""}, "Which values"),
        ({"across": "steps", "across_at": "4, 4"}, "twice"),
        ({"across": "steps", "across_at": "4", "down": "steps"}, "both directions"),
        ({"across": "", "down": ""}, "Nothing is swept"),
        ({"across": "seed", "across_at": ",".join(map(str, range(40)))}, "can have 36"),
    ):
        panel.axes = dict.fromkeys(panel.axes, "") | axes
        panel.draw_sweep()
        assert panel.wait(60)
        assert words in panel.error
    panel.write_axis(across="steps", across_at="4, 400", down="", down_at="")
    panel.wait(60)
    panel.draw_sweep()
    panel.wait(60)
    assert "it takes 1 to 80" in panel.error
    assert not len(calls())


def test_a_size_that_no_model_takes_is_told_and_nothing_is_bought(panel):
    panel.write(width="99999")
    panel.wait(60)
    panel.draw()
    panel.wait(60)
    assert "width cannot be 99999" in panel.error
    panel.write(width="wide")
    assert "--width" in panel.error
    assert panel.asked.width == 99999
    assert not len(calls())


def test_stop_ends_a_sweep_and_what_had_come_is_kept(panel, done):
    panel.write(seed="8")
    panel.write_axis(across="steps", across_at="1, 2, 3, 4", down="guidance", down_at="1, 2, 3")
    done(panel)
    panel.listen(lambda: panel.stop() if len(panel.pictures) == 2 else None)
    panel.draw_sweep()
    assert panel.wait(60)
    assert panel.error == ""
    assert "what had come is kept" in panel.status
    assert 2 <= len(panel.sweep.cells) < 12
    assert not panel.busy


def test_the_cell_says_what_the_form_says(panel):
    panel.write(negative="people, cars", guidance="3.5", seed="7", n="2")
    cell = panel.to_cell()
    assert cell.startswith("%image --width 64 --height 64 --steps 2 --seed 7")
    assert IMAGE.parse(cell.removeprefix("%image").strip()) == panel.asked
