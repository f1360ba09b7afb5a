"""Is this a batch? The whole file is looked through before any line is answered."""

from dataclasses import dataclass, field

from nbnebius.sandbox.batches.lines import BrokenLine, Line

_MOST_LINES = 5_000_000
_MOST_ERRORS = 100


@dataclass(slots=True)
class Inspection:
    """
    What was seen of a file so far.

    A file with some broken lines is a batch; they fail on their own. One without a single good
    line is not, nor is one that asks several models.
    """

    total: int = 0
    good: int = 0
    model: str | None = None
    broken: list[dict[str, object]] = field(default_factory=list)
    mixed: list[dict[str, object]] = field(default_factory=list)

    def see(self, line: Line | BrokenLine, number: int) -> None:
        """Look at a line."""
        self.total += 1
        if isinstance(line, BrokenLine):
            _note(self.broken, line.code, line.message, number)
            return
        self.good += 1
        self.model = self.model or line.model
        if line.model != self.model:
            message = (
                f"All lines of a batch must ask the same model: this one asks {line.model}, "
                f"the first {self.model}."
            )
            _note(self.mixed, "mismatched_model", message, number)

    def verdict(self) -> list[dict[str, object]] | None:
        """Tell why this is no batch; None when it is one."""
        if self.total == 0:
            return [_error("empty_file", "The input file has no requests.")]
        if self.total > _MOST_LINES:
            return [_error("too_many_requests", f"A batch has at most {_MOST_LINES} requests.")]
        if self.good == 0:
            return self.broken
        return self.mixed or None


def _note(errors: list[dict[str, object]], code: str, message: str, line: int) -> None:
    if len(errors) < _MOST_ERRORS:
        errors.append(_error(code, message, line))


def _error(code: str, message: str, line: int | None = None) -> dict[str, object]:
    return {"code": code, "message": message, "line": line, "param": None}


def file_error(code: str, message: str) -> list[dict[str, object]]:
    """Write that the file as a whole could not be read."""
    return [_error(code, message)]
