"""Embedding, searching and plotting as a front end sees them."""

import pytest

pytestmark = pytest.mark.kernel

LINES = (
    "import pandas as pd\nlines = pd.DataFrame({'text': ['a cat sleeps', 'the parcel is late']})"
)


@pytest.fixture(scope="module")
def kernel(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(LINES)
    kernel.ok("%embed -o vectors lines")
    return kernel


def test_a_search_shows_the_rows_and_what_the_question_cost(kernel):
    cell = kernel.ok("%search --frame vectors -k 1 is the parcel late?")
    assert "the parcel is late" in cell.plain
    assert "1 of 2 rows" in cell.plain
    assert "tokens" in cell.plain
    assert "USD" in cell.plain


def test_a_found_frame_can_be_bound_and_the_question_may_hold_a_value(kernel):
    kernel.ok("what = 'a cat'")
    cell = kernel.ok("%search --frame vectors -o found where is {{what}}?")
    assert cell.plain.startswith("found: 2 of 2 rows")
    assert kernel.value("found.text.iloc[0]") == "'a cat sleeps'"


def test_a_dry_run_sends_nothing(kernel, requests):
    before = len(requests)
    cell = kernel.ok("%search --frame vectors --dry-run something never asked")
    assert "something never asked" in cell.plain
    assert "Nothing was sent" in cell.plain
    assert len(requests) == before


def test_without_a_frame_those_that_hold_vectors_are_named(kernel):
    cell = kernel.run("%search where is the cat?")
    assert cell.ename == "OptionError"
    assert "vectors" in cell.message
    assert "There is no variable" in kernel.run("%search --frame vektors the cat").message


@pytest.mark.parametrize("draw", ["vectors", "similarity"])
def test_a_plot_is_shown_once(kernel, draw):
    cell = kernel.ok(f"import nbnebius as neb\nneb.plot.{draw}(vectors, label='text')")
    pictures = [o for o in cell.displays if "image/png" in o["data"]]
    assert len(pictures) == 1
    assert kernel.value("__import__('matplotlib.pyplot').pyplot.get_fignums()") == "[]"


SLOW = """
import threading, http.server, json
class Slow(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    asked, opens = [], threading.Event()
    def say(self, value):
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header('content-length', str(len(body)))
        self.send_header('content-type', 'application/json')
        self.end_headers()
        self.wfile.write(body)
    def do_GET(self):
        self.say({'data': [{'id': 'e', 'architecture': {'modality': 'text->embedding'}}]})
    def do_POST(self):
        texts = json.loads(self.rfile.read(int(self.headers['content-length'])))['input']
        self.asked.append(len(texts))
        print('asked', flush=True)
        self.opens.wait()
        self.say({'data': [{'index': n, 'embedding': [1.0, 2.0]} for n in range(len(texts))]})
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Slow)
threading.Thread(target=server.serve_forever, daemon=True).start()
import nbnebius as neb
neb.connect('a-key', f'http://127.0.0.1:{server.server_port}/v1/')
import signal
texts = [f'text {n}' for n in range(3_000)]
"""


@pytest.mark.fault
def test_an_interrupted_embedding_is_bound_before_the_error_is_raised(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok(SLOW)
    # ipykernel sets its handler for each cell, so ours replaces it inside the cell
    cell = kernel.begin(
        "stop = signal.default_int_handler\n"
        "signal.signal(signal.SIGINT, lambda *a: (Slow.opens.set(), stop(*a)))\n"
        "%embed -o partly texts"
    )
    kernel.wait(cell, until=lambda cell: cell.printed.count("asked") >= 8)
    kernel.interrupt()
    kernel.wait(cell)
    assert cell.ename == "Stopped"
    assert "not sent" in cell.message
    counts = "partly.neb_status.value_counts()"
    assert int(kernel.value(f"int({counts}['ok'])")) >= 8 * 128
    assert int(kernel.value(f"int({counts}['unsent'])")) > 0
    assert kernel.value(f"int({counts}['ok']) == sum(Slow.asked)") == "True"
    kernel.ok("%embed -o partly texts")
    assert kernel.value("int((partly.neb_status == 'ok').sum())") == "3000"
    assert kernel.value("sum(Slow.asked)") == "3000"


def test_answers_are_not_taken_for_vectors(start_kernel, sandbox):
    kernel = start_kernel(sandbox)
    kernel.ok("import nbnebius as neb\njudged = neb.map(['a', 'b'], 'Say {text}')")
    message = kernel.run("%search the cat").message
    assert "judged" not in message
    assert "%embed -o vectors" in message
    assert "embed gives a frame of vectors" in kernel.run("%search --frame judged the cat").message
