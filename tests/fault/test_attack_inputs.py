"""A6, A8, A12, A13, A14, A17: keys in cells, opened folders, templates, files and pictures."""

from __future__ import annotations

import base64
import contextlib
import io
import itertools
import os
import random
import resource
import struct
import zlib
from pathlib import Path

import pandas as pd
import pytest
from hostile import HOSTILE
from PIL import Image

from nbnebius.commands import COMMANDS
from nbnebius.commands.nebius import VERBS
from nbnebius.describe.pictures import is_picture, picture_data_url
from nbnebius.errors import NebiusError, OptionError, SettingsError
from nbnebius.launch.doctor import NOTEWORTHY, examine
from nbnebius.magics.expansion import expand
from nbnebius.rendering.images import preview
from nbnebius.settings import DEFAULT_BASE_URL, find_endpoint
from nbnebius.work.map.template import parse
from tests.fault.canary import KEY, found_in
from tests.fault.counts import proven, size
from tests.kernel.conftest import Kernel, isolated

pytestmark = pytest.mark.fault

# -- A6 ----------------------------------------------------------------------------------------

KEYS = [
    "v1.CmQKHHN0YXRpY2tleS1lMDBxxxxxxxxxxxxxxx", "eyJhbGciOiJIUzI1NiIsImtpZCI6xxxxxxxxx",
    "sk-0123456789abcdef0123", "a-key-without-any-shape-01234",
]  # fmt: skip
LINES = [
    "%nebius login {}", "%nebius login --keep {}", "%nebius {}", "%nebius config api_key {}",
    "%nebius config key {}", "%nebius login --api-key {}", "%nebius login --key={}",
    "%chat --api-key {} Hello", "%chat --key {} Hello", "%%chat --api-key={}\nHello",
    "%image --api-key {} A boat", "%embed --token {} x", "%models --api-key {}",
]  # fmt: skip


def test_no_line_takes_a_key_and_none_is_repeated(tmp_path):
    flags = {
        flag
        for made in (*COMMANDS.values(), *VERBS.values())
        for option in made.options
        for flag in option.flags
    }
    kept = {flag for flag in flags if any(w in flag for w in ("key", "token=", "secret", "pass"))}
    kernel = Kernel(tmp_path, isolated(tmp_path, NEBIUS_BASE_URL="http://127.0.0.1:9/v1/"))
    taken, repeated = [], []
    try:
        kernel.ok("%load_ext nbnebius")
        for line, key in itertools.product(LINES, KEYS):
            cell = kernel.run(line.format(key))
            taken += [] if cell.ename in {"OptionError", "SettingsError"} else [(line, cell.ename)]
            repeated += [line] if key in str(cell.outputs) + cell.message else []
    finally:
        kernel.close()
    assert taken == []
    assert repeated == []
    proven(
        "A6",
        "keys typed into lines and cells",
        tried=len(LINES) * len(KEYS) + len(flags),
        broken={"taken": len(taken), "repeated": len(repeated), "flags for keys": len(kept)},
        seen={"flags": len(flags)},
    )


# -- A8 ----------------------------------------------------------------------------------------

EVIL = "https://evil.example/v1/"
FILES = {
    ".env": "NEBIUS_BASE_URL={0}\nNEBIUS_API_BASE={0}\nHTTPS_PROXY={0}\nSSL_CERT_FILE=evil.pem\n"
    "NBNEBIUS_HOME=./evil\nNBNEBIUS_REPLAY=evil.nbr\nOPENAI_BASE_URL={0}\n",
    "pyproject.toml": '[tool.nbnebius]\nbase_url = "{0}"\nprivate = false\nprice = "0,0"\n'
    'budget = 1e9\nreuse = "always"\nthread = "evil"\njournal_gb = 0.001\n',
    "nbnebius.toml": 'base_url = "{0}"\n',
    ".nbnebius.toml": 'base_url = "{0}"\n',
    "nbnebius.json": '{{"base_url": "{0}"}}',
    "config.toml": 'base_url = "{0}"\n',
    ".netrc": "machine api.tokenfactory.nebius.com login a password b\n",
    "nbnebius.py": "raise SystemExit('ran')\n",
    "sitecustomize.py": "raise SystemExit('ran')\n",
}


