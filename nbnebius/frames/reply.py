"""A chat's answer as one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.types.answers import ChatResult


COLUMNS = [
    "text",
    "reasoning",
    "model",
    "finish_reason",
    "prompt_tokens",
    "completion_tokens",
    "cost",
    "seconds",
    "cached",
]


def reply_frame(result: ChatResult) -> pd.DataFrame:
    """
    Give an answer as a frame of one row per choice.

    Returns
    -------
    DataFrame
        ``text`` (str), ``reasoning`` (str, missing where there is none), ``model``,
        ``finish_reason`` (str), ``prompt_tokens``, ``completion_tokens`` (Int64, of the whole
        answer), ``cost`` (float64, USD, of the whole answer), ``seconds`` (float64), ``cached``
        (boolean).
    """
    import pandas as pd

    from nbnebius.client.reasoning import split_reasoning

    choices = result.completion.choices
    parts = [split_reasoning(c.message, c.finish_reason) for c in choices] or [("", None)]
    reasons = [choice.finish_reason for choice in choices] or [None]
    usage = result.usage
    whole = {
        "model": (result.model, "string"),
        "prompt_tokens": (usage.prompt_tokens if usage else None, "Int64"),
        "completion_tokens": (usage.completion_tokens if usage else None, "Int64"),
        "cost": (result.cost, "float64"),
        "seconds": (result.seconds, "float64"),
        "cached": (result.kept_at is not None, "boolean"),
    }
    columns = {
        "text": column([text for text, _ in parts], "string"),
        "reasoning": column([reasoning for _, reasoning in parts], "string"),
        "finish_reason": column(reasons, "string"),
        **{name: column([value] * len(parts), dtype) for name, (value, dtype) in whole.items()},
    }
    return pd.DataFrame(columns, columns=COLUMNS)
