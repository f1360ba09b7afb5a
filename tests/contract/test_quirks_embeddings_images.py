"""Every peculiarity of Nebius's vectors, pictures and rankings, as a user sees it."""

import base64
import json

import numpy as np
import pytest
from answering import Says
from quirks import KEY, PROMPT, serving, shapes, shown, told

import nbnebius as neb
from nbnebius import errors

EMBED, DRAW, RANK = "embeddings", "images/generations", "/v1/rerank"
A, B = [1.0, 0.5, -0.25], [0.25, 2.0, 0.0]
READABLE = [name for name, shape in shapes("embeddings").items() if "status" not in shape]
UNREADABLE = [name for name in shapes("embeddings") if name not in READABLE]


@pytest.mark.parametrize("name", READABLE)
def test_vectors(name):
    with serving({EMBED: told("embeddings", name)}):
        frame = neb.embed(["one", "two"], model="embedder")
    assert neb.matrix(frame).tolist() == [A, B]
    assert neb.matrix(frame).dtype == np.float32
    assert list(frame["text"]) == ["one", "two"]
    assert frame["neb_error"].isna().all()
    if name == "without_usage":
        assert frame["neb_cost"].isna().all()
    else:
        assert frame["neb_tokens"].sum() == 6


@pytest.mark.parametrize("name", UNREADABLE)
def test_vectors_that_cannot_be_told_are_an_error_and_no_numbers(name):
    """Nothing wrong goes into a frame, and nothing is bought again by itself."""
    with serving({EMBED: told("embeddings", name)}) as server:
        with pytest.raises(errors.NebiusError) as caught:
            neb.embed([PROMPT, "two"], model="embedder")
        asked = [seen.json["input"] for seen in server.asked(EMBED)]
    assert asked[0] == [PROMPT, "two"]
    assert asked.count(asked[0]) == 1
    assert PROMPT not in shown(caught.value)
    assert KEY not in shown(caught.value)


def test_dimensions_are_asked_for_and_read_from_the_answer():
    """No length is taken for granted: the pages name wrong ones."""
    with serving({EMBED: told("embeddings", "floats")}) as server:
        frame = neb.embed(["one", "two"], model="embedder", dimensions=1024)
        assert server.asked(EMBED)[0].json["dimensions"] == 1024
    assert neb.matrix(frame).shape == (2, 3)


# -- pictures ----------------------------------------------------------------------------------

PNG = base64.b64decode(shapes("images")["base64"]["body"]["data"][0]["b64_json"])


def drawn(name, **options):
    with serving({DRAW: told("images", name)}):
        return neb.image("a dog", model="painter", save=False, **options)


@pytest.mark.parametrize("name", ["base64", "data_prefix", "data_url"])
def test_a_picture(name):
    gallery = drawn(name)
    assert gallery[0].data == PNG
    assert gallery.pil.size == (1, 1)
    assert gallery.df["cost"].isna().all()


def test_png_although_webp_was_asked(tmp_path):
    with serving({DRAW: told("images", "base64")}) as server:
        gallery = neb.image("a dog", model="painter", format="webp", seed=1, save=tmp_path / "x")
        assert server.asked(DRAW)[0].json["response_extension"] == "webp"
    assert gallery.path.suffix == ".png"
    assert gallery.path.read_bytes().startswith(PNG[:8])
    assert gallery.pil.format in {"PNG", None}


def test_url_that_is_not_there_at_first():
    """The storage lags behind: the first GET of a fresh picture is a 404."""
    fetch = [Says(404, b"", "text/plain"), Says(body=PNG, content_type="image/png")]
    drawing = {}
    with serving({"pictures/1.png": fetch, DRAW: lambda seen: drawing[DRAW]}) as server:
        body = json.dumps(shapes("images")["url"]["body"])
        drawing[DRAW] = Says(body=body.replace("ROOT", server.url[:-4]).encode())
        gallery = neb.image("a dog", model="painter", save=False)
        fetched = server.asked("pictures/1.png")
        assert len(server.asked(DRAW)) == 1
    assert gallery[0].data == PNG
    assert len(fetched) == 2
    assert all("authorization" not in seen.headers for seen in fetched)


@pytest.mark.parametrize("name", ["no_data", "null_datum", "not_base64"])
def test_no_picture_is_an_error_in_words(name):
    with pytest.raises(errors.ResponseError) as caught:
        drawn(name)
    assert "picture" in caught.value.what or "image" in caught.value.what
    assert KEY not in shown(caught.value)


def test_a_refused_adapter_is_told_in_the_servers_words():
    loras = [{"url": "https://example.org/x", "scale": 1.0}]
    refusing = serving({DRAW: told("errors", "lora_refused")})
    with refusing, pytest.raises(errors.BadRequestError) as caught:
        neb.image("a dog", model="painter", save=False, loras=loras)
    assert "LoRA validation error (URL)" in caught.value.why


def test_one_picture_a_request_since_there_is_no_n():
    with serving({DRAW: told("images", "base64")}) as server:
        gallery = neb.image("a dog", model="painter", save=False, n=3, seed=5)
        bodies = [seen.json for seen in server.asked(DRAW)]
    assert len(gallery) == 3
    assert sorted(body["seed"] for body in bodies) == [5, 6, 7]
    assert not {"n", "size"} & set().union(*bodies)


# -- rankings ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", shapes("rerank"))
def test_ranked(name):
    with serving({RANK: told("rerank", name)}) as server:
        frame = neb.rerank("baking", ["stars", "bread"], model="Qwen/Qwen3-Reranker-8B")
        assert "top_n" not in server.asked(RANK)[0].json
    assert list(frame["position"]) == [1, 0]
    assert list(frame["document"]) == ["bread", "stars"]
    assert list(frame["score"]) == [0.9, 0.1]


def test_no_reranker_in_the_catalog():
    with serving({}), pytest.raises(errors.OptionError, match="lists no reranker") as caught:
        neb.rerank("baking", ["stars"])
    assert "model=" in shown(caught.value)
