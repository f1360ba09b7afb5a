"""`%embed`, `%image` and `%models`."""

import json

import pytest

pytestmark = pytest.mark.kernel

PREVIEW = 60_000  # bytes of one picture's HTML in the notebook


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok("%chat -q -o first Hello")
    kernel.ok(
        "import pandas as pd, nbnebius as neb\n"
        "columns = {'review': ['good', 'bad', None], 'note': ['a', 'b', 'c']}\n"
        "df = pd.DataFrame(columns, index=[7, 8, 9])\n"
        "word = 'granite'"
    )
    return kernel


@pytest.mark.parametrize(
    ("code", "texts"),
    [
        ("%embed -o v 'a text'", ["a text"]),
        ('%embed -o v "it\'s one"', ["it's one"]),
        ("v = %embed word", ["granite"]),
        ("%embed -o v df.note", ["a", "b", "c"]),
        ("%embed -o v df['note'][:2]", ["a", "b"]),
        ("%embed v << df --column note", ["a", "b", "c"]),
        ("%%embed -o v\none\n\n  two \n", ["one", "two"]),
        ("%%embed -o v --by paragraph\na b\nc\n\nd\n", ["a b\nc", "d"]),
        ("%%embed -o v --by cell\na\n\nb\n", ["a\n\nb"]),
        ("%%embed -o v\nabout {{word}}", ["about granite"]),
    ],
)
def test_what_can_be_embedded(kernel, code, texts):
    cell = kernel.ok(code)
    assert kernel.value("list(v.iloc[:, v.columns.get_loc('embedding') - 1])") == repr(texts)
    assert kernel.value("neb.matrix(v).shape[0]") == str(len(texts))
    footer = cell.displays[-1]["data"]["text/plain"]
    assert f"{len(texts)} x " in footer
    assert "Embedding" in footer
    assert "USD" in footer
    assert footer.startswith("v: ") == ("-o v" in code or "v <<" in code)


def test_a_frame_keeps_its_columns_and_index(kernel):
    kernel.ok("%embed -o v --column review --dimensions 64 df")
    assert kernel.value("list(v.columns[:3])") == "['review', 'note', 'embedding']"
    assert kernel.value("list(v.index)") == "[7, 8, 9]"
    assert kernel.value("neb.matrix(v.iloc[:2]).shape") == "(2, 64)"
    assert kernel.value("str(v.neb_status[9])") != "'ok'"
    assert "2 columns of text" in kernel.run("%embed df").message
    assert "did you mean review?" in kernel.run("%embed df --column reviw").message


def test_vectors_are_bought_once(kernel, requests):
    kernel.ok("%%embed -o v\nbought once\nand twice")
    sent = len(requests)
    cell = kernel.ok("%%embed -o v\nand twice\nbought once")
    assert len(requests) == sent
    assert "USD 0" in cell.plain


def test_the_frame_is_shown_once(kernel):
    cell = kernel.ok("%embed 'shown'")
    assert [o["output_type"] for o in cell.displays] == ["display_data", "execute_result"]
    assert [o["output_type"] for o in kernel.ok("%embed -o v 'shown'").displays] == ["display_data"]
    shown = kernel.ok("%embed v =<< 'shown'").displays
    assert [o["output_type"] for o in shown] == ["display_data", "execute_result"]


def test_a_picture(kernel):
    (output,) = kernel.ok("%image a lighthouse at dawn").displays
    html = output["data"]["text/html"]
    assert "data:image/webp;base64," in html
    assert len(html) < PREVIEW
    assert set(output["data"]) == {"text/html", "text/plain"}
    assert "USD" in output["data"]["text/plain"]
    assert str(kernel.folder) not in html
    assert kernel.value("_.path.exists()") == "True"
    assert kernel.value("str(_.path.parent.name)") == "'nebius_images'"
    assert kernel.value("_.pil.size[0] >= 512") == "True"


def test_four_seeds(kernel, requests):
    before = len(requests)
    (output,) = kernel.ok("%image a cat --n 4 --seed 7").displays
    assert len(requests) == before + 4
    assert output["data"]["text/html"].count("<figure") == 4
    assert len(output["data"]["text/html"]) < 4 * PREVIEW
    assert kernel.value("[p.seed for p in _]") == "[7, 8, 9, 10]"
    assert kernel.value("len({p.path for p in _})") == "4"
    assert kernel.value("all(p.path.is_file() for p in _)") == "True"


def test_pictures_into_a_variable_and_a_folder(kernel):
    (output,) = kernel.ok("%%image -o got --save art --format png\na cat").displays
    assert output["data"]["text/plain"].startswith("got: ")
    assert kernel.value("got.path.parent.name, got.path.suffix".join("()")) == "('art', '.png')"
    (output,) = kernel.ok("%image got =<< a cat").displays
    assert "<figure" in output["data"]["text/html"]
    assert "only a chat model" in kernel.run("%image like {{got.pil}}").message


@pytest.mark.parametrize(
    ("code", "check"),
    [
        ("%models", "len(_) > 10"),
        ("%models llama", "_.id.str.contains('lama').all()"),
        ("%models --type embedding", "set(_.type) == {'embedding'}"),
        ("%models --type chat --sort price_out", "_.price_out.dropna().is_monotonic_increasing"),
        ("%models --max-price 0.5", "(_.price_out.fillna(_.price_in) <= 0.5).all()"),
        ("%models --context 100000", "(_.context >= 100000).all()"),
        ("%models qwen --type chat", "_.id.str.contains('Qwen').all()"),
    ],
)
def test_models(kernel, code, check):
    assert "text/html" in kernel.ok(code).displays[0]["data"]
    assert kernel.value(f"bool(({check}) and len(_))") == "True"
    kernel.ok(code.replace("%models", "%models -o found"))
    assert (
        kernel.value(f"bool({check.replace('_.', 'found.').replace('(_)', '(found)')})") == "True"
    )


def test_models_into_a_variable(kernel):
    (output,) = kernel.ok("%models -o found").displays
    assert output["data"]["text/plain"].startswith("found: ")
    assert kernel.ok("%models -q -o found").displays == []
    assert kernel.ok("found = %models").displays == []


@pytest.mark.parametrize(
    ("code", "field"),
    [
        ("%embed --dry-run 'a text'", "input"),
        ("%%embed --dry-run\na\nb", "input"),
        ("%embed --dry-run df.note", "input"),
        ("%image --dry-run a cat", "prompt"),
        ("%image a cat --n 3 --dry-run", "prompt"),
    ],
)
def test_a_dry_run_sends_nothing(kernel, requests, code, field):
    before = len(requests)
    (output,) = kernel.ok(code).displays
    shown = output["data"]["text/plain"]
    assert field in json.JSONDecoder().raw_decode(shown)[0]
    assert "Nothing was sent." in shown
    assert "at most USD" in shown
    assert ("tokens to read" in shown) == ("embed" in code)
    assert ("3 requests" in shown) == ("--n 3" in code)
    assert len(requests) == before


@pytest.mark.parametrize("magic", ["embed", "image", "models", "nebius"])
def test_help(kernel, requests, magic):
    before = len(requests)
    assert "Examples:" in kernel.ok(f"%{magic} --help").plain
    assert "Examples:" in kernel.ok(f"%{magic}?").pages[0]
    assert len(requests) == before
