"""Ranges, faults, batch lines, sources and the neighbours' lists, as plain functions."""

import io
import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.sandbox.batches.inspection import Inspection
from nbnebius.sandbox.batches.lines import (
    BrokenLine,
    Line,
    next_lines,
    read_line,
    reason_of,
)
from nbnebius.sandbox.custom.source import read_source
from nbnebius.sandbox.faults.spec import Fault, FaultError, Share, read_faults
from nbnebius.sandbox.files.ranges import UnsatisfiableError, read_range
from nbnebius.sandbox.neighbours.open_webui import select
from nbnebius.sandbox.neighbours.people import CUSTOM
from nbnebius.sandbox.rerank import relevance
from nbnebius.sandbox.wire.failures import ApiError, invalid, refused, unserved

CHAT = "/v1/chat/completions"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        (None, None), ("", None), ("bytes=0-", (0, 10)), ("bytes=2-4", (2, 5)),
        ("bytes=2-99", (2, 10)), ("bytes=-3", (7, 10)), ("bytes=-99", (0, 10)),
        ("bytes=-", None), ("bytes=4-2", None), ("bytes=0-1,3-4", None), ("lines=0-1", None),
        ("bytes=\u0661-", None), ("bytes = 1 - 2", (1, 3)),
    ],
)  # fmt: skip
def test_a_range(header, part):
    assert read_range(header, 10) == part


@pytest.mark.parametrize(("header", "size"), [("bytes=10-", 10), ("bytes=0-", 0), ("bytes=-0", 5)])
def test_a_range_behind_the_end(header, size):
    with pytest.raises(UnsatisfiableError):
        read_range(header, size)


@given(st.integers(0, 100), st.integers(0, 200), st.integers(0, 200))
def test_a_range_is_what_a_slice_is(size, first, last):
    content = bytes(range(size))
    try:
        part = read_range(f"bytes={first}-{last}", size)
    except UnsatisfiableError:
        assert content[first:] == b""
    else:
        start, end = part or (0, size)
        expected = content if first > last else content[first : last + 1]
        assert content[start:end] == expected


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("", []),
        ("429:5%", [Fault("status", Share(percent=5), status=429)]),
        ("500:1/3", [Fault("status", Share(some=1, of=3), status=500)]),
        ("503:first=2", [Fault("status", Share(first=2), status=503)]),
        ("cut:after=20", [Fault("cut", after=20)]),
        ("slow:2s", [Fault("slow", seconds=2)]),
        ("slow:250ms:50%", [Fault("slow", Share(percent=50), seconds=0.25)]),
        ("html, failed@/api/", [Fault("html"), Fault("failed", path="/api/")]),
    ],
)
def test_faults(text, faults):
    assert read_faults(text) == (faults, 0)


def test_the_seed_of_faults():
    assert read_faults("html,seed=7") == ([Fault("html")], 7)


@pytest.mark.parametrize(
    "text", ["nonsense", "200", "600", "429:x", "429:4/3", "429:0/3", "cut", "cut:after=x", "slow",
             "html:2s", "500:after=3", "slow:2s:after=3", "429:1/0"]
)  # fmt: skip
def test_what_is_no_fault(text):
    with pytest.raises(FaultError):
        read_faults(text)


def test_shares():
    dice = random.Random(1)

    def met(share, requests=12):
        return [n for n in range(1, requests + 1) if share.meets(n, dice)]

    assert met(Share(some=1, of=3)) == [3, 6, 9, 12]
    assert met(Share(first=2)) == [1, 2]
    assert met(Share()) == list(range(1, 13))
    assert 400 < len(met(Share(percent=50), 1000)) < 600


def line(**fields):
    body = {"model": "m"}
    whole = {"custom_id": "a", "method": "POST", "url": CHAT, "body": body, **fields}
    return json.dumps({key: value for key, value in whole.items() if value is not None}).encode()


def test_a_line():
    assert read_line(line(), CHAT) == Line("a", "m", b'{"model": "m"}')
    assert isinstance(read_line(line(method="post", extra=1), CHAT), Line)


@pytest.mark.parametrize(
    ("raw", "custom_id", "code"),
    [
        (b"{", None, "invalid_json_line"),
        (b"\xff", None, "invalid_json_line"),
        (b"[" * 100_000, None, "invalid_request"),
        (b"[]", None, "invalid_request"),
        (line(custom_id=None), None, "invalid_request"),
        (line(custom_id=1), None, "invalid_request"),
        (line(body={}), "a", "invalid_request"),
        (line(body=[]), "a", "invalid_request"),
        (line(body="x"), "a", "invalid_request"),
        (line(method="GET"), "a", "invalid_method"),
        (line(url="/v1/embeddings"), "a", "mismatched_url"),
    ],
)
def test_a_broken_line(raw, custom_id, code):
    broken = read_line(raw, CHAT)
    assert isinstance(broken, BrokenLine)
    assert (broken.custom_id, broken.code) == (custom_id, code)
    assert broken.message.endswith(".")


