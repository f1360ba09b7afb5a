"""Every peculiarity of Nebius's lists of models, as a user of `neb.models` sees it."""

import pandas as pd
import pytest
from answering import Says
from quirks import PROMPT, serving, shapes, shown, told

import nbnebius as neb
from nbnebius import errors

CHAT = "chat/completions"


def listed(name, **filters):
    with serving({"/v1/models": told("models", name)}) as server:
        frame = neb.models(**filters)
        assert server.paths == ["/v1/models"]
    return frame.set_index("id", drop=False)


def test_verbose():
    (row,) = listed("verbose").to_dict("records")
    assert row["type"] == "chat"
    assert (row["context"], row["quantization"], row["owner"]) == (262144, "fp8", "system")
    assert (row["price_in"], row["price_out"]) == (0.06, 0.24)
    assert (row["requests_per_minute"], row["tokens_per_minute"]) == (100, 800000)
    assert row["features"] == ["tools", "reasoning"]
    assert (row["input"], row["output"]) == (["text"], ["text"])
    assert row["created"] == pd.Timestamp(1787607375, unit="s", tz="UTC")
    assert pd.isna(row["price_image"])
    assert row["raw"] == shapes("models")["verbose"]["body"]["data"][0]


MAY_LACK = [key for key in shapes("models")["verbose"]["body"]["data"][0] if key != "id"]


@pytest.mark.parametrize("value", ["absent", None, {}, [], "", 3, "text", [None], {"x": None}])
@pytest.mark.parametrize("key", MAY_LACK)
def test_verbose_rows_that_lack_a_field_or_hold_another_type(key, value):
    full = shapes("models")["verbose"]["body"]["data"][0]
    row = {name: there for name, there in full.items() if name != key}
    if value != "absent":
        row[key] = value
    answer = Says(body={"object": "list", "data": [row, {**full, "id": "z/whole"}]})
    with serving({"/v1/models": answer, CHAT: told("chat", "newlines_first")}):
        frame = neb.models(sort="price_out")
        reply = neb.chat(PROMPT, model=full["id"])
    assert sorted(frame["id"]) == [full["id"], "z/whole"]
    whole = frame.set_index("id").loc["z/whole"]
    assert (whole["price_in"], whole["context"], whole["type"]) == (0.06, 262144, "chat")
    assert reply.text == "\n\n4"
    assert reply.cost == (None if key == "pricing" else pytest.approx((10 * 0.06 + 5 * 0.24) / 1e6))


def test_plain():
    frame = listed("plain")
    assert list(frame["type"]) == ["chat"] * 3
    assert frame[["price_in", "price_out", "price_image", "context"]].isna().all(axis=None)
    assert frame["status"].tolist()[2] == "active"
    assert frame["raw"].iloc[1]["shutdown_date"] == "2026-12-01"


def test_mixed():
    frame = listed("mixed")
    assert list(frame["price_in"].isna()) == [True, False]


def test_mixed_rows_can_be_filtered_by_what_some_of_them_lack():
    assert list(listed("mixed", max_price=1.0).index) == ["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B"]
    assert list(listed("mixed", context=1000).index) == ["nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B"]
    assert list(listed("mixed", sort="price_out").index)[1] == "a/basic"


def test_modalities():
    frame = listed("modalities")
    types = frame["type"].astype(str).to_dict()
    assert types == {
        "m/chat": "chat",
        "m/sees": "vision",
        "m/embeds": "embedding",
        "m/draws": "image",
        "m/silent-vl-x": "vision",
        "m/null": "chat",
        "m/odd": "chat",
        "m/numbered": "chat",
    }
    assert frame.loc["m/sees", "input"] == ["text", "image"]
    assert list(listed("modalities", type="image").index) == ["m/draws"]


def test_prices():
    frame = listed("prices")
    both = {name: (row["price_in"], row["price_out"]) for name, row in frame.iterrows()}
    nothing = {"p/absent", "p/nonsense", "p/list"}
    assert {name for name, pair in both.items() if pd.isna(pair[0]) and pd.isna(pair[1])} >= nothing
    assert both["p/strings"] == (0.03, 0.1)
    assert both["p/zeros"] == (0.0, 0.0)
    assert both["p/numbers"] == (0.06, 0.0)
    assert both["p/partly"][0] == 0.03
    assert pd.isna(both["p/partly"][1])
    assert both["p/embeds"][0] == 0.01
    assert pd.isna(both["p/embeds"][1])
    assert frame.loc["p/draws", "price_image"] == 0.0013
    assert pd.isna(both["p/draws"][0])
    assert frame["price_image"].notna().sum() == 1


