"""The service behind a session: its models, its name, its key, and servers that are none."""

import copy
import json
import pickle  # noqa: TID251 - it is shown that nothing can be pickled

import pytest
from answering import MODELS, Answering, Says, said, talking

import nbnebius as neb
from nbnebius import errors
from nbnebius.events import Note
from nbnebius.session import Session, default_session
from nbnebius.settings import Config, find_endpoint, home

CANARY = "canary-key-0123456789-abcdef"


def hello(_):
    return Says(body=said("hello"))


def catalog(*ids):
    rows = [{"id": i, "architecture": {"modality": "text->text"}} for i in ids]
    return Says(body={"data": rows})


# -- which model -------------------------------------------------------------------------------


def test_a_wrong_model_names_the_nearest_three(at_box):
    with pytest.raises(errors.NotFoundError) as caught:
        at_box().chat("hello", model="qwen3-32b")
    named = caught.value.why.removeprefix("the nearest are ").split(", ")
    assert len(named) == 3
    assert named[0] == "Qwen/Qwen3-32B"


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("embedding", lambda s: s.chat("hello", model="BAAI/bge-en-icl")),
        ("chat", lambda s: s.embed(["a"], model="Qwen/Qwen3-32B")),
        ("chat", lambda s: s.image("a dog", model="Qwen/Qwen3-32B")),
    ],
)
def test_a_model_of_another_type_is_refused_before_anything_is_sent(box, at_box, kind, call):
    before = len(box.requests("completions")) + len(box.requests("embeddings"))
    with pytest.raises(errors.OptionError, match=f"its type is {kind}"):
        call(at_box())
    assert len(box.requests("completions")) + len(box.requests("embeddings")) == before


def test_a_default_is_chosen_from_the_live_catalog_and_stays(opened):
    listed = ["b", "a"]

    def answer(seen):
        return catalog(*listed) if seen.path.endswith("/models") else hello(seen)

    with Answering(answer) as server:
        session = opened(server.url)
        assert session.chosen_model("chat") is None
        assert session.chat("hello").model == "a"
        assert session.chosen_model("chat") == "a"
        listed[:] = ["Qwen/Qwen3-32B", "a"]
        assert opened(server.url).chat("hello").model == "a"
        listed[:] = ["Qwen/Qwen3-32B", "c"]
        assert opened(server.url).chat("hello").model == "Qwen/Qwen3-32B"
        assert opened(server.url, None, config=Config()).chat("hello", model="c").model == "c"


def test_the_users_own_choice_comes_first(opened):
    with Answering(talking(hello)) as server:
        config = Config()
        config.set("chat_model", "of-mine")
        session = Session(find_endpoint(None, server.url), config)
        assert session.chat("hello").model == "of-mine"
        session.close()


def test_a_server_without_a_list_works_with_a_named_model(opened):
    def answer(seen):
        return Says(404, {"detail": "Not Found"}) if seen.path.endswith("models") else hello(seen)

    with Answering(answer) as server:
        reply = opened(server.url).chat("hello", model="of-theirs")
        assert (reply.text, reply.cost) == ("hello", None)
        with pytest.raises(errors.OptionError, match="No chat model was named"):
            opened(server.url).chat("hello")


def test_a_list_that_fails_for_now_is_not_taken_for_none(opened):
    answer = Says(503, {"error": "later"})
    with Answering(lambda _: answer) as server, pytest.raises(errors.ServerError):
        opened(server.url, max_retries=0).chat("hello", model="talker")


def test_a_page_in_place_of_an_api_is_an_error_in_words(opened):
    page = Says(200, b"<!doctype html><html><body>Log in</body></html>", "text/html")
    with Answering(lambda _: page) as server, pytest.raises(errors.ResponseError) as caught:
        opened(server.url).chat("hello", model="talker")
    assert "page" in str(caught.value).lower() or "html" in str(caught.value).lower()
    assert "JSONDecodeError" not in str(caught.value)


def test_a_refused_key_is_an_error_without_the_key(opened):
    with Answering(lambda _: Says(401, {"error": f"bad key {CANARY}"})) as server:
        session = opened(server.url, CANARY)
        with pytest.raises(errors.AuthenticationError) as caught:
            session.chat("hello")
    assert CANARY not in str(caught.value)
    assert CANARY not in repr(vars(caught.value))


def test_no_server_is_an_error_in_words(opened):
    with Answering(hello) as server:
        gone = server.url
    with pytest.raises(errors.ConnectError):
        opened(gone, max_retries=0).chat("hello", model="talker")


def test_nebius_without_a_key_says_what_to_do(opened):
    with pytest.raises(errors.SettingsError, match="NEBIUS_API_KEY"):
        opened(None).chat("hello")


# -- the catalog -------------------------------------------------------------------------------


def test_the_catalog_is_on_disk_for_tab_and_prices(at_box):
    from nbnebius.catalogs import load

    session = at_box()
    records = session.models()
    [file] = (home() / "catalogs").iterdir()
    kept = load(home(), json.loads(file.read_bytes())["service"])
    assert kept.is_fresh
    assert [r.id for r in kept.records] == [r.id for r in records]


