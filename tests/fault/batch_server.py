"""
A server of batches that misbehaves as it is told, and keeps books of what it created and answered.

``python -m tests.fault.batch_server`` prints its address and serves until SIGTERM. ``POST /script``
says what happens to the next batch, ``GET /books`` what came of all since the last script. Answers
are those of the paying server: a function of the question.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import random
import re
import time
from dataclasses import dataclass, field
from typing import Any

from tests.fault.http_server import Asked, Connection, serve
from tests.fault.paying_answers import chat_answer, model_list

_NAME = re.compile(rb'filename="([^"]*)"')


@dataclass(slots=True)
class Script:
    """
    What happens to a batch; later batches are as if nothing had been said.

    Attributes
    ----------
    create
        ``ok``, ``lost`` (made, and the answer cut off), ``never`` (cut off before it is made).
    late
        How many listings do not show it yet.
    looks
        How many looks it is active for.
    end
        The status it ends with.
    answered, failed
        Which part of its requests has an answer, and which an error, from 0 to 1.
    twice, foreign, shuffled, wrapped
        Lines that come twice; lines nobody asked for; in what order and shape they come.
    cut
        How many downloads break off in the middle.
    seed
        Of what is drawn.
    """

    create: str = "ok"
    late: int = 0
    looks: int = 1
    end: str = "completed"
    answered: float = 1.0
    failed: float = 0.0
    twice: int = 0
    foreign: int = 0
    shuffled: bool = False
    wrapped: bool = False
    cut: int = 0
    seed: int = 0


@dataclass(slots=True)
class Books:
    """What was created and answered since the last script."""

    files: dict[str, dict[str, Any]] = field(default_factory=dict)
    contents: dict[str, bytes] = field(default_factory=dict)
    batches: dict[str, dict[str, Any]] = field(default_factory=dict)
    scripts: dict[str, Script] = field(default_factory=dict)
    asked: dict[str, list[str]] = field(default_factory=dict)
    answered: dict[str, list[str]] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)  # the batches of output files


class BatchServer:
    """The routes of files and batches."""

    def __init__(self) -> None:
        self.books = Books()
        self.next = Script()
        self._numbers = itertools.count()

    def handle(self, connection: Connection, asked: Asked) -> None:
        method, path = asked.method, asked.path
        parts = path.removeprefix("/v1/").split("/")
        books = self.books
        if path == "/script":
            self.books, self.next = Books(), Script(**json.loads(asked.body))
            connection.answer({})
        elif path == "/books":
            batches = list(books.batches.values())
            told = {"batches": batches, "asked": books.asked, "answered": books.answered}
            connection.answer(told)
        elif path == "/v1/models":
            connection.answer(model_list(0.001, 0.001, verbose="verbose=true" in asked.target))
        elif (method, path) == ("POST", "/v1/files"):
            connection.answer(self._upload(asked))
        elif (method, path) == ("POST", "/v1/batches"):
            self._create(connection, json.loads(asked.body))
        elif path == "/v1/files":
            connection.answer(_page(list(books.files.values())))
        elif path == "/v1/batches":
            connection.answer(_page(self._listed()))
        elif parts[0] == "files" and parts[1] in books.files:
            self._file(connection, asked, parts)
        elif parts[0] == "batches" and parts[1] in books.batches:
            connection.answer(self._look(parts[1]))
        else:
            connection.answer({"error": {"message": "not found"}}, 404)

    def _new(self, kind: str) -> str:
        return f"{kind}-{next(self._numbers):06d}"

    def _add_file(self, name: str, content: bytes, purpose: str) -> dict[str, Any]:
        number = self._new("file")
        about = {
            "id": number,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": name,
            "purpose": purpose,
        }
        self.books.files[number], self.books.contents[number] = about, content
        return about

    def _upload(self, asked: Asked) -> dict[str, Any]:
        mark = b"--" + asked.headers["content-type"].partition("boundary=")[2].strip('"').encode()
        part = next(p for p in asked.body.split(mark) if b"filename=" in p)
        head, _, content = part.partition(b"\r\n\r\n")
        named = _NAME.search(head)
        assert named is not None
        return self._add_file(named[1].decode(), content.removesuffix(b"\r\n"), "batch")

    def _create(self, connection: Connection, body: dict[str, Any]) -> None:
        script, self.next = self.next, Script()
        if script.create == "never":
            connection.cut()
            return
        number, books = self._new("batch"), self.books
        lines = [json.loads(line) for line in books.contents[body["input_file_id"]].splitlines()]
        books.scripts[number] = script
        books.asked[number] = [line["custom_id"] for line in lines]
        books.answered[number] = []
        books.batches[number] = {
            **body,
            "id": number,
            "object": "batch",
            "status": "validating",
            "created_at": int(time.time()),
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
        }
        if script.create == "lost":
            connection.cut()
        else:
            connection.answer(books.batches[number])

    def _listed(self) -> list[dict[str, Any]]:
        shown = []
        for number, batch in self.books.batches.items():
            script = self.books.scripts[number]
            if script.late > 0:
                script.late -= 1
            else:
                shown.append(batch)
        return shown

    def _look(self, number: str) -> dict[str, Any]:
        batch, script = self.books.batches[number], self.books.scripts[number]
        if script.looks > 0:
            script.looks -= 1
            batch["status"] = "in_progress"
        elif batch["status"] != script.end:
            self._end(number, batch, script)
        return batch

    def _end(self, number: str, batch: dict[str, Any], script: Script) -> None:
        """Write its files: answers, errors, and nothing for the rest."""
        dice, books = random.Random(script.seed), self.books
        content = books.contents[batch["input_file_id"]]
        lines = [json.loads(line) for line in content.splitlines()]
        dice.shuffle(lines)
        whole, bad = round(script.answered * len(lines)), round(script.failed * len(lines))
        out = []
        for line in lines[:whole]:
            answer = chat_answer(line["body"])
            response = {"status_code": 200, "body": answer} if script.wrapped else answer
            out.append({"custom_id": line["custom_id"], "response": response, "error": None})
            books.answered[number].append(line["custom_id"])
        error = {"code": "hot", "message": "too hot"}
        wrong = [
            {"custom_id": line["custom_id"], "response": None, "error": error}
            for line in lines[whole : whole + bad]
        ]
        # what comes twice says something else the second time: the first counts
        out += [
            {**line, "response": {**line["response"], "created": 7}} for line in out[: script.twice]
        ]
        out += [{**line, "custom_id": f"{n:032x}"} for n, line in enumerate(out[: script.foreign])]
        if script.shuffled:
            dice.shuffle(out)
        else:
            out.sort(key=lambda line: line["custom_id"])
        for name, some in (("output_file_id", out), ("error_file_id", wrong)):
            if some:
                data = "".join(f"{json.dumps(one)}\n" for one in some).encode()
                batch[name] = self._add_file(f"{number}-{name}.jsonl", data, "batch_output")["id"]
                books.owners[batch[name]] = number
        batch["status"] = script.end
        batch["request_counts"] = {"total": len(lines), "completed": whole, "failed": bad}

    def _file(self, connection: Connection, asked: Asked, parts: list[str]) -> None:
        number, books = parts[1], self.books
        if asked.method == "DELETE":
            del books.files[number], books.contents[number]
            connection.answer({"id": number, "deleted": True})
        elif parts[-1] != "content":
            connection.answer(books.files[number])
        else:
            self._content(connection, asked, books.contents[number], number)

    def _content(self, connection: Connection, asked: Asked, data: bytes, number: str) -> None:
        status, headers, start = 200, {}, 0
        wanted = asked.headers.get("range", "")
        if wanted.startswith("bytes="):
            start = int(wanted.removeprefix("bytes=").partition("-")[0])
            status = 206
            headers["content-range"] = f"bytes {start}-{len(data) - 1}/{len(data)}"
        rest = data[start:]
        script = self.books.scripts.get(self.books.owners.get(number, ""))
        if script is not None and script.cut > 0:
            script.cut -= 1
            connection.answer(rest, status, headers, most=len(rest) // 2)
        else:
            connection.answer(rest, status, headers)


def _page(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"object": "list", "data": rows, "has_more": False}


if __name__ == "__main__":
    asyncio.Runner().run(serve(BatchServer().handle))
