"""The documentation's own curl samples run, with only the address and the key changed."""

import base64
import dataclasses
import io
import json
import os
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest
from contract import published, published_curl
from PIL import Image
from sandbox_fixture import running_sandbox

LONGEST = 60
# curl says nothing but the answer, and a refusal is a failure; the samples' text stays as it is.
SETTINGS = f"""\
silent
show-error
fail-with-body
noproxy = "*"
max-time = {LONGEST}
"""

pytestmark = pytest.mark.curl


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def shell(sandbox, tmp_path):
    """Run a text in bash at the sandbox, with more variables if a test gives them."""
    settings = tmp_path / "curl"
    settings.mkdir()
    (settings / ".curlrc").write_text(SETTINGS)

    def shell(text, **given):
        assert text.count(published_curl.HOST) == 1
        text = text.replace(published_curl.HOST, sandbox.root_url)
        # A sample has its key either from the environment or in place of a word.
        assert text.count("$NEBIUS_API_KEY") + text.count(published_curl.TOKEN) == 1
        text = text.replace(published_curl.TOKEN, sandbox.api_key)
        known = {"PATH": os.environ["PATH"], "CURL_HOME": str(settings)}
        environment = {**known, "NEBIUS_API_KEY": sandbox.api_key, **given}
        return subprocess.run(
            ["bash", "-c", text],
            capture_output=True,
            check=False,
            encoding="utf-8",
            env=environment,
            stdin=subprocess.DEVNULL,
            timeout=2 * LONGEST,
        )

    return shell


@pytest.fixture
def run(shell):
    """Run a sample, with more changes if a test names them; give what it printed."""

    def run(sample, given=None, **changes):
        text = sample.repaired()
        for old, new in changes.values():
            assert text.count(old) == 1
            text = text.replace(old, new)
        done = shell(text, **(given or {}))
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return done.stdout

    return run


@pytest.fixture
def ask(run):
    """Run a sample; give its answer."""
    return lambda *arguments, **changes: json.loads(run(*arguments, **changes))


@pytest.fixture
def uploaded(ask):
    """Run the upload of a file with requests; give its row."""
    body = {"model": published.IDS[0], "messages": [{"role": "user", "content": "Hello!"}]}
    request = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    lines = [json.dumps({"custom_id": f"request-{n}", **request}) for n in range(2000)]
    Path("batch-requests.jsonl").write_text("\n".join(lines))
    return ask(published_curl.FILE_UPLOAD)


@pytest.fixture
def given(ask, uploaded):
    """What stands for the placeholders."""
    file = {"FILE_ID": uploaded["id"]}
    return {**file, "BATCH_ID": ask(published_curl.BATCH_CREATE, file)["id"]}


@pytest.mark.parametrize("sample", published_curl.SAMPLES, ids=lambda sample: sample.name)
def test_every_repair_fits_exactly_one_place(sample):
    sample.repaired()
    for repair in sample.repairs:
        assert repair.why
    assert len(sample.repairs) == published_curl.REPAIRS[sample.name]


@pytest.mark.parametrize(
    ("sample", "repair"),
    [(sample, repair) for sample in published_curl.SAMPLES for repair in sample.repairs],
    ids=lambda part: getattr(part, "name", getattr(part, "why", None)),
)
def test_no_sample_runs_without_one_of_its_repairs(shell, given, sample, repair):
    others = tuple(each for each in sample.repairs if each is not repair)
    text = dataclasses.replace(sample, repairs=others).repaired()
    done = shell(text, **given)
    assert done.returncode == 22
    assert "The requested URL returned error: 4" in done.stderr


def test_chat(ask):
    completion = ask(published_curl.CHAT)
    assert completion["model"] == "meta-llama/Meta-Llama-3.1-70B-Instruct"
    assert set(completion) >= published.CHAT_ANSWER
    (choice,) = completion["choices"]
    assert set(choice) >= published.CHAT_CHOICE
    assert set(choice["message"]) >= published.CHAT_MESSAGE
    assert set(completion["usage"]) >= published.CHAT_USAGE
    assert choice["message"]["tool_calls"] == []
    assert list(json.loads(choice["message"]["content"])) == ["joke"]


def test_vision_as_published_names_the_remote_picture(ask):
    text = ask(published_curl.VISION)["choices"][0]["message"]["content"]
    assert "2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg" in text


