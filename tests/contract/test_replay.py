"""A recording answers in the service's place: the same texts, frames and pictures, no network."""

import io
import socket
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from contextlib import closing

import pandas as pd
import pytest
from answering import MODELS, Answering, Says
from PIL import Image
from sandbox_fixture import KEY, running_sandbox

import nbnebius as neb
from nbnebius import errors
from nbnebius.session import Session
from nbnebius.settings import DEFAULT_BASE_URL, Endpoint, find_endpoint, home

CHAT = {"temperature": 0.3, "max_tokens": 60}


@pytest.fixture
def open_replay(opened, monkeypatch):
    """Open sessions that replay, in a process where no socket can be made."""

    def open_one(path, **more):
        session = Session(Endpoint(DEFAULT_BASE_URL, "default"), **more)
        session.observer = lambda event: None
        sessions.append(session)
        session.replay(path)
        # the bridge's loop has its own pair of sockets by then
        session.run(_nothing)
        monkeypatch.setattr(socket, "socket", _no_socket)
        monkeypatch.setattr(socket, "create_connection", _no_socket)
        monkeypatch.setattr(socket, "getaddrinfo", _no_socket)
        return session

    sessions = []
    yield open_one
    monkeypatch.undo()
    for session in sessions:
        session.close()


def _no_socket(*_args, **_more):
    raise AssertionError("a socket was asked for")


async def _nothing(_service):
    pass


def tape_in(tmp_path):
    return tmp_path / "notebook.tape"


def play(session, folder, batch_file):
    """Do what a notebook does: every kind of work there is."""
    found = {}
    found["chat"] = str(session.chat("Name a river.", **CHAT))
    found["loop"] = [str(session.chat("Name a colour.", temperature=1)) for _ in range(3)]
    stream = session.stream_chat("Explain limestone.", **CHAT)
    found["stream"] = "".join(stream)
    found["usage"] = session.chat("Explain limestone.", stream=True, **CHAT).usage
    found["completion"] = str(session.completion("Once upon a time", max_tokens=20))
    found["first"] = session.embed(["one", "two", "three"], dimensions=8)
    found["second"] = session.embed(["three", "four", "two", "five"], dimensions=8)
    found["ranking"] = session.rerank("a river", ["the Rhine", "a stone"], model=None, k=None)
    gallery = session.image(
        "a lighthouse", n=2, seed=5, width=64, height=64, save=folder / "seeded"
    )
    found["pictures"] = [picture.path.read_bytes() for picture in gallery]
    unasked = session.image("a harbour", n=2, width=64, height=64, save=folder / "unseeded")
    found["seeds"] = [picture.seed for picture in unasked]
    found["unasked"] = [picture.path.read_bytes() for picture in unasked]
    found["gallery"] = unasked.df.drop(columns=["path", "seconds"], errors="ignore")
    found["models"] = [record.id for record in session.models()]
    file = session.upload(batch_file)
    job = session.create_batch(file.id, "/v1/chat/completions", {"job": "one"}).wait()
    found["batch"] = job.results()
    found["batches"] = [batch.id for batch in session.batches()]
    found["files"] = [one.id for one in session.files()]
    found["download"] = session.download(file.id, folder / "back.jsonl").read_bytes()
    return found


def batch_frame(model):
    bodies = [
        {"model": model, "messages": [{"role": "user", "content": f"Say {n}."}], "max_tokens": 20}
        for n in range(3)
    ]
    return pd.DataFrame({"body": bodies})


def assert_same(before, after):
    assert before.keys() == after.keys()
    for name, value in before.items():
        if isinstance(value, pd.DataFrame):
            pd.testing.assert_frame_equal(after[name], value)
        else:
            assert after[name] == value, name


@pytest.fixture
def recorded(tmp_path):
    """Record a whole notebook from a sandbox that then is gone."""
    path, folder = tape_in(tmp_path), tmp_path / "first"
    folder.mkdir()
    with running_sandbox(tmp_path) as running:
        session = Session(find_endpoint(running.api_key, running.base_url))
        session.observer = lambda event: None
        with closing(session):
            session.record(path)
            frame = batch_frame(session.chosen_model("chat") or session.chat("Hello").model)
            found = play(session, folder, frame)
            session.record(None)
    return path, found, frame, running


def test_a_replay_gives_the_same_without_key_or_network(recorded, open_replay, tmp_path):
    path, before, frame, _ = recorded
    folder = tmp_path / "second"
    folder.mkdir()
    after = play(open_replay(path), folder, frame)
    assert_same(before, after)


