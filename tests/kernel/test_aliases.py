"""`%nebius alias`: names of one's own for models."""

import pytest

pytestmark = pytest.mark.kernel

MODEL = "openai/gpt-oss-120b"


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    assert "no" in kernel.ok("%nebius alias").plain
    assert MODEL in kernel.ok(f"%nebius alias fast {MODEL}").plain
    return kernel


def test_an_alias_stands_wherever_a_model_is_named_and_the_footer_names_the_model(kernel):
    kernel.ok("import nbnebius as neb, pandas as pd; frame = pd.DataFrame({'a': ['x']})")
    for code in (
        "%chat -m fast Hello",
        "%%chat --model=fast\nHello",
        "neb.chat('Hi', model='fast')",
    ):
        cell = kernel.ok(f"{code}")
        assert MODEL in cell.plain
        assert "fast" not in cell.plain
    assert kernel.value("neb.chat('Hello', model='fast').model") == repr(MODEL)
    assert f'"model": "{MODEL}"' in kernel.ok("%chat -m fast --dry-run Hi").plain
    kernel.ok("%%map frame -m fast -o judged\nSay {a}")
    assert kernel.value("list(neb.usage().model.unique())") == f"['{MODEL}']"
    kernel.ok("%nebius alias near Qwen/Qwen3-Embedding-8B")
    kernel.ok("%embed -m near -o vectors 'a text'")
    assert kernel.value("vectors.attrs['nbnebius']['model']") == "'Qwen/Qwen3-Embedding-8B'"


def test_an_alias_is_a_setting_too(kernel):
    kernel.ok("%nebius config chat_model fast")
    assert f"fast = {MODEL} (this session)" in kernel.ok("%nebius").plain
    assert MODEL in kernel.ok("%chat --dry-run Hi").plain
    kernel.ok("%nebius config chat_model --unset")


def test_an_equal_request_by_id_or_by_alias_is_the_same_request(kernel):
    kernel.ok("neb.chat('Asked once', model='fast', cache=True)")
    assert kernel.value(f"neb.chat('Asked once', model='{MODEL}', cache=True).cached") == "True"


def test_aliases_are_kept_shown_and_forgotten(kernel):
    kernel.ok("%nebius alias other fast")
    kernel.restart()
    shown = kernel.ok("%nebius alias").plain
    assert f"{MODEL} (your settings)" in shown
    assert "other" in shown
    assert f"fast: {MODEL}" in kernel.ok("%nebius alias fast").plain
    assert MODEL in kernel.ok("%chat -m other --dry-run Hi").plain  # an alias of an alias
    kernel.ok("%nebius alias other --unset")
    assert "other" not in kernel.ok("%nebius alias").plain
    assert kernel.run("%chat -m other Hi").ename == "NotFoundError"


def test_models_are_listed_by_their_own_ids_only(kernel):
    kernel.ok("listed = %models")
    assert kernel.value("'fast' in set(listed.id)") == "False"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("Qwen/Qwen3-32B Qwen/Qwen3-14B", "cannot be an alias"),
        ("two words here", "one model's id"),
        ("me me", "one model's id"),
        ("9lives x", "cannot be an alias"),
        ("fsat --unset", "did you mean fast?"),
        ("fsat", "did you mean fast?"),
        ("--unset", "Which alias"),
        ("fast x --keep", "--keep"),
    ],
)
def test_what_is_no_alias_is_refused(kernel, line, words):
    cell = kernel.run(f"%nebius alias {line}")
    assert cell.ename == "OptionError"
    assert words in cell.message


def test_a_circle_and_an_unknown_model_are_told(kernel):
    kernel.ok("%nebius alias one fast")
    assert "leads back" in kernel.run("%nebius alias fast one").message
    said = kernel.ok("%nebius alias wrong Qwen/Qwen3-23B").plain
    assert "lists no such model" in said
    assert "Qwen/Qwen3-32B" in said
    kernel.ok("%nebius alias wrong --unset")
    assert "fast" in kernel.run("%chat -m fastt Hi").message


def test_a_project_may_hold_aliases_of_models(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    project = f'[tool.nbnebius.aliases]\nhouse = "{MODEL}"\n'
    (kernel.folder / "pyproject.toml").write_text(project)
    assert f"{MODEL} (pyproject.toml)" in kernel.ok("%nebius alias").plain
    assert MODEL in kernel.ok("%chat -m house --dry-run Hi").plain
    assert "pyproject.toml" in kernel.run("%nebius alias house --unset").message


def test_an_alias_beside_its_own_model_is_not_asked_the_same_twice(kernel):
    cell = kernel.run(f"%compare -m fast -m {MODEL} Hi")
    assert cell.ename == "OptionError"
    assert "are the same model" in cell.message
    kernel.ok("%compare -m fast -m Qwen/Qwen3-32B --dry-run Hi")


@pytest.mark.parametrize("word", ["thread='main'", "tools=[print]", "repair=True"])
def test_compare_refuses_what_only_one_chat_takes(kernel, word):
    cell = kernel.run(f"import nbnebius as neb; neb.compare('Hi', ['fast'], {word})")
    assert cell.ename == "OptionError"
    assert f"compare takes no {word.partition('=')[0]}" in cell.message
