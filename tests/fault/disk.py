"""A disk that fails when it is told to, for `tests.fault.other_sqlite.Disk`."""

from __future__ import annotations

import apsw


class Failing:
    """A disk that fails at its n-th step of a kind, for so many of them."""

    def __init__(self) -> None:
        self.well()

    def well(self) -> None:
        """Be well for good."""
        self.kind, self.code, self.after, self.times = "", 0, 0, 0

    def ail(self, kind: str, code: int, after: int, times: int) -> None:
        """Fail from some step of a kind on, with a code of SQLite's, for so many steps."""
        self.kind, self.code, self.after, self.times = kind, code, after, times

    def __call__(self, name: str, kind: str, *_: object) -> None:
        if kind != self.kind:
            return
        self.after -= 1
        if self.after < 0 and self.times > 0:
            self.times -= 1
            raise apsw.exception_for(self.code)
