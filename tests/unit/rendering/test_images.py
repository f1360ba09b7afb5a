"""Previews, galleries and saved pictures."""

from __future__ import annotations

import os
import re
import struct
import zlib
from io import BytesIO

import pytest
from hostile import HOSTILE
from PIL import Image

from nbnebius.errors import OptionError, ResponseError
from nbnebius.rendering.images import Thumb, gallery_bundle, preview
from nbnebius.rendering.inspection import inspect_image
from nbnebius.rendering.metadata import read_details, with_details
from nbnebius.rendering.saving import save_image

DETAILS = {"prompt": 'An elephant, 象 🐘, in a "desert"\nby night', "model": "a/b", "seed": 7}


def encoded(form, size=(64, 48), mode="RGB", **options):
    buffer = BytesIO()
    Image.new(mode, size, "teal" if mode != "L" else 90).save(buffer, form, **options)
    return buffer.getvalue()


def noise(form, size):
    buffer = BytesIO()
    Image.frombytes("RGB", size, os.urandom(size[0] * size[1] * 3)).save(buffer, form)
    return buffer.getvalue()


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_with(kind, body):
    data = encoded("PNG")
    return data[:33] + chunk(kind, body) + data[33:]


def png_that_claims(width, height):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    data = chunk(b"IDAT", zlib.compress(b"\0" * 1_000))
    return b"\x89PNG\r\n\x1a\n" + header + data + chunk(b"IEND", b"")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP"])
@pytest.mark.parametrize("size", [(2000, 500), (30, 900), (1, 1)])
def test_a_preview_is_a_small_webp_of_the_same_shape(form, size):
    data, width, height = preview(encoded(form, size))
    with Image.open(BytesIO(data)) as made:
        assert (made.format, made.size) == ("WEBP", (width, height))
    assert max(width, height) <= 512
    assert len(data) <= 40_000


def test_even_noise_fits_the_budget():
    data, width, height = preview(noise("PNG", (1024, 1024)), budget=10_000)
    assert len(data) <= 10_000
    assert width == height


@pytest.mark.parametrize("mode", ["L", "LA", "P", "RGBA", "1", "I;16"])
def test_every_kind_of_pixel_can_be_previewed(mode):
    buffer = BytesIO()
    Image.new(mode, (40, 40)).save(buffer, "PNG")
    assert preview(buffer.getvalue())[1:] == (40, 40)


def test_a_preview_keeps_transparency_and_drops_metadata():
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "where it was taken"
    Image.new("RGBA", (40, 40), (0, 0, 0, 0)).save(buffer, "PNG", exif=exif)
    with Image.open(BytesIO(preview(buffer.getvalue())[0])) as made:
        assert made.mode == "RGBA"
        assert not made.getexif()


def test_a_turned_photograph_is_upright():
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (80, 40)).save(buffer, "JPEG", exif=exif)
    assert preview(buffer.getvalue())[1:] == (40, 80)


BOMBS = {
    "50k x 50k": png_that_claims(50_000, 50_000),
    "2^31 wide": png_that_claims(2**31 - 1, 2**31 - 1),
    "just above 40 megapixels": png_that_claims(6_400, 6_400),
    "more than 20 MB": b"\x89PNG\r\n\x1a\n" + b"\0" * 20_000_001,
    "truncated PNG": encoded("PNG", (300, 300))[:60],
    "truncated JPEG": encoded("JPEG", (300, 300))[:60],
    "truncated WEBP": encoded("WEBP", (300, 300))[:40],
    "claims more than it holds": png_that_claims(4_000, 4_000),
    "GIF": encoded("GIF", mode="P"),
    "TIFF": encoded("TIFF"),
    "BMP": encoded("BMP"),
    "EPS": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n",
    "PSD": b"8BPS\0\1" + b"\0" * 40,
    "FITS": b"SIMPLE  =                    T" + b" " * 2850,
    "SVG": b'<svg xmlns="http://www.w3.org/2000/svg" onload="a()"></svg>',
    "HTML": b"<script>a()</script>",
    "empty": b"",
    "only a signature": b"\x89PNG\r\n\x1a\n",
    "text chunk bomb": png_with(b"zTXt", b"a\0\0" + zlib.compress(b"\0" * 200_000_000, 9)),
}


@pytest.mark.parametrize("data", BOMBS.values(), ids=BOMBS)
def test_a_bomb_is_refused_in_words(data):
    with pytest.raises(ResponseError) as caught:
        preview(data)
    assert re.match(r"^(The|This) ", caught.value.what)


