"""Open WebUI, Nebula Block and custom models as records, from recorded and published answers."""

import gzip
import json
from pathlib import Path

import pytest
from answering import Answering, Says
from asking import KEY
from hypothesis import given, settings
from hypothesis import strategies as st
from raw_server import RawServer, json_answer

from nbnebius.catalogs.custom import custom_records, to_custom_records
from nbnebius.catalogs.nebula_block import nebula_block_records
from nbnebius.catalogs.open_webui import open_webui_records
from nbnebius.client import AsyncClient
from nbnebius.errors import (
    ApiError,
    AuthenticationError,
    NotFoundError,
    ResponseError,
    UnprocessableEntityError,
)
from nbnebius.frames.models import model_frame
from nbnebius.types.custom_models import CustomModel

pytestmark = pytest.mark.anyio

WIRE = Path(__file__).parent / "openwebui_lists.jsonl.gz"
HTML = Says(200, b"<!doctype html><html></html>", "text/html; charset=utf-8")
GONE = Says(404, {"detail": "Not Found"})
PATH, OLD_PATH = "/api/v1/models/list", "/api/models/list"


def recorded():
    """Return the recorded answers of an Open WebUI server by name."""
    lines = gzip.decompress(WIRE.read_bytes()).decode().splitlines()
    return {one["name"]: one for one in map(json.loads, lines)}


def body_of(name):
    return json.loads(recorded()[name]["body"])


def root(server):
    return server.url.removesuffix("v1/")


def listening(answers):
    """Answer by path; all other paths are the web application's page."""
    return Answering(lambda seen: answers.get(seen.path, HTML))


# -- Open WebUI --------------------------------------------------------------------------------


def row(at, **more):
    return {"id": f"m-{at:03}", "name": f"Model {at}", "base_model_id": "gpt-4.1", **more}


def paged(rows, *, total=None, size=30):
    """Serve rows in pages, as told by the query; the answer's query is not in `Seen`."""
    pages = [rows[at : at + size] for at in range(0, len(rows), size)] or [[]]
    count = len(rows) if total is None else total
    return [json_answer({"items": page, "total": count}) for page in [*pages, []]]


async def asked(url, **options):
    async with AsyncClient(KEY, url) as client:
        return await open_webui_records(client, **options)


@pytest.mark.parametrize("count", [0, 1, 29, 30, 31, 60, 95])
async def test_all_pages(count):
    rows = [row(at) for at in range(count)]
    async with RawServer(paged(rows)) as server:
        found = await asked(server.root)
    assert [record.id for record in found] == [one["id"] for one in rows]
    assert server.requests[0].target == f"{PATH}?order_by=name&direction=asc&page=1"
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert len(server.requests) <= count // 30 + 1


async def test_rows_that_come_twice_are_one():
    plays = paged([*(row(at) for at in range(30)), row(3), row(40)], total=33)
    async with RawServer(plays) as server:
        assert len(await asked(server.root)) == 31


@pytest.mark.parametrize("total", [5, 10**6, None, "x", True])
async def test_a_total_that_is_wrong(total):
    rows = [row(at) for at in range(35)]
    pages = [{"items": rows[:30], "total": total}, {"items": rows[30:], "total": total}]
    plays = [json_answer(page) for page in [*pages, {"items": [], "total": total}]]
    async with RawServer(plays) as server:
        assert len(await asked(server.root)) == 35


async def test_a_server_that_ignores_the_page_ends():
    async with RawServer([json_answer({"items": [row(1)], "total": 99})]) as server:
        assert len(await asked(server.root)) == 1
    assert len(server.requests) == 2


async def test_options_are_sent_as_they_are():
    async with RawServer(paged([row(1)])) as server:
        await asked(
            server.root,
            query="qw & n",
            view_option="shared",
            tag="ü",
            order_by="created_at",
            direction="desc",
            page=2,
        )
        await asked(server.root, order_by="updated_at", query="")
    first, second = (seen.target.partition("?")[2] for seen in server.requests)
    assert (
        first
        == (
            "query=qw%20%26%20n&view_option=shared&tag=%C3%BC"
            "&order_by=created_at&direction=desc&page=2"
        ).replace("%20", "+")
        or "qw%20%26%20n" in first
    )
    assert second == "order_by=updated_at&page=1"


async def test_one_page_is_one_request():
    async with RawServer(paged([row(at) for at in range(60)])) as server:
        assert len(await asked(server.root, page=1)) == 30
    assert len(server.requests) == 1


@pytest.mark.parametrize("missing", [HTML, GONE, Says(405), Says(200, b"", "application/json")])
async def test_the_documented_path_where_the_real_one_is_not_there(missing):
    answers = {PATH: missing, OLD_PATH: Says(body={"items": [row(1)], "total": 1})}
    with listening(answers) as server:
        assert [record.id for record in await asked(root(server))] == ["m-001"]
        assert server.paths == [PATH, OLD_PATH]


@pytest.mark.parametrize("ending", ["", "/", "/api", "/api/", "/api/v1", "/api/v1/", "/v1"])
async def test_every_spelling_of_the_address(ending):
    with listening({"/tools" + PATH: Says(body=[row(1)])}) as server:
        assert len(await asked(root(server) + "tools" + ending)) == 1


