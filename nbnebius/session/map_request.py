"""What `map` is asked for, checked before the network or the journal is touched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.prepare import is_whole
from nbnebius.session.rows import as_frame, sampled
from nbnebius.settings import check
from nbnebius.work.map.template import Template, parse
from nbnebius.work.price import Price
from nbnebius.work.schema import to_schema

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbnebius.work.schema import Schema

MOST_AT_ONCE = 1024
NOT_FOR_ROWS = {
    "n": "--repeat asks for other answers to the same rows",
    "stream": "answers of rows are read when they are whole",
    "tools": "tools are for single questions",
    "messages": "the prompt is the template",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What `map` was asked for.

    Attributes
    ----------
    rows
        The rows that are asked about.
    frame
        The same without what the answers replace: the answers stand beside these columns.
    columns
        The answers' columns.
    ours
        These, and those of earlier runs that are still there.
    """

    rows: pd.DataFrame
    frame: pd.DataFrame
    template: Template
    schema: Schema | None
    name: str
    columns: list[str]
    ours: list[str]
    allow_failed: float


def read_request(
    given: Any,
    prompt: str | Sequence[tuple[str, bool]],
    schema: Any,
    name: str,
    sample: int | None,
    allow_failed: float,
    *,
    strict: bool,
) -> Asked:
    """
    Check what was asked for, as far as it can be without the network.

    Raises
    ------
    OptionError
        What makes no sense, with what would.
    """
    from nbnebius.frames.map import OWN, answer_columns

    rows = as_frame(given)
    told = [(prompt, False)] if isinstance(prompt, str) else list(prompt)
    if not any(text.strip() for text, _ in told):
        raise OptionError("The prompt is empty", hint="write what to ask of each row")
    if not is_number(allow_failed) or not 0 <= allow_failed <= 1:
        raise OptionError(
            f"allow_failed cannot be {allow_failed!r}", why="it is a share of the rows, 0 to 1"
        )
    shape = to_schema(schema) if schema is not None else None
    if not str(name).strip():
        raise OptionError(f"name cannot be {name!r}", why="it is the answers' column")
    columns = answer_columns(shape.json if shape else None, name, shape.key if shape else None)
    if own := [each for each in columns if each in OWN]:
        raise OptionError(
            f"No answer can stand in {own[0]!r}", why="map writes there how each row stands"
        )
    template = parse(told, [str(each) for each in rows.columns], strict=strict)
    rows = sampled(rows, sample)
    # What an earlier run put there is put there anew; the answers to other questions stay.
    about = rows.attrs.get("nbnebius")
    old = about.get("columns", []) if isinstance(about, dict) else []
    replaced = {each for each in old if each in columns and each not in template.columns}
    frame = rows.drop(columns=[c for c in rows.columns if str(c) in {*OWN, *replaced}])
    if taken := [each for each in columns if each in map(str, frame.columns)]:
        raise OptionError(
            f"The frame has a column {taken[0]!r} already",
            why="an answer would stand in it",
            hint="call it otherwise in the schema"
            if shape and not shape.key
            else f"--name takes another, as {name}_2",
        )
    ours = [each for each in old if each in map(str, frame.columns)] + columns
    return Asked(rows, frame, template, shape, name, columns, ours, float(allow_failed))


def check_numbers(
    budget: float | None, concurrency: int | None, repeat: int, parameters: Mapping[str, Any]
) -> None:
    """Refuse numbers, and fields of the request, that a job cannot take."""
    if budget is not None and (not is_number(budget) or not budget > 0):
        raise OptionError(f"budget cannot be {budget!r}", why="it is USD, above 0")
    if concurrency is not None and (
        not is_whole(concurrency) or not 1 <= concurrency <= MOST_AT_ONCE
    ):
        raise OptionError(f"concurrency cannot be {concurrency!r}", why=f"1 to {MOST_AT_ONCE}")
    if not is_whole(repeat) or repeat < 0:
        raise OptionError(f"repeat cannot be {repeat!r}", why="0 is the first answer, 1 another")
    for name, why in NOT_FOR_ROWS.items():
        if parameters.get(name) is not None:
            raise OptionError(f"map takes no {name}", why=why)


def read_price(told: str | tuple[float, float] | None) -> Price | None:
    """Read a price that the user gave, None where none was given."""
    if told is None:
        return None
    reading, writing = map(float, check("price", told).split(","))
    return Price(reading, writing)


def is_number(value: Any) -> bool:
    """Tell whether a value is a number, and no boolean."""
    return isinstance(value, int | float) and not isinstance(value, bool)
