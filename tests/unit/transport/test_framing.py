"""An answer is the same however the network cuts it, and what is no answer is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.framing import HEAD_CAP, Framing, NoHTTP

CHUNKED = (
    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"4\r\nWiki\r\n6;name=value\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nX-Trailer: a\r\n\r\n"
)
OK = b"HTTP/1.1 200 OK\r\n"
KINDS = {
    "length": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX: 1\r\nx: 2\r\n\r\nhello",
        b"hello",
        True,
    ),
    "chunked": (CHUNKED, b"Wikipedia in \r\n\r\nchunks.", True),
    "until the end": (b"HTTP/1.1 200 OK\r\n\r\nall of it", b"all of it", False),
    "none": (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
    "news before": (
        b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno",
        b"no",
        True,
    ),
    "close": (b"HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "old": (b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na", b"a", False),
    "old, kept": (
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
        b"a",
        True,
    ),
    "two lengths of one kind": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na",
        b"a",
        True,
    ),
    "a length beside chunks": (
        OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        b"a",
        False,
    ),
}


def read(parts):
    answer, body = Framing(), b""
    for part in parts:
        answer.feed(part)
        body += answer.take()
    answer.end()
    return answer, body


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_body_is_read(kind):
    raw, body, keeps = KINDS[kind]
    answer, got = read([raw])
    assert (got, answer.is_whole, answer.keeps) == (body, True, keeps)


def test_headers_are_in_lower_case_and_joined():
    answer, _ = read([KINDS["length"][0]])
    assert answer.status == 200
    assert answer.headers == {"content-length": "5", "x": "1, 2"}


@given(st.sampled_from(sorted(KINDS)), st.lists(st.integers(0, 200)))
def test_cuts_change_nothing(kind, cuts):
    raw = KINDS[kind][0]
    places = sorted({0, len(raw), *(cut for cut in cuts if cut < len(raw))})
    parts = [raw[a:b] for a, b in pairwise(places)]
    one, other = read([raw]), read(parts)
    assert one[1] == other[1]
    for name in ("status", "headers", "is_whole", "keeps"):
        assert getattr(one[0], name) == getattr(other[0], name)


@pytest.mark.parametrize("kind", ["length", "chunked"])
def test_what_was_cut_off_is_not_whole(kind):
    raw = KINDS[kind][0]
    for end in range(len(raw)):
        assert not read([raw[:end]])[0].is_whole


@pytest.mark.parametrize("kind", ["length", "chunked", "none"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_connection_that_says_more_than_it_was_asked_does_not_serve_again(kind, at_once):
    raw, body, _ = KINDS[kind]
    answer = Framing()
    for part in [raw + b"HTTP/1.1"] if at_once else [raw, b"HTTP/1.1"]:
        answer.feed(part)
    assert (answer.is_whole, answer.keeps, answer.take()) == (True, False, body)


@pytest.mark.parametrize(
    "raw",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 999 What\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA : b\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\x00c\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: b\nC: d\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1e9\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1" * 5000,
        b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * HEAD_CAP,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" + b"A: b\r\n" * HEAD_CAP,
    ],
)
def test_what_is_no_answer_is_refused(raw):
    with pytest.raises(NoHTTP):
        Framing().feed(raw)


@given(st.binary())
def test_any_bytes_give_an_answer_or_are_refused(raw):
    for start in (b"", b"HTTP/1.1 200 OK\r\n", CHUNKED[:49]):
        answer = Framing()
        try:
            answer.feed(start + raw)
            answer.end()
        except NoHTTP:
            continue
        assert len(answer.take()) <= len(raw)