def test_neither_key_nor_host_nor_prompt_is_on_the_tape(recorded):
    path, _, _, running = recorded
    content = path.read_bytes()
    host = running.base_url.split("/")[2]
    for secret in (KEY, "Authorization", "Bearer", host, "Name a river", "a lighthouse"):
        assert secret.encode() not in content
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_texts_may_be_grouped_another_way(recorded, open_replay):
    path, before, _, _ = recorded
    session = open_replay(path)
    everything = session.embed(["five", "four", "three", "two", "one"], dimensions=8)
    known = pd.concat([before["first"], before["second"]]).set_index("text")
    for text, vector, tokens in zip(
        everything["text"], everything["embedding"], everything["neb_tokens"], strict=True
    ):
        one = known.loc[[text]].iloc[0]
        assert (one["embedding"] == vector).all()
        assert one["neb_tokens"] == tokens


def test_a_request_that_is_not_on_the_tape_is_an_error_that_names_it(recorded, open_replay):
    session = open_replay(recorded[0])
    with pytest.raises(errors.ReplayError) as failure:
        session.chat("Something nobody asked", model="some/model")
    told = str(failure.value)
    assert "notebook.tape does not hold this chat of some/model" in told
    assert "nobody asked" not in told
    assert "%nebius record FILE" in told
    frame = session.embed(["one", "never embedded"], dimensions=8)
    assert list(frame["neb_status"]) == ["ok", "failed"]
    assert "does not hold this embedding" in frame["neb_error"][1]


def test_the_users_own_journal_and_settings_stay_as_they_are(recorded, open_replay):
    before = {path: path.read_bytes() for path in home().rglob("*") if path.is_file()}
    session = open_replay(recorded[0])
    session.chat("Name a river.", **CHAT)
    session.config.set("temperature", 0.9, keep=True)
    assert session.journal.path.parent != home()
    where = session.journal.path.parent
    session.close()
    assert not where.exists()
    assert {path: path.read_bytes() for path in home().rglob("*") if path.is_file()} == before


def test_kept_answers_are_recorded_although_nobody_was_asked(at_box, box, open_replay, tmp_path):
    path = tape_in(tmp_path)

    def some(session):
        picture = session.image("a kept hill", width=64, height=64, cache=True, save=False)[0]
        return (
            str(session.chat("Name a kept river.", cache=True)),
            str(session.completion("A kept time", max_tokens=9, cache=True)),
            session.embed(["kept one", "kept two"], dimensions=8)["embedding"].map(list).tolist(),
            session.rerank("kept", ["a", "b"], model=None, k=None).to_dict(),
            (picture.seed, picture.data if hasattr(picture, "data") else picture.pil.tobytes()),
        )

    before = some(at_box())
    session = at_box()
    session.record(path)
    asked = len([r for r in box.requests() if not r["path"].endswith("/models")])
    assert some(session) == before
    assert len([r for r in box.requests() if not r["path"].endswith("/models")]) == asked
    session.close()
    assert some(open_replay(path)) == before


def test_the_default_model_is_the_one_that_was_in_force(at_box, open_replay, tmp_path):
    path, session = tape_in(tmp_path), at_box()
    chats = [r.id for r in session.models() if r.type == "chat"]
    session.config.set("chat_model", chats[-1], keep=True)
    session.config.set("temperature", 0.7)
    session.record(path)
    reply = session.chat("Which one?", max_tokens=40)
    session.close()
    (home() / "config.json").unlink()
    again = open_replay(path).chat("Which one?", max_tokens=40)
    assert (again.model, str(again)) == (chats[-1], str(reply))


@pytest.mark.parametrize("streamed", [True, False], ids=["a stream", "no stream"])
def test_how_the_answer_travelled_does_not_matter(at_box, open_replay, tmp_path, streamed):
    path, session = tape_in(tmp_path), at_box()
    session.record(path)
    before = session.chat("Travel.", stream=streamed, **CHAT)
    session.close()
    after = open_replay(path).chat("Travel.", stream=not streamed, **CHAT)
    assert str(after) == str(before)
    assert after.usage == before.usage
    assert after.finish_reason == before.finish_reason


def test_a_notebook_recorded_twice_is_replayed_as_it_ran_last(box, open_replay, tmp_path):
    path = tape_in(tmp_path)
    ran = [_in_a_process(box, path, "print(session.chat('Draw a number.', temperature=2))")
           for _ in range(2)]  # fmt: skip
    replayed = str(open_replay(path).chat("Draw a number.", temperature=2))
    assert replayed == ran[1].strip()