PAID = {
    "p/zeros": 0.0,
    "p/absent": None,
    "p/partly": None,
    "p/nonsense": None,
    "p/strings": (10 * 0.03 + 5 * 0.1) / 1e6,
}


@pytest.mark.parametrize(("model", "cost"), PAID.items())
def test_prices_make_a_cost_or_none(model, cost):
    routes = {"/v1/models": told("models", "prices"), CHAT: told("chat", "newlines_first")}
    with serving(routes):
        found = neb.chat(PROMPT, model=model).cost
    assert found == (None if cost is None else pytest.approx(cost))


def test_limits():
    frame = listed("limits")
    assert list(frame["requests_per_minute"].fillna(-1)) == [100, -1, -1, -1]
    assert list(frame["tokens_per_minute"].fillna(-1)) == [800000, -1, -1, -1]


def test_features():
    frame = listed("features")
    assert list(frame["features"]) == [
        ["tools", "reasoning", "json_mode", "structured_outputs"],
        ["tools", "json_mode"],
        [],
    ]


def test_a_feature_that_is_not_listed_is_not_refused():
    """Nemotron models list no structured outputs, and give them."""
    answer = {CHAT: told("chat", "json_in_reasoning_content")}
    with serving({"/v1/models": told("models", "verbose"), **answer}) as server:
        assert neb.chat(PROMPT, schema="sum int").parsed == {"sum": 4}
        form = server.asked(CHAT)[0].json["response_format"]
    assert form["type"] == "json_schema"
    assert set(form["json_schema"]) == {"name", "schema", "strict"}


def test_no_image_model():
    with serving({"/v1/models": told("models", "no_image_model")}) as server:
        with pytest.raises(errors.OptionError) as caught:
            neb.image("a dog")
        assert set(server.paths) == {"/v1/models"}
    assert caught.value.what == "No image model was named, and the service lists none"
    assert "image_model" in shown(caught.value)


def test_empty():
    assert listed("empty").empty
    routes = {"/v1/models": told("models", "empty"), CHAT: told("chat", "newlines_first")}
    with serving(routes):
        with pytest.raises(errors.OptionError, match="No chat model was named"):
            neb.chat(PROMPT)
        assert neb.chat(PROMPT, model="named").cost is None


def test_drifting():
    frame = listed("drifting")
    assert list(frame.index) == ["d/texts", "d/broken"]
    assert frame.loc["d/texts", "context"] == 262144
    assert frame.loc["d/texts", "created"] == pd.Timestamp(1787607375, unit="s", tz="UTC")
    assert pd.isna(frame.loc["d/broken", "context"])
    assert pd.isna(frame.loc["d/broken", "created"])


