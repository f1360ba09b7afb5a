"""
The parsers: each takes any bytes, and may raise nothing but the package's own errors.

A target gives bytes to one family of parsers and looks a little at what they give. Where a parser
must give the same for any cut of its bytes, the target cuts them and compares.
"""

from __future__ import annotations

import contextlib
import functools
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.catalogs import asking, cache, custom, nebius, nebula_block, open_webui
from nbnebius.client import decode, plain, rerank
from nbnebius.client.doubt import server_time
from nbnebius.client.rows import read_page, read_row
from nbnebius.commands import COMMANDS
from nbnebius.describe.pictures import picture_data_url
from nbnebius.errors import NebiusError, OptionError
from nbnebius.magics import saving
from nbnebius.magics.expansion import expand
from nbnebius.rendering.images import preview
from nbnebius.session.thread_files import read_thread
from nbnebius.settings import config, key, known
from nbnebius.transport.answers import looks_whole, what_is_wrong
from nbnebius.transport.faults import About, api_error, redirected, unreadable
from nbnebius.transport.headers import read_rate_limits
from nbnebius.transport.pacing import LONGEST_HOLD, Pacing
from nbnebius.transport.retry import retry_after
from nbnebius.transport.sse import SSEDecoder
from nbnebius.types.batch_lines import read_lines
from nbnebius.types.batches import Batch
from nbnebius.types.custom_models import CustomModel
from nbnebius.types.files import File
from nbnebius.types.loose import read_json
from nbnebius.types.times import seconds
from nbnebius.types.usage import read_usage
from nbnebius.work import structured
from nbnebius.work.map import template
from nbnebius.work.map.answers import outcome
from nbnebius.work.price import Price
from nbnebius.work.schema import to_schema
from nbnebius.work.tool_arguments import ArgumentsError, read_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ABOUT = About(address="https://example.test", path="chat/completions", model="m")
PRICE = Price(0.5, 1.5)


class Target:
    """
    One family of parsers.

    Attributes
    ----------
    name
        As the command line has it.
    """

    def __init__(self, function: Callable[[bytes], None]) -> None:
        self.name = function.__name__
        self._function = function

    def __call__(self, data: bytes) -> None:
        """Give it bytes; raises whatever is not an error of this package's own."""
        try:
            self._function(data)
        except NebiusError as error:
            lines = error._render_traceback_()
            assert 1 <= len(lines) <= 3, "an error is told in at most three lines"


TARGETS: dict[str, Target] = {}


def target(function: Callable[[bytes], None]) -> Callable[[bytes], None]:
    TARGETS[function.__name__] = Target(function)
    return function


def _text(data: bytes) -> str:
    # half a character cannot come over the wire, but out of JSON it can
    return data.decode("utf-8", "replace") + ("\ud83d" if data[:1] == b"s" else "")


def _cuts(data: bytes) -> Iterator[bytes]:
    """Cut bytes in three, where their own first byte says."""
    first = (data[0] if data else 0) * len(data) // 256
    second = first + (data[-1] if data else 0) * (len(data) - first) // 256
    yield from (data[:first], data[first:second], data[second:])


@functools.cache
def _schema() -> Any:
    return to_schema("label good|bad|null, score float, why: in ten words, tags list[str]")


@target
def events(data: bytes) -> None:
    whole, cut = SSEDecoder(), SSEDecoder()
    found = whole.feed(data) + whole.flush()
    pieces = [event for piece in _cuts(data) for event in cut.feed(piece)] + cut.flush()
    assert pieces == found, "a cut changes the events"


@target
def streams(data: bytes) -> None:
    completion = decode.decode_completion(data, "text/event-stream", ABOUT)
    assert completion.choices is not None
    decode.decode_text_completion(data, "text/event-stream", ABOUT)


@target
def completions(data: bytes) -> None:
    looks_whole(data)
    what_is_wrong(data)
    found = outcome(data, "application/json", None, PRICE)
    assert found.cost is None or 0 <= found.cost < float("inf"), "money from a server's lies"
    assert found.tokens is None or found.tokens >= 0
    plain.read_plain(data)
    decode.decode_text_completion(data, about=ABOUT)


@target
def rows(data: bytes) -> None:
    found = outcome(data, "application/json", _schema(), PRICE)
    assert found.status in {"ok", "partial", "failed"}


@target
def embeddings(data: bytes) -> None:
    import numpy as np

    vectors = decode.decode_embeddings(data, ABOUT).vectors
    assert vectors.ndim == 2
    assert np.isfinite(vectors).all()


@target
def images(data: bytes) -> None:
    decode.decode_images(data, ABOUT)


@target
def pictures(data: bytes) -> None:
    import warnings

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with contextlib.suppress(ValueError, OSError):
            preview(data)  # whoever shows a picture shows its name instead
        picture_data_url(data)


@target
def models(data: bytes) -> None:
    for record in nebius.to_records(decode.decode_models(data, ABOUT)):
        prices = (record.price_in, record.price_out, record.price_image, record.price_request)
        assert all(price is None or 0 <= price < float("inf") for price in prices)