def test_a_killed_kernel_leaves_a_usable_tape(box, open_replay, tmp_path):
    path = tape_in(tmp_path)
    answer = _in_a_process(
        box,
        path,
        """
        print(session.chat("Before the end", temperature=0), flush=True)
        os.kill(os.getpid(), signal.SIGKILL)
        """,
        dies=True,
    )
    assert str(open_replay(path).chat("Before the end", temperature=0)) == answer.strip()


def _in_a_process(box, path, code, *, dies=False):
    """Record in a process of its own, as another kernel would."""
    begin = f"""
    import os, signal
    from nbnebius.session import Session
    from nbnebius.settings import find_endpoint
    session = Session(find_endpoint({box.key!r}, {box.url!r}))
    session.observer = lambda event: None
    session.record({str(path)!r})
    """
    program = textwrap.dedent(begin) + textwrap.dedent(code)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode != 0) is dies, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "content", [b"a text of the user's own\n", b"SQLite format 3\0 and rubbish"]
)
def test_a_file_that_is_something_else_is_never_overwritten(at_box, tmp_path, content):
    path = tmp_path / "mine.txt"
    path.write_bytes(content)
    for refuse in (at_box().record, at_box().replay):
        with pytest.raises(errors.ReplayError, match=r"mine\.txt is no recording"):
            refuse(path)
    assert path.read_bytes() == content


def test_another_database_is_no_recording(at_box, tmp_path):
    path = tmp_path / "other.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE mine (a)")
        connection.commit()
    before = path.read_bytes()
    with pytest.raises(errors.ReplayError, match="is no recording"):
        at_box().record(path)
    assert path.read_bytes() == before


def test_a_recording_that_is_not_there_is_an_error_and_is_not_made(at_box, tmp_path):
    with pytest.raises(errors.ReplayError, match="There is no recording"):
        at_box().replay(tmp_path / "nowhere.tape")
    assert not (tmp_path / "nowhere.tape").exists()


def test_a_service_that_cannot_be_reached_leaves_no_file(opened, tmp_path):
    session = opened("http://127.0.0.1:9/v1/", "a-key", max_retries=0)
    with pytest.raises(errors.ConnectError):
        session.record(tape_in(tmp_path))
    assert not tape_in(tmp_path).exists()
    assert session.records is None


def test_a_recording_of_another_service_is_not_added_to(at_box, opened, tmp_path):
    path = tape_in(tmp_path)
    at_box().record(path)
    before = path.read_bytes()
    with Answering(lambda seen: Says(body=MODELS)) as server:
        other = opened(server.url, "a-key")
        with pytest.raises(errors.ReplayError, match="another service"):
            other.record(path)
    assert path.read_bytes() == before


def test_a_private_call_is_not_recorded(at_box, open_replay, tmp_path):
    path, session = tape_in(tmp_path), at_box()
    session.record(path)
    session.chat("A private matter", private=True)
    session.embed(["a private text"], private=True)
    session.close()
    replaying = open_replay(path)
    with pytest.raises(errors.ReplayError):
        replaying.chat("A private matter")
    with pytest.raises(errors.ReplayError):
        replaying.embed(["a private text"])


def test_a_private_session_does_not_record(at_box, tmp_path):
    session = at_box()
    session.config.set("private", "on")
    with pytest.raises(errors.OptionError, match="private"):
        session.record(tape_in(tmp_path))
    assert not tape_in(tmp_path).exists()


def test_what_comes_after_the_recording_is_not_on_it(at_box, open_replay, tmp_path):
    path, session = tape_in(tmp_path), at_box()
    session.record(path)
    assert session.records == path
    session.record(None)
    assert session.records is None
    session.chat("Too late")
    with pytest.raises(errors.ReplayError):
        open_replay(path).chat("Too late")


def test_after_a_replay_the_service_is_asked_again(recorded, at_box, box):
    session = at_box()
    endpoint, config = session.endpoint, session.config
    session.replay(recorded[0])
    session.chat("Name a river.", **CHAT)
    asked = box.count("chat/completions")
    session.replay(None)
    assert (session.endpoint, session.config, session.replays) == (endpoint, config, None)
    session.chat("Name a river.", **CHAT)
    assert box.count("chat/completions") == asked + 1


