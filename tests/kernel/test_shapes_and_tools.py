"""Answers in a given shape, and tools: from a cell and from Python."""

import pytest

pytestmark = pytest.mark.kernel

REVIEWS = "Judge each review.\n\n1. Lovely kettle.\n2. Broke after two days. Never again!"


def test_a_short_schema_gives_a_typed_frame(kernel):
    cell = kernel.ok(
        '%%chat --schema "sentiment positive|negative, score float, why: in ten words" -o judged\n'
        "Judge: Broke after two days. Never again!"
    )
    assert "judged:" in cell.plain
    assert kernel.value("judged.parsed['sentiment'] in {'positive', 'negative'}") == "True"
    assert kernel.value("list(judged.df.columns)") == "['sentiment', 'score', 'why']"
    assert kernel.value("str(judged.df.dtypes['sentiment'])") == "'category'"
    assert kernel.value("list(judged.df['sentiment'].cat.categories)") == "['positive', 'negative']"
    assert kernel.value("str(judged.df.dtypes['score'])") == "'float64'"


def test_records_are_shown_as_a_table(kernel):
    cell = kernel.ok(f'%%chat got =<< --schema-multi "label good|bad, why"\n{REVIEWS}')
    (shown,) = [o for o in cell.displays if "<table" in o["data"].get("text/html", "")]
    assert "label" in shown["data"]["text/plain"]
    assert kernel.value("len(got.df) == len(got.parsed) >= 1") == "True"


def test_a_class_of_the_notebook_is_a_schema(kernel):
    kernel.ok(
        "from dataclasses import dataclass\n@dataclass\nclass Person:\n    name: str\n    age: int"
    )
    kernel.ok("got = %chat --schema Person Ada is 36 years old.")
    assert kernel.value("type(got.parsed).__name__") == "'Person'"
    kernel.ok("import nbnebius as neb")
    kernel.ok("twin = neb.chat('Ada is 36 years old.', schema=Person)")
    assert kernel.value("isinstance(twin.parsed, Person)") == "True"
    assert kernel.value("neb.chat('Ada', schema='name').parsed") is not None


def test_an_answer_that_is_cut_is_explained_and_kept(kernel):
    cell = kernel.run('%%chat got << --max-tokens 12 --schema "name, story"\nTell of Ada.')
    assert cell.ename == "AnswerError"
    assert "max-tokens" in cell.message
    assert len(cell.message.splitlines()) <= 3
    assert kernel.value("type(got).__name__") == "'Reply'"


def test_bad_schemas_are_refused_before_anything_is_sent(kernel, requests):
    before = len(requests)
    for schema in ('"age inr"', '"name, name"', '""'):
        assert kernel.run(f"%chat --schema {schema} Hi").ename == "OptionError", schema
    assert kernel.run('%chat --schema "a" --schema-multi "b" Hi').ename == "OptionError"
    assert len(requests) == before


TOOL = '''
def weather(city: str, days: int = 1) -> str:
    """Tell the weather of a city."""
    seen.append(city)
    return f"sunny in {city}"
seen = []
'''


def test_a_function_is_called_and_every_call_is_shown(kernel):
    kernel.ok(TOOL)
    cell = kernel.ok("got = %chat --tools weather Use weather to tell the weather in Paris.")
    assert kernel.value("len(seen) >= 1") == "True"
    assert kernel.value("got.calls[0].name") == "'weather'"
    assert "weather" in cell.plain
    kernel.ok("import nbnebius as neb; twin = neb.chat('Use weather for Oslo.', tools=weather)")
    assert kernel.value("len(twin.calls) >= 1 and bool(twin.text)") == "True"
    assert kernel.run("%chat --tools wether Hi").ename == "OptionError"


def test_each_call_can_be_refused(kernel):
    kernel.ok(TOOL)
    cell = kernel.run(
        "got = %chat --approve --tools weather Use weather for Rome.", answers=["n"] * 9
    )
    assert cell.status == "ok", cell.message
    assert kernel.value("seen") == "[]"
    cell = kernel.run("got = %chat --approve --tools weather Use weather for Rome.")
    assert cell.ename == "SettingsError"


SERVER = '''
try:
    from mcp.server.mcpserver import MCPServer
except ImportError:  # before version 2
    from mcp.server.fastmcp import FastMCP as MCPServer

server = MCPServer("clock")


@server.tool()
def tell_time(city: str) -> str:
    """Tell the time in a city."""
    return f"noon in {city}"


server.run()
'''


def test_the_tools_of_an_mcp_server_are_called(kernel):
    kernel.ok(f"from pathlib import Path; _ = Path('clock.py').write_text({SERVER!r})")
    kernel.ok("import sys; clock = f'{sys.executable} clock.py'")
    kernel.ok("got = %chat --tools clock Use tell_time to tell the time in Lima.")
    assert kernel.value("[c.name for c in got.calls]") == "['tell_time']"
    assert "noon in" in kernel.value("got.calls[0].text")
    kernel.ok("broken = f'{sys.executable} nowhere.py'")
    cell = kernel.run("%chat --tools broken Hi")
    assert cell.ename == "NebiusError"
    assert "MCP server" in cell.message, cell.outputs
    assert kernel.run("%chat --tools 3 Hi").ename == "OptionError"


def test_log_probabilities_come_as_a_frame(kernel):
    kernel.ok("import nbnebius as neb; got = neb.chat('Hi', logprobs=True, top_logprobs=2)")
    assert kernel.value("len(got.logprob_df) > 0") == "True"


def test_a_schema_can_be_sent_as_guided_json(kernel):
    cell = kernel.ok('%chat --dry-run --schema "name" --set guided_json=true Ada is here.')
    assert '"guided_json": {' in cell.plain
    assert "json_schema" not in cell.plain
    kernel.ok("got = %chat --schema name --set guided_json=true Ada is here.")
    assert kernel.value("list(got.parsed)") == "['name']"


def test_a_column_of_pictures_goes_along(kernel):
    kernel.ok("import pandas as pd, nbnebius as neb; from PIL import Image")
    kernel.ok("seen = pd.Series([Image.new('RGB', (9, 9), c) for c in ('red', 'blue')])")
    kernel.ok("got = neb.chat('What colours?', images=seen)")
    assert kernel.value("'red' in got.text.lower() and 'blue' in got.text.lower()") == "True"
