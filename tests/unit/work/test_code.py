"""The code of an answer."""

import pytest

from nbnebius.work.code import fences, joined_code, longest_code

BLOCK = "```python\nx = 1\n```"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (BLOCK, "x = 1"),
        ("~~~py\nx = 1\n~~~", "x = 1"),
        ("1. So:\n\n   ```python\n   if x:\n       y\n   ```\n", "if x:\n    y"),
        ("> ```python\n> x = 1\n> ```", "x = 1"),
        ("````python\ns = '''\n```\n'''\n````", "s = '''\n```\n'''"),
        (f"{BLOCK}\nand then\n```python\nprint(x)\n```", "x = 1\n\nprint(x)"),
        ("```bash\npip install x\n```\n" + BLOCK, "x = 1"),
        (BLOCK + "\nIt prints:\n```\n1\n```", "x = 1"),
        ("```\nx = 1\n```\n```\nx = 1\ny = 2\n```", "x = 1\ny = 2"),
        ("```\nnot python at all\n```", ""),
        ("```\n%matplotlib inline\n```", "%matplotlib inline"),
        ("```{python}\nx = 1\n```", "x = 1"),
        ("```python title='a.py'\nx = 1\n```", "x = 1"),
        ("no code, `x = 1` inline", ""),
        ("```python\n\n```", ""),
        ("", ""),
    ],
)
def test_the_python_of_an_answer_is_found(text, code):
    assert joined_code(text) == code


def test_a_block_that_the_answer_broke_off_in_is_not_offered():
    cut = "```python\nx = 1\nfor y in"
    assert [fence.closed for fence in fences(cut)] == [False]
    assert joined_code(cut) == longest_code(cut) == ""
    assert joined_code("```python") == ""


def test_a_corrected_cell_is_the_longest_block():
    text = f"Instead of\n{BLOCK}\nwrite\n```python\nx = 1\nprint(x)\n```"
    assert longest_code(text) == "x = 1\nprint(x)"
