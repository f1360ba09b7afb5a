"""The models panel without widgets: its catalogs, its filters, its choice."""

import pytest
from answering import Answering, Says

import nbnebius
from nbnebius.commands import MODELS
from nbnebius.panels.models.state import ModelsState
from nbnebius.settings import Config


@pytest.fixture
def panel(session, done):
    state = ModelsState()
    state.read()
    return done(state)


def test_it_shows_what_models_gives_and_narrows_it_as_the_cell_does(panel, done):
    assert list(panel.shown["id"]) == list(nbnebius.models()["id"])
    panel.narrow(search="LLAMA instruct", type="chat", sort="-context", context="8000")
    done(panel)
    expected = nbnebius.models(search="LLAMA instruct", type="chat", sort="-context", context=8000)
    assert 0 < len(expected) < len(nbnebius.models(type="chat"))
    assert list(panel.shown["id"]) == list(expected["id"])
    assert expected["context"].is_monotonic_decreasing
    line = '%models --search "LLAMA instruct" --type chat --sort "-context" --context 8000\n'
    assert panel.to_cell() == line
    panel.narrow(search="", context=None)
    done(panel)
    assert panel.to_cell() == '%models --type chat --sort "-context"\n'
    assert MODELS.parse(panel.to_cell().removeprefix("%models").strip()) == panel.asked


def test_a_highest_price_leaves_dearer_models_out_and_nonsense_is_told(panel, done):
    panel.narrow(max_price="0.5")
    done(panel)
    assert 0 < len(panel.shown) < len(panel.catalog)
    before = panel.shown
    panel.narrow(max_price="cheap")
    assert "--max-price" in panel.error
    assert panel.shown is before


def test_chosen_models_stand_side_by_side_with_units(panel):
    first, second = panel.keys[:2]
    panel.choose([second, first])
    assert list(panel.details.columns) == [second[1], first[1]]
    assert "context (tokens)" in panel.details.index
    assert (panel.details != "").any(axis=1).all()
    assert panel.id == second[1]
    panel.choose(panel.keys)
    assert len(panel.chosen) == 4
    assert "the first 4" in panel.status


def test_what_no_filter_shows_any_more_is_not_chosen_any_more(panel, done):
    chat = [
        key for key, kind in zip(panel.keys, panel.shown["type"], strict=True) if kind == "chat"
    ]
    panel.choose(chat[:1])
    panel.narrow(type="embedding")
    done(panel)
    assert panel.chosen == ()


@pytest.mark.parametrize("keep", [False, True])
def test_a_chosen_model_becomes_the_default_of_what_it_does(panel, session, keep):
    key = next(
        key for key, kind in zip(panel.keys, panel.shown["type"], strict=True) if kind == "image"
    )
    panel.choose([key])
    panel.make_default(keep=keep)
    assert panel.error == ""
    assert session.config.get("image_model") == key[1]
    assert f"image: {key[1]}" in panel.defaults
    assert Config().get("image_model") == (key[1] if keep else None)


def test_two_chosen_models_are_no_default(panel, session):
    panel.choose(panel.keys[:2])
    panel.make_default(keep=True)
    assert "Which model" in panel.error
    assert session.config.get("chat_model") is None


def test_a_neighbours_model_is_no_default_and_a_failing_catalog_is_told(
    panel, session, done, monkeypatch
):
    with Answering(lambda _: Says(503, {"detail": "down"})) as running:
        monkeypatch.setenv("OPEN_WEBUI_BASE_URL", running.url)
        monkeypatch.setenv("OPEN_WEBUI_API_KEY", "word")
        assert panel.sources == ["nebius", "nebius_custom", "open_webui", "all"]
        panel.choose_source("all")
        done(panel)
    assert "open_webui" in panel.status
    assert len(panel.shown)
    panel.catalog.loc[0, "source"] = "open_webui"
    panel.narrow(sort="id")
    done(panel)
    panel.choose([("open_webui", panel.catalog.loc[0, "id"])])
    panel.make_default(keep=False)
    assert "another service" in panel.error
