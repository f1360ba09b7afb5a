"""Embeddings, images and models over real sockets."""

import base64
import struct

import anyio
import numpy as np
import pytest
from asking import KEY, client, refusal
from raw_server import Play, RawServer, answer, json_answer

from nbnebius import errors
from nbnebius.client import AsyncClient
from nbnebius.transport.download import is_loopback, is_public
from nbnebius.types.secret import Secret

pytestmark = pytest.mark.anyio


def vectors(*rows):
    packed = [base64.b64encode(struct.pack(f"<{len(row)}f", *row)).decode() for row in rows]
    return {"data": [{"index": at, "embedding": row} for at, row in enumerate(packed)]}


async def test_embeddings():
    play = json_answer(vectors([1, 2], [3, 4]))
    async with RawServer([play]) as server, client(server) as asked:
        found, given = await asked.embeddings.create({"model": "m", "input": ["a", "b"]})
    np.testing.assert_array_equal(found.vectors, [[1, 2], [3, 4]])
    assert server.requests[0].json["encoding_format"] == "base64"
    assert given.status == 200


@pytest.mark.parametrize(("sent", "count"), [("a", 1), ([1, 2], 1), ([[1, 2], [3]], 2), (["a"], 1)])
async def test_as_many_vectors_as_texts(sent, count):
    play = json_answer(vectors(*[[1.0]] * count))
    async with RawServer([play]) as server, client(server) as asked:
        found, _ = await asked.embeddings.create({"model": "m", "input": sent})
    assert len(found.vectors) == count


async def test_too_few_vectors_are_an_error():
    async with RawServer([json_answer(vectors([1.0]))]) as server, client(server) as asked:
        with pytest.raises(errors.ResponseError, match="2 texts were sent and 1 vectors came"):
            await asked.embeddings.create({"model": "m", "input": ["a", "b"]})


async def test_models_verbose_and_plain():
    row = {"id": "a", "pricing": {"prompt": "0.00000006"}}
    async with RawServer([json_answer({"data": [row]})]) as server, client(server) as asked:
        (model,), _ = await asked.models.list()
        await asked.models.list(verbose=False)
    assert model.price("prompt") == 6e-8
    assert [seen.target for seen in server.requests] == ["/v1/models?verbose=true", "/v1/models"]


async def test_models_fall_back_to_plain():
    plays = [refusal(422), json_answer({"data": [{"id": "a"}]})]
    async with RawServer(plays) as server, client(server) as asked:
        (model,), _ = await asked.models.list()
    assert model.id == "a"
    assert [seen.target for seen in server.requests] == ["/v1/models?verbose=true", "/v1/models"]


async def test_models_without_a_key():
    async with RawServer([refusal(401)]) as server, client(server) as asked:
        with pytest.raises(errors.AuthenticationError):
            await asked.models.list()
    assert len(server.requests) == 1


async def test_images():
    play = json_answer({"data": [{"b64_json": "aGk="}], "id": "text2img-1"})
    async with RawServer([play]) as server, client(server) as asked:
        drawn, _ = await asked.images.generate({"model": "m", "prompt": "x", "seed": None})
    assert drawn.data[0].content() == b"hi"
    assert server.requests[0].json == {"model": "m", "prompt": "x"}


async def test_an_image_is_fetched_without_the_key():
    plays = [refusal(404), Play(answer(b"PNG", content_type="image/png"))]
    async with RawServer(plays) as server, client(server, secret=Secret(KEY)) as asked:
        assert await asked.images.fetch(f"{server.root}/files/1.png") == b"PNG"
    assert len(server.requests) == 2
    assert all("authorization" not in seen.headers for seen in server.requests)


async def test_an_image_that_stays_away():
    async with RawServer([refusal(404)]) as server, client(server) as asked:
        with pytest.raises(errors.NotFoundError):
            await asked.images.fetch(f"{server.root}/files/1.png")
    assert len(server.requests) == 5


async def test_an_image_that_leads_elsewhere():
    async with RawServer([Play(b"")]) as target:
        play = Play(answer(b"", 302, location=target.root))
        async with RawServer([play]) as server, client(server) as asked:
            with pytest.raises(errors.ApiError, match="not followed"):
                await asked.images.fetch(f"{server.root}/1.png")
    assert target.connections == 0


async def test_a_page_is_fetched_without_the_key_and_where_it_moved_to():
    plays = [Play(answer(b"", 301, location="/there")), Play(answer(b"<p>Tea</p>"))]
    async with RawServer(plays) as server, client(server, secret=Secret(KEY)) as asked:
        assert await asked.pages.fetch(f"{server.root}/here", 100) == b"<p>Tea</p>"
    assert all("authorization" not in seen.headers for seen in server.requests)


@pytest.mark.parametrize(
    ("play", "error", "words"),
    [
        (Play(answer(b"", 302, location="https://127.0.0.1/x")), errors.ResponseError, "private"),
        (Play(answer(b"", 302, location="http://a.example/x")), errors.ResponseError, "not https"),
        (Play(answer(b"x" * 101)), errors.ResponseError, "the page is larger than 100 bytes"),
        (refusal(404), errors.NotFoundError, "page"),
    ],
)
async def test_a_page_that_cannot_be_fetched_says_why(play, error, words):
    async with RawServer([play]) as server, client(server) as asked:
        with pytest.raises(error, match=words):
            await asked.pages.fetch(f"{server.root}/here", 100)
    assert len(server.requests) == 1


async def test_a_page_that_goes_round_in_circles():
    plays = [Play(answer(b"", 302, location="/again"))] * 9
    async with RawServer(plays) as server, client(server) as asked:
        with pytest.raises(errors.ApiError):
            await asked.pages.fetch(f"{server.root}/here", 100)
    assert len(server.requests) == 6


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/x.png",
        "file:///etc/passwd",
        "gopher://x",
        "https://127.0.0.1/x",
        "https://169.254.169.254/latest",
        "https://[::1]/x",
        "https://10.0.0.1/x",
        "https://user:pass@example.com/x",
        "https://localhost/x",
        "http://127.0.0.1:1/x",
        "https://[::ffff:127.0.0.1]/x",
        "https://",
        "http://[",
        "",
    ],
)
async def test_addresses_that_are_refused(url):
    async with AsyncClient(KEY, "https://api.tokenfactory.nebius.com/v1/") as asked:
        with pytest.raises(errors.ResponseError):
            await asked.images.fetch(url)


async def test_a_name_that_leads_into_a_private_network(monkeypatch):
    async def found(*_, **__):
        return [(2, 1, 6, "", ("93.184.216.34", 443)), (2, 1, 6, "", ("10.0.0.7", 443))]

    monkeypatch.setattr(anyio, "getaddrinfo", found)
    async with AsyncClient(KEY) as asked:
        with pytest.raises(errors.ResponseError, match="private"):
            await asked.images.fetch("https://images.example.com/x.png")


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("100.64.0.1", False),
        ("169.254.169.254", False),
        ("127.0.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::", False),
        ("x", False),
    ],
)
def test_public_addresses(address, public):
    assert is_public(address) is public


def test_loopback():
    assert is_loopback("localhost")
    assert is_loopback("127.0.0.1")
    assert is_loopback("::1")
    assert not is_loopback("example.com")
