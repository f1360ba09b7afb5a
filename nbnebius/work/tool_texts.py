"""Tool calls and their results as text: for the model, and for the user who approves."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_ERROR: Final = 2_000
LONGEST_QUESTION: Final = 4_000


def call_text(name: str, arguments: Mapping[str, Any]) -> str:
    r"""
    Write a call on one line, for somebody who decides about it.

    Control characters and marks that turn the direction of writing become a visible sign.

    Examples
    --------
    >>> call_text("send", {"to": "a\nb", "n": 2})
    'send(to="a\\nb", n=2)'
    """
    inside = ", ".join(
        f"{key}={json.dumps(value, ensure_ascii=False, default=repr)}"
        for key, value in arguments.items()
    )
    return cut(_visible(f"{name}({inside})"), LONGEST_QUESTION)


def _visible(text: str) -> str:
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in text)


def cut(text: str, longest: int) -> str:
    """Cut a text, and state what was cut off."""
    if len(text) <= longest:
        return text
    return f"{text[:longest]}… ({len(text) - longest:,} of {len(text):,} characters cut off)"


def error_text(error: BaseException) -> str:
    """Tell a model what was raised: the kind and the message, never the traceback."""
    kind = type(error).__name__
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 - the message is code of the user's
        message = ""
    return cut(f"Error: {kind}: {message}" if message else f"Error: {kind}", LONGEST_ERROR)


def result_text(value: Any) -> str:
    """
    Write a result for a model: text as it is, else JSON, else what ``repr`` says.

    Examples
    --------
    >>> result_text("as it is"), result_text({"a": [1, None]}), result_text(1 + 2j)
    ('as it is', '{"a":[1,null]}', '(1+2j)')
    """
    import msgspec

    if isinstance(value, str):
        return str(value)
    try:
        return msgspec.json.encode(value, enc_hook=_plain).decode()
    except Exception:  # noqa: BLE001 - anything may stand in a result
        return repr(value)


def _plain(value: Any) -> Any:
    """Give a pydantic model or a NumPy value in JSON's own types."""
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json")
    if type(value).__module__ == "numpy" and hasattr(value, "tolist"):
        return value.tolist()
    raise NotImplementedError
