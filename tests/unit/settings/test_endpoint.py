"""Where a key and an address come from, and where a key never goes."""

import copy
import os
import pickle  # noqa: TID251 - it is shown that nothing can be pickled
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.errors import SettingsError
from nbnebius.settings import DEFAULT_BASE_URL, find_endpoint, normalise_base_url

CANARY = "canary-key-0123456789-abcdef"
OWN = "http://127.0.0.1:8010/v1/"
FOREIGN = "https://elsewhere.example/v1/"


def find(folder, *args, environ=None, **more):
    return find_endpoint(*args, environ=environ or {}, folder=folder, **more)


# -- addresses ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "expected"),
    [
        ("https://api.tokenfactory.nebius.com/v1/", DEFAULT_BASE_URL),
        ("https://api.tokenfactory.nebius.com/v1", DEFAULT_BASE_URL),
        ("https://api.tokenfactory.nebius.com", DEFAULT_BASE_URL),
        ("api.tokenfactory.nebius.com", DEFAULT_BASE_URL),
        (' "https://API.tokenfactory.nebius.com/v1/chat/completions" ', DEFAULT_BASE_URL),
        ("https://api.tokenfactory.nebius.com/v1/models?verbose=true#x", DEFAULT_BASE_URL),
        ("https://h/v1/embeddings/", "https://h/v1/"),
        ("https://h/v1/completions", "https://h/v1/"),
        ("localhost:11434", "http://localhost:11434/v1/"),
        ("127.0.0.1:8010/v1", OWN),
        ("[::1]:8010", "http://[::1]:8010/v1/"),
        ("https://h:8443/llm/v1/", "https://h:8443/llm/v1/"),
        ("https://webui.example/api", "https://webui.example/api/"),
    ],
)
def test_a_pasted_address_is_understood(given_text, expected):
    assert normalise_base_url(given_text) == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "  ",
            "ftp://h/v1",
            "https://",
            "https://h:port/",
            "file:///etc/passwd",
            "http://[::1",
        ),
        *("https://a b/v1", "https://h\\@evil.example/", "https://h<script>/", "https://h:99999/"),
        "javascript:alert(1)",
    ],
)
def test_what_is_no_address_is_refused_in_words(text):
    with pytest.raises(SettingsError):
        normalise_base_url(text)


@pytest.mark.parametrize("text", ["https://user:pw-canary@h/v1", "https://pw-canary@h/"])
def test_a_password_in_an_address_is_refused_and_not_repeated(text):
    with pytest.raises(SettingsError) as caught:
        normalise_base_url(text)
    assert "pw-canary" not in str(caught.value)


HOSTS = st.from_regex(r"[a-z]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z]{2,5}){0,2}", fullmatch=True)
PATHS = st.sampled_from(["", "/", "/v1", "/v1/", "/llm", "/llm/v1", "/api", "/v1/models"])


@given(st.sampled_from(["http://", "https://", ""]), HOSTS, st.integers(1, 65535), PATHS)
def test_understanding_an_address_twice_changes_nothing(scheme, host, port, path):
    once = normalise_base_url(f"{scheme}{host}:{port}{path}")
    assert normalise_base_url(once) == once
    assert once.endswith("/")
    assert f"{host}:{port}/" in once


@given(st.text(max_size=40))
def test_any_text_is_an_address_or_an_error_in_words(text):
    try:
        url = normalise_base_url(text)
    except SettingsError:
        return
    assert url.startswith(("http://", "https://"))
    assert url == normalise_base_url(url)


@pytest.mark.parametrize("host", ["api.studio.nebius.com", "api.studio.nebius.ai"])
def test_a_former_address_works_with_a_note(tmp_path, host):
    endpoint = find(tmp_path, CANARY, f"https://{host}/v1/")
    assert endpoint.base_url == f"https://{host}/v1/"
    assert endpoint.is_nebius
    assert DEFAULT_BASE_URL in endpoint.note


@pytest.mark.parametrize(
    "host",
    [
        *("nebius.com.evil.example", "evil-nebius.com", "api.tokenfactory.nebius.com.", "nebius"),
        *("api.studio.nebius.com.example", "xtokenfactory.nebius.com.evil"),
    ],
)
def test_a_host_that_only_looks_like_nebius_gets_no_key(tmp_path, host):
    endpoint = find(tmp_path, base_url=f"https://{host}/", environ={"NEBIUS_API_KEY": CANARY})
    assert not endpoint.is_nebius
    assert endpoint.key is None


# -- the order ---------------------------------------------------------------------------------


def test_the_order_of_keys(tmp_path):
    environ = {"NEBIUS_API_KEY": "from-environment"}
    (tmp_path / ".env").write_text("NEBIUS_API_KEY=from-dotenv\n")
    found = find(tmp_path, "from-argument", environ=environ)
    assert (found.key.reveal(), found.key_source) == ("from-argument", "argument")
    found = find(tmp_path, environ=environ)
    assert (found.key.reveal(), found.key_source) == ("from-environment", "environment")
    found = find(tmp_path)
    assert (found.key.reveal(), found.key_source) == ("from-dotenv", ".env")
    (tmp_path / ".env").unlink()
    assert find(tmp_path).key is None


