"""`%chat` and `%%chat` as a user meets them."""

import json

import pytest

pytestmark = pytest.mark.kernel


def html(output):
    return output["data"].get("text/html", "")


def test_an_answer_streams_into_one_output(start_kernel, slow_sandbox):
    kernel = start_kernel(slow_sandbox)
    cell = kernel.ok("%%chat --max-tokens 120\nCount from 1 to 100")
    answer, first_time = cell.displays
    assert len(cell.paints) > 3
    assert answer["output_type"] == "display_data"
    assert set(answer["data"]) == {"text/html", "text/plain"}
    assert all("text/markdown" not in paint["data"] for paint in cell.paints)
    assert answer["data"]["text/plain"].count("1, 2, 3") == 1
    footer = answer["data"]["text/plain"].splitlines()[-1]
    model, tokens, cost = footer.split(" · ")[:3]
    assert "/" in model
    assert tokens.endswith("tokens")
    assert cost.startswith("USD 0.0")
    assert footer.split(" · ")[0] in html(answer)
    about = answer["metadata"]["nbnebius"]
    assert about["seconds"] > 0
    assert about["cached"] is False
    assert "seconds" not in footer
    assert "answers are kept in" in first_time["data"]["text/plain"]
    assert len(kernel.ok("%chat Hello").displays) == 1  # that line is told once


def test_out_holds_the_reply_and_nothing_is_shown_twice(kernel):
    cell = kernel.ok("%%chat\nHello")
    assert len(cell.displays) == 1
    assert kernel.value("type(_).__name__") == "'Reply'"
    assert kernel.value("type(Out[max(Out)]).__name__") == "'Reply'"
    shown = kernel.ok("_")
    assert shown.displays[0]["data"] == cell.displays[0]["data"]


@pytest.mark.parametrize(
    ("code", "shows_answer"),
    [
        ("got = %chat Hello", True),
        ("%chat -o got Hello", False),
        ("%%chat -o got\nHello", False),
        ("%chat got << Hello", False),
        ("%%chat got <<\nHello", False),
        ("%%chat got =<<\nHello", True),
        ("%chat Hello --out got", False),
    ],
)
def test_assigning(kernel, code, shows_answer):
    kernel.ok("got = None\n%chat -q -o other Hello")
    (output,) = kernel.ok(code).displays
    assert kernel.value("type(got).__name__") == "'Reply'"
    assert kernel.value("got.text") == kernel.value("other.text")
    answer = kernel.value("got.text.splitlines()[0]").strip("'\"")
    assert (answer in output["data"]["text/plain"]) == shows_answer
    assert kernel.value("got.model").strip("'") in output["data"]["text/plain"]
    if not shows_answer:
        assert output["data"]["text/plain"].startswith("got: ")


def test_quiet_shows_no_footer(kernel):
    (output,) = kernel.ok("%chat -q Hello").displays
    assert "USD" not in output["data"]["text/plain"]
    assert "USD" not in html(output)
    assert kernel.ok("%chat -q -o got Hello").displays == []


def test_loops_and_functions(kernel):
    cell = kernel.ok("for n in (1, 2, 3):\n    %chat -q Say {{n}}")
    assert len(cell.displays) == 3
    kernel.ok(
        "def ask(hidden):\n"
        "    reply = %chat -q -s {{hidden}} Tell me about {{hidden}}\n"
        "    return reply\n"
        "got = ask('limestone')"
    )
    assert "limestone" in kernel.value("got.text")
    assert "There is no variable 'hidden'" in kernel.run("%chat {{hidden}}").message


def test_other_magics_stack_on_top(kernel):
    cell = kernel.ok("%%time\n%chat -q Hello")
    assert "Wall time" in cell.printed
    assert len(cell.displays) == 1
    cell = kernel.ok("%%capture held\n%chat Hello")
    assert cell.displays == []
    assert "USD" in kernel.ok("held.show()").plain
    assert "Wall time" in kernel.ok("%time x = 1").printed


@pytest.mark.parametrize("code", ["%chat is this python?", "x = %chat what?", "%chat really??"])
def test_a_question_mark_belongs_to_the_question(kernel, code):
    cell = kernel.ok(code)
    assert "USD" in cell.plain
    assert cell.pages == []


