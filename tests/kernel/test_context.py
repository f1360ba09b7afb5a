"""What a prompt can hold of a notebook: frames in a form, pictures, files and pages."""

import json

import pytest

pytestmark = pytest.mark.kernel

MODEL = "-m Qwen/Qwen2.5-VL-72B-Instruct"


def sent(kernel, line):
    """The parts of the last message that would be sent, and what is told of them."""
    shown = kernel.ok(line.replace("%chat", "%chat --dry-run", 1)).plain
    return json.loads(shown[: shown.rindex("}") + 1])["messages"][-1]["content"]


def pictures(kernel, named):
    parts = sent(kernel, f"%chat {MODEL} {named} What is it?")
    return sum(part["type"] == "image_url" for part in parts)


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(
        "import pandas as pd, matplotlib.pyplot as plt, numpy as np\n"
        "from PIL import Image\n"
        "df = pd.DataFrame({'a': range(50), 'b': ['x, y'] * 50, 'private': ['mine'] * 50})\n"
        "huge = pd.DataFrame(np.zeros((200_000, 3)))\n"
        "reds = [Image.new('RGB', (8, 8), 'red') for _ in range(3)]\n"
        "photos = pd.DataFrame({'photo': reds, 'name': ['a', 'b', 'c']})\n"
        "for number, red in enumerate(reds): red.save(f'red{number}.png')\n"
        "fig, axes = plt.subplots(1, 2); plt.close()"
    )
    kernel.ok("%chat -q -o first Hello")
    return kernel


def test_a_frame_is_sent_in_the_form_that_is_named(kernel):
    assert '0,"x, y",mine\n1,"x, y",mine' in sent(kernel, "%chat {{df:head 2}}")
    assert "first 2 rows" in sent(kernel, "%chat {{df:head 2}}")
    schema = sent(kernel, "%chat {{df:schema}}")
    assert schema.startswith("DataFrame, 50 rows x 3 columns\n- a: int64")
    assert "mine" not in schema
    assert '49,"x, y",mine' in sent(kernel, "%chat {{df:full}}")
    assert "mine" not in sent(kernel, "%chat {{df[['a', 'b']]:full}}")
    assert "mine" not in sent(kernel, "%chat {{df[['a', 'b']]}}")
    assert sent(kernel, "%chat {{df.b:head 1}}").endswith('"x, y"')


def test_how_large_it_is_stands_below_the_answer(kernel):
    assert "df: DataFrame sent as about" in kernel.ok("%chat {{df:head 2}} What is it?").plain


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("%chat {{huge:full}}", "has 200,000 rows of 3 columns"),
        ("%chat {{df:heads 3}}", "is no form of a frame"),
        ("%chat {{df[['a', 'c']]}}", "is not there"),
    ],
)
def test_a_form_that_cannot_be_sent_says_why(kernel, line, told, requests):
    before = len(requests)
    cell = kernel.run(line)
    assert cell.ename == "OptionError"
    assert told in cell.message
    assert len(requests) == before


@pytest.mark.parametrize(
    ("named", "count"),
    [
        ("--images reds", 3),
        ("--images reds[0]", 1),
        ("--images reds[:2]", 2),
        ("--images photos.photo", 3),
        ("--images photos['photo'][:2]", 2),
        ("--images photos.photo[1]", 1),
        ("--images fig", 1),
        ("--images axes", 2),
        ("--images red*.png", 3),
        ("--images red0.png --images fig", 2),
    ],
)
def test_pictures_are_named_as_variables_columns_and_paths(kernel, named, count):
    assert pictures(kernel, named) == count


def test_a_result_is_a_picture_by_its_number(kernel):
    kernel.ok("reds[0]")
    assert pictures(kernel, "--images Out[-1]") == 1
    kernel.ok("%image -q -o drawn --n 2 a red square")
    assert pictures(kernel, "--images drawn") == 2


@pytest.mark.parametrize(
    ("named", "told"),
    [
        ("nothing*.png", "No file is named like nothing*.png"),
        ("photos.phto", "is not there"),
        ("photos.name", "There is no file a"),
        ("df.a", "is no picture"),
    ],
)
def test_pictures_that_are_none_say_why(kernel, named, told):
    cell = kernel.run(f"%chat {MODEL} --images {named} What is it?")
    assert cell.ename == "OptionError"
    assert told in cell.message


def test_several_files_go_out_under_their_names_with_their_tokens(kernel):
    kernel.ok("open('one.csv', 'w').write('a,b\\n1,2\\n'); open('two.py', 'w').write('x = 1\\n')")
    kernel.ok("open('page.html', 'w').write('<html><body><h1>Tea</h1><p>hot</p></body></html>')")
    text = sent(kernel, "%chat --file one.csv --file two.py --file page.html What is it?")
    assert text == (
        "one.csv:\n\na,b\n1,2\n\ntwo.py:\n\nx = 1\n\npage.html:\n\n# Tea\n\nhot\n\nWhat is it?"
    )
    cell = kernel.ok("%chat --file one.csv --file two.py What is it?")
    assert "one.csv: sent as about" in cell.plain
    assert "two.py: sent as about" in cell.plain


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("http://example.com/a", "is not https"),
        ("https://127.0.0.1/a", "leads into a private network"),
        ("https://user:word@example.com/a", "carries a user name or password"),
        ("https://no-such-host.invalid/a", "cannot be found"),
        ("nowhere.txt", "There is no file nowhere.txt"),
    ],
)
def test_what_cannot_be_sent_says_why(kernel, name, told):
    assert told in kernel.run(f"%chat --file {name} What is it?").message


def test_the_function_takes_files_too(kernel):
    kernel.ok("import nbnebius as neb\nneb.chat('What is it?', file=['one.csv', 'two.py'])")
    assert "is no file" in kernel.run("neb.chat('What?', file=3)").message
