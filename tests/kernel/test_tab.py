"""Tab in a real kernel: what a front end is given for a cell and a cursor."""

import pytest

pytestmark = pytest.mark.kernel

MODEL = "Qwen/Qwen3-32B"
HEAVY = ["pandas", "httpx2", "anyio", "nbnebius.session", "nbnebius.commands", "nbnebius.catalogs"]
SETUP = """
import pandas as pd
reviews = pd.DataFrame({'text': ['good'], 'long text': ['bad'], 'stars': [1]})
topic = 'limestone'
shape = {'type': 'object', 'properties': {}}
def weather(city: str) -> str:
    'Say how the weather is.'
    return city
from PIL import Image
cat = Image.new('RGB', (8, 8))
open('notes.txt', 'w').close()
__import__('os').mkdir('drawings')
"""

OTHER = """
from IPython.core.magic import register_line_magic
@register_line_magic
def chat(line):
    return line
"""
MATCHERS = (
    "sum(getattr(m, 'matcher_identifier', '') == 'nbnebius' "
    "for m in get_ipython().Completer.custom_matchers)"
)


class Tab:
    """Asks a kernel for completions; a bar stands where the cursor is."""

    def __init__(self, kernel):
        self.kernel = kernel

    def __call__(self, marked):
        return [text for text, _ in self.told(marked)]

    def told(self, marked):
        """Give each completion with the word beside it, from the start that it replaces."""
        code, cursor = marked.replace("|", "", 1), marked.index("|")
        content = self.kernel.client.complete(code, cursor, reply=True, timeout=60)["content"]
        assert content["status"] == "ok"
        self.start = content["cursor_start"]
        types = content["metadata"].get("_jupyter_types_experimental", [])
        return [(each["text"], each["type"]) for each in types]

    def inserted(self, marked):
        """Give the line as it is once the first completion is taken."""
        code, cursor = marked.replace("|", "", 1), marked.index("|")
        first = self(marked)[0]
        return code[: self.start] + first + code[cursor:]


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(SETUP)
    kernel.ok("%models --type chat")
    kernel.ok("%nebius alias fast Qwen/Qwen3-32B")
    return kernel


@pytest.fixture(scope="module")
def tab(kernel):
    return Tab(kernel)


@pytest.mark.parametrize(
    ("marked", "some", "none"),
    [
        ("%chat --mo|", ["--model"], ["--max-tokens"]),
        ("%%chat --sch|\nHi", ["--schema", "--schema-multi"], ["--model"]),
        ("x = %chat --ma|", ["--max-tokens"], []),
        ("y = 1\n%chat --ma|\nz = 2", ["--max-tokens"], []),
        ("%%time\n%chat --ma|", ["--max-tokens"], []),
        ("%chat |", ["--model", "--temperature"], ["-m"]),
        ("%chat -|", ["--model", "-m", "-t"], []),
        ("%chat Tell me --te|", ["--temperature"], []),
        ("%chat -m Qwen/Qwen3-3|", [MODEL], ["Qwen/Qwen3-Embedding-8B"]),
        ("%chat -m qwen3-32|", [MODEL], []),
        ("%chat --model=Qwen/|", [MODEL], ["fast"]),
        ("%%chat -m |\nHi", ["fast", MODEL], ["stability-ai/sdxl"]),
        ("%embed -m |", ["Qwen/Qwen3-Embedding-8B"], [MODEL]),
        ("%image -m |", ["stability-ai/sdxl"], [MODEL]),
        ("%search -m |", ["Qwen/Qwen3-Embedding-8B"], [MODEL]),
        ("%%map reviews -m |\n", [MODEL], ["Qwen/Qwen3-Embedding-8B"]),
        ("%models --type |", ["chat", "vision", "image"], []),
        ("%models --sort pri|", ["price_in", "price_out"], ["id"]),
        ("%image --format |", ["webp", "jpg", "png"], []),
        ("%%map reviews --via |\n", ["online", "batch"], []),
        ("%chat -o to|", ["topic"], ["open"]),
        ("%search --frame |", ["reviews"], ["topic", "cat"]),
        ("%chat --schema sh|", ["shape"], []),
        ("%chat --tools we|", ["weather"], []),
        ("%chat --tools weather,we|", ["weather"], []),
        ("%chat --images |", ["cat", "notes.txt", "drawings/"], ["topic"]),
        ("%chat --file no|", ["notes.txt"], []),
        ("%image --save |", ["drawings/"], ["notes.txt"]),
        ("%%map re|\n", ["reviews"], ["topic"]),
        ("%embed re|", ["reviews"], ["topic"]),
        ("%embed --column | reviews", ["text", "stars"], []),
        ("%%map reviews\nClassify {t|", ["text"], ["topic", "stars"]),
        ("%%map reviews\nClassify {|", ["text", "long text", "stars"], []),
        ('%%map "reviews.head(1)" -o x\n\nClassify {st|}', ["stars"], []),
        ("%%map reviews\nClassify {text} as {{to|", ["topic"], ["text"]),
        ("%%chat\nExplain {{to|", ["topic"], []),
        ("%%chat\nExplain {{ reviews.te|}}", ["reviews.text"], []),
        ("%chat Explain {{to|", ["topic"], []),
        ("%nebius |", ["config", "usage", "alias", "sandbox"], ["--help"]),
        ("%nebius us|", ["usage"], ["config"]),
        ("%nebius usage |", ["model", "day"], []),
        ("%nebius usage --si|", ["--since"], ["--until"]),
        ("%nebius config |", ["chat_model", "reuse"], []),
        ("%nebius config chat_model Qwen/Qwen3-3|", [MODEL], []),
        ("%nebius config image_model |", ["stability-ai/sdxl"], [MODEL]),
        ("%nebius config reuse |", ["restart", "always", "never"], []),
        ("%nebius private |", ["on", "off"], []),
        ("%nebius alias fa|", ["fast"], []),
        ("%nebius alias quick Qwen/Qwen3-3|", [MODEL], ["fast"]),
        ("%nebius replay no|", ["notes.txt"], []),
        ("%nebius budget --per |", ["session", "day"], []),
        ("%nebius help em|", ["embed"], []),
        ("%%compare -m x -m Qwen/Qwen3-3|\nHi", [MODEL], []),
        ("%panel us|", ["usage"], []),
        ("%batches b1 |", ["wait", "cancel", "results"], []),
    ],
)
def test_what_is_completed(tab, marked, some, none):
    found = tab(marked)
    assert [text for text in some if text not in found] == [], found
    assert [text for text in none if text in found] == []


