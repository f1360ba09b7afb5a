"""Every peculiarity of Nebius's files and batches, as a user sees it."""

import json

import numpy as np
import pandas as pd
import pytest
from answering import MODELS, Says
from quirks import serving, shapes, shown, told

import nbnebius as neb
from nbnebius import errors

MOMENT = pd.Timestamp(1752143434, unit="s", tz="UTC")
HALF = 0.5


# -- files -------------------------------------------------------------------------------------


def test_without_has_more():
    with serving({"/v1/files": told("files", "without_has_more")}):
        frame = neb.files()
    assert list(frame["id"]) == ["file-1", "1b2c-old-uuid", "file-3"]
    assert list(frame["purpose"]) == ["batch", "fine-tune", "batch_output"]
    assert list(frame["bytes"]) == [120] * 3
    assert frame["status"].isna().all()
    assert list(frame["created"]) == [MOMENT] * 3
    assert list(frame["expires"].isna()) == [True, True, False]


def test_without_has_more_a_cursor_that_is_ignored_does_not_list_anything_twice():
    with serving({"/v1/files": told("files", "without_has_more")}) as server:
        assert neb.files()["id"].is_unique
        assert len(server.asked("/v1/files")) <= 2


def test_without_has_more_a_cursor_that_is_refused_ends_the_list():
    plays = [told("files", "without_has_more"), told("errors", "missing_field")]
    with serving({"/v1/files": plays}):
        assert len(neb.files()) == 3


def test_drifting():
    with serving({"/v1/files": told("files", "drifting")}):
        frame = neb.files()
    assert list(frame["id"]) == ["file-1", "file-2", "file-4"]
    assert frame["bytes"].isna().all()
    assert list(frame["created"].isna()) == [False, True, True]
    assert frame.loc[0, "created"] == MOMENT
    assert frame.loc[2, "purpose"] == "assistants"


def test_deleted():
    with serving({"files/file-1": told("files", "deleted")}) as server:
        assert neb.delete_file("file-1") is None
        assert server.seen[-1].method == "DELETE"


def test_an_upload_is_multipart_with_its_purpose():
    row = shapes("files")["without_has_more"]["body"]["data"][0]
    with serving({"/v1/files": Says(body=row)}) as server:
        assert neb.upload(b'{"custom_id": "1"}\n')["id"].tolist() == ["file-1"]
        sent = server.asked("/v1/files")[-1]
    assert sent.headers["content-type"].startswith("multipart/form-data")
    assert b'name="purpose"\r\n\r\nbatch\r\n' in sent.body


# -- how far a batch is ------------------------------------------------------------------------

# name: status, over, counts
STATUSES = {
    "done": ("done", True, 3),
    "completed": ("completed", True, 3),
    "validated": ("validated", False, None),
    "running": ("running", False, None),
    "validating": ("validating", False, None),
    "cancelling": ("cancelling", False, 3),
    "unknown": ("materializing", False, 3),
    "without_status": ("unknown", False, None),
    "failed": ("failed", True, None),
    "expired": ("expired", True, 3),
    "cancelled": ("cancelled", True, 3),
    "all_failed": ("done", True, 2),
}
STATES = {"done": "done", "completed": "done", "all_failed": "done"}


@pytest.mark.parametrize("name", STATUSES)
def test_a_status(name):
    with serving({"batches/batch_1": told("batches", name)}):
        job = neb.get_batch("batch_1")
        assert (job.id, job.status, job.done) == ("batch_1", *STATUSES[name][:2])
        assert job.counts["total"] == STATUSES[name][2]
        if job.done:
            assert job.wait() is job
        assert "batch_1" in repr(job)


@pytest.mark.parametrize("name", STATUSES)
def test_a_status_in_the_list(name):
    page = {"object": "list", "data": [shapes("batches")[name]["body"]], "has_more": False}
    with serving({"/v1/batches": Says(body={**page, "first_id": None, "last_id": None})}):
        (row,) = neb.batches().to_dict("records")
    over = STATUSES[name][1]
    assert row["state"] == (STATES.get(name, "failed") if over else "active")
    assert (
        pd.isna(row["total"])
        if STATUSES[name][2] is None
        else row["total"] == 3 - (name == "all_failed")
    )
    assert pd.isna(row["created"]) if name == "validating" else row["created"] == MOMENT


@pytest.mark.parametrize(
    "name", ["validated", "running", "validating", "unknown", "without_status", "cancelled"]
)
def test_there_are_no_results(name):
    with serving({"batches/batch_1": told("batches", name)}):
        job = neb.get_batch("batch_1")
        with pytest.raises(errors.NebiusError, match="has no results") as caught:
            job.results()
    assert len(shown(caught.value).splitlines()[0]) < 100
    assert ("wait" in caught.value.hint) == (name != "cancelled")


