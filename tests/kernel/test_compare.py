"""`%%compare` as a user meets it: side by side, one failing, a budget, an interrupt, kept."""

import json

import pytest

pytestmark = pytest.mark.kernel

QWEN, LLAMA, DEEP = (
    "Qwen/Qwen3-32B",
    "meta-llama/Llama-3.3-70B-Instruct",
    "deepseek-ai/DeepSeek-R1-0528",
)
ALL = f"-m {QWEN} -m {LLAMA} -m {DEEP}"
ASK = f"%%compare {ALL} --max-tokens 60\nExplain limestone in one sentence."


def first_display(cell):
    return next(o for o in cell.outputs if o["output_type"] == "display_data")


def test_answers_stand_side_by_side_and_the_value_is_a_frame(kernel, requests):
    before = len(requests)
    cell = kernel.ok(ASK)
    assert len(requests) == before + 3
    shown, frame = cell.displays
    page = shown["data"]["text/html"]
    assert set(shown["data"]) == {"text/html", "text/plain"}
    assert page.count("display:grid") == 1
    assert "auto-fit" in page
    text = shown["data"]["text/plain"]
    assert [text.count(f"── {model} ──") for model in (QWEN, LLAMA, DEEP)] == [1, 1, 1]
    *_, footer = text.splitlines()
    assert footer.startswith("3 models · ")
    assert footer.endswith(" in all")
    assert "seconds" not in text  # they change with every run, so they stand in the metadata
    told = shown["metadata"]["nbnebius"]["compared"]
    assert [each["model"] for each in told] == [QWEN, LLAMA, DEEP]
    assert all(each["seconds"] > 0 for each in told)
    assert frame["output_type"] == "execute_result"
    assert kernel.value("list(_.model)") == repr([QWEN, LLAMA, DEEP])
    assert kernel.value("bool((_.first_token_seconds <= _.seconds).all())") == "True"
    same = "bool((_.completion_tokens / _.seconds == _.tokens_per_second).all())"
    assert kernel.value(same) == "True"
    assert kernel.value("bool((_.cost == _.answer_cost).all() and (_.cost > 0).all())") == "True"


def test_answers_grow_side_by_side(start_kernel, slow_sandbox):
    kernel = start_kernel(slow_sandbox)
    cell = kernel.ok(f"%%compare -m {QWEN} -m {LLAMA} --max-tokens 300\nCount from 1 to 200")
    page = [o for o in cell.paints if "display:grid" in o["data"].get("text/html", "")]
    # At once: both had begun before either had ended.
    growing = [o["data"]["text/plain"] for o in page if "USD" not in o["data"]["text/plain"]]
    assert any(text.count("1, 2, 3") == 2 for text in growing)
    assert sum("display:grid" in o["data"].get("text/html", "") for o in cell.outputs) == 1


def test_a_model_that_fails_is_a_row_with_its_error(kernel):
    cell = kernel.ok(f"%%compare -m {QWEN} -m no/such\nHello")
    assert "no model 'no/such' here" in first_display(cell)["data"]["text/plain"]
    assert "1 of 2 models answered" in cell.plain
    assert kernel.value("list(_.status)") == "['ok', 'failed']"
    assert "no model" in kernel.value("_.error[1]")
    assert kernel.value("_.text.isna().tolist()") == "[False, True]"


def test_where_no_model_answers_the_cell_fails_and_the_frame_is_bound(kernel):
    cell = kernel.run("%%compare -m no/such -m nor/this -o got\nHello")
    assert (cell.status, cell.ename) == ("error", "NotFoundError")
    assert len(cell.message.splitlines()) <= 3
    assert kernel.value("list(got.status)") == "['failed', 'failed']"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("", "No model is named"),
        (f"-m {QWEN} -m {QWEN}", "is named more than once"),
        (f"-m {QWEN} -m BAAI/bge-en-icl", "its type is embedding"),
        (f"-m {QWEN} --schema 'text, cost float'", "The schema cannot have a field 'text'"),
        (f"-m {QWEN} --modle x", "did you mean --model?"),
    ],
)
def test_what_makes_no_sense_is_told_before_anything_is_sent(kernel, requests, line, told):
    before = len(requests)
    cell = kernel.run(f"%%compare {line}\nHello")
    assert cell.ename == "OptionError"
    assert told in cell.message
    assert len(requests) == before


def test_the_flags_of_chat(kernel, requests):
    before = len(requests)
    cell = kernel.ok(f"%%compare {ALL} --dry-run -s 'You are terse.' -t 0\nHello")
    assert len(requests) == before
    for words in ("You are terse.", "Nothing was sent", f"{DEEP}: at most USD", "in all: at most"):
        assert words in cell.plain
    (line,) = kernel.ok(f"%%compare {ALL} -o got --max-tokens 30\nHello").displays
    assert line["data"]["text/plain"].startswith("got: 3 models · ")
    assert kernel.ok(f"%%compare {ALL} -q -o got --max-tokens 30\nHello").displays == []
    kernel.ok(f'%%compare {ALL} -o got --schema "label positive|negative, why"\nIt broke.')
    assert kernel.value("str(got.label.dtype)") == "'category'"
    assert kernel.value("got.label.isna().sum()") in {"0", "np.int64(0)"}