async def test_a_web_page_is_no_answer():
    with listening({}) as server, pytest.raises(ResponseError, match="web page") as caught:
        await asked(root(server))
    assert "Open WebUI" in caught.value.hint


async def test_no_list_anywhere():
    with Answering(lambda _: GONE) as server, pytest.raises(NotFoundError):
        await asked(root(server))
    with (
        Answering(lambda _: Says(body={"ok": 1})) as server,
        pytest.raises(ResponseError, match="no list of models"),
    ):
        await asked(root(server))


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("list_no_token", AuthenticationError),
        ("list_bad_jwt", AuthenticationError),
        ("list_page_abc", UnprocessableEntityError),
    ],
)
async def test_recorded_refusals(name, error):
    one = recorded()[name]
    says = Says(one["status"], json.loads(one["body"]))
    with listening({PATH: says}) as server:
        with pytest.raises(error):
            await asked(root(server))
        assert server.paths == [PATH]


@pytest.mark.parametrize("name", ["list_default", "list_name_asc", "list_as_user", "list_page3"])
async def test_recorded_lists(name):
    body = body_of(name)
    async with RawServer([json_answer(body), json_answer({"items": []})]) as server:
        found = await asked(server.root)
    assert [record.id for record in found] == [one["id"] for one in body["items"]]
    for record, sent in zip(found, body["items"], strict=True):
        assert (record.source, record.name, record.raw) == ("open_webui", sent["name"], sent)
        assert record.created == sent["created_at"]
        assert (record.price_in, record.price_out, record.context) == (None, None, None)
        assert record.status == ("active" if sent["is_active"] else "inactive")
        able = sent["meta"]["capabilities"] or {}
        assert record.type == ("vision" if able.get("vision") else "chat")
        assert ("tools" in record.features) == bool(able.get("function_calling"))
        assert record.tags == [tag["name"] for tag in sent["meta"].get("tags") or []]
        assert record.owner == (sent["user"] or {}).get("name")
    model_frame(found)


@pytest.mark.parametrize("name", ["api_models", "models_base"])
async def test_older_shapes(name):
    body = body_of(name)
    rows = body if isinstance(body, list) else body["data"]
    async with RawServer([json_answer(body)]) as server:
        found = await asked(server.root)
    assert [record.id for record in found] == [one["id"] for one in rows]
    assert len(server.requests) == 1
    model_frame(found)


# -- Nebula Block ------------------------------------------------------------------------------

PUBLISHED = {
    "data": {
        "models": [
            {
                "model_name": "deepseek-ai/DeepSeek-R1-Distill-Llama-70B",
                "model_alias": "DeepSeek-R1-Distill-Llama-70B",
                "model_type": "Text",
                "context_length": 32768,
                "max_completion_tokens": 10000,
                "description": "A distilled model",
                "price": 0,
                "huggingface_url": "https://huggingface.co/deepseek-ai/x",
            },
            {
                "model_name": "stabilityai/stable-diffusion-xl-base-1.0",
                "model_alias": "SD-XL 1.0-base",
                "model_type": "Image",
                "context_length": None,
                "max_completion_tokens": 10000,
                "price": 0.009,
            },
            {
                "model_name": "WhereIsAI/UAE-Large-V1",
                "model_alias": "UAE-Large-V1",
                "model_type": "Embedding",
                "context_length": "512",
                "max_completion_tokens": 10000,
                "price": "0.012",
            },
        ]
    },
    "message": "Get models list successfully.",
    "status": "success",
}


async def nebula(url):
    async with AsyncClient(KEY, url) as client:
        return await nebula_block_records(client)


@pytest.mark.parametrize(
    "ending", ["", "api/v1", "api/v1/", "api/v1/api/v1/", "api/v1/serverless/models"]
)
async def test_the_published_list(ending):
    with listening({"/api/v1/serverless/models": Says(body=PUBLISHED)}) as server:
        found = await nebula(root(server) + ending)
        assert server.seen[0].headers["authorization"] == f"Bearer {KEY}"
    text, image, embedding = found
    assert {record.source for record in found} == {"nebula_block"}
    assert (text.id, text.name) == ("deepseek-ai/DeepSeek-R1-Distill-Llama-70B", text.id[12:])
    assert (text.type, text.context, text.max_output) == ("chat", 32768, 10000)
    assert (text.price_in, text.price_out, text.price_image) == (0.0, 0.0, None)
    assert text.url == "https://huggingface.co/deepseek-ai/x"
    assert (image.type, image.context, image.max_output) == ("image", None, None)
    assert (image.price_in, image.price_out, image.price_image) == (None, None, 0.009)
    assert (embedding.type, embedding.context) == ("embedding", 512)
    assert (embedding.price_in, embedding.price_out) == (0.012, None)
    assert image.raw == PUBLISHED["data"]["models"][1]
    model_frame(found)