def test_a_definite_refusal_is_recorded_and_a_passing_one_is_not(opened, open_replay, tmp_path):
    path, said = tape_in(tmp_path), iter([429, 401, 503])

    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        if "wrong" in seen.body.decode():
            return Says(400, {"error": {"message": "that is no request"}})
        status = next(said, 200)
        body = {"choices": [{"message": {"content": "at last"}, "finish_reason": "stop"}]}
        return Says(status, body if status == 200 else {"error": {"message": "not now"}})

    with Answering(answer) as server:
        session = opened(server.url, "a-key", max_retries=0)
        session.record(path)
        with pytest.raises(errors.BadRequestError):
            session.chat("wrong", model="m")
        for _ in range(3):
            with pytest.raises(errors.ApiError):
                session.chat("right", model="m")
        assert str(session.chat("right", model="m")) == "at last"
        session.close()
    replaying = open_replay(path)
    assert str(replaying.chat("right", model="m")) == "at last"
    with pytest.raises(errors.BadRequestError, match="that is no request"):
        replaying.chat("wrong", model="m")


def test_a_text_that_was_refused_is_refused_again_in_any_group(opened, open_replay, tmp_path):
    path = tape_in(tmp_path)

    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        texts = seen.json["input"]
        if "poison" in texts:
            return Says(400, {"error": {"message": "too long"}})
        data = [{"index": n, "embedding": [float(len(t)), 1.0]} for n, t in enumerate(texts)]
        return Says(body={"data": data, "usage": {"prompt_tokens": 7, "total_tokens": 7}})

    with Answering(answer) as server:
        session = opened(server.url, "a-key")
        session.record(path)
        before = session.embed(["a", "bb", "poison", "cccc"], model="e")
        session.close()
    replaying = open_replay(path)
    pd.testing.assert_frame_equal(replaying.embed(["a", "bb", "poison", "cccc"], model="e"), before)
    other = replaying.embed(["poison", "a"], model="e")
    assert list(other["neb_status"]) == ["failed", "ok"]


def test_the_environment_makes_every_connection_a_replay(recorded, monkeypatch):
    path, before, _, _ = recorded
    monkeypatch.setenv("NBNEBIUS_REPLAY", str(path))
    assert str(neb.chat("Name a river.", **CHAT)) == before["chat"]
    loop = [str(neb.chat("Name a colour.", temperature=1))]
    session = neb.connect("a-key", "http://127.0.0.1:9/v1/")
    assert session.replays == path
    # the answers are counted on, so that a notebook that connects anew goes on where it was
    loop += [str(neb.chat("Name a colour.", temperature=1)) for _ in range(2)]
    assert loop == before["loop"]


def test_connect_records_and_replays(box, tmp_path):
    path = tape_in(tmp_path)
    neb.connect(box.key, box.url, record=path)
    before = str(neb.chat("By connect.", **CHAT))
    neb.connect(replay=path)
    assert str(neb.chat("By connect.", **CHAT)) == before
    with pytest.raises(errors.OptionError, match="not both"):
        neb.connect(record=path, replay=path)


def test_threads_record_into_one_file(at_box, open_replay, tmp_path):
    path, session, answers = tape_in(tmp_path), at_box(), {}
    session.record(path)

    def ask(number):
        answers[number] = str(session.chat(f"Number {number}", **CHAT))

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    session.close()
    replaying = open_replay(path)
    assert {n: str(replaying.chat(f"Number {n}", **CHAT)) for n in answers} == answers


def test_where_the_file_cannot_be_written_nothing_more_is_bought(at_box, box, tmp_path):
    path, session, asked = tape_in(tmp_path), at_box(), []
    session.record(path)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE parts")
        connection.commit()
    for _ in range(2):
        with pytest.raises(errors.ReplayError, match="cannot be written"):
            session.chat("Into the void", **CHAT)
        asked.append(box.count("chat/completions"))
    assert asked[0] == asked[1]
    session.record(None)
    session.chat("Into the void", **CHAT)


def test_a_batch_that_never_ended_on_the_tape_is_not_waited_for(
    opened, open_replay, tmp_path, monkeypatch
):
    path = tape_in(tmp_path)
    active = {"id": "b1", "status": "in_progress", "input_file_id": "f"}

    def answer(seen):
        return Says(body=MODELS if seen.path.endswith("/models") else active)

    with Answering(answer) as server:
        session = opened(server.url, "a-key")
        session.record(path)
        session.get_batch("b1")
        session.close()
    job = open_replay(path).get_batch("b1")
    with pytest.raises(errors.ReplayError, match="ends before"):
        job.wait()


