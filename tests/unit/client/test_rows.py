"""Pages: of servers that honour a cursor, ignore it, or go on for ever."""

import pytest

from nbnebius.client.rows import all_pages, part, read_page, read_row
from nbnebius.errors import BadRequestError, OptionError, ResponseError
from nbnebius.transport.faults import About
from nbnebius.types.files import File

pytestmark = pytest.mark.anyio

IDS = [f"file-{at}" for at in range(250)]
ABOUT = About("the server")


def page(rows, **more):
    import msgspec

    body = msgspec.json.encode({"data": [{"id": one} for one in rows], **more})
    return read_page(body, File, "files", ABOUT)


class Server:
    """Gives pages of IDS, as told."""

    def __init__(self, *, cursor=True, tells=True, most=100, count=250, refuses=False):
        self.asked = []
        self.cursor, self.tells, self.most, self.refuses = cursor, tells, most, refuses
        self.ids = IDS[:count]

    async def __call__(self, after, limit):
        self.asked.append((after, limit))
        if after and self.refuses:
            raise BadRequestError("no", status=400)
        begin = self.ids.index(after) + 1 if after and self.cursor else 0
        rows = self.ids[begin : begin + min(limit, self.most)]
        more = {"has_more": begin + len(rows) < len(self.ids)} if self.tells else {}
        return page(rows, **more)


async def listed(server, **more):
    return [row.id for row in await all_pages(server, lambda row: row.id, **more)]


@pytest.mark.parametrize("tells", [True, False])
@pytest.mark.parametrize("most", [7, 100])
async def test_all_pages(tells, most):
    assert await listed(Server(tells=tells, most=most)) == IDS


async def test_a_server_that_ignores_the_cursor_ends():
    for tells in (True, False):
        server = Server(cursor=False, tells=tells)
        assert await listed(server) == IDS[:100]
        assert len(server.asked) == 2


async def test_a_server_that_knows_no_cursor_ends():
    assert await listed(Server(tells=False, refuses=True)) == IDS[:100]
    with pytest.raises(BadRequestError):
        await listed(Server(tells=True, refuses=True))


async def test_nothing():
    assert await listed(Server(count=0, tells=False)) == []


@pytest.mark.parametrize("limit", [0, 1, 100, 150, 1000])
async def test_a_limit(limit):
    server = Server()
    assert await listed(server, limit=limit) == IDS[:limit]
    assert all(asked <= 100 for _, asked in server.asked)


async def test_it_begins_after():
    assert await listed(Server(), after=IDS[99]) == IDS[100:]


def test_a_page_in_every_shape():
    for body in (b'[{"id":"a"}]', b'{"data":[{"id":"a"}]}', b'{"items":[{"id":"a"},{},7]}'):
        found = read_page(body, File, "files", ABOUT)
        assert [row.id for row in found.rows] == ["a"]
        assert (found.last_id, found.has_more) == (None, None)
    assert read_page(b'{"object":"list","data":null}', File, "files", ABOUT).rows == []


@pytest.mark.parametrize("body", [b"", b"<html>", b"7", b"{}", b'{"data":"x"}', b'{"error":"no"}'])
def test_no_page(body):
    with pytest.raises(ResponseError):
        read_page(body, File, "files", ABOUT)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"id":""}', b'{"id":null}', b'"x"'])
def test_no_row(body):
    with pytest.raises(ResponseError, match="no file"):
        read_row(body, File, "file", ABOUT)


def test_a_row_keeps_what_it_does_not_know():
    row = read_row(b'{"id":"a","bytes":"7","new":[1]}', File, "file", ABOUT)
    assert (row.bytes, row.raw["new"]) == (7, [1])


def test_parts_of_paths():
    assert part("file 1/ü?#", "id") == "file%201%2F%C3%BC%3F%23"
    assert part("a/b-LoRA:c-d", "name", safe="/:") == "a/b-LoRA:c-d"
    for bad in ("", " ", "..", "a/../b", "/a", "a//b", "."):
        with pytest.raises(OptionError):
            part(bad, "name", safe="/:")