def test_kept_answers_are_shown_again_after_a_restart(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    before = first_display(kernel.ok(ASK, "id"))["data"]
    sent = len(requests)
    kernel.restart()
    cell = kernel.ok(ASK, "id")
    assert len(requests) == sent
    assert first_display(cell)["data"] == before  # the same notebook
    assert "kept from" in cell.plain
    assert kernel.value("_.cached.tolist()") == "[True, True, True]"
    assert kernel.value("_.cost.tolist()") == "[0.0, 0.0, 0.0]"
    assert kernel.value("bool((_.answer_cost > 0).all())") == "True"
    # Nobody wrote down when the first token came; how long it took in all is known.
    assert kernel.value("bool(_.first_token_seconds.isna().all())") == "True"
    assert kernel.value("bool((_.seconds > 0).all())") == "True"
    cell = kernel.ok(ASK.replace(f" -m {LLAMA}", " -m openai/gpt-oss-120b"), "id")
    assert kernel.value("_.cached.tolist()") == "[False, False, False]"
    kernel.restart()
    cell = kernel.ok(ASK.replace("%%compare", "%%compare -m openai/gpt-oss-120b"), "id")
    assert "kept from" in cell.plain
    assert kernel.value("_.cached.tolist()") == "[True, True, True, True]"


def test_a_private_comparison_keeps_nothing(start_kernel, sandbox, requests):
    kernel = start_kernel(sandbox)
    code = ASK.replace("--max-tokens", "--private --max-tokens")
    kernel.ok(code, "id")
    sent = len(requests)
    kernel.restart()
    assert "kept from" not in kernel.ok(code, "id").plain
    assert len(requests) == sent + 3


def test_a_budget_that_is_reached_stops_what_it_must_and_binds_the_frame(
    start_kernel, sandbox, requests
):
    kernel = start_kernel(sandbox)
    kernel.ok("%nebius budget 0.01")
    before = len(requests)
    # Two of them together are within it; the third alone could cost more.
    cell = kernel.run(f"%%compare {ALL} --max-tokens 8000 -o got\nHello")
    assert (cell.status, cell.ename) == ("error", "BudgetReached")
    assert kernel.value("list(got.status)") == "['ok', 'ok', 'failed']"
    assert len(requests) == before + 2


@pytest.mark.fault
def test_an_interrupt_keeps_what_had_come(start_kernel, slow_sandbox):
    kernel = start_kernel(slow_sandbox)
    cell = kernel.begin(f"%%compare got =<< -m {QWEN} -m {LLAMA}\nCount from 1 to 2000")
    after = kernel.begin("later = 1")
    kernel.wait(cell, until=lambda cell: cell.plain.count("3, 4, 5") == 2)
    kernel.interrupt()
    kernel.wait(cell)
    kernel.wait(after)
    assert cell.ename == "Stopped"
    assert after.status == "aborted"
    assert cell.plain.count("stopped: what had come is kept") == 2
    assert kernel.value("list(got.status)") == "['partial', 'partial']"
    assert kernel.value("got.text.str.contains('3, 4, 5').all()") in {"True", "np.True_"}


@pytest.mark.parametrize("form", ["text", "json", "code"])
def test_an_answer_in_another_form(kernel, form):
    asked = {
        "text": "Say **hello** to <b>me</b>",
        "json": '-s "Answer in JSON." --set response_format=\'{"type":"json_object"}\' a fact',
        "code": "Write Python code for fibonacci",
    }[form]
    (output,) = kernel.ok(f"reply = %chat --as {form} {asked}").displays
    text = kernel.value("reply.text")
    page, plain = output["data"]["text/html"], output["data"]["text/plain"]
    if form == "text":
        assert "<strong>" not in page
        assert "<pre" in page
        assert plain.startswith(eval(text))
    elif form == "json":
        shown = plain.rpartition("\n\n")[0]
        assert json.loads(shown) == json.loads(eval(text))
        assert shown.splitlines()[0] == "{"
    else:
        assert plain.startswith("def fibonacci")
        assert "```" not in plain
        assert 'class="k"' in page
        assert kernel.value("'fibonacci' in globals()") == "False"
    assert "USD" in plain
    again = kernel.ok(f"reply.show(as_={form!r})").displays[0]["data"]
    assert again == output["data"]
    assert (
        "<strong>" in kernel.ok("reply.show()").displays[0]["data"]["text/html"] or form != "text"
    )


def test_a_model_that_fails_is_told_where_only_the_footer_shows(kernel):
    cell = kernel.ok(f"%%compare -m {QWEN} -m no/such -o answers\nHello")
    assert "1 of 2 models answered" in cell.plain
    assert "no/such: no model 'no/such' here" in cell.plain
