"""Pages and documents as text."""

import sys
from importlib.util import find_spec

import pytest

from nbnebius.describe.pages import document_text, html_text
from nbnebius.errors import OptionError

PAGE = b"""<!DOCTYPE html>
<html><head><title>T</title><style>p {color: red}</style><script>alert(1)</script></head>
<body><nav><a href="/">Home</a></nav>
<h1>Tea</h1><p>It is <b>hot</b>
 and good &amp; cheap.</p>
<ul><li>green</li><li>black</li></ul>
<pre>x = 1
    y = 2</pre>
<table><tr><td>a</td><td>b</td></tr></table><footer>2024</footer></body></html>"""


def pdf(text):
    """A PDF of one page, written by hand."""
    stream = f"BT /F1 24 Tf 72 720 Td ({text}) Tj ET".encode()
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        (
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
            b" /Resources << /Font << /F1 5 0 R >> >> >>"
        ),
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(stream), stream),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
    ]
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n"
    out += b"".join(b"%010d 00000 n \n" % at for at in offsets)
    out += b"trailer << /Size 6 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % start
    return bytes(out)


def test_a_page_is_reduced_to_its_text():
    text = document_text(PAGE, "page")
    assert text.startswith("# Tea\n\nIt is hot and good & cheap.\n\n")
    assert "- green\n- black" in text
    assert "x = 1\n    y = 2" in text
    assert "a | b" in text
    assert not any(word in text for word in ("alert", "color", "Home", "2024", "<"))


@pytest.mark.parametrize("page", ["<p>open", "<script>never closed", "<b><i></b>x", "", "&", "<"])
def test_broken_pages_end(page):
    assert isinstance(html_text(page), str)


@pytest.mark.parametrize(
    "data", [b"plain\n", b"a,b\n1,2", b'{"a": 1}', "ümlaut".encode(), "\ufeffbom".encode(),
             "wide".encode("utf-16"), b"def f():\n    return '<html>'"]
)  # fmt: skip
def test_text_stays_as_it_is(data):
    encoding = "utf-16" if data.startswith(b"\xff\xfe") else "utf-8-sig"
    assert document_text(data, "file") == data.decode(encoding).rstrip("\n")


def test_a_page_in_another_encoding_is_read():
    page = "<!doctype html><meta charset=latin-1><p>Übung</p>".encode("latin-1")
    assert document_text(page, "page") == "Übung"


@pytest.mark.parametrize("data", [b"\x89PNG\r\n\x1a\n\0\0", b"\xff\xfa\xfb", b"a\0b"])
def test_what_is_no_text_is_refused(data):
    with pytest.raises(OptionError, match="photo is not text"):
        document_text(data, "photo")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (pdf("Tea is brewed"), "Tea is brewed"),
        (pdf(""), "holds no text"),
        (b"%PDF-1.4 nothing", "a.pdf cannot be read as a PDF"),
    ],
    ids=["text", "empty", "damaged"],
)
def test_a_pdf_gives_its_text_or_says_why_not(data, told):
    # pypdf is an extra: where it is not installed, that is what is said.
    told = told if find_spec("pypdf") else "pip install 'nbnebius[pdf]'"
    try:
        said = document_text(data, "a.pdf")
    except OptionError as error:
        said = str(error)
    assert told in said


def test_without_pypdf_the_error_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    with pytest.raises(OptionError) as caught:
        document_text(pdf("Tea"), "a.pdf")
    assert "pip install 'nbnebius[pdf]'" in str(caught.value)


def test_text_that_begins_with_many_comments_is_read_at_once():
    data = b"<!---->" * 280 + b"no page"
    assert document_text(data, "page").endswith("no page")


def test_a_page_after_comments_is_a_page():
    page = b"<!-- one -->\n<!-- two\nlines -- long -->\n<html><body><p>Tea</p></body></html>"
    assert document_text(page, "page") == "Tea"


@pytest.mark.parametrize("codec", ["undefined", "idna", "punycode", "hex", "nothing"])
def test_a_page_that_names_a_codec_of_no_use_is_read_all_the_same(codec):
    page = f"<html><meta charset={codec}><p>Tea".encode() + b"\xff</html>"
    assert "Tea" in document_text(page, "page")