def test_the_prompt_arrives_verbatim(kernel):
    text = 'it\'s  a "test" of {braces}, $HOME, C:\\new, -t and 100%?'
    assert content(kernel, f"%chat --dry-run {text}") == text
    body = "# a comment\n\n%not a magic?\n  indented\n!ls {x}\n"
    assert content(kernel, f"%%chat --dry-run\n{body}") == body.removesuffix("\n")


@pytest.mark.parametrize("code", ["%chat?", "%chat??", "?%chat", "%%chat?"])
def test_help_is_the_manual(kernel, code):
    (page,) = kernel.ok(code).pages
    for words in ("Ask a chat model", "--temperature", "Examples:"):
        assert words in page


@pytest.mark.parametrize("code", ["%chat --help", "%chat -h", "%nebius help chat", "%%chat -h\nx"])
def test_help_by_flag(kernel, requests, code):
    before = len(requests)
    cell = kernel.ok(code)
    assert "--temperature" in cell.plain
    assert "Examples:" in cell.plain
    assert len(requests) == before


@pytest.mark.parametrize(
    "code", ["models", "nebius", "chat hello", "image of x", "embed", "image 1", "chat 'x'"]
)
def test_automagic_never_fires(start_kernel, kernel, requests, code):
    before = len(requests)
    cell = kernel.run(code)
    assert cell.ename in {"NameError", "SyntaxError"}
    assert len(requests) == before


def test_names_of_magics_are_ordinary_names(kernel):
    kernel.ok("models = 3; chat = type('C', (), {'x': 5}); image = ['a', 'b']; embed = len")
    assert kernel.ok("models").plain == "3"
    assert kernel.ok("chat.x").plain == "5"
    assert kernel.ok("image [1]").plain == "'b'"
    assert kernel.ok("embed ('abc')").plain == "3"
    assert "USD" in kernel.ok("%chat Hello").plain
    kernel.ok("del models, chat, image, embed")


def request_of(kernel, code):
    """Give the body that a dry run shows."""
    return json.JSONDecoder().raw_decode(kernel.ok(code).displays[0]["data"]["text/plain"])[0]


def content(kernel, code):
    return request_of(kernel, code)["messages"][-1]["content"]


def test_values_are_filled_in(kernel):
    kernel.ok("topic = 'limestone'; sly = '{{topic}}'; rows = [1, 2, 3]")
    assert content(kernel, "%chat --dry-run About {{topic}} {{rows[0]}}") == "About limestone 1"
    assert content(kernel, "%chat --dry-run {{sly}} and {{topic}}") == "{{topic}} and limestone"
    assert content(kernel, '%%chat --dry-run\n{"a": {"b": {{rows[1]}}}}') == '{"a": {"b": 2}}'
    assert content(kernel, "%chat --dry-run --raw {{topic}} {{nope}}") == "{{topic}} {{nope}}"
    assert content(kernel, r"%chat --dry-run \{{topic}}") == "{{topic}}"


def test_values_are_filled_into_options(kernel):
    kernel.ok("heat = 0.5; who = 'a {{poet}}'; words = ['a', 'b']; which = 'Qwen/Qwen3-32B'")
    body = request_of(
        kernel,
        "%chat --dry-run -m {{which}} -t {{heat}} -s 'You are {{who}}' --stop {{who}} "
        "--set guided_choice={{words}} --set x={{who}} Hi",
    )
    assert body["model"] == "Qwen/Qwen3-32B"
    assert body["temperature"] == 0.5
    assert body["messages"][0]["content"] == "You are a {{poet}}"
    assert body["stop"] == ["a {{poet}}"]
    assert body["guided_choice"] == ["a", "b"]
    assert body["x"] == "a {{poet}}"


def test_an_unknown_name_is_an_error_that_names_the_nearest(kernel):
    kernel.ok("topic = 'x'")
    cell = kernel.run("%chat About {{topik}}")
    assert cell.ename == "OptionError"
    assert "did you mean topic?" in cell.message
    assert len(cell.message.splitlines()) == 3
    for code in ("{{topic.upper()}}", "{{topic._x}}", "{{topic + 1}}"):
        assert kernel.run(f"%chat {code}").ename == "OptionError"


def test_a_frame_becomes_schema_and_sample(kernel):
    kernel.ok("import pandas as pd; df = pd.DataFrame({'review': ['good', 'bad'], 'n': [1, 2]})")
    cell = kernel.ok("%chat What is in {{df}}?")
    assert "df: DataFrame sent as about" in cell.plain
    sent = content(kernel, "%chat --dry-run What is in {{df}}?")
    assert "review" in sent
    assert "good" in sent


