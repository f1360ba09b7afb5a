"""
The nine endpoints that faults are tried at: what is asked, what is answered, and what it costs.

Each answer is a pure function of the question, so a wrong one and a short one are told from a right
one; and the server counts what it executed of every question.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from nbnebius.events import Intent, TextDelta
from tests.fault.http_server import listen
from tests.fault.paying_answers import CHAT, EMBEDDING, chat_answer, embedding_answer, model_list

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from nbnebius.client import AsyncClient
    from tests.fault.http_server import Asked, Connection

Kind = Literal["paid", "read", "made"]
_KINDS = {
    "chat": "chat",
    "chat streamed": "chat",
    "embeddings": "embedding",
    "images": "image",
    "rerank": "rerank",
}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """
    One endpoint.

    Attributes
    ----------
    name
        In words.
    kind
        ``paid`` for each answer; a ``read``, which is free; or something is ``made`` that stays.
    ask
        Asks a question, named by a text, and gives what came in plain values.
    method, path
        Below the base URL.
    """

    name: str
    kind: Kind
    ask: Callable[[AsyncClient, str], Awaitable[Any]]
    method: str
    path: str

    def is_asked(self, asked: Asked) -> bool:
        """Tell this endpoint's own requests from those that look for what was made."""
        return asked.method == self.method and asked.path.endswith(self.path)


def intent_of(endpoint: str, question: str) -> Intent:
    key = hashlib.blake2b(f"{endpoint} {question}".encode(), digest_size=16).digest()
    return Intent(key, _KINDS[endpoint], "nine", CHAT, cost_bound=0.001)


def _talk(question: str) -> dict[str, Any]:
    return {"model": CHAT, "messages": [{"role": "user", "content": question}]}


async def _chat(client: AsyncClient, question: str) -> Any:
    told, _ = await client.chat.create(_talk(question), intent=intent_of("chat", question))
    return told.choices[0].message.content, told.choices[0].finish_reason


async def _streamed(client: AsyncClient, question: str) -> Any:
    text = ""
    body = _talk(question)
    async with client.chat.stream(body, intent=intent_of("chat streamed", question)) as pieces:
        async for piece in pieces:
            text += piece.text if isinstance(piece, TextDelta) else ""
        choice = pieces.completion.choices[0]
        assert choice.message.content == text
        return text, choice.finish_reason


async def _embed(client: AsyncClient, question: str) -> Any:
    body = {"model": EMBEDDING, "input": [question, f"{question} too"], "dimensions": 64}
    told, _ = await client.embeddings.create(body, intent=intent_of("embeddings", question))
    return told.vectors.tobytes()


async def _draw(client: AsyncClient, question: str) -> Any:
    body = {"model": "paying/draw-1", "prompt": question, "response_format": "b64_json"}
    told, _ = await client.images.generate(body, intent=intent_of("images", question))
    return [datum.b64_json for datum in told.data]


async def _rank(client: AsyncClient, question: str) -> Any:
    body = {"model": "paying/rank-1", "query": question, "documents": ["one", "two", "three"]}
    told, _ = await client.rerank.create(body, intent=intent_of("rerank", question))
    return [(one.index, one.relevance_score) for one in told.results]


async def _upload(client: AsyncClient, question: str) -> Any:
    data = lines_of(question)
    file = await client.files.upload(data, filename=f"{question}.jsonl")
    return file.filename, file.bytes


async def _content(client: AsyncClient, question: str) -> Any:
    return await client.files.content(f"file-{question.replace(' ', '-')}")


async def _models(client: AsyncClient, question: str) -> Any:
    told, _ = await client.models.list(verbose=False)
    return [model.id for model in told]


def batch_of(file: str, question: str) -> dict[str, Any]:
    return {
        "endpoint": "/v1/chat/completions",
        "input_file_id": file,
        "completion_window": "24h",
        "metadata": {"key": question},
    }


async def create_batch(client: AsyncClient, question: str) -> Any:
    batch = await client.batches.create(batch_of(f"file-{question}", question))
    return batch.input_file_id, batch.metadata


def lines_of(question: str) -> bytes:
    return b"".join(b'{"custom_id": "%d", "q": "%s"}\n' % (n, question.encode()) for n in range(40))


NINE = [
    Endpoint("chat", "paid", _chat, "POST", "/chat/completions"),
    Endpoint("chat streamed", "paid", _streamed, "POST", "/chat/completions"),
    Endpoint("embeddings", "paid", _embed, "POST", "/embeddings"),
    Endpoint("images", "paid", _draw, "POST", "/images/generations"),
    Endpoint("rerank", "paid", _rank, "POST", "/rerank"),
    Endpoint("files upload", "made", _upload, "POST", "/files"),
    Endpoint("file content", "read", _content, "GET", "/content"),
    Endpoint("models list", "read", _models, "GET", "/models"),
    Endpoint("batches create", "made", create_batch, "POST", "/batches"),
]