@target
def rankings(data: bytes) -> None:
    rerank.decode_rerank(data, 3, ABOUT)


@target
def neighbours(data: bytes) -> None:
    try:
        answer = read_json(data)
    except ValueError:
        return
    if open_webui._is_list(answer):
        for row in open_webui._rows(answer)[0]:
            open_webui._record(row)
    for row in nebula_block._rows(answer) or ():
        nebula_block._record(row)
    asking.price(answer)
    asking.whole(answer)
    seconds(answer)
    read_usage(answer)


@target
def lists(data: bytes) -> None:
    for kind, what in ((File, "files"), (Batch, "batches"), (CustomModel, "models")):
        name = "name" if kind is CustomModel else "id"
        try:
            page = read_page(data, kind, what, ABOUT, name)
            if kind is Batch:
                for batch in page.rows:
                    assert batch.state
                    _ = batch.error, batch.ended_at
            elif kind is CustomModel:
                custom.to_custom_records(page.rows)
        except NebiusError:
            pass
    read_row(data, Batch, "batch", ABOUT)


@target
def batch_lines(data: bytes) -> None:
    found = list(read_lines([data]))
    assert [line.raw for line in read_lines(_cuts(data))] == [line.raw for line in found]
    for line in found:
        assert line.error is None or isinstance(line.error, str)
        _ = line.usage, line.text, line.finish_reason, line.message


@target
def refusals(data: bytes) -> None:
    status, body = 300 + (data[0] if data else 0) % 300, data[1:]
    for kind in ("application/json", "text/html", ""):
        error = api_error(status, {"retry-after": "3"}, body, ABOUT)
        assert len(str(error)) < 5000
        unreadable("the answer is no answer", body, kind, ABOUT)
    redirected(307, _text(body[:500]), ABOUT)


@target
def headers(data: bytes) -> None:
    lines = (line.partition(b":") for line in data.split(b"\n"))
    told = {n.decode("latin-1").lower(): v.decode("latin-1") for n, _, v in lines}
    asked = retry_after(told)
    assert asked is None or 0 <= asked < float("inf")
    server_time(told)
    if (limits := read_rate_limits(told)) is not None:
        pacing = Pacing()
        pacing.sent("m", 0.0, 10)
        pacing.landed("m", 10)
        pacing.learn("m", limits, 0.0)
        assert 0 <= pacing.wait("m", 1.0, 10) <= LONGEST_HOLD


@target
def option_lines(data: bytes) -> None:
    line, _, cell = _text(data).partition("\n")
    for command in COMMANDS.values():
        for body in (None, cell):
            try:
                record = command.parse(line, body)
            except OptionError:
                continue
            assert record is not None


@target
def templates(data: bytes) -> None:
    text = _text(data)
    filled = expand(text, {"a": [1, "two", {"b": None}], "text": "{{a}} {x}", "n": 3.5})
    assert filled.text == "".join(piece for piece, _ in filled.pieces)
    parsed = template.parse(filled.pieces, ["text", "a b", "n"])
    parsed.fill([f"{{{name}}}" for name in parsed.columns])


@target
def schemas(data: bytes) -> None:
    schema = to_schema(_text(data))
    assert isinstance(schema.json, dict)
    structured.request_fields(schema.many())


@target
def shaped_answers(data: bytes) -> None:
    text = _text(data)
    structured.read(text, _schema(), finish_reason="stop", reasoning=None)


@target
def tool_calls(data: bytes) -> None:
    with contextlib.suppress(ArgumentsError):
        assert isinstance(read_arguments(_text(data)), dict)


@target
def saved_prompts(data: bytes) -> None:
    prompt = saving._from_text("review", _text(data))
    if prompt is not None:
        COMMANDS[prompt.command].parse(prompt.line, prompt.cell)


@target
def prices(data: bytes) -> None:
    text = _text(data)
    known.check("price", text)
    cost = asking.price(text)
    assert cost is None or 0 <= cost < float("inf")


@functools.cache
def _folder() -> Path:
    """Give a folder of this process for parsers that read files."""
    fast = Path("/dev/shm")
    made = tempfile.mkdtemp(prefix="nbnebius-fuzz-", dir=fast if fast.is_dir() else None)
    os.environ["NBNEBIUS_HOME"] = made
    return Path(made)


@target
def threads(data: bytes) -> None:
    path = _folder() / "thread.json"
    path.write_bytes(data)
    name, turns = read_thread(path, session="s")
    assert isinstance(name, str)
    assert turns is not None


@target
def settings(data: bytes) -> None:
    folder = _folder()
    (folder / ".env").write_bytes(data)
    (folder / "pyproject.toml").write_bytes(data)
    (folder / "config.json").write_bytes(data)
    key.read_dotenv(folder / ".env")
    cache._path(folder, "s").parent.mkdir(parents=True, exist_ok=True)
    cache._path(folder, "s").write_bytes(data)
    assert cache.load(folder, "s") is None or cache.newest(folder, "s") is not None
    for read in (functools.partial(config.read_project, folder), config.read_user):
        with contextlib.suppress(NebiusError):
            assert isinstance(read(), dict)
