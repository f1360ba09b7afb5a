"""A16, A19, A20, A21: hostile names, tool calls, journals, and what is left at rest."""

from __future__ import annotations

import json
import sqlite3
import zlib
from contextlib import closing, suppress
from io import BytesIO

import anyio
import pandas as pd
import pytest
from hostile import HOSTILE
from PIL import Image

import nbnebius as neb
from nbnebius.errors import JournalError, NebiusError
from nbnebius.journal.file import open_journal
from nbnebius.journal.packing import LARGEST, unpack
from nbnebius.rendering.saving import save_image
from nbnebius.transport.tape.file import open_to_read
from nbnebius.types.chat import FunctionCall, ToolCall
from nbnebius.work.tools import Toolbox
from tests.fault.counts import proven, size
from tests.fault.serving import serve

pytestmark = pytest.mark.fault

JSON = {"content-type": "application/json"}
NAMES = [
    "../../.bashrc",
    "/etc/cron.d/x",
    "..\\..\\evil.bat",
    "C:\\Windows\\x",
    "a/../../b",
    "a\0b",
    "CON",
    "con.webp",
    "NUL",
    "com1",
    "x" * 5_000,
    ".",
    "..",
    "",
    " ",
    "-rf",
    "--help",
    "~",
    "~/x",
    "$HOME",
    "$(id)",
    "`id`",
    "a\nb",
    "a\rb",
    "\x1b]8;;x\x07",
    "\u202egnp.exe",
    "x.ipynb",
    ".ipynb_checkpoints",
    "*",
    "?",
    "|",
    "file://x",
    "%2e%2e%2f",
    "\ud800",
    "a.b.c",
    "A",
    "a",
    "Ä",
    "日本",
    "🐘",
    "x:y",
]


def picture():
    buffer = BytesIO()
    Image.new("RGB", (8, 8)).save(buffer, "PNG")
    return buffer.getvalue()


def test_no_name_leads_out_of_its_folder_or_over_another_file(tmp_path):
    folder, data, escaped, tried = tmp_path / "in", picture(), [], 0
    folder.mkdir()
    (tmp_path / "target").write_text("mine")
    for name in ("image.png", "A.png", "x.png"):
        (folder / name).symlink_to(tmp_path / "target")
    made = set()
    for stem in [*NAMES, *HOSTILE]:
        details = {"prompt": stem, "model": stem, "seed": 1, "format": stem}
        path = save_image(data, folder, stem, **details)
        tried += 1
        inside = path.parent == folder and path.resolve().parent == folder.resolve()
        plain = path.name.isascii() and not path.name.startswith((".", "-")) and len(path.name) < 80
        again = path.name in made
        escaped += [] if inside and plain and not again and not path.is_symlink() else [stem]
        made.add(path.name)
    outside = sorted(path.name for path in tmp_path.iterdir())
    # What a server calls a file is shown, and never where a download goes.
    listed = [
        {"id": f"file-{at}", "filename": name.encode("utf-8", "replace").decode(), "bytes": 4}
        for at, name in enumerate(NAMES)
    ]

    def answer(heard):
        if heard.path.partition("?")[0].endswith("/content"):
            named = (
                f"attachment; filename=\"../../{heard.path[-20:-8]}\"; filename*=UTF-8''%2e%2e%2fx"
            )
            return 200, {"content-disposition": named}, b"data"
        return 200, JSON, json.dumps({"data": listed}).encode()

    downloads = tmp_path / "downloads"
    downloads.mkdir()
    with serve(answer) as server:
        neb.connect("x", server.url())
        frame = neb.files()
        tried += len(frame)
        for at in range(len(NAMES)):
            neb.download(f"file-{at}", downloads / f"{at}.bin")
            tried += 1
            if at < 8:  # an id is a name too
                with suppress(NebiusError):
                    neb.download(NAMES[at], downloads / "id.bin")
        asked = [heard.path for heard in server.heard]
    strange = [path for path in asked if {".", ".."} & set(path.split("/"))]
    left = {path.name for path in downloads.iterdir()} - {f"{at}.bin" for at in range(len(NAMES))}
    assert escaped == []
    assert strange == []
    assert (tmp_path / "target").read_text() == "mine"
    assert sorted([*outside, "downloads"]) == ["downloads", "in", "target"] or set(outside) >= {
        "in"
    }
    proven(
        "A16",
        "names of files from prompts and servers",
        tried=tried,
        broken={
            "out of the folder, strange, or over another": len(escaped),
            "files beside": len(left - {"id.bin"}),
            "paths that lead out": len(strange),
        },
    )