def test_an_opened_folder_sends_no_key_elsewhere(tmp_path, monkeypatch):
    from nbnebius.settings.config import Config

    tried, refused, moved = 0, 0, []
    for chosen in [*([name] for name in FILES), list(FILES)]:
        for key_in in ("environment", ".env", "argument"):
            folder = tmp_path / f"{tried}"
            folder.mkdir()
            for name in chosen:
                (folder / name).write_text(FILES[name].format(EVIL))
            environ = {"NEBIUS_API_KEY": KEY} if key_in == "environment" else {}
            if key_in == ".env":
                with (folder / ".env").open("a") as file:
                    file.write(f"NEBIUS_API_KEY={KEY}\n")
            monkeypatch.chdir(folder)
            try:
                config = Config()
            except SettingsError:  # it says so, and nothing is sent
                tried, refused = tried + 1, refused + 1
                continue
            given = {name: config.get(name) for name in ("base_url", "price", "budget")}
            found = find_endpoint(
                KEY if key_in == "argument" else None,
                config={"base_url": given["base_url"]} if given["base_url"] else {},
                environ=environ, folder=folder,
            )  # fmt: skip
            tried += 1
            if found.base_url != DEFAULT_BASE_URL or found.key is None:
                moved.append((chosen, key_in, found))
            if given["base_url"] or given["price"] or given["budget"]:
                moved.append((chosen, given))
    # Elsewhere, in an environment that somebody else wrote: never with the stored key.
    for base in (EVIL, "http://169.254.169.254/", "https://nebius.com.evil.example/"):
        for more in ({"base_url": base}, {"config": {"base_url": base}}):
            found = find_endpoint(environ={"NEBIUS_API_KEY": KEY}, folder=tmp_path, **more)
            tried += 1
            moved += [more] if found.key is not None else []
        with pytest.raises(SettingsError):
            find_endpoint(
                environ={"NEBIUS_API_KEY": KEY, "NEBIUS_BASE_URL": "http://evil.example/"}
            )
    for name in NOTEWORTHY:
        monkeypatch.setenv(name, "http://evil.example:1/")
        told = " ".join(f.text for f in examine(tmp_path / "x", key_source="login", endpoint="e"))
        monkeypatch.delenv(name)
        tried += 1
        moved += [] if name in told else [name]
    assert moved == []
    proven(
        "A8",
        "files of an opened folder, and variables that change where requests go",
        tried=tried,
        broken={"moved, sent or not told": len(moved)},
        seen={"refused in words": refused},
    )


# -- A12 ---------------------------------------------------------------------------------------


class Trap:
    """Counts what a template makes it do."""

    def __init__(self):
        self.called = []

    def __call__(self, *given):
        self.called.append("call")

    def method(self):
        self.called.append("method")


ACTING = [
    "trap()", "trap.method()", "trap.method.__call__()", "(lambda: trap())()",
    "[trap() for x in 'a']",
    "trap() or 1", "{trap(): 1}", "f'{trap()}'", "trap if trap() else 1", "trap[trap()]", "*trap",
    "trap := 1", "await trap", "yield", "__import__('os').system('true')", "open('/etc/passwd')",
    "x.__class__.__mro__[1].__subclasses__()", "exec('trap()')", "eval('trap()')", "x + trap()",
    "trap; trap()", "import os", "lambda: 0", "x == trap()", "not trap()", "-x", "x @ x", "x if 1",
    "globals()", "locals()['trap']()", "get_ipython().system('true')", "x['a'](1)", "x[trap():]",
]  # fmt: skip
WIDE = ["x!r:>1000000000", "x:>1000000000", "x:1000000000", "n:.1000000000f", "n:01000000000d",
        "x:{n}", "x:>{n}", "n:0>99999999999999999999"]  # fmt: skip