def test_the_order_of_addresses(tmp_path):
    environ = {"NEBIUS_BASE_URL": "http://localhost:1/", "NEBIUS_API_BASE": "http://localhost:2/"}
    config = {"base_url": "http://localhost:3/"}

    def source(*args, **more):
        found = find(tmp_path, *args, **more)
        return found.base_url, found.base_source

    told = source(None, "http://localhost:9/", environ=environ, config=config)
    assert told == ("http://localhost:9/v1/", "argument")
    assert source(environ=environ, config=config) == ("http://localhost:1/v1/", "environment")
    del environ["NEBIUS_BASE_URL"]
    assert source(environ=environ, config=config) == ("http://localhost:2/v1/", "environment")
    assert source(config=config) == ("http://localhost:3/v1/", "config")
    assert source() == (DEFAULT_BASE_URL, "default")


def test_only_the_one_name_is_read_from_dotenv(tmp_path):
    (tmp_path / ".env").write_text(
        "\ufeffexport NEBIUS_API_KEY='the-key' # mine\n"
        "NEBIUS_BASE_URL=https://evil.example/\nNEBIUS_API_BASE=https://evil.example/\n"
        "HTTPS_PROXY=http://evil.example\nNBNEBIUS_HOME=/tmp/evil\n"
    )
    before = dict(os.environ)
    found = find(tmp_path)
    assert (found.base_url, found.key.reveal()) == (DEFAULT_BASE_URL, "the-key")
    assert dict(os.environ) == before


@pytest.mark.parametrize(
    "content", ["", "NEBIUS_API_KEY=\n", "NEBIUS_API_KEY\n", "# NEBIUS_API_KEY=x\n", "\x00\xff"]
)
def test_a_dotenv_without_the_key_gives_none(tmp_path, content):
    (tmp_path / ".env").write_text(content, encoding="latin-1")
    assert find(tmp_path).key is None


def test_a_huge_or_strange_dotenv_is_left_alone(tmp_path):
    (tmp_path / ".env").write_text("NEBIUS_API_KEY=x\n" + "#" * 200_000)
    assert find(tmp_path).key is None
    (tmp_path / ".env").unlink()
    (tmp_path / ".env").mkdir()
    assert find(tmp_path).key is None


@pytest.mark.skipif(sys.platform == "win32", reason="no pipes there")
def test_a_pipe_in_dotenvs_place_blocks_nothing(tmp_path):
    os.mkfifo(tmp_path / ".env")
    assert find(tmp_path).key is None


@pytest.mark.parametrize("key", ["two words", "pasted\nbelow", "schlüssel", "a\x00b", "zero\u200b"])
def test_a_key_that_no_key_can_be_is_refused_and_not_repeated(tmp_path, key):
    with pytest.raises(SettingsError) as caught:
        find(tmp_path, key)
    assert key not in str(caught.value)


# -- where a key never goes --------------------------------------------------------------------


@pytest.mark.parametrize("source", ["environment", ".env"])
def test_a_key_the_user_did_not_name_stays_with_nebius(tmp_path, source):
    environ = {"NEBIUS_API_KEY": CANARY} if source == "environment" else {}
    if source == ".env":
        (tmp_path / ".env").write_text(f"NEBIUS_API_KEY={CANARY}")
    for more in ({"base_url": FOREIGN}, {"config": {"base_url": FOREIGN}}, {"base_url": OWN}):
        endpoint = find(tmp_path, environ=environ, **more)
        assert endpoint.key is None
        assert source in endpoint.note
        assert CANARY not in endpoint.note
    assert find(tmp_path, environ=environ).key.reveal() == CANARY


def test_a_key_goes_to_the_address_of_the_same_environment(tmp_path):
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": FOREIGN}
    assert find(tmp_path, environ=environ).key.reveal() == CANARY
    assert find(tmp_path, base_url=FOREIGN, environ=environ).key.reveal() == CANARY
    assert find(tmp_path, base_url="https://third.example", environ=environ).key is None


def test_a_key_that_is_named_goes_where_it_is_told(tmp_path):
    assert find(tmp_path, CANARY, FOREIGN).key.reveal() == CANARY


@pytest.mark.parametrize(
    ("args", "more"),
    [
        ((), {"environ": {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": "http://h.example/"}}),
        ((CANARY,), {"environ": {"NEBIUS_BASE_URL": "http://h.example/"}}),
        ((CANARY,), {"config": {"base_url": "http://h.example/"}}),
        (
            (None, "http://api.tokenfactory.nebius.com/v1/"),
            {"environ": {"NEBIUS_API_KEY": CANARY}},
        ),
    ],
)
def test_a_key_over_plain_http_is_refused_off_this_machine(tmp_path, args, more):
    with pytest.raises(SettingsError, match="plain http") as caught:
        find(tmp_path, *args, **more)
    assert CANARY not in str(caught.value)


def test_plain_http_needs_both_arguments_or_this_machine(tmp_path):
    assert find(tmp_path, CANARY, "http://h.example/").key
    assert find(tmp_path, CANARY, OWN).key
    environ = {"NEBIUS_API_KEY": CANARY, "NEBIUS_BASE_URL": OWN}
    assert find(tmp_path, environ=environ).key
    assert find(tmp_path, None, "http://h.example/").key is None


def test_an_endpoint_does_not_show_its_key(tmp_path):
    endpoint = find(tmp_path, CANARY)
    for shown in (repr(endpoint), str(endpoint), f"{endpoint}", repr(endpoint.key)):
        assert CANARY not in shown
    for leak in (pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            leak(endpoint)


def test_a_sandbox_key_does_not_go_to_nebius():
    with pytest.raises(SettingsError, match="sandbox"):
        find_endpoint("sandbox-0123456789abcdef")
