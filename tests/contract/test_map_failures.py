"""Rows that fail: a status and an error each, never the end of the job, and asked again."""

import json

import pandas as pd
import pytest
from answering import Answering, Says, said
from boxes import Box
from labeller import Labeller, refuses
from sandbox_fixture import running_sandbox

from nbnebius import errors

CHAT = "chat/completions"
TWENTY = pd.DataFrame({"text": [f"t{n}" for n in range(20)]})


@pytest.fixture
def server():
    return Labeller()


@pytest.fixture
def session(server, opened):
    with Answering(server) as running:
        yield opened(running.url, max_retries=0)


def answer_with(text, finish, **message):
    body = said(text)
    body["choices"][0]["finish_reason"] = finish
    body["choices"][0]["message"] |= message
    return Says(body=body)


def test_one_bad_row_never_stops_the_job(session, server):
    server.answer = lambda p: refuses(400, "too long for this model") if p == "t7" else "fine"
    found = session.map(TWENTY, "{text}", allow_failed=0.1)
    assert list(found["neb_status"]).count("ok") == 19
    assert found["neb_status"][7] == "failed"
    assert "too long for this model" in found["neb_error"][7]
    assert pd.isna(found["answer"][7])
    assert found["neb_cost"][7] == 0
    assert len(server.prompts) == 20


def test_failed_rows_are_asked_again_and_only_they(session, server):
    server.answer = lambda p: refuses(400, "no") if p in {"t3", "t9"} else "fine"
    session.map(TWENTY, "{text}", allow_failed=1)
    server.answer = lambda p: "better"
    server.prompts.clear()
    found = session.map(TWENTY, "{text}")
    assert sorted(server.prompts) == ["t3", "t9"]
    assert list(found["neb_status"]) == ["ok"] * 20
    assert list(found["neb_cached"]).count(False) == 2
    assert found["answer"][3] == "better"
    server.prompts.clear()
    assert session.map(TWENTY, "{text}")["neb_cached"].all()
    assert server.prompts == []


def test_a_faulty_service_costs_rows_not_the_job(tmp_path, opened):
    with running_sandbox(tmp_path, "--fault", "400:1/5@/v1/chat") as running:
        session = opened(running.base_url, running.api_key)
        found = session.map(TWENTY, "Repeat: {text}", max_tokens=20, allow_failed=1)
        failed = list(found["neb_status"]).count("failed")
        assert failed == 4
        assert found["neb_error"].notna().sum() == failed
        box, rounds = Box(running), 0
        while (found["neb_status"] != "ok").any() and rounds < 10:
            before, left = box.count(CHAT), int((found["neb_status"] != "ok").sum())
            found = session.map(TWENTY, "Repeat: {text}", max_tokens=20, allow_failed=1)
            assert box.count(CHAT) - before == left
            rounds += 1
        assert list(found["neb_status"]) == ["ok"] * 20


def test_server_errors_are_tried_again_within_the_run(tmp_path, opened):
    with running_sandbox(tmp_path, "--fault", "503:first=3@/v1/chat") as running:
        session = opened(running.base_url, running.api_key)
        found = session.map(TWENTY[:6], "Repeat: {text}", max_tokens=20)
        assert list(found["neb_status"]) == ["ok"] * 6


@pytest.mark.parametrize(
    ("answer", "status", "error", "again"),
    [
        (answer_with("half a sen", "length"), "partial", "cut off at max_tokens", False),
        (answer_with("I", "content_filter"), "partial", "filter", False),
        (answer_with("", "stop"), "failed", "the answer is empty", True),
        (answer_with(" \n", "stop"), "failed", "the answer is empty", True),
        (answer_with("", "length"), "failed", "cut off at max_tokens", False),
        (answer_with("", "length", reasoning_content="hm"), "failed", "cut off", False),
        (Says(body={"choices": []}), "failed", "no choices", True),
        (Says(body=b"<html>", content_type="text/html"), "possibly_paid", "web page", True),
        (Says(body=b'{"choices": ['), "possibly_paid", "JSON", True),
    ],
)
def test_an_answer_of_little_use_says_why(session, server, answer, status, error, again):
    server.answer = lambda p: answer if p == "bad" else "fine"
    found = session.map(["good", "bad"], "{text}", allow_failed=1)
    assert list(found["neb_status"]) == ["ok", status]
    assert error in found["neb_error"][1]
    server.prompts.clear()
    second = session.map(["good", "bad"], "{text}", allow_failed=1)
    assert server.prompts == (["bad"] if again else [])
    assert list(second["neb_status"]) == ["ok", status]


@pytest.mark.parametrize("text", ["no JSON", json.dumps({"label": "c"}), json.dumps({}), "[1]"])
def test_an_answer_that_does_not_fit_the_schema_fails_and_is_asked_again(session, server, text):
    server.answer = lambda p: text if p == "bad" else {"label": "a"}
    found = session.map(["good", "bad"], "{text}", schema="label a|b", allow_failed=1)
    assert list(found["neb_status"]) == ["ok", "failed"]
    assert found["label"].isna().tolist() == [False, True]
    assert found["neb_error"][1]
    assert found["neb_tokens"][1] == 15  # it was paid for
    assert found["neb_cost"][1] > 0
    server.answer = lambda p: {"label": "b"}
    second = session.map(["good", "bad"], "{text}", schema="label a|b")
    assert list(second["label"]) == ["a", "b"]
    assert server.prompts.count("bad") == 2


