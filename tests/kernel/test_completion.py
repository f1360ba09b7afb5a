"""``%completion`` and its twin: the text is continued, streamed and kept as a chat's is."""

import pytest

pytestmark = pytest.mark.kernel


def test_a_text_is_continued_and_streams(kernel, requests):
    cell = kernel.ok("%%completion -o said --max-tokens 12 -t 0\nSay my name")
    assert "tokens · USD" in cell.plain
    assert kernel.value("bool(said.text) and said.finish_reason in {'stop', 'length'}") == "True"
    shown = kernel.ok("%completion --max-tokens 40 Once upon a time there was")
    assert len(shown.displays) == 1
    assert {r["path"] for r in requests.all()} >= {"/v1/completions"}


def test_log_probabilities_and_several_continuations(kernel):
    kernel.ok("got = %completion --max-tokens 4 --logprobs 2 --set n=2 The capital of France is")
    assert kernel.value("len(got.choices)") == "2"
    assert kernel.value("got.logprobs is not None") == "True"
    assert kernel.value("len(got.df)") == "2"


def test_the_function_streams_and_keeps(kernel):
    kernel.ok("import nbnebius as neb")
    kernel.ok("s = neb.completion('Say my name', max_tokens=7, stream=True); pieces = list(s)")
    assert kernel.value("''.join(pieces) == s.reply.text") == "True"
    kernel.ok("a = neb.completion('Say my name', max_tokens=7, cache=True)")
    assert kernel.value("neb.completion('Say my name', max_tokens=7, cache=True).cached") == "True"


def test_an_empty_prompt_is_refused(kernel):
    assert kernel.run("%completion").ename == "OptionError"
    assert kernel.run("import nbnebius as neb; neb.completion([])").ename == "OptionError"