def test_a_gallery_shows_previews_captions_and_paths():
    data, width, height = preview(encoded("PNG"))
    bundle = gallery_bundle([Thumb(data, "nebius_images/a.webp", "seed 7", width, height)] * 2)
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/html"].count("data:image/webp;base64,") == 2
    assert bundle["text/plain"] == "nebius_images/a.webp · seed 7\nnebius_images/a.webp · seed 7"


def test_twenty_pictures_stay_under_a_megabyte():
    data, width, height = preview(noise("PNG", (700, 700)))
    bundle = gallery_bundle([Thumb(data, "p", "c", width, height)] * 20)
    assert len(bundle["text/html"]) < 1_000_000


@pytest.mark.parametrize("text", HOSTILE[:80])
def test_captions_and_paths_are_escaped(text):
    html = gallery_bundle([Thumb(b"", text, text, 1, 1)])["text/html"]
    assert re.findall(r"<(\w+)", html) == [
        "div",
        "figure",
        "img",
        "figcaption",
        "div",
        "div",
        "code",
    ]


@pytest.fixture
def save(tmp_path):
    def saver(data, stem="an elephant", folder=tmp_path / "pictures", **changes):
        return save_image(data, folder, stem, **{**DETAILS, "format": "webp", **changes})

    return saver


LOSSLESS = {"lossless": True}


@pytest.mark.parametrize(
    ("data", "ending"),
    [
        (encoded("PNG"), "png"),
        (encoded("JPEG"), "jpg"),
        (encoded("JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"), "jpg"),
        (encoded("WEBP"), "webp"),
        (encoded("WEBP", (33, 17), **LOSSLESS), "webp"),
        (encoded("WEBP", (33, 17), "RGBA", **LOSSLESS), "webp"),
        (encoded("WEBP", (33, 17), "RGBA"), "webp"),
        (encoded("WEBP", xmp=b"<x/>"), "webp"),
    ],
)
def test_a_saved_picture_tells_what_it_was_made_from_and_keeps_its_pixels(save, data, ending):
    path = save(data)
    assert path.suffix == f".{ending}"
    kept = path.read_bytes()
    assert read_details(kept) == {**DETAILS, "seed": "7"}
    with Image.open(BytesIO(data)) as before, Image.open(BytesIO(kept)) as after:
        assert before.size == after.size
        assert before.mode == after.mode
        assert before.tobytes() == after.tobytes()


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_a_very_long_prompt_is_cut(form):
    data = with_details(encoded(form), form, {"prompt": "🐘" * 100_000})
    assert read_details(data)["prompt"] == "🐘" * 8_000
    inspect_image(data)


@pytest.mark.parametrize("form", ["png", "jpeg", "webp"])
def test_without_details_the_file_is_what_the_server_sent(save, form):
    data = encoded(form)
    assert save(data, prompt="", model="", seed=None).read_bytes() == data
    assert read_details(data) == {}


def test_nothing_is_overwritten(save):
    paths = [save(encoded("PNG")) for _ in range(3)]
    assert [path.name for path in paths] == [
        "an-elephant.png", "an-elephant-2.png", "an-elephant-3.png",
    ]  # fmt: skip
    assert len({path.read_bytes() for path in paths}) == 1


def test_a_link_in_the_way_is_not_followed(save, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    outside = tmp_path / "outside"
    (folder / "an-elephant.png").symlink_to(outside)
    assert save(encoded("PNG")).name == "an-elephant-2.png"
    assert not outside.exists()


STEMS = [
    "../../.bashrc",
    "/etc/passwd",
    "..\\..\\x",
    "a\0b",
    "a\u202egnp.exe",
    "CON",
    "lpt1",
    "x" * 5_000,
    "\x1b]52;c;x\x07",
    "a\nb",
    ".ipynb",
    "",
    "...",
    "象",
    "-rf",
    "a.php.png",
    "~",
    "\ud800",
]


@pytest.mark.parametrize("stem", STEMS)
def test_a_name_is_of_our_own_making(save, tmp_path, stem):
    path = save(encoded("PNG"), stem=stem)
    assert path.parent == tmp_path / "pictures"
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9-]{0,65}\.png", path.name)
    assert len(path.stem) <= 60
    assert path.stem.lower() not in {"con", "lpt1"}


def test_what_is_no_image_is_not_saved(save, tmp_path):
    with pytest.raises(ResponseError):
        save(b"<script>")
    assert not (tmp_path / "pictures").exists()


def test_a_folder_that_cannot_be_written_to_is_told(save, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OptionError, match="cannot be saved"):
        save(encoded("PNG"), folder=tmp_path / "file" / "below")