def test_vision_with_a_data_url_sees_the_picture(ask):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 210)).save(file, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    text = published_curl.VISION.text
    line = next(line for line in text.splitlines() if line.startswith('"url"'))
    answer = ask(published_curl.VISION, url=(line, f'"url": "{url}"'))
    text = answer["choices"][0]["message"]["content"]
    assert "blue" in text
    assert "64 \u00d7 48" in text


def test_completion(run):
    events = [line for line in run(published_curl.COMPLETION).splitlines() if line]
    assert events.pop() == "data: [DONE]"
    assert all(event.startswith("data: ") for event in events)
    chunks = [json.loads(event.removeprefix("data: ")) for event in events]
    assert len(chunks) == 7
    for chunk in chunks:
        assert set(chunk) >= published.COMPLETION_CHUNK
        (choice,) = chunk["choices"]
        assert set(choice) >= published.COMPLETION_CHOICE
        assert chunk["object"] == "text_completion"


def test_models(ask):
    models = ask(published_curl.MODELS)
    assert models["object"] == "list"
    assert all(set(row) >= published.MODEL_ROW for row in models["data"])
    assert set(published.IDS) <= {row["id"] for row in models["data"]}


def test_image_as_base64(ask):
    image = ask(published_curl.IMAGE)
    assert image["id"].startswith("text2img-")
    (drawn,) = image["data"]
    picture = Image.open(io.BytesIO(base64.b64decode(drawn["b64_json"])))
    assert (picture.format, picture.size) == ("WEBP", (512, 512))


def test_image_as_url(ask):
    change = ('"response_format": "b64_json"', '"response_format": "url"')
    (drawn,) = ask(published_curl.IMAGE, format=change)["data"]
    assert list(drawn) == ["url"]
    with urllib.request.urlopen(drawn["url"], timeout=LONGEST) as answer:
        picture = Image.open(io.BytesIO(answer.read()))
    assert (picture.format, picture.size) == ("WEBP", (512, 512))


def test_embedding(ask):
    embedding = ask(published_curl.EMBEDDING)
    assert set(embedding) >= published.EMBEDDING_ANSWER
    (row,) = embedding["data"]
    assert set(row) >= published.EMBEDDING_ROW
    assert len(row["embedding"]) == 1024
    assert all(isinstance(number, float) for number in row["embedding"])
    assert embedding["usage"]["prompt_tokens"] == embedding["usage"]["total_tokens"]


def test_files(run, ask, uploaded):
    assert set(uploaded) >= published.FILE
    assert (uploaded["object"], uploaded["purpose"], uploaded["filename"]) == (
        "file", "batch", "batch-requests.jsonl",
    )  # fmt: skip
    given = {"FILE_ID": uploaded["id"]}
    assert ask(published_curl.FILE_INFO, given) == uploaded
    assert not run(published_curl.FILE_CONTENT, given)
    sent, kept = Path("batch-requests.jsonl"), Path("batch_result.jsonl")
    assert kept.read_bytes() == sent.read_bytes()
    files = ask(published_curl.FILE_LIST)
    assert set(files) >= published.FILE_LIST_ANSWER
    assert uploaded in files["data"]
    assert all(set(each) >= published.FILE for each in files["data"])
    deleted = ask(published_curl.FILE_DELETE, given)
    assert deleted == {"id": uploaded["id"], "object": "file", "deleted": True}
    assert set(deleted) == published.FILE_DELETED
    assert uploaded not in ask(published_curl.FILE_LIST)["data"]


def test_batches(ask, uploaded):
    batch = ask(published_curl.BATCH_CREATE, {"FILE_ID": uploaded["id"]})
    assert set(batch) >= published.BATCH
    assert set(batch["request_counts"]) == published.BATCH_COUNTS
    assert batch["status"] == "validating"
    assert batch["input_file_id"] == uploaded["id"]
    given = {"BATCH_ID": batch["id"]}
    info = ask(published_curl.BATCH_INFO, given)
    assert (info["id"], info["created_at"], info["endpoint"]) == (
        batch["id"], batch["created_at"], "/v1/chat/completions",
    )  # fmt: skip
    batches = ask(published_curl.BATCH_LIST)
    assert set(batches) >= published.BATCH_LIST_ANSWER
    assert batch["id"] in {each["id"] for each in batches["data"]}
    assert len(batches["data"]) <= 5
    cancelled = ask(published_curl.BATCH_CANCEL, given)
    assert cancelled["id"] == batch["id"]
    assert cancelled["status"] in {"cancelling", "cancelled"}
    assert cancelled["cancelling_at"]


def test_custom_models(ask):
    made = ask(published_curl.CUSTOM_CREATE)
    assert set(made) == published_curl.CUSTOM_CREATED
    assert made["name"].startswith("meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:my-custom-model-")
    assert made["status"] == "validating"
    assert made["description"] == "<string>"

    def row():
        (row,) = ask(published_curl.CUSTOM_LIST)
        return row

    assert set(row()) >= published_curl.CUSTOM_ROW
    ends = time.monotonic() + LONGEST
    while row()["status"] == "validating":
        assert time.monotonic() < ends
        time.sleep(0.1)
    assert (row()["status"], row()["name"]) == ("active", made["name"])
    (flavor,) = row()["flavors"]
    assert set(flavor) == published_curl.CUSTOM_FLAVOR
