"""Prompts and inputs, which may be text, texts, token ids, or lists of token ids."""

from dataclasses import dataclass

from nbnebius.sandbox.engines.tokens import count_tokens
from nbnebius.sandbox.wire.failures import Problem
from nbnebius.sandbox.wire.fields import Location, problem


@dataclass(frozen=True, slots=True)
class Input:
    """One text and its number of tokens; token ids, whose words are not known here, as "#7"."""

    text: str
    tokens: int


def read_inputs(value: object, loc: Location) -> tuple[list[Input], list[Problem]]:
    """Read inputs in any of their four shapes, or tell what is wrong."""
    if value == []:
        msg = "List should have at least 1 item after validation, not 0"
        ctx = {"field_type": "List", "min_length": 1, "actual_length": 0}
        return [], [problem("too_short", loc, msg, value, ctx)]
    items: list[object] = value if isinstance(value, list) else [value]
    ids = _ids(items)
    if ids is not None:
        return [_of_ids(ids)], []
    inputs: list[Input] = []
    for item in items:
        ids = _ids(item) if isinstance(item, list) else None
        if isinstance(item, str):
            inputs.append(Input(item, count_tokens(item)))
        elif ids:
            inputs.append(_of_ids(ids))
        else:
            return [], [problem("string_type", loc, "Input should be a valid string", value)]
    return inputs, []


def _ids(items: list[object]) -> list[int] | None:
    ids = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
    return ids if len(ids) == len(items) and all(id_ >= 0 for id_ in ids) else None


def _of_ids(ids: list[int]) -> Input:
    return Input(" ".join(f"#{id_}" for id_ in ids), len(ids))