def test_a_template_calls_nothing_and_is_filled_once():
    trap = Trap()
    space = {"trap": trap, "x": "plain", "n": 3, "df": pd.DataFrame({"a": [1]}), "env": os.environ}
    wrong, tried = [], 0
    for inside, form in itertools.product([*ACTING, *WIDE], ("{{%s}}", "a {{ %s }} b", "{%s}")):
        text = form % inside
        tried += 1
        try:
            made = expand(text, space).text
        except OptionError:
            continue
        # What is no name stays as it was written.
        wrong += [] if made == text or len(made) < 10_000 else [text]
        wrong += [text] if "plain" in made and made != text and inside in ACTING else []
    with pytest.raises(OptionError):
        expand("{{env}}", space)
    rows = ["{key}", "{{key}}", "{{trap()}}", "{review}{review}", "%s", "${key}", "\\{{key}}"]
    values = [*HOSTILE, *rows]
    for value in values:
        tried += 2
        got = expand("<{{value}}>", {"value": value, "key": KEY, "trap": trap}).text
        wrong += [] if got == f"<{value}>" else [value]
        filled = parse("<{review}>", ["review", "key"]).fill([value])
        wrong += [] if filled in {f"<{value}>", None} else [value]
    draw = random.Random(12)
    pieces = [
        "{{",
        "}}",
        "{",
        "}",
        "trap",
        "()",
        ".",
        "[",
        "]",
        ":",
        "!r",
        "x",
        "n",
        "0",
        " ",
        "\\",
    ]
    for _ in range(size(3_000, 300_000)):
        text = "".join(draw.choices(pieces, k=draw.randrange(1, 12)))
        tried += 1
        with contextlib.suppress(NebiusError):
            expand(text, space)
    assert wrong == []
    assert trap.called == []
    proven(
        "A12",
        "templates that would call, and values that look like templates",
        tried=tried,
        seed=12,
        broken={"calls": len(trap.called), "filled twice or wide": len(wrong)},
    )


# -- A13 ---------------------------------------------------------------------------------------