@pytest.mark.parametrize(
    "asked",
    ["nvidia/nvidia-nemotron-3-nano-30b-a3b", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-fast"],
)
def test_ids_in_lower_case_and_flavors_that_are_not_listed_name_the_nearest(asked):
    missing = Says(404, {"detail": f"The model `{asked}` does not exist."})
    refusing = serving({"/v1/models": told("models", "mixed"), CHAT: missing})
    with refusing, pytest.raises(errors.NotFoundError) as caught:
        neb.chat(PROMPT, model=asked)
    assert caught.value.why.startswith("the nearest are nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B")
    assert "case-sensitive" in shown(caught.value)


# -- custom models -----------------------------------------------------------------------------

FULL = "meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:my-ft-JuNN"


def test_custom_models_as_they_came():
    with serving({"/v0/models": told("custom_models", "listed")}):
        frame = neb.custom_models()
    assert list(frame["name"]) == [
        FULL,
        "Sofrony-Test-hfjV",
        "numbered-AbCd",
        "dateless-EfGh",
    ]
    assert frame["status"].astype(object).where(frame["status"].notna(), None).tolist() == [
        "active",
        "error",
        None,
        "deprecated",
    ]
    assert frame.loc[1, "status_reason"] == "LoRA rank is too large"
    moment = pd.Timestamp(1752143434, unit="s", tz="UTC")
    assert list(frame["created"][:3]) == [moment] * 3
    assert pd.isna(frame.loc[3, "created"])
    assert list(frame["source"][:2]) == ["ftckpt_5c7a", "file-1"]


def test_custom_models_as_a_catalog():
    with serving({"/v0/models": told("custom_models", "listed")}):
        frame = neb.models("nebius_custom")
    assert frame.loc[0, "id"] == FULL
    assert list(frame["type"][:2]) == ["chat", "chat"]
    assert frame["price_in"].isna().all()
    with serving({"/v0/models": told("custom_models", "with_flavors")}):
        (row,) = neb.models("nebius_custom").to_dict("records")
    assert row["id"] == "meta-llama/Meta-Llama-3.1-8B-Instruct-LoRa:x-AbCd"
    assert (row["price_in"], row["price_out"], row["context"]) == (0.02, 0.06, 131072)
    assert row["requests_per_minute"] == 60


def test_created_without_a_status():
    with serving({"/v0/models": told("custom_models", "created")}):
        (row,) = neb.create_custom_model("Sofrony-Test", "base", "file-1").to_dict("records")
    assert row["name"] == "Sofrony-Test-hfjV"
    assert pd.isna(row["status"])


def test_names_keep_their_slash_and_colon_on_the_way():
    with serving({FULL: told("custom_models", "deleted")}) as server:
        (row,) = neb.delete_custom_model(FULL).to_dict("records")
        assert (server.seen[-1].method, server.seen[-1].path) == ("DELETE", f"/v0/models/{FULL}")
    assert (row["name"], row["status"]) == (FULL, "deleted")


def test_names_with_slash_and_colon_are_asked_as_a_model():
    with serving({CHAT: told("chat", "newlines_first")}) as server:
        assert neb.chat(PROMPT, model=FULL).cost is None
        assert server.asked(CHAT)[0].json["model"] == FULL


# -- neighbours --------------------------------------------------------------------------------

LIST, DOCUMENTED = "/api/v1/models/list", "/api/models/list"
SERVERLESS = "/api/v1/serverless/models"


def neighbour(source, routes, path=""):
    with serving(routes) as server:
        root = server.url.removesuffix("/v1/")
        return neb.models(source, base_url=root + path, api_key="their-own-key-0123456789")


@pytest.mark.parametrize("path", [LIST, DOCUMENTED])
def test_open_webui_under_either_path(path):
    """A path that it does not have answers with a page and status 200."""
    page = told("neighbours", "open_webui_page")
    routes = {LIST: page, DOCUMENTED: page, path: told("neighbours", "open_webui")}
    frame = neighbour("open_webui", routes)
    assert list(frame["id"]) == ["one", "two/with-slash"]
    assert list(frame["tags"]) == [["mine"], ["mine"]]
    assert frame["price_in"].isna().all()


def test_open_webui_old():
    routes = {LIST: told("neighbours", "open_webui_old")}
    assert list(neighbour("open_webui", routes)["id"]) == ["one"]


@pytest.mark.parametrize("name", ["open_webui_page", "open_webui_refused"])
def test_open_webui_without_a_list(name):
    routes = {LIST: told("neighbours", name), DOCUMENTED: told("neighbours", name)}
    with pytest.raises(errors.NebiusError) as caught:
        neighbour("open_webui", routes)
    assert "their-own-key" not in shown(caught.value)


@pytest.mark.parametrize("path", ["", "/api/v1", "/api/v1/api/v1"])
def test_nebula_block_with_its_prefix_once_or_twice(path):
    frame = neighbour("nebula_block", {SERVERLESS: told("neighbours", "nebula_block")}, path)
    assert list(frame["type"]) == ["chat", "image"]
    assert (frame.loc[0, "price_in"], frame.loc[1, "price_image"]) == (0.0, 0.009)
    assert frame["context"].isna().all()


def test_nebula_block_failed_with_status_200():
    routes = {SERVERLESS: told("neighbours", "nebula_block_failed")}
    with pytest.raises(errors.ApiError) as caught:
        neighbour("nebula_block", routes)
    assert "Invalid token" in shown(caught.value)
