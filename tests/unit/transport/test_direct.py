"""Requests straight to a server, over real sockets: what is kept, what is closed, what is told."""

import asyncio
import contextlib
import socket

import anyio
import pytest

from nbnebius.transport.broken import Broken
from nbnebius.transport.connection import Connections
from nbnebius.transport.direct import DirectExchange, head_of
from nbnebius.transport.request import Timeouts
from nbnebius.types.secret import Secret

pytestmark = pytest.mark.anyio

QUICK = Timeouts(connect=5.0, write=0.3, first_byte=0.3, idle=0.3)


class Server:
    """
    Answers each request with its connection's number.

    ``/wait`` waits for `go`, ``/cut`` breaks off in the body, ``/silent`` never answers, ``/close``
    says so and closes, ``/drop`` closes without a word, ``/no-http`` speaks something else,
    ``/large`` sends 4 MB, ``/deaf`` reads nothing more and answers, ``/still`` reads nothing more.
    """

    def __init__(self):
        self.connections = self.asked = 0
        self.open = set()
        self.go = asyncio.Event()
        self.heads = []
        self.bodies = []

    async def serve(self, reader, writer):
        self.connections += 1
        number = self.connections
        self.open.add(number)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while await self._answer(reader, writer, number):
                pass
        self.open.discard(number)
        writer.close()

    async def _answer(self, reader, writer, number):
        head = await reader.readuntil(b"\r\n\r\n")
        self.heads.append(head)
        self.asked += 1
        path = head.split()[1].decode()
        if path == "/still":
            await self.go.wait()
            return False
        body = str(number).encode()
        if path != "/deaf":
            length = [h for h in head.lower().split(b"\r\n") if h.startswith(b"content-length")]
            size = int(length[0].split(b":")[1]) if length else 0
            self.bodies.append(await reader.readexactly(size))
        if path in {"/wait", "/silent"}:
            await self.go.wait()
        if path in {"/drop", "/silent"}:
            return False
        if path == "/no-http":
            writer.write(b"220 ready\r\n")
            return True
        if path == "/large":
            body = b"x" * 4_000_000
        told = len(body) + (10 if path == "/cut" else 0)
        close = b"connection: close\r\n" if path == "/close" else b""
        writer.write(b"HTTP/1.1 200 OK\r\n%scontent-length: %d\r\n\r\n" % (close, told) + body)
        await writer.drain()
        return path not in {"/cut", "/close", "/deaf"}


class Client:
    """Asks one server."""

    def __init__(self, port, keepalive=60.0, secret=None):
        self.root = f"http://127.0.0.1:{port}"
        self.connections = Connections(self.root, None, QUICK, keepalive)
        self.secret = secret

    def ask(self, path, body=None, **headers):
        length = len(body) if isinstance(body, bytes) else None
        netloc = self.connections.netloc
        head = head_of("POST", self.root + path, netloc, headers, {}, length)
        return DirectExchange(
            self.connections, head, body, secret=self.secret, timeouts=QUICK, total=20.0
        )

    async def get(self, path, body=None, seconds=10.0, **headers):
        exchange = self.ask(path, body, **headers)
        await exchange.open()
        got = b""
        while part := await exchange.read(seconds):
            got += part
        assert not exchange.is_open
        return got

    @property
    def idle(self):
        return list(self.connections._idle)


@pytest.fixture
async def server():
    server = Server()
    listener = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listener.sockets[0].getsockname()[1]
    yield server
    server.go.set()
    listener.close()
    with anyio.fail_after(20):
        while server.open:  # noqa: ASYNC110 - the other end is looked at
            await anyio.sleep(0.005)


@pytest.fixture
async def client(server):
    client = Client(server.port)
    yield client
    client.connections.close()


async def until(condition):
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - the other end is looked at
            await anyio.sleep(0.005)


async def test_one_after_another_go_over_one_connection(client):
    assert [await client.get("/") for _ in range(5)] == [b"1"] * 5


async def test_the_key_is_sent_and_stands_in_no_attribute(server):
    client = Client(server.port, secret=Secret("key-of-the-test"))
    exchange = client.ask("/")
    await exchange.open()
    assert b"\r\nAuthorization: Bearer key-of-the-test\r\n" in server.heads[0]
    assert "key-of-the-test" not in repr(vars(exchange)) + repr(vars(exchange._connection))
    await exchange.close()


async def test_a_long_body_arrives_whole_and_a_long_answer_too(client, server):
    body = bytes(range(256)) * 40_000
    assert await client.get("/", body) == b"1"
    assert server.bodies == [body]
    assert await client.get("/large") == b"x" * 4_000_000
    assert server.connections == 1


async def test_a_body_that_is_made_while_it_is_sent_arrives_whole(client, server):
    async def parts():
        for _ in range(64):
            yield b"y" * 100_000

    assert await client.get("/", parts(), **{"Content-Length": "6400000"}) == b"1"
    assert server.bodies == [b"y" * 6_400_000]


