"""The form that an answer must take: free text, JSON, one of some choices, or a pattern."""

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nbnebius.sandbox.wire.failures import Problem
from nbnebius.sandbox.wire.fields import Field, check_fields, missing, not_one_of, problem

_TYPES = ("text", "json_object", "json_schema")


@dataclass(frozen=True, slots=True)
class Form:
    """What an answer must look like."""

    kind: Literal["text", "json", "choice", "regex"] = "text"
    schema: Mapping[str, object] | None = None
    choices: tuple[str, ...] = ()
    regex: str = ""


def read_form(body: Mapping[str, object]) -> tuple[Form, list[Problem]]:
    """Read ``response_format`` and the ``guided_*`` fields, the more exact one first."""
    nested = body.get("extra_body")
    guides = {**(nested if isinstance(nested, dict) else {}), **body}
    if guides.get("guided_json") is not None:
        return _guided_json(guides["guided_json"])
    choices = guides.get("guided_choice")
    if isinstance(choices, list) and choices:
        return Form("choice", choices=tuple(str(choice) for choice in choices)), []
    if isinstance(guides.get("guided_regex"), str):
        return Form("regex", regex=str(guides["guided_regex"])), []
    return _response_format(body.get("response_format"))


def _guided_json(value: object) -> tuple[Form, list[Problem]]:
    if isinstance(value, str):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    if isinstance(value, dict):
        return Form("json", schema=value), []
    loc = ("body", "guided_json")
    return Form(), [problem("dict_type", loc, "Input should be a valid dictionary", value)]


def _response_format(value: object) -> tuple[Form, list[Problem]]:
    if value is None:
        return Form(), []
    loc = ("body", "response_format")
    if not isinstance(value, dict):
        return Form(), [problem("dict_type", loc, "Input should be a valid dictionary", value)]
    kind = value.get("type")
    if "type" not in value:
        return Form(), [missing((*loc, "type"), value)]
    if kind not in _TYPES:
        return Form(), [not_one_of((*loc, "type"), kind, _TYPES)]
    if kind != "json_schema":
        return Form("text" if kind == "text" else "json"), []
    if not isinstance(value.get("json_schema"), dict):
        return Form(), [missing((*loc, "json_schema"), value)]
    named = {"name": Field("string", required=True), "schema": Field("object")}
    clean, problems = check_fields(value["json_schema"], named, (*loc, "json_schema"))
    schema = clean.get("schema")
    return Form("json", schema=schema if isinstance(schema, dict) else None), problems