@pytest.mark.parametrize(
    ("kind", "price", "prices"),
    [
        ("Text", 0.5, (None, None, None)),
        ("Text", None, (None, None, None)),
        ("Text", "free", (None, None, None)),
        ("Image", -1, (None, None, None)),
        ("Video", 0.5, (None, None, None)),
        ("Embedding", True, (None, None, None)),
        ("Vision", 0, (0.0, 0.0, None)),
    ],
)
async def test_a_price_whose_unit_is_not_settled_is_missing(kind, price, prices):
    rows = [{"model_name": "m", "model_type": kind, "price": price}]
    with Answering(lambda _: Says(body={"data": {"models": rows}, "status": "success"})) as server:
        (record,) = await nebula(root(server))
    assert (record.price_in, record.price_out, record.price_image) == prices


@pytest.mark.parametrize("status", [200, 401])
async def test_failed_is_an_error_be_it_with_200(status):
    says = Says(status, {"status": "failed", "message": f"bad key {KEY}", "data": {"models": []}})
    with Answering(lambda _: says) as server, pytest.raises(ApiError) as caught:
        await nebula(root(server))
    assert KEY not in str(caught.value)
    assert caught.value.status == status


@pytest.mark.parametrize(
    "body", [{"status": "success"}, {"data": None}, 7, "x", {"data": {"models": 7}}]
)
async def test_no_list_of_nebula_block(body):
    with Answering(lambda _: Says(body=body)) as server, pytest.raises(ResponseError):
        await nebula(root(server))


async def test_rows_of_nebula_block_that_say_little():
    rows = [{}, 7, None, {"model_name": ""}, {"model_alias": "a"}, {"model_name": "x-embed"}]
    with Answering(lambda _: Says(body={"data": rows})) as server:
        async with AsyncClient(None, root(server)) as client:
            found = await nebula_block_records(client.transport)
    assert [(record.id, record.type) for record in found] == [
        ("a", "chat"),
        ("x-embed", "embedding"),
    ]


# -- custom models -----------------------------------------------------------------------------

CUSTOM = {
    "type": "text2text",
    "name": "meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:mine-udpd",
    "status": "active",
    "huggingface_url": "https://huggingface.co/x",
    "flavors": [
        {
            "model_id": "meta-llama/x-LoRa:mine-udpd",
            "quantization": "fp8",
            "input_price_per_million_tokens": 0.02,
            "output_price_per_million_tokens": 0.06,
            "limits": {"tokens_per_minute": 0, "requests_per_minute": 60},
            "max_model_len": 131072,
        },
        {"model_id": "meta-llama/x-LoRa:mine-udpd-fast"},
        {"label": "no id"},
    ],
    "vendor": "meta-llama",
    "tags": ["small"],
    "use_cases": ["function_calling", "reasoning"],
    "context_window_k": 128,
    "size_b": 8,
    "license": {"name": "Llama 3.1"},
    "created_at": "2024-11-04T12:34:18Z",
}


async def test_custom_models():
    bare = {"name": "mine-hfjV"}
    with listening({"/v0/models": Says(body=[CUSTOM, bare, bare, {}])}) as server:
        async with AsyncClient(KEY, server.url) as client:
            full, fast, short = await custom_records(client, ai_project_id="p")
    assert (full.id, full.name) == ("meta-llama/x-LoRa:mine-udpd", CUSTOM["name"])
    assert (full.source, full.type, full.context) == ("nebius_custom", "chat", 131072)
    assert (full.price_in, full.price_out, full.quantization) == (0.02, 0.06, "fp8")
    assert (full.requests_per_minute, full.tokens_per_minute) == (60, None)
    assert (full.input, full.output, full.features) == (["text"], ["text"], ["tools", "reasoning"])
    assert (full.owner, full.tags, full.license) == ("meta-llama", ["small"], "Llama 3.1")
    assert (full.status, full.size_b, full.created) == ("active", 8, 1730723658)
    assert (fast.id, fast.context, fast.price_in) == (
        "meta-llama/x-LoRa:mine-udpd-fast",
        128000,
        None,
    )
    assert (short.id, short.status, short.price_in, short.context) == (
        "mine-hfjV",
        None,
        None,
        None,
    )
    model_frame([full, fast, short])


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(max_examples=30)
@given(st.fixed_dictionaries(dict.fromkeys(CUSTOM, anything)))
def test_custom_rows_of_any_shape(sent):
    from nbnebius.types.loose import fit

    model = fit(sent, CustomModel)
    model.raw = sent
    model_frame(to_custom_records([model]))


@settings(max_examples=30)
@given(
    st.fixed_dictionaries(
        {
            "id": st.just("m"),
            **dict.fromkeys(
                ("name", "meta", "info", "user", "params", "created_at", "tags", "is_active"),
                anything,
            ),
        }
    ),
    st.fixed_dictionaries(
        {
            "model_name": st.just("m"),
            **dict.fromkeys(
                ("model_type", "context_length", "max_completion_tokens", "price"), anything
            ),
        }
    ),
)
def test_rows_of_any_shape(webui, nebula_row):
    from nbnebius.catalogs import nebula_block, open_webui

    model_frame([open_webui._record(webui), nebula_block._record(nebula_row)])
