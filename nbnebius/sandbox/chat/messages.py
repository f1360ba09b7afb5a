"""Messages of a chat: checked, and brought to one shape."""

from collections.abc import Mapping
from dataclasses import dataclass

from nbnebius.sandbox.wire.failures import Problem
from nbnebius.sandbox.wire.fields import (
    Field,
    Location,
    check_fields,
    check_value,
    missing,
    not_one_of,
    problem,
)

ROLES = ("system", "user", "assistant", "tool")
_PARTS = ("text", "image_url", "video_url")
_FIELDS = {
    "role": Field("string", required=True, choices=ROLES),
    "name": Field("string"),
    "tool_calls": Field("array"),
    "tool_call_id": Field("string"),
    "reasoning": Field("string"),
    "reasoning_content": Field("string"),
}


@dataclass(frozen=True, slots=True)
class Message:
    """One message: who says it, its text, the addresses of its pictures, its tool calls."""

    role: str
    text: str = ""
    pictures: tuple[str, ...] = ()
    tool_calls: tuple[Mapping[str, object], ...] = ()
    tool_call_id: str | None = None


def read_messages(value: object, loc: Location) -> tuple[list[Message], list[Problem]]:
    """Read a list of messages, or tell what is wrong in it."""
    items, problems = check_value(value, Field("array", shortest=1), loc)
    if problems or not isinstance(items, list):
        return [], problems
    messages = []
    for index, item in enumerate(items):
        message, found = _read_message(item, (*loc, index))
        problems.extend(found)
        if message is not None:
            messages.append(message)
    return messages, problems


def _read_message(value: object, loc: Location) -> tuple[Message | None, list[Problem]]:
    if not isinstance(value, dict):
        msg = "Input should be a valid dictionary"
        return None, [problem("dict_type", loc, msg, value)]
    clean, problems = check_fields(value, _FIELDS, loc)
    role = str(clean.get("role"))
    calls = clean.get("tool_calls") or []
    text = ""
    pictures: list[str] = []
    if value.get("content") is None and role == "assistant":
        pass  # an assistant may have called tools instead of talking
    elif "content" not in value:
        problems.append(missing((*loc, "content"), value))
    else:
        text, pictures, found = _read_content(value["content"], (*loc, "content"))
        problems.extend(found)
    if role == "tool" and "tool_call_id" not in value:
        problems.append(missing((*loc, "tool_call_id"), value))
    if not isinstance(calls, list) or not all(isinstance(call, dict) for call in calls):
        msg = "Input should be a valid dictionary"
        problems.append(problem("dict_type", (*loc, "tool_calls"), msg, calls))
        calls = []
    identity = clean.get("tool_call_id")
    return Message(
        role, text, tuple(pictures), tuple(calls), str(identity) if identity else None
    ), problems


def _read_content(value: object, loc: Location) -> tuple[str, list[str], list[Problem]]:
    if isinstance(value, str):
        return value, [], []
    if not isinstance(value, list):
        return "", [], [problem("string_type", loc, "Input should be a valid string", value)]
    texts: list[str] = []
    pictures: list[str] = []
    problems: list[Problem] = []
    for index, part in enumerate(value):
        problems.extend(_read_part(part, (*loc, index), texts, pictures))
    return "\n".join(texts), pictures, problems


def _read_part(part: object, loc: Location, texts: list[str], pictures: list[str]) -> list[Problem]:
    """Read one content part into the lists; tell what is wrong in it."""
    if not isinstance(part, dict):
        return [problem("dict_type", loc, "Input should be a valid dictionary", part)]
    kind = part.get("type")
    if kind not in _PARTS:
        return [not_one_of((*loc, "type"), kind, _PARTS)]
    if kind not in part:
        return [missing((*loc, kind), part)]
    if kind == "text":
        text, problems = check_value(part["text"], Field("string"), (*loc, "text"))
        texts.append(str(text))
        return problems
    address = part[kind]
    if not isinstance(address, dict):
        return [problem("dict_type", (*loc, kind), "Input should be a valid dictionary", address)]
    clean, problems = check_fields(address, {"url": Field("string", required=True)}, (*loc, kind))
    pictures.append(str(clean.get("url")))
    return problems