def test_a_fresh_catalog_is_read_from_disk_and_never_asked_for():
    """Nebius's own name is known without asking: no network is needed at all."""
    import time

    import anyio

    from nbnebius.catalogs import Catalog, save
    from nbnebius.session.service import Service
    from nbnebius.transport import Timeouts
    from nbnebius.types.model import ModelRecord

    records = [ModelRecord(id="kept", source="nebius", type="chat")]
    save(home(), Catalog("nebius", time.time(), records))

    async def settle():
        service = Service(
            find_endpoint(CANARY, environ={}),
            Config(),
            recorder=None,
            observer=None,
            max_retries=0,
            timeouts=Timeouts(connect=0.01),
        )
        assert CANARY not in repr(vars(service))
        try:
            return await service.model("chat", None)
        finally:
            await service.client.close()

    assert anyio.run(settle) == ("kept", records[0])


# -- the key -----------------------------------------------------------------------------------


def test_a_key_of_the_environment_is_never_sent_to_a_foreign_host(monkeypatch, tmp_path):
    (tmp_path / ".env").write_text(f"NEBIUS_API_KEY={CANARY}")
    told = []
    with Answering(talking(hello)) as server:
        for source in ("environment", ".env"):
            if source == "environment":
                monkeypatch.setenv("NEBIUS_API_KEY", CANARY)
            else:
                monkeypatch.delenv("NEBIUS_API_KEY")
            neb.connect(base_url=server.url).observer = told.append
            assert neb.chat("hello").text == "hello"
            neb.chat("hello", stream=False)
        assert len(server.seen) >= 4
        for seen in server.seen:
            assert "authorization" not in seen.headers
            assert CANARY not in repr(seen)
    notes = [e.text for e in told if isinstance(e, Note)]
    assert [n for n in notes if "not sent" in n and "environment" in n]
    assert [n for n in notes if "not sent" in n and ".env" in n]


def test_a_key_that_is_named_is_sent_there_and_shown_nowhere(capfd, caplog):
    caplog.set_level(0)
    with Answering(talking(hello)) as server:
        session = neb.connect(CANARY, server.url)
        reply = neb.chat("hello")
        assert {seen.headers["authorization"] for seen in server.seen} == {f"Bearer {CANARY}"}
        service = session.run(_itself)
        shown = [
            *(repr(x) for x in (session, session.endpoint, service, service.client, reply)),
            *(str(x) for x in (session, session.endpoint, service, service.client, reply)),
            *(repr(vars(x)) for x in (session, service, service.client, reply)),
            repr(vars(session._connection)),
            repr(vars(service.client.transport)),
        ]
        for held in (session, session.endpoint, service, service.client):
            for leak in (pickle.dumps, copy.deepcopy):
                with pytest.raises(TypeError):
                    leak(held)
    out, err = capfd.readouterr()
    for text in (*shown, out, err, caplog.text):
        assert CANARY not in text
    for file in home().rglob("*"):
        assert file.is_dir() or CANARY.encode() not in file.read_bytes()


async def _itself(service):
    return service


def test_a_redirect_carries_neither_key_nor_prompt_elsewhere(opened):
    with Answering(hello) as other:
        there = Says(307, b"", headers={"location": f"{other.url}chat/completions"})
        with Answering(talking(lambda _: there)) as server, pytest.raises(errors.NebiusError):
            opened(server.url, CANARY, max_retries=0).chat("hello")
        assert other.seen == []


# -- the default session -----------------------------------------------------------------------


def test_functions_use_the_environment_until_something_else_is_told(box, monkeypatch):
    monkeypatch.setenv("NEBIUS_BASE_URL", box.url)
    monkeypatch.setenv("NEBIUS_API_KEY", box.key)
    assert neb.chat("hello").text
    assert default_session().endpoint.base_source == "environment"
    first = default_session()
    second = neb.connect(box.key, box.url, temperature=0.25)
    assert default_session() is second
    assert second.config.get("temperature") == 0.25
    with pytest.raises(errors.NebiusError, match="closed"):
        first.chat("hello")
    assert len(neb.models(type="embedding")) > 0


@pytest.mark.parametrize("wrong", [{"max_retries": -1}, {"timeout": 0}, {"temprature": 1}])
def test_connect_refuses_what_makes_no_sense_and_keeps_the_old_session(box, wrong):
    old = neb.connect(box.key, box.url)
    with pytest.raises(errors.OptionError):
        neb.connect(box.key, box.url, **wrong)
    assert default_session() is old


def test_what_has_no_place_in_json_is_refused_by_name(at_box):
    session = at_box()
    for value in (float("nan"), object(), b"x"):
        with pytest.raises(errors.OptionError, match="logit_bias"):
            session.chat("hello", logit_bias={"1": value})


def test_numbers_of_numpy_are_numbers(at_box):
    import numpy as np

    reply = at_box().chat("hello", temperature=np.float32(0.5), max_tokens=np.int64(5), cache=True)
    assert reply.usage.completion_tokens <= 5


def test_a_dry_run_sends_nothing(box, at_box):
    session = at_box()
    session.models()
    before = len(box.requests())
    prepared = session.prepare_chat("hello", model="Qwen/Qwen3-32B", max_tokens=100)
    assert prepared.body["max_tokens"] == 100
    assert prepared.bound > 0
    assert len(box.requests()) == before


def test_the_same_catalog_serves_all_calls_of_a_session(opened):
    with Answering(talking(hello)) as server:
        session = opened(server.url)
        for _ in range(3):
            session.chat("hello")
        assert len(server.asked("/models")) == 1
        assert json.loads(json.dumps(MODELS)) == MODELS