def test_a_text_is_never_a_path_and_a_path_is_a_regular_file(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text(KEY)
    (tmp_path / "link.png").symlink_to(secret)
    os.mkfifo(tmp_path / "pipe.png")
    names = [
        str(secret), f"file://{secret}", f"@{secret}", f"![x]({secret})", "~/.ssh/id_rsa",
        "/etc/passwd",
        "../secret.txt", "secret.txt", "/proc/self/environ", "/dev/stdin", "\\\\host\\share\\x.png",
        "C:\\Windows\\win.ini", "/dev/zero", "link.png", "pipe.png", "data:text/plain,x",
    ]  # fmt: skip
    tried, read = 0, []
    os.chdir(tmp_path)
    for name in names:
        texts = [
            expand("{{name}}", {"name": name}).text,
            parse("{name}", ["name"]).fill([name]),
            repr(expand("{{rows}}", {"rows": pd.DataFrame({"name": [name]})}).text),
        ]
        tried += len(texts)
        read += [name for text in texts if found_in(text)]
        read += [name] if is_picture(name) else []
    for path in [tmp_path / "link.png", tmp_path / "pipe.png", Path("/dev/zero"), tmp_path, secret,
                 Path("/proc/self/environ"), Path("/dev/random"), Path("/proc/kmsg")]:  # fmt: skip
        tried += 1
        with pytest.raises(OptionError) as caught:
            picture_data_url(path)
        read += [path] if found_in(str(caught.value)) or is_picture(path) else []
    assert read == []
    proven(
        "A13",
        "texts that name files, and paths that are no pictures",
        tried=tried,
        broken={"read": len(read)},
    )


# -- A14 ---------------------------------------------------------------------------------------


def chunk(kind, body):
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png(*chunks, width=64, height=48, depth=8, colour=2):
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + chunk(b"IEND", b"")


def encoded(form, picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


OTHER_FORMS = ("GIF", "TIFF", "BMP", "ICO", "PPM", "TGA", "PCX", "SGI", "DDS", "PDF", "EPS")
OTHER_HEADS = [
    *(b"8BPS\0\1", b"SIMPLE  =                    T", b"%!PS-Adobe-3.0 EPSF-3.0\n"),
    *(b"\0\0\0\x0cjP  ", b"<svg xmlns='http://www.w3.org/2000/svg' onload='a()'/>"),
    *(b"\xd7\xcd\xc6\x9a", b"PK\x03\x04", b"<script>", b"\x89HDF\r\n\x1a\n", b"GIF89a"),
    *(b"\0\0\1\0", b"MZ", b"\x7fELF"),
]


def pictures():
    small = Image.new("RGB", (64, 48), "teal")
    pixels = chunk(b"IDAT", zlib.compress(b"\0" * 64 * 48 * 4))
    bomb = zlib.compress(b"\0" * 100_000_000, 9)
    for width, height in [(50_000, 50_000), (2**31 - 1, 2**31 - 1), (2**31 - 1, 1), (1, 2**31 - 1),
                          (6_400, 6_400), (0, 0), (0, 5), (100_000, 401)]:  # fmt: skip
        yield f"{width} x {height}", png(pixels, width=width, height=height)
    chunks = {
        b"zTXt": b"a\0\0" + bomb,
        b"iTXt": b"a\0\1\0\0\0" + bomb,
        b"iCCP": b"a\0\0" + bomb,
        b"eXIf": b"MM\0*" + b"\xff" * 10**6,
    }
    for kind, body in chunks.items():
        yield f"bomb in {kind.decode()}", png(chunk(kind, body), pixels)
    yield "pixels that unpack to more", png(chunk(b"IDAT", bomb))
    yield "many frames", png(chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0)), pixels)
    for form in OTHER_FORMS:
        yield form, encoded(form, small)
    for head in OTHER_HEADS:
        yield repr(head[:12]), head + b"\0" * 3000
    for form in ("PNG", "JPEG", "WEBP"):
        whole = encoded(form, small.resize((300, 200)))
        for share in (0.02, 0.3, 0.7):
            yield f"{form} cut at {share}", whole[: int(len(whole) * share)]
        yield f"{form} above 20 MB", whole + b"\0" * 20_000_001
    yield "animated WEBP", encoded("WEBP", small, save_all=True, append_images=[small] * 200)
    yield "empty", b""
    yield "signature alone", b"\x89PNG\r\n\x1a\n"


def test_no_picture_is_a_bomb_and_none_tells_where_it_was_taken():
    preview(encoded("PNG", Image.new("RGB", (64, 48))))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    shown, refused, wrong, tried = 0, 0, [], 0
    draw, mutated = random.Random(14), []
    for form in ("PNG", "JPEG", "WEBP"):
        whole = bytearray(encoded(form, Image.new("RGB", (40, 30), "teal")))
        for at in range(size(150, 5_000)):
            damaged = bytearray(whole)
            for _ in range(draw.randrange(1, 6)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            mutated.append((f"{form} damaged {at}", bytes(damaged)))
    for name, data in [*pictures(), *mutated]:
        for read in (preview, picture_data_url):
            tried += 1
            try:
                read(data)
                shown += 1
            except NebiusError:
                refused += 1
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                wrong.append((name, read.__name__, repr(error)[:200]))
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    exif = Image.Exif()
    exif[0x010E], exif[0x9286] = "at home", "UserComment"
    exif.get_ifd(0x8825)[2] = (52.0, 30.0, 0.0)
    told = 0
    for form in ("PNG", "JPEG", "WEBP"):
        data = encoded(form, Image.new("RGB", (64, 48)), exif=exif)
        for sent in (base64.b64decode(picture_data_url(data).partition(",")[2]), preview(data)[0]):
            tried += 1
            told += b"at home" in sent or b"Exif" in sent
    assert wrong == []
    proven(
        "A14",
        "pictures that are bombs, of other kinds, damaged, or tell a place",
        tried=tried,
        seed=14,
        broken={
            "crashed": len(wrong),
            "took more than 300 MB": int(grown > 300),
            "told where": told,
        },
        seen={"refused": refused, "shown": shown, "megabytes grown": grown},
    )
