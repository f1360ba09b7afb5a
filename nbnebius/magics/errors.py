"""Which error of the notebook is meant by the last one."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Errors:
    """
    The last error of a notebook, as ``%explain`` and ``%fix`` mean it.

    Where one of these two fails itself, as for want of a key, the error that it was asked about
    stays the last one: running it again asks about the same.
    """

    def __init__(self) -> None:
        self._own: BaseException | None = None
        self._about: BaseException | None = None

    def last(self) -> BaseException | None:
        """Give it; None where nothing failed."""
        from nbnebius.session.explaining import last_error

        found = last_error()
        return self._about if found is not None and found is self._own else found

    @contextmanager
    def kept(self) -> Iterator[None]:
        """Let an error inside of this not count as the last one."""
        about = self.last()
        try:
            yield
        except BaseException as error:
            self._own, self._about = error, about
            raise
