"""What lies at the server, from a cell: files, batches, custom models, catalogs, ranking."""

import pytest
from sandbox_fixture import running_sandbox

pytestmark = pytest.mark.kernel

REQUESTS = """
import pandas as pd, nbnebius as neb
model = "meta-llama/Meta-Llama-3.1-8B-Instruct"
asked = pd.DataFrame({
    "custom_id": ["a", "b", "c"],
    "body": [
        {"model": model, "max_tokens": 20, "messages": [{"role": "user", "content": text}]}
        for text in ("What is 2+2?", "What is 3+3?", "What is 4+4?")
    ],
})
"""


def test_a_batch_from_a_frame_to_its_results(kernel):
    kernel.ok(REQUESTS)
    kernel.ok("sent = neb.upload(asked); job = neb.create_batch(sent.id[0], metadata={'k': '1'})")
    assert kernel.value("neb.create_batch(sent.id[0], metadata={'k': '1'}).id == job.id") == "True"
    kernel.ok("job.wait(60)")
    assert kernel.value("job.status") == "'completed'"
    kernel.ok("got = job.results()")
    assert kernel.value("sorted(got.index)") == "['a', 'b', 'c']"
    assert "4" in kernel.value("got.text['a']")
    assert kernel.value("bool((got.cost > 0).all())") == "True"
    kernel.ok("%batches -o listed")
    assert kernel.value("job.id in set(listed.id)") == "True"
    kernel.ok("batch_id = job.id")
    assert "completed" in kernel.ok(f"%batches {kernel.value('batch_id')[1:-1]}").plain
    kernel.ok(f"again = %batches {kernel.value('batch_id')[1:-1]} results")
    assert kernel.value("len(again)") == "3"
    assert kernel.run("%batches x reslts").ename == "OptionError"


def test_files_are_listed_downloaded_and_deleted(kernel):
    kernel.ok("import nbnebius as neb; sent = neb.upload(b'{}\\n'); name = sent.id[0]")
    kernel.ok("files = %nebius files")
    assert kernel.value("name in set(files.id)") == "True"
    assert kernel.value("neb.download(name, 'copy.jsonl').read_text()") == "'{}\\n'"
    kernel.ok("neb.delete_file(name)")
    assert kernel.value("name in set(neb.files().id)") == "False"
    assert kernel.run("import nbnebius as neb; neb.upload('nowhere.jsonl')").ename == "OptionError"


def test_custom_models_come_and_go(kernel):
    kernel.ok(
        "import nbnebius as neb; made = neb.create_custom_model('mine',"
        " 'meta-llama/Meta-Llama-3.1-8B-Instruct', 'file-1')"
    )
    kernel.ok("listed = %nebius custom-models")
    assert kernel.value("made.name[0] in set(listed.name)") == "True"
    kernel.ok("neb.delete_custom_model(made.name[0])")
    assert kernel.value("made.name[0] in set(neb.custom_models().name)") == "False"


def test_three_catalogs_stand_in_one_table(start_kernel, sandbox):
    root = sandbox.root_url.rstrip("/")
    neighbours = {
        "OPEN_WEBUI_BASE_URL": root,
        "OPEN_WEBUI_API_KEY": sandbox.api_key,
        "NEBULA_BASE_URL": root,
        "NEBULA_API_KEY": sandbox.api_key,
    }
    kernel = start_kernel(sandbox, **neighbours)
    kernel.ok("everything = %models --source all")
    found = kernel.value("sorted(set(everything.source))")
    for source in ("nebius", "open_webui", "nebula_block"):
        assert source in found
    kernel.ok("webui = %models --source open_webui --order-by name --direction asc")
    assert kernel.value("len(webui) >= 37 and webui.id.is_unique") == "True"
    assert kernel.run("%models --source nowhere").ename == "OptionError"
    assert kernel.run("%models --tag x").ename == "OptionError"


def test_documents_are_ranked_and_kept(kernel, requests):
    code = "ranked = neb.rerank('kettle', ['a red kettle', 'the moon', 'tea'], k=2)"
    kernel.ok(f"import nbnebius as neb; {code}")
    assert kernel.value("ranked.document[0]") == "'a red kettle'"
    assert kernel.value("len(ranked)") == "2"
    before = len(requests)
    kernel.ok(code)
    assert len(requests) == before


def test_a_batch_is_cancelled_and_keeps_what_it_answered(start_kernel, tmp_path):
    with running_sandbox(tmp_path, "--batch-rows-per-second", "1") as slow:
        kernel = start_kernel(slow)
        kernel.ok(REQUESTS)
        kernel.ok("job = neb.create_batch(neb.upload(asked).id[0])")
        assert kernel.run("job.results()").ename == "NebiusError"
        kernel.ok("stopped = neb.cancel_batch(job.id).wait(60)")
        assert kernel.value("stopped.status") == "'cancelled'"
        assert kernel.value("0 <= stopped.counts['completed'] < 3") == "True"
        assert "cancelled" in kernel.ok("stopped").plain


def test_a_catalog_that_is_down_is_a_warning(start_kernel, sandbox, tmp_path):
    with running_sandbox(tmp_path, "--fault", "failed@/api/v1/serverless") as broken:
        kernel = start_kernel(
            sandbox,
            OPEN_WEBUI_BASE_URL=sandbox.root_url,
            OPEN_WEBUI_API_KEY=sandbox.api_key,
            NEBULA_BASE_URL=broken.root_url,
            NEBULA_API_KEY=broken.api_key,
        )
        cell = kernel.ok("everything = %models --source all")
        assert kernel.value("sorted(set(everything.source))") == "['nebius', 'open_webui']"
        assert str(cell.outputs).count("nebula_block: ") == 1


def test_an_id_that_is_not_there_is_not_blamed_on_the_address(kernel):
    cell = kernel.run("%batches batch_nope")
    assert cell.ename == "NotFoundError"
    assert "there is no batch 'batch_nope' here" in cell.message
    assert "%batches lists" in cell.message
