"""A text file that a flag names."""

from __future__ import annotations

from pathlib import Path

from nbnebius.errors import OptionError

LARGEST = 4_000_000  # bytes; more than any model reads


def read_file(name: str) -> str:
    """
    Read a text file whole.

    Raises
    ------
    OptionError
        There is none, it is no regular file, too large, or not text in UTF-8.
    """
    path = Path(name).expanduser()
    if not path.is_file():
        raise OptionError(
            f"There is no file {name}", hint=f"the notebook's folder is {Path.cwd().name}"
        )
    if path.stat().st_size > LARGEST:
        raise OptionError(f"{name} has more than {LARGEST:,} bytes", hint="send a part of it")
    try:
        return path.read_text(encoding="utf-8").rstrip("\n")
    except UnicodeDecodeError:
        raise OptionError(
            f"{name} is not text in UTF-8", hint="a picture goes into --images"
        ) from None
    except OSError as error:
        raise OptionError(f"{name} cannot be read", why=error.strerror or "") from None
