"""Several models' answers to one prompt as a frame, a row for each model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.columns import column
from nbnebius.frames.embeddings import STATUSES
from nbnebius.frames.records import column_specs, record_frame

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbnebius.types.answers import ChatResult

# Before these stand the schema's columns, where there is a schema; "model" and "text" come first.
FIGURES = {
    "first_token_seconds": "float64",
    "seconds": "float64",
    "prompt_tokens": "Int64",
    "completion_tokens": "Int64",
    "tokens_per_second": "float64",
    "cost": "float64",
    "answer_cost": "float64",
    "finish_reason": "string",
    "reasoning": "string",
    "cached": "boolean",
}
OWN = ("model", "text", *FIGURES, "status", "error")


def clashes(schema: Mapping[str, Any] | None) -> list[str]:
    """Give the properties of a schema that are called as a column of ours."""
    return [name for name, _ in column_specs(schema) if name in OWN] if schema else []


def compare_frame(
    models: Sequence[str],
    results: Sequence[ChatResult | None],
    records: Sequence[Mapping[str, Any] | None],
    statuses: Sequence[str],
    errors: Sequence[str],
    schema: Mapping[str, Any] | None = None,
) -> pd.DataFrame:
    """
    Put answers below each other.

    Parameters
    ----------
    models, results, statuses, errors
        Per model: its id, its answer as far as there is one, how it stands, why it is not whole.
    records, schema
        Per model the data of an answer in the schema's shape, and that schema, an object's.

    Returns
    -------
    DataFrame
        ``model, text`` (str), a typed column for each property of the schema,
        ``first_token_seconds, seconds`` (float64; of a kept answer ``seconds`` is of when it was
        bought, and the time to its first token is missing), ``prompt_tokens, completion_tokens``
        (Int64, reasoning included), ``tokens_per_second`` (float64: completion tokens by
        ``seconds``), ``cost`` (float64, USD paid now: 0 for a kept answer), ``answer_cost``
        (float64, USD paid for the answer, now or when it was bought), ``finish_reason, reasoning``
        (str), ``cached`` (boolean), ``status`` (category: ok, partial, failed, possibly_paid),
        ``error`` (str). What is unknown is missing.
    """
    import pandas as pd

    made: dict[str, Any] = {
        "model": column(list(models), "string"),
        "text": column([result.text if result else None for result in results], "string"),
    }
    if schema is not None:
        answers = record_frame(list(records), schema)
        # What a model adds to a record by itself must not stand in for what is measured.
        made |= {name: answers[name] for name in answers.columns if name not in OWN}
    rows = [_figures(result) for result in results]
    made |= {name: column([row.get(name) for row in rows], kind) for name, kind in FIGURES.items()}
    made["status"] = pd.Categorical(list(statuses), categories=STATUSES)
    made["error"] = column([error or None for error in errors], "string")
    return pd.DataFrame(made, columns=list(made))


def _figures(result: ChatResult | None) -> dict[str, Any]:
    if result is None:
        return {}
    usage, seconds = result.usage, result.seconds
    written = usage.completion_tokens if usage else None
    choices = result.completion.choices
    return {
        "first_token_seconds": result.first_token_seconds,
        "seconds": seconds,
        "prompt_tokens": usage.prompt_tokens if usage else None,
        "completion_tokens": written,
        "tokens_per_second": written / seconds if written and seconds else None,
        "cost": result.cost,
        "answer_cost": result.answer_cost,
        "finish_reason": choices[0].finish_reason if choices else None,
        "reasoning": result.reasoning,
        "cached": result.kept_at is not None,
    }