def test_pictures_become_parts(kernel):
    kernel.ok("from PIL import Image; red = Image.new('RGB', (20, 10), 'red')")
    model = "-m Qwen/Qwen2.5-VL-72B-Instruct"
    cell = kernel.ok(f"%chat {model} What is in {{{{red}}}}?")
    assert "20" in cell.plain
    text, picture = content(kernel, f"%chat --dry-run {model} See {{{{red}}}}")
    assert text["text"] == "See [picture 1]"
    assert picture["type"] == "image_url"
    kernel.ok("import matplotlib.pyplot as plt; fig, ax = plt.subplots(); plt.close()")
    assert len(content(kernel, f"%chat --dry-run {model} See {{{{fig}}}} and {{{{red}}}}")) == 3
    kernel.ok("red.save('red.png')")
    for named in ("red", "red.png", "red --images red.png"):
        assert kernel.ok(f"%chat {model} --images {named} What is it?").displays
    assert "cannot stand in --system" in kernel.run("%chat -s {{red}} Hi").message
    assert kernel.run("%chat --images missing.png Hi").ename == "OptionError"


def test_a_dry_run_sends_nothing(kernel, requests):
    before = len(requests)
    cell = kernel.ok("%chat --dry-run -t 0 Hello")
    assert '"temperature": 0.0' in cell.plain
    assert "tokens to read (an estimate)" in cell.plain
    assert "at most USD" in cell.plain
    assert "Nothing was sent." in cell.plain
    assert kernel.ok("%chat --dry-run -o got Hello").displays
    assert len(requests) == before


def test_a_file_is_asked_with_and_its_braces_are_text(kernel):
    kernel.ok("open('notes.txt', 'w').write('Tea is brewed. {{missing}} stays.\\n')")
    assert content(kernel, "%%chat --dry-run --file notes.txt\nWhat is brewed?") == (
        "Tea is brewed. {{missing}} stays.\n\nWhat is brewed?"
    )
    assert content(kernel, "%chat --dry-run --file notes.txt").startswith("Tea is brewed.")
    cell = kernel.run("%chat --file nowhere.txt Hi")
    assert cell.ename == "OptionError"
    assert "nowhere.txt" in cell.message
    kernel.ok("open('picture.bin', 'wb').write(bytes(range(256)))")
    assert "not text" in kernel.run("%chat --file picture.bin Hi").message


def test_several_choices_are_all_shown(kernel):
    cell = kernel.ok("got = %chat --set n=3 -t 1 --max-tokens 30 Name a colour of the sea.")
    (shown,) = [o for o in cell.displays if "3 of 3" in o["data"]["text/plain"]]
    assert all(f"{number} of 3" in shown["data"]["text/html"] for number in (1, 2, 3))
    assert kernel.value("len(got.df)") == "3"


def test_a_picture_chooses_a_model_that_sees(kernel):
    kernel.ok("from PIL import Image; red = Image.new('RGB', (20, 10), 'red')")
    cell = kernel.ok("got = %chat What colour is {{red}}?")
    assert "VL" in kernel.value("got.model")
    assert "red" in cell.plain.lower()
    refused = kernel.run("%chat -m Qwen/Qwen3-32B What colour is {{red}}?")
    assert refused.ename == "OptionError"
    assert "--type vision" in refused.message
    assert "There is no file" in kernel.run("%chat --images nowhere.png What is it?").message


def test_the_key_does_not_go_into_a_prompt(kernel):
    kernel.ok("import os; key = os.environ['NEBIUS_API_KEY']")
    for prompt in ("My key: {{key}}", '{{os.environ["NEBIUS_API_KEY"]}}', "{{os.environ}}"):
        cell = kernel.run(f"%chat --dry-run {prompt}")
        assert cell.ename == "OptionError", prompt
        assert kernel.value("key")[1:-1] not in str(cell.outputs)


def test_a_width_that_would_fill_the_memory_is_refused(kernel):
    kernel.ok("topic = 'tea'")
    assert kernel.run("%chat --dry-run {{topic:>10000000000}}").ename == "OptionError"
    assert content(kernel, "%chat --dry-run [{{topic:>6}}]") == "[   tea]"