def test_without_status_is_shown_as_unknown():
    with serving({"batches/batch_1": told("batches", "without_status")}):
        job = neb.get_batch("batch_1")
        with pytest.raises(errors.NebiusError) as caught:
            job.results()
    assert "None" not in repr(job) + shown(caught.value)


def test_failed_says_why():
    refused = serving({"batches/batch_1": told("batches", "failed")})
    with refused, pytest.raises(errors.NebiusError) as caught:
        neb.get_batch("batch_1").results()
    assert "model is not found" in shown(caught.value)


def test_words_of_a_batch_that_is_not_over_are_asked_about_again():
    plays = [told("batches", name) for name in ("validating", "unknown", "done")]
    with serving({"batches/batch_1": plays}) as server:
        job = neb.get_batch("batch_1")
        assert (job.status, job.status, job.status) == ("materializing", "done", "done")
        assert len(server.asked("batches/batch_1")) == 3


# -- what a batch answered ---------------------------------------------------------------------


def results(lines, batch="done", other="errors"):
    routes = {
        "batches/batch_1": told("batches", batch),
        "files/file-out/content": told("batch_lines", lines),
        "files/file-err/content": told("batch_lines", other),
    }
    with serving(routes):
        return neb.get_batch("batch_1").results()


@pytest.mark.parametrize("name", ["bare", "wrapped", "any_order"])
def test_answers(name):
    frame = results(name)
    assert frame["text"].to_dict() == {"r-1": "4", "r-2": "5"}
    assert list(frame["finish_reason"]) == ["stop", "stop"]
    assert list(frame["prompt_tokens"]) == [10, 10]
    assert frame["cost"].tolist() == pytest.approx([20e-6 * HALF] * 2)
    assert frame["error"].isna().all()


def test_any_order_keeps_the_files_own():
    assert list(results("any_order").index) == ["r-2", "r-1"]


def test_duplicates():
    frame = results("duplicates")
    assert list(frame.index) == ["r-1", "r-1"]
    assert list(frame["text"]) == ["4", "vier"]


def test_reasoning():
    frame = results("reasoning")
    assert frame["text"].to_dict() == {"tags": "4", "open": "", "field": "4", "only": "4"}
    thoughts = frame["reasoning"].str.strip()
    assert list(thoughts[:3]) == ["2 and 2", "2 and", "2 and 2"]
    assert pd.isna(thoughts["only"])


def test_all_failed():
    frame = results("bare", batch="all_failed")
    assert list(frame.index[:3]) == ["r-1", "r-2", "r-3"]
    assert frame["error"].notna().all()
    assert frame["error"].iloc[0] == "no such model"
    assert frame["error"].iloc[1] == "too long"
    assert "without an answer" in frame["error"].iloc[2]
    assert "broken" in frame["error"].iloc[3]
    assert frame[["text", "cost"]].isna().all(axis=None)


def test_expired_gives_what_there_is_of_both_files():
    frame = results("bare", batch="expired")
    assert len(frame) == 6
    assert list(frame["error"].isna()) == [True, True, False, False, False, False]


def test_vectors():
    frame = results("vectors", batch="embeddings")
    assert list(frame.index) == ["r-2", "r-1"]
    assert frame["embedding"]["r-1"].dtype == np.float32
    assert frame["embedding"]["r-1"].tolist() == [1.0, 0.5, -0.25]
    assert list(frame["prompt_tokens"]) == [6, 6]


def test_a_batch_is_half_the_price_of_whichever_model_answered():
    """The batch itself does not name the model; its answers do."""
    assert "model" not in shapes("batches")["done"]["body"]
    prices = MODELS["data"][0]["pricing"]
    full = 10 * float(prices["prompt"]) + 5 * float(prices["completion"])
    assert results("bare")["cost"].iloc[0] == pytest.approx(full * HALF)


def test_created_right_after_the_upload_without_a_status():
    page = Says(body={"object": "list", "data": [], "has_more": False})
    made = told("batches", "without_status")
    plays = {"/v1/batches": lambda seen: made if seen.method == "POST" else page}
    with serving({**plays, "batches/batch_1": told("batches", "validating")}) as server:
        job = neb.create_batch("file-in", metadata={"job": "x"})
        (sent,) = (seen for seen in server.asked("/v1/batches") if seen.method == "POST")
        assert (job.id, job.done, job.status) == ("batch_1", False, "validating")
    assert json.loads(sent.body)["completion_window"] == "24h"
