"""Aliases of models: what may be one, and where they lead."""

import json

import pytest

from nbnebius.errors import OptionError, SettingsError
from nbnebius.settings import Config, home
from nbnebius.settings.aliases import check_alias, real_model


def test_an_alias_that_is_a_models_id_is_refused():
    assert check_alias("fast", "a/b", ["c"]) == ("fast", "a/b")
    with pytest.raises(OptionError, match="model's own id"):
        check_alias("llama3", "a/b", ["llama3"])


@pytest.mark.parametrize(("name", "model"), [("a b", "x"), ("a/b", "x"), ("", "x"), ("-m", "x"),
                                             ("a", ""), ("a", "a"), ("a", "x y")])  # fmt: skip
def test_what_is_no_alias(name, model):
    with pytest.raises(OptionError):
        check_alias(name, model)


def test_aliases_lead_to_a_model_and_never_round_in_a_circle():
    assert real_model("a", {"a": "b", "b": "org/model"}) == "org/model"
    assert real_model("other", {"a": "b"}) == "other"
    with pytest.raises(OptionError, match="leads back"):
        real_model("a", {"a": "b", "b": "a"})


def test_the_projects_come_first_and_a_recording_carries_them(tmp_path):
    Config().set_alias("fast", "mine/model")
    (tmp_path / "pyproject.toml").write_text('[tool.nbnebius]\naliases = { fast = "ours/model" }\n')
    config = Config(tmp_path)
    assert config.real_model("fast") == "ours/model"
    assert config.alias_source("fast") == "pyproject.toml"
    assert Config(recorded=config.snapshot("nebius")).real_model("fast") == "ours/model"


def test_a_file_with_something_else_is_named(tmp_path):
    (tmp_path / "pyproject.toml").write_text(
        "[tool.nbnebius]\naliases = { fast = 'https://x y' }\n"
    )
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        Config(tmp_path)
    (tmp_path / "pyproject.toml").unlink()
    home().mkdir(parents=True, exist_ok=True)
    (home() / "config.json").write_text(json.dumps({"aliases": ["x"]}))
    with pytest.raises(SettingsError, match=r"config\.json"):
        Config(tmp_path / "elsewhere")
