"""The lists of other services, as their real servers give them."""

import json
import urllib.error
import urllib.request

import pytest
from sandbox_fixture import running_sandbox

ITEM = {
    "id", "user_id", "base_model_id", "name", "params", "meta", "access_grants", "is_active",
    "write_access", "user", "created_at", "updated_at",
}  # fmt: skip


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory):
    with running_sandbox(tmp_path_factory.mktemp("sandbox")) as sandbox:
        yield sandbox


def get(sandbox, path, method="GET"):
    request = urllib.request.Request(
        sandbox.root_url + path,
        headers={"Authorization": f"Bearer {sandbox.api_key}", "Content-Type": "application/json"},
        method=method,
        data=b"{}" if method == "POST" else None,
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read().decode()


def listing(sandbox, query=""):
    status, kind, text = get(sandbox, f"api/v1/models/list{query}")
    assert (status, kind) == (200, "application/json")
    return json.loads(text)


def test_the_pages_of_an_open_webui(sandbox):
    pages = [listing(sandbox, f"?page={page}") for page in (1, 2, 3)]
    assert [len(page["items"]) for page in pages] == [30, 10, 0]
    assert {page["total"] for page in pages} == {40}
    ids = {item["id"] for page in pages for item in page["items"]}
    assert len(ids) == 40
    assert all(set(item) == ITEM for page in pages for item in page["items"])
    for query in ("", "?page=0", "?page=-3"):
        assert listing(sandbox, query) == pages[0]


@pytest.mark.parametrize("page", ["abc", ""])
def test_a_page_that_is_no_number(sandbox, page):
    status, _, text = get(sandbox, f"api/v1/models/list?page={page}")
    assert status == 422
    (problem,) = json.loads(text)["detail"]
    assert (problem["type"], problem["loc"]) == ("int_parsing", ["query", "page"])


def test_filters_and_orders_of_an_open_webui(sandbox):
    names = [item["name"] for item in listing(sandbox, "?order_by=name&direction=asc")["items"]]
    assert names == sorted(names)
    found = listing(sandbox, "?tag=QWEN3&order_by=created_at")
    assert 0 < found["total"] < 40
    assert found["total"] == listing(sandbox, "?tag=qwen3")["total"]
    assert listing(sandbox, "?query=nothing-here") == {"items": [], "total": 0}
    assert listing(sandbox, "?query=ben@example.test")["total"] == 10
    views = [listing(sandbox, f"?view_option={view}")["total"] for view in ("created", "shared")]
    assert sum(views) == 40
    orphans = [
        item["id"]
        for page in (1, 2)
        for item in listing(sandbox, f"?page={page}")["items"]
        if item["user"] is None
    ]
    assert len(orphans) == 1


@pytest.mark.parametrize("path", ["api/models", "api/v1/models"])
def test_everything_of_an_open_webui(sandbox, path):
    status, kind, text = get(sandbox, path)
    assert (status, kind) == (200, "application/json")
    rows = json.loads(text)["data"]
    assert sum(row.get("preset", False) for row in rows) == 37
    assert all(row["info"]["is_active"] for row in rows if row.get("preset"))


@pytest.mark.parametrize(
    "path", ["api/models/list", "api/v1/models/list/", "api/v1/nothing/here", "api/"]
)
def test_unknown_paths_are_the_web_page(sandbox, path):
    status, kind, text = get(sandbox, path)
    assert (status, kind) == (200, "text/html")
    assert text.startswith("<!doctype html>")
    status, _, text = get(sandbox, path, "POST")
    assert (status, json.loads(text)) == (405, {"detail": "Method Not Allowed"})


def test_the_list_of_a_nebula_block(sandbox):
    status, kind, text = get(sandbox, "api/v1/serverless/models")
    assert (status, kind) == (200, "application/json")
    body = json.loads(text)
    assert (body["status"], body["message"]) == ("success", "Get models list successfully.")
    models = body["data"]["models"]
    assert [model["model_type"] for model in models[:3]] == ["Text", "Image", "Embedding"]
    assert [model["price"] for model in models[:3]] == [0, 0.009, 0.012]
    assert models[1]["context_length"] is None
    assert all(
        set(model)
        == {
            "model_name", "model_alias", "model_type", "context_length", "max_completion_tokens",
            "description", "price", "huggingface_url",
        }
        for model in models
    )  # fmt: skip


def test_a_nebula_block_that_fails(tmp_path):
    with running_sandbox(tmp_path, "--fault", "failed@/api/v1/serverless") as sandbox:
        status, _, text = get(sandbox, "api/v1/serverless/models")
        assert status == 200
        assert json.loads(text)["status"] == "failed"
        assert json.loads(get(sandbox, "api/models")[2])["data"]
