"""The defaults a user keeps: their order, their checks, and files that make no sense."""

import json
import threading

import pytest

from nbnebius.errors import OptionError, SettingsError
from nbnebius.settings import Config, home
from nbnebius.settings.config import check


@pytest.fixture
def user():
    """Write the user's own file."""

    def write(text):
        home().mkdir(exist_ok=True)
        (home() / "config.json").write_text(text if isinstance(text, str) else json.dumps(text))

    return write


def project(tmp_path, text):
    (tmp_path / "pyproject.toml").write_text(f"[tool.nbnebius]\n{text}\n")


def test_the_order_of_settings(tmp_path, user):
    assert Config().where("temperature") == (None, "built in")
    user({"temperature": 0.1})
    assert Config().where("temperature") == (0.1, "your settings")
    project(tmp_path, "temperature = 0.2")
    config = Config()
    assert config.where("temperature") == (0.2, "pyproject.toml")
    config.set("temperature", "0.3")
    assert config.where("temperature") == (0.3, "this session")
    config.set("temperature", None)
    assert config.where("temperature") == (0.2, "pyproject.toml")


def test_what_is_kept_is_there_next_time():
    Config().set("reuse", "always", keep=True)
    assert Config().where("reuse") == ("always", "your settings")
    Config().set("reuse", None, keep=True)
    assert Config().where("reuse") == ("restart", "built in")


def test_two_kernels_do_not_undo_each_others_settings():
    one, two = Config(), Config()
    one.set("temperature", 0.5, keep=True)
    two.keep_choice("nebius", "chat", "m")
    one.set("top_p", 0.5, keep=True)
    assert dict(Config().user) == {
        "temperature": 0.5,
        "top_p": 0.5,
        "models": {"nebius": {"chat": "m"}},
    }


def test_a_choice_is_kept_per_service():
    config = Config()
    config.keep_choice("nebius", "chat", "a")
    config.keep_choice("sandbox:1", "chat", "b")
    later = Config()
    assert [later.chosen("nebius", "chat"), later.chosen("sandbox:1", "chat")] == ["a", "b"]
    assert later.chosen("nebius", "image") is None
    assert later.chosen("other", "chat") is None


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", v) for v in (-0.1, 2.1, "hot", None, True, float("nan"), [1])),
        *(("max_tokens", v) for v in (0, -1, 1.5, "many", True, float("inf"), "1.5")),
        *(("top_p", v) for v in (1.1, "")),
        *(("reuse", v) for v in ("sometimes", 1, True)),
        *(("private", v) for v in ("maybe", 2)),
        *(("chat_model", v) for v in ("", "  ", 3)),
    ],
)
def test_a_value_that_makes_no_sense_is_refused_and_named(name, value):
    with pytest.raises(OptionError, match=name):
        check(name, value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [("private", "On", True), ("private", False, False), ("max_tokens", "64", 64),
     ("max_tokens", 64.0, 64), ("temperature", 0, 0.0), ("chat_model", " m ", "m")],
)  # fmt: skip
def test_values_are_read_as_they_are_written(name, value, expected):
    assert check(name, value) == expected


def test_a_wrong_name_names_the_nearest():
    with pytest.raises(OptionError, match="did you mean temperature"):
        check("temprature", 1)


@pytest.mark.parametrize(
    "name", ["base_url", "api_key", "private", "reuse", "NEBIUS_API_KEY", "proxy"]
)
def test_a_project_may_choose_models_and_parameters_only(tmp_path, name):
    project(tmp_path, f'{name} = "https://evil.example/"')
    with pytest.raises(SettingsError, match=name):
        Config()


def test_a_project_is_found_above_the_notebook(tmp_path):
    project(tmp_path, 'chat_model = "m"')
    (below := tmp_path / "a" / "b").mkdir(parents=True)
    assert Config(below).where("chat_model") == ("m", "pyproject.toml")


@pytest.mark.parametrize("text", ["temperature = 9", 'max_tokens = "many"'])
def test_a_projects_nonsense_names_the_file(tmp_path, text):
    project(tmp_path, text)
    with pytest.raises(SettingsError, match=r"pyproject\.toml"):
        Config()


def test_a_projects_table_that_is_none_is_refused(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool]\nnbnebius = 3\n")
    with pytest.raises(SettingsError, match="no table"):
        Config()


def test_another_projects_broken_file_is_not_our_business(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[[[")
    assert Config().get("temperature") is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[]", "3", '"x"', "null", '{"temperature": "hot"}', '{"models": 3}'),
        *('{"models": {"nebius": 3}}', '{"models": {"nebius": {"chat": 3}}}', '{"base_url": 1}'),
        '{"max_tokens": NaN}',
    ],
)
def test_a_broken_settings_file_is_an_error_that_names_it(user, text):
    user(text)
    with pytest.raises(SettingsError, match=r"config\.json"):
        Config()


def test_names_of_a_later_version_are_kept(user):
    user({"of_tomorrow": 1})
    Config().set("top_p", 0.5, keep=True)
    assert dict(Config().user) == {"of_tomorrow": 1, "top_p": 0.5}


def test_settings_that_cannot_be_written_are_an_error_in_words():
    config = Config()
    home().write_text("a file, not a folder")
    with pytest.raises(SettingsError, match="NBNEBIUS_HOME"):
        config.set("top_p", 0.5, keep=True)


def test_threads_that_keep_settings_at_once_leave_a_whole_file():
    def keep(n):
        Config().keep_choice("nebius", f"kind{n}", "m")

    threads = [threading.Thread(target=keep, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    Config()
    assert [p.name for p in home().iterdir()] == ["config.json"]


def test_a_recordings_settings_replace_the_users_and_leave_them_alone(tmp_path, user):
    user({"temperature": 0.1, "models": {"nebius": {"chat": "mine"}}})
    project(tmp_path, "temperature = 0.2")
    before = (home() / "config.json").read_bytes()
    told = Config().snapshot("nebius")
    assert told == {"temperature": 0.2, "models": {"nebius": {"chat": "mine"}}}
    config = Config(recorded={"top_p": 0.5, "base_url": "https://elsewhere/v1/", "private": True})
    assert config.where("top_p") == (0.5, "the recording")
    assert config.get("temperature") is None
    assert config.get("base_url") is None
    assert config.get("private") is False
    config.set("temperature", 0.9, keep=True)
    config.keep_choice("nebius", "chat", "theirs")
    assert config.chosen("nebius", "chat") == "theirs"
    assert config.get("temperature") == 0.9
    assert (home() / "config.json").read_bytes() == before


@pytest.mark.parametrize("models", [None, [], {"nebius": []}, {"nebius": {"chat": 5}}, "text"])
def test_a_recording_whose_models_make_no_sense_names_none(models):
    config = Config(recorded={"models": models, "of a later version": 1})
    assert config.chosen("nebius", "chat") is None