def test_the_catalogs_of_others_are_recorded_too(
    at_box, open_replay, tmp_path, monkeypatch, recwarn
):
    path, session = tape_in(tmp_path), at_box()
    items = [{"id": "theirs", "name": "Theirs", "base_model_id": None}]

    def answer(seen):
        if seen.path.startswith("/tools/api/v1/models/list"):
            return Says(body={"items": items, "total": 1})
        return Says(404, {"detail": "Not Found"})

    with Answering(answer) as server:
        monkeypatch.setenv("OPEN_WEBUI_BASE_URL", server.url.removesuffix("v1/") + "tools")
        monkeypatch.setenv("OPEN_WEBUI_API_KEY", "their-key")
        session.record(path)
        before = session.models_of("open_webui")
        assert session.neighbours() == ["open_webui"]
        session.close()
    monkeypatch.delenv("OPEN_WEBUI_BASE_URL")
    monkeypatch.delenv("OPEN_WEBUI_API_KEY")
    replaying = open_replay(path)
    assert [record.id for record in before] == ["theirs"]
    assert replaying.models_of("open_webui") == before
    assert replaying.neighbours() == ["open_webui"]
    with pytest.raises(errors.ReplayError):
        replaying.models_of("nebula_block")
    assert b"their-key" not in path.read_bytes()


def test_pictures_that_come_as_an_address_are_recorded_too(opened, open_replay, tmp_path):
    path, fetched = tape_in(tmp_path), []
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "webp")

    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        if seen.path.endswith("/1.webp"):
            fetched.append(seen.path)
            return Says(200, content.getvalue(), "image/webp")
        return Says(body={"data": [{"url": f"{server.url.removesuffix('v1/')}1.webp"}]})

    with Answering(answer) as server:
        session = opened(server.url, "a-key")
        session.record(path)
        before = session.image("a red square", model="m", seed=1, save=False)[0].pil.tobytes()
        session.close()
        assert fetched
    after = open_replay(path).image("a red square", model="m", seed=1, save=False)
    assert after[0].pil.tobytes() == before


def test_a_download_that_was_taken_up_where_it_broke_is_recorded_whole(
    opened, open_replay, tmp_path
):
    path, content, ranges = tape_in(tmp_path), bytes(range(256)) * 9000, []

    def answer(seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        wanted = seen.headers.get("range")
        ranges.append(wanted)
        if wanted is None:
            # it announces all of it and breaks off in the middle
            announced = {"Content-Length": str(len(content)), "ETag": '"a"'}
            return Says(pieces=[content[:1_000_000]], headers=announced)
        begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
        told = f"bytes {begin}-{len(content) - 1}/{len(content)}"
        return Says(206, content[begin:], headers={"Content-Range": told})

    with Answering(answer) as server:
        session = opened(server.url, "a-key")
        session.record(path)
        before = session.download("f", tmp_path / "one").read_bytes()
        session.close()
    assert before == content
    assert ranges == [None, "bytes=1000000-"]
    assert open_replay(path).download("f", tmp_path / "two").read_bytes() == content


def test_a_kernel_that_ends_leaves_nothing_unwritten_and_nothing_unsaid(box, open_replay, tmp_path):
    path = tape_in(tmp_path)
    program = f"""
    import nbnebius as neb
    neb.connect({box.key!r}, {box.url!r}, record={str(path)!r})
    print(neb.chat("The last word", temperature=0))
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=True
    )
    assert "answers are kept in" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert str(open_replay(path).chat("The last word", temperature=0)) == done.stdout.strip()


def test_a_new_connection_says_that_the_recording_ends(box, tmp_path):
    said = []
    session = neb.connect(box.key, box.url, record=tape_in(tmp_path))
    session.observer = said.append
    assert neb.connect(box.key, box.url).records is None
    assert any("notebook.tape ends here" in note.text for note in said)


def test_rows_that_a_batch_answered_are_replayed(at_box, open_replay, tmp_path, monkeypatch):
    import pandas as pd

    from nbnebius.work.map.batch_file import BatchRules

    def run(session):
        session.batch_rules = BatchRules(first_pause=0.05, longest_pause=0.2)
        frame = pd.DataFrame({"a": range(3)})
        model = "meta-llama/Meta-Llama-3.1-8B-Instruct"
        return session.map(frame, "A batch of {a}?", model=model, max_tokens=60, via="batch")

    path = tape_in(tmp_path)
    session = at_box()
    session.record(path)
    first = run(session)
    session.record(None)
    monkeypatch.setenv("NBNEBIUS_HOME", str(tmp_path / "elsewhere"))
    again = run(open_replay(path))
    assert again.answer.notna().all()
    assert list(again.answer) == list(first.answer)
    assert list(again.neb_status) == list(first.neb_status)
