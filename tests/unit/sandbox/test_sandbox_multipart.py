"""A form reads the same however it is cut, and what is no form is refused."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.sandbox.wire.multipart import (
    MultipartError,
    MultipartReader,
    Part,
    boundary_of,
)

BOUNDARY = b"---x"


def form(*parts, boundary=BOUNDARY, before=b"", after=b"\r\n"):
    body = before
    for head, content in parts:
        body += b"--" + boundary + b"\r\n" + head + b"\r\n\r\n" + content + b"\r\n"
    return body + b"--" + boundary + b"--" + after


def read(body, cuts=(), boundary=BOUNDARY):
    """Read a form in pieces; give its parts with their whole contents."""
    reader = MultipartReader(boundary)
    parts = []
    edges = [0, *sorted(cut % (len(body) + 1) for cut in cuts), len(body)]
    for start, end in pairwise(edges):
        for event in reader.feed(body[start:end]):
            if isinstance(event, Part):
                parts.append([event, b""])
            else:
                parts[-1][1] += event
    return [tuple(part) for part in parts], reader.complete


def head(name, filename=None):
    line = f'Content-Disposition: form-data; name="{name}"'
    return (line if filename is None else f'{line}; filename="{filename}"').encode()


CONTENT = st.lists(
    st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", b"---", b"\r\n", b"a", b"\x00\xff"]),
    max_size=30,
).map(b"".join)


@given(
    contents=st.lists(CONTENT, min_size=1, max_size=4),
    cuts=st.lists(st.integers(0, 10_000), max_size=60),
)
def test_any_cutting_gives_the_same(contents, cuts):
    contents = [content for content in contents if b"\r\n--" + BOUNDARY not in b"\r\n" + content]
    body = form(*((head(f"f{i}", "n"), content) for i, content in enumerate(contents)))
    expected = [(Part(f"f{i}", "n"), content) for i, content in enumerate(contents)]
    assert read(body) == (expected, True)
    assert read(body, cuts) == (expected, True)
    assert read(body, range(len(body))) == (expected, True)


@given(body=st.binary(max_size=300), cuts=st.lists(st.integers(0, 300), max_size=20))
def test_noise_is_read_or_refused_alike_however_it_is_cut(body, cuts):
    body = b"--" + BOUNDARY + b"\r\n" + body.replace(b"x", b"---x")

    def outcome(cuts):
        try:
            return read(body, cuts)
        except MultipartError as error:
            return str(error)

    assert outcome(cuts) == outcome(())


def test_a_reader_holds_back_no_more_than_a_boundary():
    reader = MultipartReader(BOUNDARY)
    reader.feed(b"--" + BOUNDARY + b"\r\n" + head("file", "n") + b"\r\n\r\n")
    given_back = sum(len(piece) for piece in reader.feed(b"x" * 100_000))
    assert given_back > 100_000 - len(BOUNDARY) - 10


@pytest.mark.parametrize(
    ("line", "part"),
    [
        (b'Content-Disposition: form-data; name="purpose"', Part("purpose")),
        (b"content-disposition:form-data;name=purpose", Part("purpose")),
        (head("file", "a b.jsonl"), Part("file", "a b.jsonl")),
        (head("file", '\\"quoted\\" \\\\'), Part("file", '"quoted" \\')),
        (head("file", "../../.bashrc"), Part("file", "../../.bashrc")),
        (head("file", "Gr\u00f6\u00dfe.jsonl"), Part("file", "Gr\u00f6\u00dfe.jsonl")),
        (head("file", "x") + b"; filename*=UTF-8''na%C3%AFve", Part("file", "na\u00efve")),
        (b"Content-Type: text/plain\r\n" + head("file", "x"), Part("file", "x")),
        (head("file", ""), Part("file", "")),
        (head("file", "\xff").replace("\xff".encode(), b"\xff"), Part("file", "\ufffd")),
    ],
)
def test_the_head_of_a_part(line, part):
    assert read(form((line, b"1"))) == ([(part, b"1")], True)


@pytest.mark.parametrize(
    "body",
    [
        b"--" + BOUNDARY + b"\r\n\r\nno head\r\n",
        form((b"Content-Type: text/plain", b"1")),
        form((b"Content-Disposition: form-data", b"1")),
        b"--" + BOUNDARY + b"nonsense\r\n",
        b"--" + BOUNDARY + b" " * 200,
        form((head("a") + b"\r\nX: " + b"y" * 20_000, b"1")),
        form(*[(head("a"), b"")] * 101),
    ],
)
def test_what_is_no_form_is_refused(body):
    with pytest.raises(MultipartError):
        read(body)


def test_what_stands_around_the_form_means_nothing():
    body = form((head("a"), b"1"), before=b"preamble\r\n", after=b"\r\nepilogue")
    assert read(body) == ([(Part("a"), b"1")], True)


def test_a_form_that_breaks_off_is_not_complete():
    body = form((head("a"), b"12345"))
    assert not any(read(body[:end])[1] for end in range(len(body) - 4))


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; charset=utf-8; Boundary="a b;c"', b"a b;c"),
    ],
)
def test_the_boundary(content_type, boundary):
    assert boundary_of(content_type) == boundary


@pytest.mark.parametrize("rest", ["", "; boundary=", "; boundary=" + "x" * 300])
def test_no_boundary(rest):
    with pytest.raises(MultipartError):
        boundary_of("multipart/form-data" + rest)
