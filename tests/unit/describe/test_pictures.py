"""Pictures for a prompt."""

from __future__ import annotations

import base64
import os
import struct
import zlib
from io import BytesIO

import matplotlib as mpl
import pytest
from matplotlib.figure import Figure
from PIL import Image

from nbnebius.describe import is_picture, picture_data_url
from nbnebius.errors import OptionError

mpl.use("agg")


def encoded(form, size=(64, 48), **options):
    buffer = BytesIO()
    Image.new("RGB", size, "teal").save(buffer, form, **options)
    return buffer.getvalue()


def decoded(url):
    head, _, data = url.partition(";base64,")
    picture = Image.open(BytesIO(base64.b64decode(data, validate=True)))
    assert head == f"data:image/{picture.format.lower()}"
    return picture


@pytest.fixture
def values(tmp_path):
    figure = Figure()
    axes = figure.subplots()
    part = Figure().subfigures(1, 2)[0]
    path = tmp_path / "photo"
    path.write_bytes(encoded("JPEG"))
    return {
        "image": Image.new("RGB", (5, 5)),
        "palette": Image.new("P", (5, 5)),
        "16 bits": Image.new("I;16", (5, 5)),
        "transparent": Image.new("RGBA", (5, 5)),
        "figure": figure,
        "axes": axes,
        "part of a figure": part,
        "axes of a part": part.subplots(),
        "png": encoded("PNG"),
        "jpeg": bytearray(encoded("JPEG")),
        "webp": memoryview(encoded("WEBP")),
        "path": path,
    }


def test_all_kinds_of_pictures_become_data_urls(values):
    for name, value in values.items():
        assert is_picture(value), name
        assert max(decoded(picture_data_url(value)).size) <= 1024, name


def test_what_is_no_picture_is_told(tmp_path):
    text = tmp_path / "text.png"
    text.write_text("not a picture")
    for value in ("photo.png", 3, None, b"GIF89a", b"", text, tmp_path, tmp_path / "missing", []):
        assert not is_picture(value)
        with pytest.raises(OptionError):
            picture_data_url(value)


def test_a_large_picture_is_scaled_down_and_keeps_its_shape():
    assert decoded(picture_data_url(encoded("PNG", (3000, 1500)))).size == (1024, 512)
    assert decoded(picture_data_url(encoded("JPEG", (3000, 1500)), side=100)).size == (100, 50)


def test_a_large_photograph_is_sent_as_jpeg():
    size = (900, 900)
    noise = Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3))
    assert decoded(picture_data_url(noise)).format == "JPEG"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
def test_where_a_photograph_was_taken_stays_here(form):
    exif = Image.Exif()
    exif[0x010E] = "at home"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    made = decoded(picture_data_url(encoded(form, exif=exif)))
    assert not made.getexif()
    assert set(made.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}


def test_a_users_own_picture_is_left_as_it_is(tmp_path):
    path = tmp_path / "large.jpg"
    path.write_bytes(encoded("JPEG", (4000, 2000)))
    with Image.open(path) as picture:
        picture_data_url(picture, side=64)
        assert picture.size == (4000, 2000)


def test_a_pipe_is_not_waited_for(tmp_path):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    assert not is_picture(pipe)
    with pytest.raises(OptionError, match="is not a file"):
        picture_data_url(pipe)


def test_bombs_are_refused(tmp_path):
    header = b"IHDR" + struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header
    bomb += struct.pack(">I", zlib.crc32(header))
    with pytest.raises(OptionError):
        picture_data_url(bomb)
    large = tmp_path / "large.png"
    large.write_bytes(encoded("PNG") + b"\0" * 20_000_000)
    with pytest.raises(OptionError, match="larger than 20 MB"):
        picture_data_url(large)
    with pytest.raises(OptionError, match="damaged"):
        picture_data_url(encoded("PNG", (300, 300))[:100])