# -- A19 ---------------------------------------------------------------------------------------


def called(name, arguments):
    return ToolCall("1", "function", FunctionCall(name, arguments))


def test_a_model_calls_nothing_that_it_was_not_given():
    ran = []

    def add(a: int, b: int = 1) -> int:
        ran.append((a, b))
        return a + b

    def read(name: str) -> str:
        ran.append(name)
        return "x" * 10**6

    arguments = [
        "",
        "null",
        "[]",
        '"a"',
        "{",
        "{}",
        '{"a": "1; rm -rf ~"}',
        '{"a": 1, "c": 2}',
        '{"a": null}',
        '{"a": 1e400}',
        '{"a": NaN}',
        '{"a": [1]}',
        '{"a": {"b": 1}}',
        '{"a": true, "__class__": 1}',
        '{"a": 1.5}',
        '{"self": 1}',
        '{"a": 1}{"a": 2}',
        "[" * 10_000,
        '{"a":' * 5_000 + "1" + "}" * 5_000,
        '{"a": ' + "9" * 5_000 + "}",
        "a=1",
        "__import__('os')",
        '{"*args": [1]}',
        '{"a": "\\ud800"}',
    ]
    names = [
        "",
        "eval",
        "os.system",
        "add.__globals__",
        "__import__",
        "Add",
        "add ",
        "add()",
        "subtract",
        "../add",
        "add\0",
        "print",
        "open",
        "read;add",
        "\x1b[31madd",
        "x" * 5_000,
        "run_shell",
        "python",
    ]
    wrong, tried = [], 0

    async def here(function):
        return function()

    async def go():
        nonlocal tried
        for name in names:
            box = Toolbox([add, read])
            result = await box.run(called(name, '{"a": 1}'), call_here=here)
            tried += 1
            wrong.extend([] if result.error else [name])
        for text in arguments:
            box = Toolbox([add, read])
            before = len(ran)
            result = await box.run(called("add", text), call_here=here)
            tried += 1
            fitted = all(type(n) is int for pair in ran[before:] for n in pair)
            wrong.extend([] if result.error or fitted else [text[:60]])
        for text in HOSTILE:
            box = Toolbox([add, read])
            value = json.dumps({"name": text})
            first = await box.run(called("read", value), call_here=here)
            second = await box.run(called("read", value), call_here=here)
            tried += 2
            wrong.extend([] if len(first.text) < 30_000 and second.text == first.text else [text])

    anyio.run(go)
    assert wrong == []
    repeated = len([one for one in ran if isinstance(one, str)]) - len(HOSTILE)
    rounds = count_rounds()
    proven(
        "A19",
        "calls of tools that were not given, that do not fit, that repeat or never end",
        tried=tried + rounds,
        broken={"run": len(wrong), "run twice": max(0, repeated), "endless": int(rounds > 60)},
        seen={"rounds until it was ended": rounds},
    )


def count_rounds():
    """Let a model call for ever; give how many requests that made."""

    def again(heard):
        if heard.method == "GET":
            return 404, JSON, b"{}"
        call = {
            "id": f"c{len(heard.body)}",
            "type": "function",
            "function": {"name": "tick", "arguments": json.dumps({"n": len(heard.body)})},
        }
        message = {"role": "assistant", "content": "", "tool_calls": [call]}
        choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
        return 200, JSON, json.dumps({"choices": [choice], "model": "m"}).encode()

    def tick(n: int) -> int:
        return n

    with serve(again) as server:
        neb.connect("x", server.url())
        with pytest.raises(neb.ToolRoundsError):
            neb.chat("Go on for ever.", model="m", tools=[tick])
        return sum(heard.method == "POST" for heard in server.heard)


# -- A20 ---------------------------------------------------------------------------------------

