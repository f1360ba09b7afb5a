"""Connections kept for the next request, over a real socket."""

import contextlib
import ssl

import anyio
import httpx2
import pytest

from nbnebius.transport.pool import Pool

pytestmark = pytest.mark.anyio


class Server:
    """
    Answers each request with its connection's number.

    ``/wait`` waits, ``/cut`` breaks off, ``/long`` never ends, ``/close`` closes.
    """

    def __init__(self):
        self.connections = 0
        self.open = set()
        self.go = anyio.Event()
        self.asked = 0

    async def serve(self, stream):
        self.connections += 1
        number = self.connections
        self.open.add(number)
        with contextlib.suppress(anyio.EndOfStream, anyio.BrokenResourceError):
            async with stream:
                await self._talk(stream, number)
        self.open.discard(number)

    async def _talk(self, stream, number):
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                data += await stream.receive()
            head, _, data = data.partition(b"\r\n\r\n")
            path = head.split()[1]
            self.asked += 1
            if path == b"/wait":
                await self.go.wait()
            body = str(number).encode()
            length = len(body) + (10 if path in {b"/cut", b"/long"} else 0)
            close = b"connection: close\r\n" if path == b"/close" else b""
            told = b"HTTP/1.1 200 OK\r\n" + close + b"content-length: %d\r\n\r\n" % length
            await stream.send(told + body)
            if path in {b"/cut", b"/close"}:
                return


@pytest.fixture
async def server():
    server = Server()
    listener = await anyio.create_tcp_listener(local_host="127.0.0.1")
    port = listener.extra(anyio.abc.SocketAttribute.local_port)
    server.url = f"http://127.0.0.1:{port}"
    async with anyio.create_task_group() as group:
        group.start_soon(listener.serve, server.serve)
        yield server
        group.cancel_scope.cancel()
    await listener.aclose()


@contextlib.asynccontextmanager
async def client_of(server, keepalive=60.0):
    pool = Pool(ssl.create_default_context(), keepalive)
    async with httpx2.AsyncClient(transport=pool, base_url=server.url) as client:
        client.pool = pool
        yield client


def idle(client):
    return [one for those in client.pool._idle.values() for one, _ in those]


async def until(condition):
    with anyio.fail_after(20):
        while not condition():  # noqa: ASYNC110 - the other end is looked at
            await anyio.sleep(0.005)


async def test_one_after_another_go_over_one_connection(server):
    async with client_of(server) as client:
        assert [(await client.get("/")).text for _ in range(5)] == ["1"] * 5


async def test_the_last_used_connection_is_the_first_taken(server):
    async with client_of(server) as client:
        async with anyio.create_task_group() as group:
            for _ in range(3):
                group.start_soon(client.get, "/wait")
            await until(lambda: server.asked == 3)
            server.go.set()
        assert server.connections == len(idle(client)) == 3
        last = idle(client)[-1]
        for _ in range(4):
            await client.get("/")
            assert idle(client)[-1] is last
        assert server.connections == 3


async def test_a_connection_that_the_server_closed_is_not_taken(server):
    async with client_of(server) as client:
        assert (await client.get("/close")).text == "1"
        await until(lambda: not server.open)
        assert (await client.get("/")).text == "2"
        assert (await client.get("/")).text == "2"


async def test_an_idle_connection_that_is_too_old_is_not_taken(server):
    async with client_of(server, keepalive=0.05) as client:
        await client.get("/")
        await anyio.sleep(0.2)
        assert (await client.get("/")).text == "2"
        await until(lambda: server.open == {2})


async def test_old_ones_are_closed_when_others_come_back(server):
    async with client_of(server, keepalive=0.3) as client:
        async with anyio.create_task_group() as group:
            for _ in range(2):
                group.start_soon(client.get, "/wait")
            await until(lambda: server.asked == 2)
            server.go.set()
        for _ in range(8):  # only the newest is used
            await anyio.sleep(0.1)
            await client.get("/")
        assert len(idle(client)) == 1
        await until(lambda: len(server.open) == 1)


async def test_an_answer_that_breaks_off_is_httpx2s_error_and_its_connection_is_closed(server):
    async with client_of(server) as client:
        with pytest.raises(httpx2.RemoteProtocolError):
            await client.get("/cut")
        assert idle(client) == []
        assert (await client.get("/")).text == "2"


async def test_nobody_there_is_httpx2s_error(server):
    async with client_of(server) as client:
        with pytest.raises(httpx2.ConnectError):
            await client.get("http://127.0.0.1:9/")
        assert idle(client) == []


async def test_an_answer_that_is_not_read_to_its_end_costs_its_connection_only(server):
    async with client_of(server) as client:
        async with client.stream("GET", "/long"):
            pass
        assert idle(client) == []
        await until(lambda: not server.open)
        assert (await client.get("/")).text == "2"


async def test_cancelling_midway_never_leaks_a_connection(server):
    async with client_of(server) as client:
        for _ in range(5):
            async with anyio.create_task_group() as group:
                for _ in range(8):
                    group.start_soon(client.get, "/wait")
                asked = server.asked
                await until(lambda asked=asked: server.asked > asked)
                group.cancel_scope.cancel()
            assert idle(client) == []
        server.go.set()  # now the server sees that nobody is there
        await until(lambda: not server.open)
        assert (await client.get("/")).status_code == 200
        assert len(idle(client)) == len(server.open) == 1


async def test_closing_closes_what_is_idle_and_later_what_is_in_use(server):
    async with client_of(server) as client:
        await client.get("/")
        async with anyio.create_task_group() as group:
            group.start_soon(client.get, "/wait")
            await until(lambda: server.asked == 2)
            await client.pool.aclose()
            server.go.set()
        assert idle(client) == []
    await until(lambda: not server.open)
