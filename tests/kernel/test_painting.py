"""
What a cell shows is painted on the main thread, and leaves one output.

Colab shows nothing that another thread displays, and a front end that is closed and opened again
shows what is saved: the last state, once.
"""

import json

import pytest
from sandbox_fixture import running_sandbox

pytestmark = pytest.mark.kernel

# Notes from which thread everything is shown: displays, updates, and what is printed.
NOTE = """
import threading
import pandas as pd, nbnebius as neb
rows = pd.DataFrame({'text': [f't{n}' for n in range(30)]})
_ip = get_ipython()
painted = []
def _noting(name, function):
    def noted(*given, **options):
        painted.append((name, threading.current_thread() is threading.main_thread()))
        return function(*given, **options)
    return noted
_ip.display_pub.publish = _noting('display', _ip.display_pub.publish)
# IPython puts its own `write` before a stream's; both end here.
import sys
type(sys.stdout)._schedule_flush = _noting('stream', type(sys.stdout)._schedule_flush)
"""
CELLS = {
    "chat": "%%chat\nCount from 1 to 150",
    "chat, for a variable": "%%chat -o counted\nCount from 1 to 150",
    "completion": "%completion Count from 1 to 40",
    "compare": "%%compare -m Qwen/Qwen3-32B -m openai/gpt-oss-120b\nCount from 1 to 40",
    "image": "%image a cat --n 2",
    "embed": "%embed -o v rows.text",
    "map": "%%map rows -o got --concurrency 2 --max-tokens 60\nSay it: {text}",
}
FUNCTIONS = {
    "map": "_ = neb.map(rows, 'Again: {text}', concurrency=2, max_tokens=60)",
    "a stream": "_ = [piece for piece in neb.chat('Count from 1 to 40', stream=True)]",
}


@pytest.fixture(scope="module")
def kernel(start_kernel, tmp_path_factory):
    options = ("--tokens-per-second", "150", "--fault", "slow:200ms@/v1")
    with running_sandbox(tmp_path_factory.mktemp("sandbox"), *options) as slow:
        kernel = start_kernel(slow)
        kernel.ok("%chat -q -o first Hello")
        kernel.ok(NOTE)
        yield kernel


def painted(kernel):
    """Give what was shown since the last look, and whether on the main thread."""
    kernel.ok("import json; seen = json.dumps(painted)")
    seen = json.loads(kernel.ok("print(seen, end='')").printed)
    kernel.ok("painted.clear()")
    return seen


@pytest.mark.parametrize("name", CELLS)
def test_a_magic_paints_on_the_main_thread_and_leaves_one_output(kernel, name):
    painted(kernel)
    cell = kernel.ok(CELLS[name])
    seen = painted(kernel)
    assert any(kind == "display" for kind, _ in seen)
    assert [kind for kind, on_main in seen if not on_main] == []
    assert [o["output_type"] for o in cell.outputs if o["output_type"] != "execute_result"] == [
        "display_data"
    ]
    if name in {"chat", "map"}:
        assert len(cell.paints) > 3  # it grew in that one output


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_tells_on_the_main_thread_in_one_stream(kernel, name):
    painted(kernel)
    cell = kernel.ok(FUNCTIONS[name])
    assert [kind for kind, on_main in painted(kernel) if not on_main] == []
    assert len(cell.outputs) <= 1


def test_a_job_in_the_background_shows_nothing_by_itself(kernel):
    painted(kernel)
    kernel.ok("%%map rows -o job --background --concurrency 2\nBehind: {text}")
    kernel.ok("_ = await job")
    assert painted(kernel) == []


def test_what_another_thread_shows_would_be_noticed(kernel):
    painted(kernel)
    kernel.ok(
        "import threading\n"
        "def show():\n    sys.stderr.write('y')\n    display(1)\n"
        "thread = threading.Thread(target=show)\nthread.start()\nthread.join()"
    )
    assert {kind for kind, on_main in painted(kernel) if not on_main} == {"display", "stream"}