async def test_a_connection_that_the_server_closed_is_not_taken(client, server):
    assert await client.get("/close") == b"1"
    await until(lambda: not server.open)
    assert await client.get("/") == b"2"
    server_side = client.idle[0]
    server_side._socket.get_extra_info("socket").shutdown(2)  # as when the network goes
    await until(lambda: server_side.is_lost)
    assert await client.get("/") == b"3"


async def test_an_idle_connection_is_probed_so_that_no_router_forgets_it(client):
    await client.get("/")
    wire = client.idle[0]._socket.get_extra_info("socket")
    assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    if hasattr(socket, "TCP_KEEPIDLE"):
        assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < 60


async def test_an_idle_connection_that_is_too_old_is_not_taken(server):
    client = Client(server.port, keepalive=0.05)
    await client.get("/")
    await anyio.sleep(0.2)
    assert await client.get("/") == b"2"
    await until(lambda: server.open == {2})
    client.connections.close()


@pytest.mark.parametrize(
    ("path", "phase", "timed_out"),
    [
        ("/drop", "waiting", False),
        ("/silent", "waiting", True),
        ("/no-http", "waiting", False),
        ("/cut", "reading", False),
    ],
)
async def test_what_breaks_says_how_far_it_had_come(client, path, phase, timed_out):
    await client.get("/")
    with pytest.raises(Broken) as error:
        await client.get(path)
    assert (error.value.phase, error.value.timed_out) == (phase, timed_out)
    assert client.idle == []
    assert await client.get("/") == b"2"


async def test_nobody_there_was_never_sent(server):
    exchange = Client(9).ask("/")
    with pytest.raises(Broken) as error:
        await exchange.open()
    assert (error.value.phase, error.value.reason) == ("connecting", "Connection refused")


async def test_a_server_that_takes_nothing_more_is_broken_while_sending(client):
    with pytest.raises(Broken) as error:
        await client.get("/still", b"z" * 20_000_000)
    assert (error.value.phase, error.value.timed_out) == ("sending", True)


async def test_an_answer_that_comes_before_all_is_sent_is_taken(client, server):
    assert await client.get("/deaf", b"z" * 20_000_000) == b"1"
    assert client.idle == []


async def test_no_more_bytes_in_time_is_told(client, server):
    exchange = client.ask("/cut")
    await exchange.open()
    assert await exchange.read(10.0) == b"1"
    with pytest.raises(Broken):
        await exchange.read(10.0)
    assert not exchange.is_open


async def test_an_answer_that_is_not_read_to_its_end_costs_its_connection_only(client, server):
    exchange = client.ask("/large")
    await exchange.open()
    assert exchange.is_open
    await exchange.close()
    assert client.idle == []
    await until(lambda: not server.open)
    assert await client.get("/") == b"2"


async def test_cancelling_midway_never_leaks_a_connection(client, server):
    for _ in range(5):
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(client.get, "/silent")
            asked = server.asked
            await until(lambda asked=asked: server.asked > asked)
            group.cancel_scope.cancel()
        assert client.idle == []
    server.go.set()
    await until(lambda: not server.open)
    assert await client.get("/")
    assert len(client.idle) == len(server.open) == 1


async def test_bytes_that_nobody_asked_for_close_an_idle_connection(server, client):
    await client.get("/")
    idle = client.idle[0]
    idle.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
    assert idle.is_lost
    assert await client.get("/") == b"2"


async def test_closing_closes_what_is_idle_and_later_what_is_in_use(client, server):
    await client.get("/")
    async with anyio.create_task_group() as group:
        group.start_soon(client.get, "/wait")
        await until(lambda: server.asked == 2)
        client.connections.close()
        server.go.set()
    assert client.idle == []


async def test_a_connection_of_another_loop_is_not_taken(client):
    await client.get("/")
    other = asyncio.new_event_loop()
    client.idle[0].loop = other
    other.close()
    assert await client.get("/") == b"2"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00"])
def test_a_header_cannot_smuggle_another(value):
    with pytest.raises(ValueError, match="cannot be sent"):
        head_of("GET", "http://x/", "x", {"A": value}, {}, None)


@pytest.mark.parametrize("name", ["A: b\r\nC", "", "a b"])
def test_a_name_of_a_header_is_one_word(name):
    with pytest.raises(ValueError, match="cannot be sent"):
        head_of("GET", "http://x/", "x", {name: "a"}, {}, None)


def test_a_request_line_holds_no_space_and_no_line_end():
    head = head_of("GET", "http://x/a b\r\n?c=d e", "x", {}, {"f": "g h", "t": True}, None)
    assert head.split("\r\n")[0] == "GET /a%20b?c=d%20e&f=g+h&t=true HTTP/1.1"