def test_five_identical_failures_at_the_start_stop_the_job(session, server):
    server.answer = lambda p: refuses(400, "guided decoding is off here")
    frame = pd.DataFrame({"text": [f"t{n}" for n in range(300)]})
    with pytest.raises(errors.BadRequestError) as caught:
        session.map(frame, "{text}", concurrency=1)
    # One more is on its way before the fifth is known.
    assert 5 <= len(server.prompts) <= 6
    counts = caught.value.frame["neb_status"].value_counts()
    assert counts["failed"] == len(server.prompts)
    assert counts["unsent"] == 300 - len(server.prompts)
    assert caught.value.job.status == "stopped"


def test_rows_that_cannot_be_sent_do_not_stop_the_job(session, server):
    texts = ["a\ud800"] * 2 + [f"half \udfff {n}" for n in range(8)] + ["whole"]
    found = session.map(texts, "{text}", concurrency=1, allow_failed=1)
    assert list(found["neb_status"]) == ["failed"] * 10 + ["ok"]
    assert "surrogate" in found["neb_error"][0]
    assert server.prompts == ["whole"]


def test_failures_in_the_middle_do_not_stop_it_where_tokens_are_not_told(session, server):
    def answer(prompt):
        if prompt.startswith("good"):
            body = said("fine")
            del body["usage"]
            return Says(body=body)
        return refuses(400, "no")

    server.answer = answer
    texts = ["good", *(f"bad {n}" for n in range(12)), "good too"]
    found = session.map(texts, "{text}", concurrency=1, allow_failed=1)
    assert list(found["neb_status"]) == ["ok", *["failed"] * 12, "ok"]
    assert found["neb_tokens"].isna().all()


@pytest.mark.parametrize(
    ("status", "message", "kind"),
    [
        (401, "wrong key", errors.AuthenticationError),
        (402, "no credit", errors.PaymentRequiredError),
        (404, "The model `talker` does not exist", errors.NotFoundError),
    ],
)
def test_what_no_row_can_change_ends_the_job_at_once(session, server, status, message, kind):
    server.answer = lambda p: refuses(status, message)
    with pytest.raises(kind) as caught:
        session.map(TWENTY, "{text}", concurrency=1)
    assert len(server.prompts) == 1
    frame = caught.value.frame
    assert len(frame) == 20
    # nothing is wrong with the row that was refused: it is asked again like the others
    assert set(frame["neb_status"]) == {"unsent"}
    assert frame["answer"].isna().all()


def test_a_model_that_is_not_there_is_said_before_anything_is_sent(box, at_box):
    before = box.count(CHAT)
    with pytest.raises(errors.NebiusError) as caught:
        at_box().map(["a"], "{text}", model="Qwen/Qwen3-32")
    assert "Qwen/Qwen3-32B" in str(caught.value) + caught.value.hint + caught.value.why
    assert caught.value.frame is None or len(caught.value.frame) == 1
    assert box.count(CHAT) - before <= 1


def test_too_many_failed_rows_are_an_error_with_the_frame(session, server):
    server.answer = lambda p: refuses(400, "no") if p in {"t1", "t2"} else "fine"
    with pytest.raises(errors.RowsFailed) as caught:
        session.map(TWENTY, "{text}")
    assert "2 of 20 rows" in caught.value.what
    assert "(2 times)" in caught.value.why
    assert list(caught.value.frame["neb_status"]).count("ok") == 18
    assert caught.value.job.counts["failed"] == 2
    found = session.map(TWENTY, "{text}", allow_failed=0.1)
    assert list(found["neb_status"]).count("failed") == 2
    server.answer = lambda p: "fine"
    assert (session.map(TWENTY, "{text}", allow_failed=0)["neb_status"] == "ok").all()


def test_skipped_rows_do_not_count_as_asked(session, server):
    server.answer = lambda p: refuses(400, "no") if p == "bad" else "fine"
    with pytest.raises(errors.RowsFailed, match="1 of 2 rows"):
        session.map(["good", "bad", *[None] * 98], "{text}", allow_failed=0.4)


def test_the_summary_counts_what_was_bought_and_what_failed(session, server):
    cut = answer_with('{"label', "length")
    server.answer = lambda p: cut if p == "long" else {"label": "a"}
    options = {"schema": "label a|b", "allow_failed": 1}
    first = session.run_map(["a", "b", "long", "a", None], "{text}", **options)
    parts = first.summary.split(" · ")
    assert parts[:5] == ["5 rows", "2 bought", "1 duplicates", "1 skipped", "1 failed"]
    second = session.run_map(["a", "b", "c", "d", "long"], "{text}", **options)
    parts = second.summary.split(" · ")
    assert parts[:4] == ["5 rows", "2 bought", "3 kept already", "1 failed"]
    assert server.prompts.count("long") == 1


def test_the_key_in_a_row_is_refused_and_is_in_no_message(opened, server):
    key = "canary-key-0123456789-abcdef"
    with Answering(server) as running:
        session = opened(running.url, key)
        found = session.map(["fine", f"my key is {key}"], "{text}", allow_failed=1)
    assert list(found["neb_status"]) == ["ok", "failed"]
    assert "API key" in found["neb_error"][1]
    assert key not in found["neb_error"][1]
    assert server.prompts == ["fine"]
