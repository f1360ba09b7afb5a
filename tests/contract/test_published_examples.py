"""The documentation's own Python samples run, with only the address and the key changed."""

import base64
import contextlib
import io
import json
import urllib.request
from pathlib import Path

import pytest
from contract import published
from PIL import Image
from sandbox_fixture import running_sandbox


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture
def run(sandbox, monkeypatch):
    """Run a sample, with more changes if a test names them; give its variables."""
    monkeypatch.setenv("NEBIUS_API_KEY", sandbox.api_key)
    clients, files = [], contextlib.ExitStack()

    def open_for_a_while(*arguments):
        return files.enter_context(Path(arguments[0]).open(*arguments[1:]))

    def run(sample, given=None, **changes):
        names = {"open": open_for_a_while, **(given or {})}
        text = sample.repaired()
        # A sample without a client goes on with that of an earlier one.
        assert text.count(published.BASE_URL) == ("client" not in names)
        text = text.replace(published.BASE_URL, f'base_url="{sandbox.base_url}"')
        for change in changes.values():
            old, new = change
            assert text.count(old) == 1
            text = text.replace(old, new)
        exec(compile(text, f"<published {sample.name}>", "exec"), names)
        clients.append(names["client"])
        return names

    yield run
    files.close()
    for client in clients:
        client.close()


@pytest.mark.parametrize("sample", published.SAMPLES, ids=lambda sample: sample.name)
def test_every_repair_fits_exactly_one_place(sample):
    repaired = sample.repaired()
    compile(repaired, sample.name, "exec")
    for repair in sample.repairs:
        assert repair.why
    assert len(sample.repairs) == published.REPAIRS[sample.name]


def test_every_published_id_is_in_the_catalog(run):
    ids = {model.id for model in run(published.MODELS)["models"].data}
    assert set(published.IDS) <= ids


def test_chat(run, capsys):
    completion = run(published.CHAT)["completion"]
    printed = json.loads(capsys.readouterr().out)
    assert printed["model"] == "meta-llama/Meta-Llama-3.1-70B-Instruct"
    assert set(completion.model_dump()) >= published.CHAT_ANSWER
    (choice,) = completion.model_dump()["choices"]
    assert set(choice) >= published.CHAT_CHOICE
    assert set(choice["message"]) >= published.CHAT_MESSAGE
    assert set(completion.model_dump()["usage"]) >= published.CHAT_USAGE
    assert choice["message"]["tool_calls"] == []
    assert list(json.loads(choice["message"]["content"])) == ["joke"]


def test_chat_without_the_form(run, capsys):
    wish = '"guided_json": {"type": "object", "properties": {"joke": {"type": "string"}}}\n'
    free = ('response_format={\n"type": "json_object"\n}', "")
    completion = run(published.CHAT, guide=(wish, ""), form=free)["completion"]
    assert "Hello" in completion.choices[0].message.content
    assert capsys.readouterr().out


def test_vision_as_published_names_the_remote_picture(run, capsys):
    text = run(published.VISION)["response"].choices[0].message.content
    assert "2560px-Gfp-wisconsin-madison-the-nature-boardwalk.jpg" in text
    assert capsys.readouterr().out