ACTING = [
    "CREATE TRIGGER t AFTER UPDATE ON calls BEGIN DELETE FROM bodies; END",
    "CREATE TRIGGER t AFTER INSERT ON bodies BEGIN DELETE FROM bodies WHERE call = NEW.call; END",
    "CREATE TRIGGER t BEFORE INSERT ON calls BEGIN SELECT RAISE(ABORT, 'no'); END",
    "CREATE TRIGGER t AFTER INSERT ON calls BEGIN UPDATE calls SET state = 'failed'; END",
    "CREATE VIEW v AS SELECT load_extension('evil')",
    "ALTER TABLE bodies RENAME TO b2; CREATE VIEW bodies AS SELECT * FROM b2",
]
BROKEN = {
    "a pickle": b"\x80\x04\x95cos\nsystem\n(S'true'\ntR.",
    "text": b"hello",
    "zeros": b"\0" * 8192,
    "a header alone": b"SQLite format 3\0" + b"\xff" * 84,
    "a zip": b"PK\x03\x04" + b"\0" * 5000,
}


def fresh(folder):
    path = folder / "home" / "journal.sqlite"
    open_journal(path)[0].close()
    return path


def test_a_planted_journal_acts_on_nothing(tmp_path):  # noqa: PLR0915 - a list of plants
    tried, acted = 0, []
    for at, script in enumerate(ACTING[:: size(3, 1)]):
        path = fresh(tmp_path / f"acting-{at}")
        with closing(sqlite3.connect(path)) as planted:
            planted.executescript(script)
        with suppress(JournalError), closing(open_journal(path)[0]) as opened:
            left = opened.execute(
                "SELECT count(*) FROM sqlite_master WHERE type IN ('trigger', 'view')"
            ).fetchone()[0]
            acted += [script] if left else []
        tried += 1
    for name, content in BROKEN.items():
        path = fresh(tmp_path / name)
        path.write_bytes(content)
        connection, note = open_journal(path)
        connection.close()
        kept = [p.read_bytes() for p in path.parent.glob("*damaged*") if p.suffix != ".lock"]
        tried += 1
        acted += [] if "damaged" in note and content in kept else [name]
    place = fresh(tmp_path / "linked")
    place.rename(tmp_path / "elsewhere.sqlite")
    place.symlink_to(tmp_path / "elsewhere.sqlite")
    newer = fresh(tmp_path / "newer")
    with closing(sqlite3.connect(newer)) as planted:
        planted.execute("PRAGMA user_version=900")
        planted.commit()
    before = newer.read_bytes()
    for path in (place, newer):
        with pytest.raises(JournalError):
            open_journal(path)
        tried += 1
    acted += [] if newer.read_bytes() == before else ["a newer one was touched"]
    open_to_all = fresh(tmp_path / "open")
    open_to_all.chmod(0o666)
    open_journal(open_to_all)[0].close()
    acted += ["readable by others"] if open_to_all.stat().st_mode & 0o077 else []
    bomb = zlib.compress(b"\0" * (LARGEST + 1024), 9) if size(0, 1) else b"\x78\x9c" + b"\xff" * 99
    for data in (
        bomb,
        b"",
        b"\0",
        b"\0" * 5,
        zlib.compress(b"x")[:-3],
        b"\x80\x04pickle",
        b"\xff" * 99,
    ):
        tried += 1
        acted += [data[:9]] if unpack(data) not in {None, b""} else []
    for name, content in BROKEN.items():
        tape = tmp_path / f"{name}.nbr"
        tape.write_bytes(content)
        tried += 1
        with pytest.raises(NebiusError):
            open_to_read(tape)
        acted += [] if tape.read_bytes() == content else [f"{name} was changed"]
    words = ["'; DROP TABLE calls; --", '" OR 1=1', "x' UNION SELECT", "\0", "%", "_", *HOSTILE]

    def answer(heard):
        if heard.method == "GET":
            return 404, JSON, b"{}"
        text = json.loads(heard.body)["messages"][-1]["content"]
        message = {"role": "assistant", "content": f"for {len(text)}"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return 200, JSON, json.dumps({"choices": [choice], "model": "m"}).encode()

    with serve(answer) as server:
        neb.connect("x", server.url())
        rows = [word.encode("utf-8", "replace").decode() for word in words]
        frame = pd.DataFrame({"word": rows})
        first = neb.map(frame, "{word}", model="m", allow_failed=1)
        sent = len(server.heard)
        second = neb.map(frame, "{word}", model="m", allow_failed=1)
        tried += 2 * len(rows)
        acted += ["asked again"] if len(server.heard) != sent else []
        acted += [] if first["answer"].equals(second["answer"]) else ["another answer"]
        fine = first[first["neb_status"] == "ok"]
        wrong = fine[fine["answer"] != fine["word"].map(lambda word: f"for {len(word)}")]
        acted += wrong["word"].tolist()
    assert acted == []
    proven(
        "A20",
        "planted journals, recordings and bodies, and SQL in prompts",
        tried=tried,
        broken={"acted, changed or mixed up": len(acted)},
    )


# -- A21 ---------------------------------------------------------------------------------------

CANARY = "the canary sang of forty-two quiet notes"
ANSWERED = "and the owl replied with thirty-nine"


def test_what_is_private_or_purged_is_on_no_disk(tmp_path, monkeypatch):
    home = tmp_path / "rest"
    monkeypatch.setenv("NBNEBIUS_HOME", str(home))

    def answer(heard):
        if heard.path.startswith("/v1/models"):
            return 404, JSON, b"{}"
        body = json.loads(heard.body)
        text = str(body.get("messages", body.get("prompt", body.get("input"))))
        if "refuse" in text:
            told = {"detail": [{"loc": ["body"], "msg": f"bad {text}", "input": text}]}
            return 422, JSON, json.dumps(told).encode()
        if "input" in body:
            rows = [{"index": n, "embedding": [0.5, 1.0]} for n in range(len(body["input"]))]
            return 200, JSON, json.dumps({"data": rows, "model": "m"}).encode()
        message = {"role": "assistant", "content": f"{ANSWERED}, {text}"}
        choice = {"index": 0, "message": message, "text": ANSWERED, "finish_reason": "stop"}
        return 200, JSON, json.dumps({"choices": [choice], "model": "m"}).encode()

    def work(**more):
        frame = pd.DataFrame({"word": [f"{CANARY} one", f"{CANARY} two"]})
        neb.chat(f"{CANARY} alone", model="m", **more)
        neb.chat(f"{CANARY} in a thread", model="m", thread="t", **more)
        neb.completion(f"{CANARY} to complete", model="m", **more)
        neb.map(frame, "{word}", model="m", **more)
        neb.embed([f"{CANARY} as a vector"], model="m", **more)
        with pytest.raises(NebiusError):
            neb.chat(f"{CANARY} refuse this", model="m", **more)
        return 6

    found, modes, tried = {}, [], 0
    with serve(answer) as server:
        neb.connect("x", server.url())
        tried += work(private=True)
        found["of private calls"] = search(home)
        tried += work()
        kept = search(home)
        modes = [path for path in home.rglob("*") if path.is_file() and path.stat().st_mode & 0o077]
        from nbnebius.session import close_default, default_session

        neb.connect("x", server.url())
        default_session().purge(everything=True, yes=True)
        close_default()
        found["of purged calls"] = search(home)
    secret = [path for path in modes if "catalogs" not in path.parts]
    assert found == {"of private calls": [], "of purged calls": []}
    proven(
        "A21",
        "private calls, and calls that were purged, searched on the disk",
        tried=tried,
        broken={
            "texts of private calls": len(found["of private calls"]),
            "texts after a purge": len(found["of purged calls"]),
            "readable for others": len(secret) + int(bool(home.stat().st_mode & 0o077)),
            "the control found nothing": int(not kept),
        },
    )


def search(home):
    """Find prompts and answers in every file, as they lie and unpacked."""
    found = []
    for file in filter(lambda path: path.is_file(), home.rglob("*")):
        contents = [file.read_bytes()]
        if contents[0].startswith(b"SQLite format 3"):
            with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as opened:
                tables = "SELECT name FROM sqlite_master WHERE type = 'table'"
                for (table,) in opened.execute(tables).fetchall():
                    for row in opened.execute(f'SELECT * FROM "{table}"'):
                        packed = [value for value in row if isinstance(value, bytes)]
                        contents += [str(row).encode(), *(unpack(p) or b"" for p in packed)]
        words = (CANARY.encode(), ANSWERED.encode())
        found += [file.name for content in contents for word in words if word in content]
    return found
