"""The sandbox as a process: it says when it is ready, ends when told, and notices who leaves."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from urllib.parse import urlsplit

import openai
import pytest
from sandbox_fixture import running_sandbox, start_sandbox

CHAT = "meta-llama/Meta-Llama-3.1-70B-Instruct"
LONG = [{"role": "user", "content": "Count from 1 to 500"}]


def requests_of(sandbox):
    request = urllib.request.Request(
        sandbox.root_url + "sandbox/requests",
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)["data"]


def wait_for_state(sandbox, *states):
    for _ in range(500):
        newest = requests_of(sandbox)[0]
        if newest["state"] in states:
            return newest
        time.sleep(0.02)
    raise AssertionError(f"still {newest}")


def run(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "nbnebius.sandbox", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_prints_two_lines_and_ends_with_zero_on_a_signal(tmp_path, number):
    command = [sys.executable, "-m", "nbnebius.sandbox", "--port", "0", "--data", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        base = process.stdout.readline()
        key = process.stdout.readline()
        process.send_signal(number)
        rest, errors = process.communicate(timeout=30)
    assert base.startswith("NEBIUS_BASE_URL=http://127.0.0.1:")
    assert base.endswith("/v1/\n")
    assert key.startswith("NEBIUS_API_KEY=sandbox-")
    assert len(key) > 50
    assert (rest, errors, process.returncode) == ("", "", 0)


def test_it_ends_with_streams_open(tmp_path):
    sandbox = start_sandbox(tmp_path, "--tokens-per-second", "5")
    client = openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0)
    with client, client.chat.completions.create(model=CHAT, messages=LONG, stream=True) as stream:
        next(iter(stream))
        assert sandbox.stop() == 0
    assert (tmp_path / "sandbox-stderr.txt").read_text() == ""


def test_a_taken_port_is_one_sentence_and_exit_code_2(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = run("--port", port, "--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stdout == ""
    assert port in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_host_that_is_not_here_is_one_sentence_and_exit_code_2(tmp_path):
    done = run("--host", "192.0.2.7", "--port", "0", "--data", str(tmp_path))
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1


def test_two_sandboxes_have_different_keys_and_ports(tmp_path):
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    with running_sandbox(tmp_path / "a") as one, running_sandbox(tmp_path / "b") as two:
        assert one.base_url != two.base_url


def test_the_sandbox_id_belongs_to_the_data_folder(tmp_path):
    def identity():
        with running_sandbox(tmp_path) as sandbox:
            address = urlsplit(sandbox.base_url)
            connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
            connection.request("GET", "/")
            answer = connection.getresponse()
            connection.close()
            return answer.getheader("x-nbnebius-sandbox")

    assert identity() == identity()


def test_the_data_folder_follows_the_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path / "home"))
    command = [sys.executable, "-m", "nbnebius.sandbox", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        process.stdout.readline()
        process.terminate()
    assert (tmp_path / "home" / "sandbox" / "sandbox.sqlite").is_file()


def test_a_stream_that_is_left_is_cancelled_while_waiting_for_a_token(tmp_path):
    with running_sandbox(tmp_path, "--tokens-per-second", "2") as sandbox:
        client = openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0)
        with client:
            stream = client.chat.completions.create(model=CHAT, messages=LONG, stream=True)
            next(iter(stream))
            assert requests_of(sandbox)[0]["state"] == "running"
            stream.close()
        line = wait_for_state(sandbox, "cancelled", "finished", "failed")
    assert line["state"] == "cancelled"
    assert line["stream"] is True
    assert line["model"] == CHAT
    assert line["status"] == 200
    assert line["tokens_sent"] < 50
    assert line["ended_at"] >= line["started_at"]
    assert "OpenAI/Python" in line["user_agent"]


def test_a_stream_that_is_left_unread_is_cancelled_without_delay_between_tokens(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        messages = [{"role": "user", "content": "Count from 1 to 5000"}]
        body = json.dumps(
            {"model": CHAT, "messages": messages, "stream": True, "max_tokens": 20000, "n": 8}
        )
        address = urlsplit(sandbox.base_url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.request(
            "POST", "/v1/chat/completions", body,
            {"Authorization": f"Bearer {sandbox.api_key}", "Content-Type": "application/json"},
        )  # fmt: skip
        answer = connection.getresponse()
        answer.read(100)
        answer.close()
        connection.close()
        line = wait_for_state(sandbox, "cancelled", "finished", "failed")
    assert line["state"] == "cancelled"


def test_a_stream_that_is_read_to_its_end_is_finished(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        client = openai.OpenAI(base_url=sandbox.base_url, api_key=sandbox.api_key, max_retries=0)
        with client:
            fields = {"model": CHAT, "messages": LONG, "max_tokens": 9}
            list(client.chat.completions.create(**fields, stream=True))
            client.chat.completions.create(**fields)
        wait_for_state(sandbox, "finished")
        whole, streamed = requests_of(sandbox)
    assert [line["state"] for line in (whole, streamed)] == ["finished", "finished"]
    assert [line["tokens_sent"] for line in (whole, streamed)] == [9, 9]
    assert [line["stream"] for line in (whole, streamed)] == [False, True]


def test_the_log_outlives_the_process(tmp_path):
    with running_sandbox(tmp_path) as sandbox:
        urllib.request.urlopen(
            urllib.request.Request(
                sandbox.base_url + "models",
                headers={"Authorization": f"Bearer {sandbox.api_key}"},
            )
        ).close()
    with running_sandbox(tmp_path) as sandbox:
        assert [line["path"] for line in requests_of(sandbox)] == ["/v1/models"]


def test_a_data_folder_that_cannot_be_used_is_one_sentence_and_exit_code_2(tmp_path):
    file = tmp_path / "file"
    file.write_text("not a folder")
    done = run("--port", "0", "--data", str(file))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
