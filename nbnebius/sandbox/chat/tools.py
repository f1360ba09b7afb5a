"""The tools that a chat request offers, and which of them must be called."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from nbnebius.sandbox.engines.tokens import count_tokens
from nbnebius.sandbox.wire.failures import Problem
from nbnebius.sandbox.wire.fields import Field, Location, check_fields, check_value, problem

_FUNCTION = {
    "name": Field("string", required=True),
    "description": Field("string"),
    "parameters": Field("object"),
}


@dataclass(frozen=True, slots=True)
class Tool:
    """One function on offer."""

    name: str
    description: str
    parameters: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Offer:
    """The functions on offer; ``must`` is the name of the one that has to be called."""

    tools: tuple[Tool, ...] = ()
    choice: Literal["none", "auto", "required"] = "none"
    must: str | None = None
    parallel: bool = True

    @property
    def tokens(self) -> int:
        """Count what the descriptions add to the prompt."""
        return sum(
            count_tokens(tool.name + tool.description + json.dumps(tool.parameters))
            for tool in self.tools
        )


def read_tools(body: Mapping[str, object]) -> tuple[Offer, list[Problem]]:
    """Read ``tools``, ``tool_choice`` and ``parallel_tool_calls``."""
    loc: Location = ("body", "tools")
    listed = body.get("tools")
    if listed is None:
        return Offer(), []
    items, problems = check_value(listed, Field("array"), loc)
    if problems or not isinstance(items, list):
        return Offer(), problems
    tools = []
    for index, item in enumerate(items):
        tool, found = _read_tool(item, (*loc, index))
        problems.extend(found)
        if tool is not None:
            tools.append(tool)
    choice, must, found = _read_choice(body.get("tool_choice"), tools)
    problems.extend(found)
    parallel = body.get("parallel_tool_calls") is not False
    return Offer(tuple(tools), choice if tools else "none", must, parallel), problems


def _read_tool(value: object, loc: Location) -> tuple[Tool | None, list[Problem]]:
    outer = {
        "type": Field("string", choices=("function",)),
        "function": Field("object", required=True),
    }
    if not isinstance(value, dict):
        return None, [problem("dict_type", loc, "Input should be a valid dictionary", value)]
    _, problems = check_fields(value, outer, loc)
    function = value.get("function")
    if problems or not isinstance(function, dict):
        return None, problems
    clean, problems = check_fields(function, _FUNCTION, (*loc, "function"))
    parameters = clean.get("parameters")
    tool = Tool(
        str(clean.get("name")),
        str(clean.get("description") or ""),
        parameters if isinstance(parameters, dict) else {"type": "object", "properties": {}},
    )
    return tool, problems


def _read_choice(
    value: object, tools: list[Tool]
) -> tuple[Literal["none", "auto", "required"], str | None, list[Problem]]:
    loc: Location = ("body", "tool_choice")
    if value is None or value == "auto":
        return "auto", None, []
    if value == "none":
        return "none", None, []
    if value == "required":
        return "required", None, []
    function = value.get("function") if isinstance(value, dict) else None
    name = function.get("name") if isinstance(function, dict) else None
    if any(tool.name == name for tool in tools):
        return "required", str(name), []
    if name is None:
        msg = "Input should be 'none', 'auto', 'required' or a named function"
        return "none", None, [problem("literal_error", loc, msg, value)]
    msg = "Value error, Tool choice does not match any of the specified tools"
    return "none", None, [problem("value_error", loc, msg, value)]