@given(st.binary(max_size=200))
def test_any_line_is_read_or_broken(raw):
    assert isinstance(read_line(raw, CHAT), Line | BrokenLine)


@given(
    lines=st.lists(st.binary(max_size=12).filter(lambda raw: b"\n" not in raw), max_size=20),
    most=st.integers(1, 7),
)
def test_lines_are_read_in_windows(lines, most):
    file = io.BytesIO(b"\xef\xbb\xbf" + b"\n".join(lines))
    found = []
    while window := next_lines(file, most, 1000):
        assert len(window) <= most
        found += window
    expected = [raw.strip() for raw in lines]
    assert [raw for raw in found if raw] == [raw for raw in expected if raw]


def test_a_line_that_is_too_long_is_broken_and_the_next_is_not():
    file = io.BytesIO(b"x" * 5000 + b"\nnext\n")
    assert [len(raw) for raw in next_lines(file, 10, 100)] == [100, 4]


@pytest.mark.parametrize(
    ("lines", "codes"),
    [
        ([], ["empty_file"]),
        ([b"{", b"{]"], ["invalid_json_line", "invalid_json_line"]),
        ([line(), b"{"], None),
        ([line(), line(body={"model": "other"})], ["mismatched_model"]),
        ([b"x"] * 150, ["invalid_json_line"] * 100),
    ],
)
def test_what_is_a_batch(lines, codes):
    inspection = Inspection()
    for number, raw in enumerate(lines, 1):
        inspection.see(read_line(raw, CHAT), number)
    verdict = inspection.verdict()
    assert (verdict if verdict is None else [error["code"] for error in verdict]) == codes


def test_reasons_of_every_shape():
    missing = {"type": "missing", "loc": ["body", "x"], "msg": "Field required", "input": {}}
    assert reason_of(refused(404, "No.")) == ("404", "No.")
    assert reason_of(unserved("Bad.")) == ("400", "Bad.")
    assert reason_of(invalid([missing])) == ("422", "body.x: Field required")
    assert reason_of(ApiError(500, {"error": "Broken"})) == ("500", "Broken")
    assert reason_of(ApiError(500, {"other": 1})) == ("500", '{"other":1}')


@pytest.mark.parametrize(
    ("text", "kind", "fields"),
    [
        ("ftjob-1:ftckpt_2", "checkpoint", {"job_id": "ftjob-1", "checkpoint_id": "ftckpt_2"}),
        ("file-1", "file", {"file_id": "file-1"}),
        (
            "huggingface.co/a/b", "page",
            {"url": "https://huggingface.co/a/b", "huggingface_url": "https://huggingface.co/a/b"},
        ),
        ("https://evil.example/a/b", "unknown", {}),
        ("huggingface.co/a", "unknown", {}),
        ("", "unknown", {}),
    ],
)  # fmt: skip
def test_sources(text, kind, fields):
    source = read_source(text)
    assert (source.kind, source.fields) == (kind, fields)


def names(**query):
    return [item["name"] for item in select(CUSTOM, query)]


def test_the_list_of_an_open_webui_is_large_enough_for_two_pages():
    assert len(CUSTOM) >= 37
    assert len({item["id"] for item in CUSTOM}) == len(CUSTOM)
    assert sum(not item["is_active"] for item in CUSTOM) == 3


def test_orders_of_an_open_webui():
    made = [item["created_at"] for item in select(CUSTOM, {})]
    assert made == sorted(made, reverse=True)
    assert names(order_by="name") == sorted(names(), reverse=True)
    assert names(order_by="name", direction="asc") == sorted(names())
    assert names(order_by="nothing") == [item["name"] for item in CUSTOM]


def test_filters_of_an_open_webui():
    assert names(query="nothing here") == []
    assert len(names(query="%")) == len(CUSTOM)
    assert {item["user"]["name"] for item in select(CUSTOM, {"query": "BEN@"})} == {"Ben Builder"}
    assert names(tag="gr\u00f6\u00dfe") == ["\u00dcbersetzer \u2728"]
    assert len(names(tag="description")) == len(CUSTOM)
    created, shared = names(view_option="created"), names(view_option="shared")
    assert len(created) + len(shared) == len(CUSTOM)
    assert len(names(view_option="other")) == len(CUSTOM)


def test_relevance():
    scores = relevance("How do bees make honey?", ["Tax law.", "Bees make honey from nectar.", ""])
    assert scores[1] == max(scores)
    assert all(0 <= score <= 1 for score in scores)
