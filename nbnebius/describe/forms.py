"""How much of a frame or a column is sent, where the user says so: head, schema or full."""

from __future__ import annotations

import re
from typing import Any, Final

from nbnebius.describe.registry import describe
from nbnebius.errors import OptionError

__all__ = ["describe_as", "takes_form"]

_FORM: Final = re.compile(r"(schema|full|(?:head|tail)(?:\s+(\d{1,7}))?)\Z")
_ROWS: Final = 20
_MOST_CHARACTERS: Final = 400_000  # about 100,000 tokens: as much as most models read
_MOST_CELLS: Final = 400_000
_HINT: Final = "a frame takes :head 20, :tail 20, :schema or :full"


def takes_form(value: Any) -> bool:
    """Tell whether a value is a frame or a column, of pandas, polars or Dask."""
    library = type(value).__module__.partition(".")[0]
    return library in {"pandas", "polars", "dask"} and hasattr(value, "head")


def describe_as(value: Any, form: str, name: str) -> str:
    """
    Write a frame or a column in the form that the user names.

    Parameters
    ----------
    value
        What `takes_form` says yes to.
    form
        ``schema``: the columns and their types alone; ``head 20`` and ``tail 20``: these and so
        many rows; ``full``: all rows, as CSV.
    name
        What the user calls it, for errors.

    Raises
    ------
    OptionError
        There is no such form, or it would be more than about 100,000 tokens.
    """
    found = _FORM.match(form.strip())
    if found is None:
        raise OptionError(f"{{{{{name}:{form[:40]}}}}} is no form of a frame", hint=_HINT)
    word = found[1].split()[0]
    count = int(found[2] or _ROWS)
    schema = _schema(value)
    if word == "schema":
        return _short_enough(schema, name)
    if word == "full":
        rows, told = _all(value, name), "all rows"
    else:
        rows = value.head(count) if word == "head" else value.tail(count)
        told = f"{'first' if word == 'head' else 'last'} {len(rows):,} rows"
    _few_enough(rows, name)
    return _short_enough(f"{schema}\n\n{told}, as CSV:\n{_csv(rows)}", name)


def _all(value: Any, name: str) -> Any:
    """Give all rows; those of a Dask frame would have to be computed."""
    if hasattr(value, "compute"):
        raise OptionError(
            f"{name} is a Dask frame, and is not computed for a prompt",
            hint=f"send {{{{{name}:head 20}}}} or {{{{{name}:schema}}}}",
        )
    return value


def _schema(value: Any) -> str:
    """Write the first lines of the usual description: the size, the columns and their types."""
    # A description ends its columns with an empty line, and puts the rows below it.
    if hasattr(value, "columns"):
        return describe(value, budget=_MOST_CHARACTERS).partition("\n\n")[0]
    head = describe(value, budget=_MOST_CHARACTERS).splitlines()
    return "\n".join(line for line in head if not line.startswith("- "))


def _few_enough(rows: Any, name: str) -> None:
    """Refuse what is too large before it is written out."""
    width = len(rows.columns) if hasattr(rows, "columns") else 1
    if len(rows) * width > _MOST_CELLS:
        raise OptionError(
            f"{name} has {len(rows):,} rows of {width:,} columns",
            why=f"more than {_MOST_CELLS:,} values are not sent",
            hint=f"send a part, as {{{{{name}:head 100}}}}; %%map asks about every row",
        )


def _csv(rows: Any) -> str:
    if hasattr(rows, "write_csv"):  # polars
        return str(rows.write_csv()).rstrip("\n")
    if hasattr(rows, "to_frame") and not hasattr(rows, "columns"):
        rows = rows.to_frame()
    if hasattr(rows, "write_csv"):
        return str(rows.write_csv()).rstrip("\n")
    # An index that only counts the rows tells nothing.
    counts = type(rows.index).__name__ == "RangeIndex"
    return str(rows.to_csv(index=not counts)).rstrip("\n")


def _short_enough(text: str, name: str) -> str:
    if len(text) > _MOST_CHARACTERS:
        raise OptionError(
            f"{name} would be about {len(text) // 4:,} tokens",
            why=f"more than {_MOST_CHARACTERS // 4:,} are not sent",
            hint=f"send a part, as {{{{{name}:head 20}}}} or {{{{{name}[['a column']]}}}}",
        )
    return text
