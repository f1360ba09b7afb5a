"""Answers in a given shape as a frame: one row each, in columns of the schema's types."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

TIMES = "datetime64[us, UTC]"
HOPS = 20
DEPTH = 4
_DTYPES = {"integer": "Int64", "number": "float64", "boolean": "boolean", "string": "string"}


def column_specs(schema: Mapping[str, Any] | None) -> list[tuple[str, str]]:
    """
    Tell the columns of `record_frame`: names, in the schema's order, and dtypes.

    The dtype is ``category`` where the schema names the choices; ``float64``, ``Int64``,
    ``boolean``, ``string``, ``datetime64[us, UTC]`` (date and date-time); ``object`` for lists,
    objects, and whatever may be of more than one type.
    """
    if schema is None:
        return []
    properties = _resolved(schema, schema).get("properties")
    if not isinstance(properties, dict):
        return []
    return [(name, _dtype(_bare(part, schema))) for name, part in properties.items()]


def record_frame(
    rows: Sequence[Mapping[str, Any] | None],
    schema: Mapping[str, Any] | None = None,
    index: Any = None,
) -> pd.DataFrame:
    """
    Give records as a frame.

    Parameters
    ----------
    rows
        Checked data, a mapping each; None where there is no answer.
    schema
        The schema of one row, an object's. None: columns are found in the rows.
    index
        The rows' index, 0 … n-1 if left out.

    Returns
    -------
    DataFrame
        A column for each property, in the schema's order and also where there is no row: choices
        as an ordered category with all choices as they are written, numbers float64, integers
        Int64 (object, should one be too long for it), booleans boolean, texts string, dates and
        times ``datetime64[us, UTC]`` (a time without a zone is taken as UTC), lists and objects
        as they are. What is not there is missing. Properties that the schema does not name, and
        allows, come after, as their values are.
    """
    import pandas as pd

    specs = dict(column_specs(schema))
    found: dict[str, Any] = {}
    for name, dtype in specs.items():
        values = _values(rows, name)
        choices = _choices(schema, name) if dtype == "category" else None
        found[name] = _column(values, dtype, choices)
    if schema is None or _resolved(schema, schema).get("additionalProperties") is not False:
        for row in rows:
            for name in row or ():
                if name not in found:
                    values = _values(rows, name)
                    found[name] = _column(values, _dtype_of(values), None)
    frame = pd.DataFrame(found, index=range(len(rows)), columns=list(found))
    frame.index = pd.RangeIndex(len(rows)) if index is None else index
    return frame


def _values(rows: Sequence[Mapping[str, Any] | None], name: str) -> list[Any]:
    return [None if row is None else row.get(name) for row in rows]


def _column(values: list[Any], dtype: str, choices: list[Any] | None) -> pd.Series[Any]:
    import pandas as pd

    if choices is not None:
        known = {_key(choice): choice for choice in choices}
        kept = [known.get(_key(value)) for value in values]
        return pd.Series(pd.Categorical(kept, categories=choices, ordered=True))
    made = [_CASTS[dtype](value) for value in values] if dtype in _CASTS else values
    if dtype == "Int64" and any(
        value is not None and not -(2**63) <= value < 2**63 for value in made
    ):
        dtype = "object"
    column: pd.Series[Any] = pd.Series(made, dtype=dtype)
    return column


def _key(value: Any) -> Any:
    """Give a value's identity in JSON, where 1 is 1.0 and is not true."""
    return (isinstance(value, bool), value) if isinstance(value, str | int | float) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value


def _float(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def _boolean(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _string(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    # Half a character cannot be written to a file.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def _time(value: Any) -> datetime | None:
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value.strip().upper())
        elif isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time())
        if not isinstance(value, datetime):
            return None
        zoned = value if value.tzinfo else value.replace(tzinfo=UTC)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


_CASTS: dict[str, Any] = {
    "Int64": _integer,
    "float64": _float,
    "boolean": _boolean,
    "string": _string,
    TIMES: _time,
}


def _dtype_of(values: list[Any]) -> str:
    """Tell the dtype that values are of, where no schema says it."""
    types = {type(value) for value in values if value is not None}
    for dtype, kinds in (
        ("boolean", {bool}),
        ("Int64", {int}),
        ("float64", {int, float}),
        ("string", {str}),
    ):
        if types and types <= kinds:
            return dtype
    return "object"


def _resolved(node: Mapping[str, Any], root: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow ``$ref`` until there is none; what stands beside it stays."""
    for _ in range(HOPS):
        reference = node.get("$ref")
        if not isinstance(reference, str) or not reference.startswith("#"):
            return node
        found: Any = root
        for step in reference[1:].split("/")[1:]:
            key = step.replace("~1", "/").replace("~0", "~")
            found = found.get(key) if isinstance(found, dict) else None
        if not isinstance(found, Mapping):
            return node
        node = {**found, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def _bare(part: Any, root: Mapping[str, Any], depth: int = 0) -> Mapping[str, Any]:
    """Give a property's schema without references, and without the null it may allow."""
    node = part if isinstance(part, Mapping) and depth < DEPTH else {}
    for _ in range(HOPS):
        node = _resolved(node, root)
        rest = {key: value for key, value in node.items() if key not in {"anyOf", "oneOf", "allOf"}}
        forms = [
            form
            for word in ("anyOf", "oneOf", "allOf")
            for form in node.get(word) or ()
            if isinstance(form, Mapping) and form.get("type") != "null"
        ]
        if not forms:
            return node
        if len(forms) > 1:
            return _common([_bare(form, root, depth + 1) for form in forms])
        node = {**rest, **forms[0]}
    return node


def _common(forms: list[Mapping[str, Any]]) -> Mapping[str, Any]:
    """Give a schema of the one dtype that several forms share, else of any object."""
    dtypes = {_dtype(form) for form in forms}
    if dtypes <= {"Int64", "float64"}:
        return {"type": "integer" if dtypes == {"Int64"} else "number"}
    same = len(dtypes) == 1 and dtypes != {"category"}
    return forms[0] if same else {"type": "object"}


def _dtype(node: Mapping[str, Any]) -> str:
    choices = _named(node)
    if choices:
        return _dtype_of_choices(choices)
    types = node.get("type")
    names = {types} if isinstance(types, str) else set(types or ()) - {"null"}
    if names == {"integer", "number"}:
        return "float64"
    if len(names) != 1:
        return "object"
    name = names.pop()
    if name == "string" and node.get("format") in {"date", "date-time"}:
        return TIMES
    return _DTYPES.get(name, "object")


def _dtype_of_choices(choices: list[Any]) -> str:
    if all(isinstance(choice, bool) for choice in choices):
        return "boolean"
    plain = all(isinstance(choice, str | int | float) for choice in choices)
    # True and 1 would be one category.
    return "category" if plain and len(set(choices)) == len(choices) else "object"


def _named(node: Mapping[str, Any]) -> list[Any]:
    choices = node.get("enum", [node["const"]] if "const" in node else [])
    found = [choice for choice in choices if choice is not None]
    return list(dict.fromkeys(found)) if all(isinstance(one, str) for one in found) else found


def _choices(schema: Mapping[str, Any] | None, name: str) -> list[Any]:
    assert schema is not None
    return _named(_bare(_resolved(schema, schema)["properties"][name], schema))
