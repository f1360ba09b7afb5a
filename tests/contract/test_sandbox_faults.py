"""What goes wrong on purpose goes wrong as it was asked for."""

import subprocess
import sys
import urllib.request

import httpx2
import openai
import pytest
from sandbox_fixture import running_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-8B-Instruct"
LONG = [{"role": "user", "content": "Count from 1 to 100"}]


@pytest.fixture
def sandbox_with(tmp_path):
    """Give a way to run a sandbox with faults, and its client."""
    opened = []

    def start(fault, *more):
        context = running_sandbox(tmp_path, "--fault", fault, *more)
        sandbox = context.__enter__()
        client = openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0)
        opened.extend([(context.__exit__, (None, None, None)), (client.close, ())])
        return sandbox, client

    yield start
    for close, arguments in reversed(opened):
        close(*arguments)
    assert (tmp_path / "sandbox-stderr.txt").read_text() == ""


def statuses(client, count):
    found = []
    for _ in range(count):
        try:
            client.models.list()
            found.append(200)
        except openai.APIStatusError as error:
            found.append(error.status_code)
    return found


def test_every_third_request_fails(sandbox_with):
    _, client = sandbox_with("500:1/3")
    assert statuses(client, 7) == [200, 200, 500, 200, 200, 500, 200]


def test_the_first_requests_fail_and_say_when_to_come_back(sandbox_with):
    _, client = sandbox_with("429:first=2")
    with pytest.raises(openai.RateLimitError) as caught:
        client.models.list()
    assert caught.value.body == {"detail": "Rate limit exceeded"}
    assert caught.value.response.headers["retry-after"] == "1"
    assert statuses(client, 3) == [429, 200, 200]


def test_chance_has_a_seed(sandbox_with):
    _, client = sandbox_with("503:50%,seed=3")
    first = statuses(client, 40)
    assert set(first) == {200, 503}
    _, client = sandbox_with("503:50%,seed=3")
    assert statuses(client, 40) == first
    _, client = sandbox_with("503:50%,seed=4")
    assert statuses(client, 40) != first


def test_a_stream_breaks_off(sandbox_with):
    _, client = sandbox_with("cut:after=20")
    stream = client.chat.completions.create(model=CHAT, messages=LONG, stream=True)
    texts = []
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        texts.extend(chunk.choices[0].delta.content for chunk in stream)
    assert len([text for text in texts if text]) == 20
    whole = client.chat.completions.create(model=CHAT, messages=LONG)
    assert whole.choices[0].finish_reason == "stop"


def test_a_cut_stream_is_a_failed_request_in_the_log(sandbox_with):
    sandbox, client = sandbox_with("cut:after=3@/v1/chat")
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        list(client.chat.completions.create(model=CHAT, messages=LONG, stream=True))
    line = client.get(f"{sandbox.root_url}sandbox/requests", cast_to=object)["data"][0]
    assert (line["state"], line["tokens_sent"]) == ("failed", 3)


def test_a_web_page_instead_of_an_answer(sandbox_with):
    sandbox, client = sandbox_with("html@/v1/models")
    request = urllib.request.Request(
        sandbox.base_url + "models", headers={"Authorization": f"Bearer {sandbox.api_key}"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert (answer.status, answer.headers.get_content_type()) == (200, "text/html")
    assert client.chat.completions.create(model=CHAT, messages=LONG, max_tokens=3).choices


def test_several_faults_at_once(sandbox_with):
    _, client = sandbox_with("slow:10ms,402:first=1,html:1/2@/v1/embeddings")
    with pytest.raises(openai.APIStatusError) as caught:
        client.models.list()
    assert caught.value.status_code == 402
    assert "exhausted your budget" in caught.value.body["detail"]
    assert statuses(client, 2) == [200, 200]


def test_nobody_meets_a_fault_before_showing_the_key(sandbox_with):
    sandbox, _ = sandbox_with("500")
    with openai.OpenAI(base_url=sandbox.base_url, api_key="wrong", max_retries=0) as client:
        assert statuses(client, 1) == [401]


@pytest.mark.parametrize(
    "options",
    [
        ["--fault", "nonsense"],
        ["--upstream", "ftp://x"],
        ["--upstream", "nonsense"],
        ["--upstream-key-from-env", "NO_SUCH_VARIABLE"],
        ["--batch-window", "x"],
    ],
)
def test_options_that_cannot_be_read_are_told(options, tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nbnebius.sandbox", "--port", "0", "--data", tmp_path, *options],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert options[0] in done.stderr
