"""The terms of JSON schema that lead elsewhere: references, alternatives, merged parts."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

Schema = Mapping[str, Any]

_MOST_HOPS = 20
_TIGHTER = {
    "minimum": max, "exclusiveMinimum": max, "minLength": max, "minItems": max,
    "maximum": min, "exclusiveMaximum": min, "maxLength": min, "maxItems": min,
}  # fmt: skip


def resolve(schema: Schema, root: Schema) -> Schema:
    """Follow ``$ref`` until there is none; what stands beside it stays."""
    for _ in range(_MOST_HOPS):
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        schema = {**_look_up(reference, root), **beside}
    return schema


def _look_up(reference: str, root: Schema) -> Schema:
    place: Any = root
    for step in reference.removeprefix("#").strip("/").split("/"):
        if not step:
            continue
        name = unquote(step).replace("~1", "/").replace("~0", "~")
        if isinstance(place, list) and name.isdecimal() and int(name) < len(place):
            place = place[int(name)]
        elif isinstance(place, Mapping):
            place = place.get(name, {})
    return place if isinstance(place, Mapping) else {}


def flatten(schema: Schema, root: Schema, *, deep: bool) -> Schema:
    """
    Merge ``allOf`` and take one of ``anyOf`` and ``oneOf``.

    Parameters
    ----------
    schema, root
        A schema, and the whole one in which its references are looked up.
    deep
        Whether it is time to come to an end: then null is taken where it is allowed.
    """
    merged = dict(schema)
    for part in merged.pop("allOf", None) or []:
        if isinstance(part, Mapping):
            merged = _merge(merged, flatten(resolve(part, root), root, deep=deep))
    for term in ("anyOf", "oneOf"):
        options = [resolve(o, root) for o in merged.pop(term, None) or [] if isinstance(o, Mapping)]
        if options:
            nulls = [option for option in options if kind_of(option) == "null"]
            others = [option for option in options if kind_of(option) != "null"]
            chosen = nulls[0] if nulls and (deep or not others) else others[0]
            merged = _merge(merged, flatten(chosen, root, deep=deep))
            if nulls and others and not deep:
                merged["nullable"] = True
    if deep and nullable(merged):
        return {"type": "null"}
    return merged


def _merge(one: Schema, other: Schema) -> dict[str, Any]:
    merged = {**one, **other}
    for key in one.keys() & other.keys():
        if key in _TIGHTER:
            merged[key] = _TIGHTER[key](one[key], other[key])
        elif key == "properties":
            merged[key] = {**one[key], **other[key]}
        elif key == "required":
            merged[key] = [*one[key], *(name for name in other[key] if name not in one[key])]
        elif key in {"description", "title"}:
            merged[key] = one[key]
    return merged


def kind_of(schema: Schema) -> str:
    """Name the kind of a schema's values; the first that is not null, or the likeliest."""
    kind = schema.get("type")
    if isinstance(kind, list):
        others = [name for name in kind if name != "null"]
        kind = others[0] if others else "null"
    if isinstance(kind, str):
        return kind
    if "properties" in schema or "additionalProperties" in schema or "required" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema or "minItems" in schema:
        return "array"
    if {"minimum", "maximum", "multipleOf", "exclusiveMinimum", "exclusiveMaximum"} & set(schema):
        return "number"
    return "string"


def nullable(schema: Schema) -> bool:
    """Tell whether null is allowed beside another kind."""
    kind = schema.get("type")
    if isinstance(kind, list) and "null" in kind and len(kind) > 1:
        return True
    return schema.get("nullable") is True
