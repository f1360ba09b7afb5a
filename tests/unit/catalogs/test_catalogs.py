"""Catalogs: rows of any shape as one record, a cache on disk, and a choice among them."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.catalogs import Catalog, first_choice, load, nearest, save, serves, to_records
from nbnebius.types.model import ModelRecord
from nbnebius.types.models import Model


def record(model_id, kind="chat", **more):
    return ModelRecord(id=model_id, source="s", type=kind, **more)


def of(**row):
    return to_records([Model(**{"id": "m", **row})])[0]


# -- rows --------------------------------------------------------------------------------------


def test_a_full_row_keeps_everything():
    found = of(
        id="Qwen/Qwen3-32B",
        name="Qwen3 32B",
        created=1700000000,
        context_length=40960,
        architecture={"modality": "text->text"},
        pricing={"prompt": "0.0000001", "completion": "0.0000003", "image": "0", "request": "0"},
        per_request_limits={"requests_per_minute": 60, "tokens_per_minute": 1e10},
        supported_features=["function-calling", "json-mode", "new-one"],
        quantization="fp8",
        owned_by="Qwen",
        raw={"x": 1},
    )
    assert (found.type, found.context, found.owner, found.quantization) == (
        "chat",
        40960,
        "Qwen",
        "fp8",
    )
    assert (found.price_in, found.price_out) == (0.1, 0.3)
    assert found.features == ["tools", "json_mode", "new-one"]
    assert (found.requests_per_minute, found.tokens_per_minute) == (60, None)
    assert (found.input, found.output, found.raw) == (["text"], ["text"], {"x": 1})


def test_what_is_unknown_is_missing_and_never_nought():
    found = of()
    for name in ("context", "price_in", "price_out", "price_image", "created", "max_output"):
        assert getattr(found, name) is None
    assert (found.input, found.output, found.features) == ([], [], [])


def test_free_is_nought_and_not_missing():
    found = of(pricing={"prompt": "0", "completion": 0})
    assert (found.price_in, found.price_out) == (0.0, 0.0)


@pytest.mark.parametrize("price", ["", "free", "-1", "nan", "inf", None, True, [1], {}])
def test_what_is_no_price_is_unknown(price):
    assert of(pricing={"prompt": price}).price_in is None


@pytest.mark.parametrize("limit", [0, -1, 1e10, "many", None, []])
def test_what_is_no_limit_is_none(limit):
    assert of(per_request_limits={"requests_per_minute": limit}).requests_per_minute is None


@pytest.mark.parametrize(
    ("model_id", "modality", "kind"),
    [
        ("m", "text->text", "chat"),
        ("m", "text+image->text", "vision"),
        ("m", "text->embedding", "embedding"),
        ("m", "text->image", "image"),
        ("BAAI/bge-reranker", "text->text", "other"),
        ("BAAI/bge-en-icl", None, "embedding"),
        ("black-forest-labs/flux-dev", None, "image"),
        ("Qwen/Qwen2-VL-72B", None, "vision"),
        ("anything", None, "chat"),
        ("anything", "nonsense", "chat"),
    ],
)
def test_the_type_comes_from_modalities_else_from_the_id(model_id, modality, kind):
    architecture = {"modality": modality} if modality else None
    assert of(id=model_id, architecture=architecture).type == kind


def test_rows_without_an_id_are_left_out_and_the_order_stays():
    models = [Model(id="b"), Model(id=""), Model(id="a")]
    assert [r.id for r in to_records(models, "there")] == ["b", "a"]
    assert {r.source for r in to_records(models, "there")} == {"there"}


# -- the cache ---------------------------------------------------------------------------------


def test_a_catalog_comes_back_as_it_was_written(tmp_path):
    catalog = Catalog("sandbox:1", time.time(), [record("m", price_in=0.1, raw={"a": [1]})])
    save(tmp_path, catalog)
    assert load(tmp_path, "sandbox:1") == catalog
    assert load(tmp_path, "sandbox:2") is None
    assert catalog.find("m").price_in == 0.1
    assert catalog.find("n") is None


@pytest.mark.parametrize("age", [25 * 3600, -3600])
def test_a_catalog_is_fresh_for_a_day(age):
    assert Catalog("s", time.time() - 3600, []).is_fresh
    assert not Catalog("s", time.time() - age, []).is_fresh


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"service": "s"}', b"\xff\xfe"])
def test_a_broken_cache_is_no_cache(tmp_path, content):
    save(tmp_path, Catalog("s", 0.0, []))
    [file] = (tmp_path / "catalogs").iterdir()
    file.write_bytes(content)
    assert load(tmp_path, "s") is None


def test_another_services_file_is_not_taken_for_this_ones(tmp_path):
    save(tmp_path, Catalog("a", 0.0, []))
    save(tmp_path, Catalog("b", 0.0, []))
    one, two = (tmp_path / "catalogs").iterdir()
    one.write_bytes(two.read_bytes())
    assert [load(tmp_path, s) is None for s in "ab"].count(True) == 1


def test_a_disk_that_refuses_costs_only_the_cache(tmp_path):
    (tmp_path / "catalogs").write_text("a file, not a folder")
    save(tmp_path, Catalog("s", 0.0, []))
    assert load(tmp_path, "s") is None


# -- the choice --------------------------------------------------------------------------------


def test_the_first_preferred_model_that_is_there_is_chosen():
    records = [record("a", price_in=0.0), record("openai/gpt-oss-120b"), record("Qwen/Qwen3-32B")]
    assert first_choice(records, "chat") == "Qwen/Qwen3-32B"
    assert first_choice(records[:2], "chat") == "openai/gpt-oss-120b"


def test_else_the_cheapest_of_the_type():
    records = [
        record("dear", price_in=5.0, price_out=5.0),
        record("unknown"),
        record("cheap", "vision", price_in=0.1, price_out=0.1),
        record("free-but-no-chat", "embedding", price_in=0.0),
    ]
    assert first_choice(records, "chat") == "cheap"
    assert first_choice(records, "embedding") == "free-but-no-chat"
    assert first_choice(records, "image") is None
    assert first_choice([], "chat") is None


def test_at_one_price_a_plain_chat_model_comes_before_one_that_sees():
    records = [record("a", "vision", price_in=1.0), record("b", price_in=1.0)]
    assert first_choice(records, "chat") == "b"


def test_what_reads_pictures_chats_too():
    assert serves(record("m", "vision"), "chat")
    assert not serves(record("m", "other"), "chat")


IDS = ["Qwen/Qwen3-32B", "Qwen/Qwen3-14B", "meta-llama/Llama-3.3-70B-Instruct", "BAAI/bge-en-icl"]


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("qwen/qwen3-32b", IDS[0]),
        ("Qwen3-32B", IDS[0]),
        ("qwen-3-14b", IDS[1]),
        ("llama-3.3-70b", IDS[2]),
        ("bge", IDS[3]),
    ],
)
def test_the_nearest_id_comes_first(wrong, right):
    assert nearest(wrong, IDS)[0] == right


@given(st.text(max_size=30), st.lists(st.text(min_size=1, max_size=20), max_size=6, unique=True))
def test_any_wrong_id_has_at_most_three_nearest_in_a_fixed_order(wrong, ids):
    found = nearest(wrong, ids)
    assert len(found) == min(3, len(ids))
    assert found == nearest(wrong, list(reversed(ids)))
    assert set(found) <= set(ids)
