"""``POST /v1/files``: a form of any size, written to disk as it arrives."""

from typing import TYPE_CHECKING, BinaryIO

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from nbnebius.sandbox.keeping.shelf import Shelf
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer
from nbnebius.sandbox.wire.failures import Problem, invalid, refused
from nbnebius.sandbox.wire.fields import missing, not_one_of, problem
from nbnebius.sandbox.wire.multipart import MultipartError, MultipartReader, Part, boundary_of

if TYPE_CHECKING:
    from pathlib import Path

PURPOSES = ("batch", "fine-tune")
_WRITE_AT_ONCE = 1024 * 1024
_LONGEST_VALUE = 64 * 1024
_LONGEST_NAME = 1024
_GONE = 499
_NO_ROOM = 507


async def create(request: Request) -> Response:
    """Keep an uploaded file."""
    sandbox = sandbox_of(request)
    upload = Upload(sandbox.shelf, sandbox.settings.file_bytes)
    try:
        await _read(request, upload)
        file = await upload.keep()
    except ClientDisconnect:
        entry_of(request).cancelled = True
        return Response(status_code=_GONE)
    except MultipartError as error:
        raise refused(400, f"There was an error parsing the body: {error}") from None
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise refused(_NO_ROOM, f"The file could not be written: {reason}.") from None
    finally:
        upload.close()
    return json_answer(file)


async def _read(request: Request, upload: "Upload") -> None:
    content_type = request.headers.get("content-type", "")
    if not content_type.lower().startswith("multipart/form-data"):
        await request.body()
        return
    reader = MultipartReader(boundary_of(content_type))
    async for piece in request.stream():
        for event in reader.feed(piece):
            if isinstance(event, Part):
                upload.begin(event)
            else:
                upload.add(event)
        if upload.waiting >= _WRITE_AT_ONCE:
            await run_in_threadpool(upload.write)
    if not reader.complete:
        raise MultipartError("The form has no end.")


class Upload:
    """
    A form while it arrives: the purpose in memory, the file on disk.

    A form that cannot be accepted is read to its end all the same, without being written, since
    many clients look for an answer only when everything is sent.

    Parameters
    ----------
    shelf
        Where the file goes.
    cap
        How many bytes it may have.
    """

    def __init__(self, shelf: Shelf, cap: int) -> None:
        self._shelf = shelf
        self._left = self._cap = cap
        self._fields: dict[str, bytearray] = {}
        self._open: Part | None = None
        self._buffer = bytearray()
        self._path: Path | None = None
        self._file: BinaryIO | None = None
        self._filename: str | None = None

    @property
    def waiting(self) -> int:
        """Count the bytes that are not yet written."""
        return len(self._buffer)

    def begin(self, part: Part) -> None:
        """Begin with a part."""
        self._open = part
        if part.name == "file" and part.filename is not None and self._filename is None:
            self._filename = part.filename[:_LONGEST_NAME]
        elif part.name in {"file", "purpose"} and part.name not in self._fields:
            self._fields[part.name] = bytearray()
        else:
            self._open = None  # nobody reads this one

    def add(self, content: bytes) -> None:
        """Take the next bytes of the part."""
        if self._open is None:
            return
        if self._open.filename is None or self._open.name != "file":
            value = self._fields[self._open.name]
            value += content[: _LONGEST_VALUE - len(value)]
            return
        self._left -= len(content)
        if self._left < 0:
            raise refused(413, f"The file is larger than {self._cap} bytes.")
        if not self._bad_purpose():
            self._buffer += content

    def write(self) -> None:
        """Write what is waiting."""
        if self._file is None:
            self._path, self._file = self._shelf.incoming()
        view = memoryview(self._buffer)
        try:
            while view:
                view = view[self._file.write(view) :]
        finally:
            view.release()
        self._buffer = bytearray()

    async def keep(self) -> dict[str, object]:
        """
        Put the file on the shelf.

        Raises
        ------
        ApiError
            422 with everything that is wrong in the form.
        """
        if problems := self._problems():
            raise invalid(problems)
        await run_in_threadpool(self.write)
        assert self._path is not None
        assert self._filename is not None
        return self._shelf.add(self._path, self._filename, self._purpose() or "").row()

    def close(self) -> None:
        """Close the file; take it away if it was not kept."""
        if self._file is not None:
            self._file.close()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _purpose(self) -> str | None:
        value = self._fields.get("purpose")
        return None if value is None else value.decode("utf-8", "replace")

    def _bad_purpose(self) -> bool:
        # While the purpose itself arrives no file does, so it is whole here.
        return self._purpose() not in {None, *PURPOSES}

    def _problems(self) -> list[Problem]:
        problems = []
        if self._filename is None and "file" in self._fields:
            msg = "Value error, Expected UploadFile, received: <class 'str'>"
            problems.append(problem("value_error", ("body", "file"), msg, ""))
        elif self._filename is None:
            problems.append(missing(("body", "file"), None))
        if (purpose := self._purpose()) is None:
            problems.append(missing(("body", "purpose"), None))
        elif self._bad_purpose():
            problems.append(not_one_of(("body", "purpose"), purpose, PURPOSES))
        return problems