def test_a_whole_id_is_inserted(tab):
    assert tab.inserted("%chat -m Qwen/Qwen3-32| Why?") == f"%chat -m {MODEL} Why?"
    assert tab.inserted("%%chat -m qwen3-32|\nWhy?") == f"%%chat -m {MODEL}\nWhy?"
    assert tab.inserted("%%map reviews\n{{to|}}") == "%%map reviews\n{{topic}}"


def test_a_flag_and_a_model_are_told_about(tab):
    ((_, told),) = tab.told("%chat --temp|")
    assert told.startswith("T: 0 is steady")
    ((_, told),) = tab.told(f"%chat -m {MODEL}|")
    assert told.startswith("chat, ")
    assert "USD " in told


@pytest.mark.parametrize(
    "marked",
    [
        "topi|",
        "x = reviews.sta|",
        "import o|",
        "'%chat -m |'",
        "print('%chat') or to|",
        "# %chat --mo|",
        "%%bash\necho --mo|",
        "%time --mo|",
        "%%chat\nWhy to|",
        "%%chat\nA set {te|",
        "%chat Wh|",
        "{{to|",
    ],
)
def test_elsewhere_ipythons_own_completion_is_untouched(kernel, tab, marked, tmp_path):
    # in a folder where no other test makes files meanwhile
    kernel.ok(f"import os\nbefore = os.getcwd()\nos.chdir({str(tmp_path)!r})")
    kernel.ok("completer = get_ipython().Completer")
    kernel.ok("completer.use_jedi = False")  # what it finds depends on its time
    with_ours = tab(marked)
    kernel.ok("kept = completer.custom_matchers[:]\ncompleter.custom_matchers.clear()")
    without = tab(marked)
    kernel.ok("completer.custom_matchers[:] = kept\ncompleter.use_jedi = True")
    kernel.ok("os.chdir(before)")
    own = [text for text in with_ours if not text.startswith("_")]  # the history grows
    assert own == [text for text in without if not text.startswith("_")]


def test_a_magics_name_is_ipythons_to_complete(tab):
    assert "%chat" in tab("%cha|")
    assert "%%chat" in tab("%%cha|")


def test_nothing_is_imported_for_a_cell_that_is_not_ours(start_kernel):
    kernel = start_kernel()
    tab = Tab(kernel)
    kernel.ok(f"import sys; heavy = {HEAVY}; value = 1")
    for marked in ("val|", "%time val|", "%%time\nval|", "x = '%chat' + val|"):
        tab(marked)
    assert kernel.value("[m for m in heavy if m in sys.modules]") == "[]"
    assert "--model" in tab("%chat --mo|")
    assert (
        kernel.value("[m for m in ('pandas', 'httpx2', 'nbnebius.session') if m in sys.modules]")
        == "[]"
    )


def test_models_are_completed_from_disk_after_a_restart(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    tab = Tab(kernel)
    assert MODEL not in tab("%chat -m Qwen/|")
    kernel.ok("%chat -q Hello")
    kernel.restart()
    assert MODEL in tab("%chat -m Qwen/|")
    assert kernel.value("'nbnebius.session' in __import__('sys').modules") == "False"


def test_a_broken_settings_file_breaks_no_tab(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    (kernel.folder / "state").mkdir(exist_ok=True)
    (kernel.folder / "state" / "config.json").write_text("{")
    tab = Tab(kernel)
    tab("%chat -m |")
    assert "--model" in tab("%chat --mo|")
    assert kernel.ok("1").printed == ""


def test_another_name_and_a_second_load_complete_once(start_kernel, sandbox):
    kernel = start_kernel(sandbox, load=False)
    kernel.ok(OTHER)
    kernel.ok("%load_ext nbnebius")
    kernel.ok("%reload_ext nbnebius")
    tab = Tab(kernel)
    assert tab("%neb_chat --mod|") == ["--model"]
    assert "--model" not in tab("%chat --mod|")
    assert kernel.value(MATCHERS) == "1"
    kernel.ok("%unload_ext nbnebius")
    assert kernel.value(MATCHERS) == "0"
    assert "--model" not in tab("%neb_chat --mod|")