def chunks_of(answer: dict[str, Any]) -> list[bytes]:
    """Give a chat's answer as the events of a stream, a word each."""
    words = answer["choices"][0]["message"]["content"].split(" ")
    pieces = [word if n == 0 else f" {word}" for n, word in enumerate(words)]
    frames = [
        {"choices": [{"index": 0, "delta": {"content": piece}, "finish_reason": None}]}
        for piece in pieces
    ]
    end = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}
    shown = [*frames, end, {"choices": [], "usage": answer["usage"]}]
    told = [json.dumps({"id": answer["id"], "model": CHAT, **frame}) for frame in shown]
    return [f"data: {one}\n\n".encode() for one in (*told, "[DONE]")]


@dataclass(slots=True)
class Nine:
    """
    A server of the nine endpoints.

    Attributes
    ----------
    executed
        How often each question was executed, by its name.
    asked
        The requests that came, as ``METHOD path``.
    """

    executed: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    files: list[dict[str, Any]] = field(default_factory=list)
    batches: list[dict[str, Any]] = field(default_factory=list)
    instead: Callable[[Connection, Asked], bool] = lambda _c, _a: False
    port: int = 0
    _server: Any = None
    _connections: set[Connection] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server, self.port = await listen(self._handle)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for connection in self._connections:
            connection.cut()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1/"

    def _handle(self, connection: Connection, asked: Asked) -> None:
        self._connections.add(connection)
        self.asked[f"{asked.method} {asked.path.removeprefix('/v1')}"] += 1
        if self.instead(connection, asked):
            return
        body, kind = self._answer(asked)
        if isinstance(body, list):
            head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n"
            pieces = [b"%x\r\n%s\r\n" % (len(piece), piece) for piece in (*body, b"")]
            connection.send(head.encode() + b"".join(pieces))
            return
        head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
        connection.send(head.encode() + body)

    def _answer(self, asked: Asked) -> tuple[bytes | list[bytes], str]:
        path, name = asked.path.removeprefix("/v1"), "application/json"
        if path.endswith("/content"):
            question = path.split("/")[2].removeprefix("file-").replace("-", " ")
            return lines_of(question), "application/jsonl"
        if path == "/models":
            told = model_list(0.5, 1.5, verbose=False)
        elif asked.method == "GET":
            told = {
                "object": "list",
                "data": {"/files": self.files, "/batches": self.batches}[path],
            }
        elif path == "/files":
            told = self._keep_file(asked)
        else:
            body = json.loads(asked.body)
            if body.get("stream"):
                self.executed[body["messages"][0]["content"]] += 1
                return chunks_of(chat_answer(body)), "text/event-stream"
            told = self._sell(path, body)
        return json.dumps(told).encode(), name

    def _sell(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        if path == "/batches":
            self.executed[body["metadata"]["key"]] += 1
            batch = {"id": f"batch-{len(self.batches)}", "status": "validating", **body}
            self.batches.append(batch)
            return batch
        if path == "/chat/completions":
            self.executed[body["messages"][0]["content"]] += 1
            return chat_answer(body)
        if path == "/embeddings":
            self.executed[body["input"][0]] += 1
            return embedding_answer(body)
        question = body["prompt"] if path == "/images/generations" else body["query"]
        self.executed[question] += 1
        noise = hashlib.blake2b(question.encode()).digest()
        if path == "/images/generations":
            return {"id": "i", "data": [{"b64_json": base64.b64encode(noise * 4).decode()}]}
        rows = [{"index": n, "relevance_score": noise[n] / 256} for n in range(3)]
        return {"id": "r", "model": body["model"], "results": rows}

    def _keep_file(self, asked: Asked) -> dict[str, Any]:
        name = asked.body.split(b'filename="', 1)[1].split(b'"', 1)[0].decode()
        head, _, rest = asked.body.partition(b"\r\n")
        content = rest.split(b"\r\n\r\n")[-1].rsplit(b"\r\n" + head, 1)[0]
        self.executed[name.removesuffix(".jsonl")] += 1
        # seconds of a moment that any look for it takes as recent
        file = {
            "id": f"file-{len(self.files)}",
            "object": "file",
            "filename": name,
            "bytes": len(content),
            "created_at": 4_000_000_000,
            "purpose": "batch",
        }
        self.files.append(file)
        return file


class Truth:
    """A server of its own where nothing goes wrong, and what it answers."""

    async def __aenter__(self) -> Self:
        from nbnebius.client import AsyncClient

        self._nine = await Nine().__aenter__()
        self._client = AsyncClient(None, self._nine.url)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()
        await self._nine.__aexit__()

    async def answer(self, endpoint: Endpoint, question: str) -> Any:
        return await endpoint.ask(self._client, question)
