"""Which part of a file a ``Range`` header asks for."""

import re

_RANGE = re.compile(r"\s*bytes\s*=\s*(\d{0,18})\s*-\s*(\d{0,18})\s*", re.ASCII)


class UnsatisfiableError(Exception):
    """The part that is asked for is not in the file."""


def read_range(header: str | None, size: int) -> tuple[int, int] | None:
    """
    Read a ``Range`` header.

    Parameters
    ----------
    header
        Its value.
    size
        The length of the file.

    Returns
    -------
    tuple or None
        The first byte and the one behind the last; None for the whole file, as for a header that
        is something else or asks for several parts.

    Raises
    ------
    UnsatisfiableError
        The part begins behind the end of the file.
    """
    found = _RANGE.fullmatch(header or "")
    if found is None or found[1] == found[2] == "":
        return None
    if found[1] == "":
        start, end = max(0, size - int(found[2])), size
    else:
        start = int(found[1])
        end = min(size, int(found[2]) + 1) if found[2] else size
        if found[2] and int(found[2]) < start:
            return None
    if start >= size:
        raise UnsatisfiableError
    return start, end
