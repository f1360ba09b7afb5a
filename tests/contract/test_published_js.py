"""The documentation's own JavaScript samples run, with only the address and the key changed."""

import base64
import dataclasses
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from contract import published, published_js
from PIL import Image
from sandbox_fixture import running_sandbox

pytestmark = pytest.mark.node

LONGEST = 60
# Node prints an object for a person and cuts it short; here each argument is a line of JSON.
WHOLE = """\
console.log = (...given) => {
    for (const each of given) process.stdout.write(JSON.stringify(each) + "\\n");
};
"""


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def node():
    if not (found := shutil.which("node")):
        pytest.fail(
            "No Node.js found. Install it (Debian, Ubuntu: apt-get install nodejs npm).",
            pytrace=False,
        )
    return found


@pytest.fixture(scope="module")
def packages():
    folder = os.environ.get("NBN_NODE_MODULES")
    if not folder or not (Path(folder) / "node_modules" / "openai").is_dir():
        pytest.fail(
            "The npm package openai was not found. Run: npm install --prefix DIR openai; and give "
            "DIR in NBN_NODE_MODULES.",
            pytrace=False,
        )
    return (Path(folder) / "node_modules").resolve()


@pytest.fixture
def program(node, packages, sandbox, tmp_path):
    """Run a text in Node at the sandbox."""
    (tmp_path / "node_modules").symlink_to(packages)
    (tmp_path / "whole.cjs").write_text(WHOLE)

    def program(text):
        assert text.count(published_js.BASE_URL) == 1
        text = text.replace(published_js.BASE_URL, f'baseURL: "{sandbox.base_url}"')
        kind = "mjs" if text.startswith("import ") else "cjs"
        file = tmp_path / f"sample.{kind}"
        file.write_text(text, encoding="utf-8")
        known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        return subprocess.run(
            [node, "--require", "./whole.cjs", file.name],
            capture_output=True,
            check=False,
            cwd=tmp_path,
            encoding="utf-8",
            env={**known, "NEBIUS_API_KEY": sandbox.api_key},
            stdin=subprocess.DEVNULL,
            timeout=LONGEST,
        )

    return program


@pytest.fixture
def run(program):
    """Run a sample, with more changes if a test names them; give each value that it logged."""

    def run(sample, **changes):
        text = sample.repaired()
        for old, new in changes.values():
            assert text.count(old) == 1
            text = text.replace(old, new)
        done = program(text)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def content(completion):
    return completion["choices"][0]["message"]["content"]


def size(drawn):
    picture = Image.open(io.BytesIO(base64.b64decode(drawn["b64_json"])))
    return (picture.format, picture.size)


@pytest.mark.parametrize("sample", published_js.SAMPLES, ids=lambda sample: sample.name)
def test_every_repair_fits_exactly_one_place(sample):
    sample.repaired()
    for repair in sample.repairs:
        assert repair.why
    assert len(sample.repairs) == published_js.REPAIRS[sample.name]


@pytest.mark.parametrize(
    ("sample", "repair"),
    [
        (sample, repair)
        for sample in published_js.SAMPLES
        for repair in sample.repairs
        if repair.why != published_js.NO_EXTRA_BODY
    ],
    ids=lambda part: getattr(part, "name", getattr(part, "why", None)),
)
def test_no_sample_runs_without_one_of_its_repairs(program, sample, repair):
    others = tuple(each for each in sample.repairs if each is not repair)
    done = program(dataclasses.replace(sample, repairs=others).repaired())
    assert done.returncode == 1
    assert "Error" in done.stderr
    assert not done.stdout


def test_chat(run):
    (completion,) = run(published_js.CHAT)
    assert completion["model"] == "meta-llama/Meta-Llama-3.1-70B-Instruct"
    assert set(completion) >= published.CHAT_ANSWER
    (choice,) = completion["choices"]
    assert set(choice) >= published.CHAT_CHOICE
    assert set(choice["message"]) >= published.CHAT_MESSAGE
    assert set(completion["usage"]) >= published.CHAT_USAGE
    assert choice["message"]["tool_calls"] == []
    assert list(json.loads(content(completion))) == ["joke"]


def test_vision_as_published_describes_the_remote_picture(run):
    (completion,) = run(published_js.VISION)
    assert completion["model"] == "Qwen/Qwen2-VL-72B-Instruct"
    assert list(json.loads(content(completion))) == ["picture"]


def test_vision_with_a_data_url_sees_the_picture(run):
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (40, 90, 210)).save(file, "JPEG")
    url = "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()
    text = published_js.VISION.text
    line = next(line for line in text.splitlines() if line.startswith('"url"'))
    form = '"guided_json": {"type": "object", "properties": {"picture": {"type": "string"}},}\n'
    (completion,) = run(
        published_js.VISION,
        url=(line, f'"url": "{url}",'),
        guide=(form, ""),
        form=('"response_format": {\n"type": "json_object"\n},\n', ""),
    )
    assert "blue" in content(completion)
    assert "64 \u00d7 48" in content(completion)


def test_completion(run):
    pieces = run(published_js.COMPLETION)
    assert len(pieces) > 1
    assert all(isinstance(piece, str) for piece in pieces)
    assert "".join(pieces).strip()


def test_image(run):
    ((drawn,),) = run(published_js.IMAGE)
    assert size(drawn) == ("WEBP", (512, 512))


def test_image_in_an_extra_body_has_no_size(run):
    wide = ("width: 512", "width: 256")
    ((drawn,),) = run(published_js.IMAGE, width=wide)
    assert size(drawn) == ("WEBP", (256, 512))
    ((drawn,),) = run(dataclasses.replace(published_js.IMAGE, repairs=()), width=wide)
    assert size(drawn) == ("WEBP", (512, 512))