def test_vision_with_a_data_url_sees_the_picture(run, capsys):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 210)).save(file, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    line = next(line for line in published.VISION.text.splitlines() if line.startswith('"url"'))
    text = run(published.VISION, url=(line, f'"url": "{url}",'))["response"].choices[0]
    assert "blue" in text.message.content
    assert "64 \u00d7 48" in text.message.content
    assert capsys.readouterr().out


def test_completion(run, capsys):
    chunk = run(published.COMPLETION)["chunk"]
    assert len(capsys.readouterr().out.splitlines()) == 7
    assert set(chunk.model_dump()) >= published.COMPLETION_CHUNK
    assert set(chunk.choices[0].model_dump()) >= published.COMPLETION_CHOICE
    assert chunk.object == "text_completion"


def test_models(run):
    models = run(published.MODELS)["models"]
    assert models.object == "list"
    assert all(set(row.model_dump()) >= published.MODEL_ROW for row in models.data)


def test_image_as_base64(run):
    image = run(published.IMAGE)["image"]
    assert image.id.startswith("text2img-")
    content = base64.b64decode(image.data[0].b64_json)
    picture = Image.open(io.BytesIO(content))
    assert (picture.format, picture.size) == ("WEBP", (512, 512))


def test_image_as_url(run):
    change = ('response_format="b64_json"', 'response_format="url"')
    image = run(published.IMAGE, format=change)["image"]
    assert image.data[0].b64_json is None
    with urllib.request.urlopen(image.data[0].url, timeout=30) as answer:
        picture = Image.open(io.BytesIO(answer.read()))
    assert (picture.format, picture.size) == ("WEBP", (512, 512))


def test_embedding(run):
    embedding = run(published.EMBEDDING)["embedding"]
    assert set(embedding.model_dump()) >= published.EMBEDDING_ANSWER
    (row,) = embedding.model_dump()["data"]
    assert set(row) >= published.EMBEDDING_ROW
    assert len(row["embedding"]) == 1024
    assert embedding.usage.prompt_tokens == embedding.usage.total_tokens


@pytest.fixture
def uploaded(run):
    """Run the upload of a file with requests; give its client and its file."""
    body = {"model": published.IDS[0], "messages": [{"role": "user", "content": "Hello!"}]}
    request = {"method": "POST", "url": "/v1/chat/completions", "body": body}
    lines = [json.dumps({"custom_id": f"request-{n}", **request}) for n in range(2000)]
    Path("batch-requests.jsonl").write_text("\n".join(lines))
    names = run(published.FILE_UPLOAD)
    return {name: names[name] for name in ("client", "batch_requests")}


def keys(answer):
    """Give the keys that were sent, not those that the SDK knows."""
    return set(answer.to_dict(exclude_unset=True))


def test_files(run, uploaded, capsys):
    file = uploaded["batch_requests"]
    assert keys(file) >= published.FILE
    assert (file.object, file.purpose, file.filename) == (
        "file", "batch", "batch-requests.jsonl",
    )  # fmt: skip
    given = {**uploaded, "file_id": file.id}
    assert run(published.FILE_INFO, given)["info"] == file
    run(published.FILE_CONTENT, given)
    assert capsys.readouterr().out == Path("batch-requests.jsonl").read_text() + "\n"
    files = run(published.FILE_LIST)["files"]
    assert keys(files) >= published.FILE_LIST_ANSWER
    assert file in list(files)
    assert all(keys(each) >= published.FILE for each in files.data)
    deleted = run(published.FILE_DELETE, {"file_id": file.id})["deleted"]
    assert deleted.to_dict() == {"id": file.id, "object": "file", "deleted": True}
    assert keys(deleted) == published.FILE_DELETED
    assert file not in list(run(published.FILE_LIST)["files"])


def test_batches(run, uploaded):
    batch = run(published.BATCH_CREATE, uploaded)["batch"]
    assert keys(batch) >= published.BATCH
    assert keys(batch.request_counts) == published.BATCH_COUNTS
    assert batch.status == "validating"
    assert batch.metadata == {"description": "Asynchronous job"}
    given = {"client": uploaded["client"], "batch_id": batch.id}
    info = run(published.BATCH_INFO, {"batch_id": batch.id})["info"]
    assert (info.id, info.created_at, info.endpoint) == (
        batch.id, batch.created_at, "/v1/chat/completions",
    )  # fmt: skip
    batches = run(published.BATCH_LIST)["batches"]
    assert keys(batches) >= published.BATCH_LIST_ANSWER
    assert batch.id in {each.id for each in batches}
    cancelled = run(published.BATCH_CANCEL, given)["cancelled"]
    assert cancelled.id == batch.id
    assert cancelled.status in {"cancelling", "cancelled"}
    assert cancelled.cancelling_at
