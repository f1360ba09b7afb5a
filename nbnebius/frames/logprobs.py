"""How likely each token of an answer was, as a frame."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from nbnebius.types.chat import Choice
    from nbnebius.types.completions import CompletionChoice

COLUMNS = ["choice", "position", "token", "logprob", "probability", "alternatives"]

_Token: TypeAlias = tuple[str | None, float | None, dict[str, float]]


def logprob_frame(choices: Sequence[Choice | CompletionChoice]) -> pd.DataFrame:
    """
    Give the tokens of an answer with their likelihoods, one row a token.

    Parameters
    ----------
    choices
        Of a chat that was asked for ``logprobs``, or of a text completion.

    Returns
    -------
    DataFrame
        ``choice`` (Int64, from 0), ``position`` (Int64, within the choice, from 0), ``token``
        (str), ``logprob`` (float64, the natural logarithm; missing where the server does not
        tell, as for the first token of an echoed prompt), ``probability`` (float64, 0 to 1),
        ``alternatives`` (object: dict of the likeliest tokens and their logprobs, best first).
        Choices without logprobs have no rows.
    """
    import pandas as pd

    rows = [
        (choice.index, position, *token)
        for choice in choices
        for position, token in enumerate(_tokens(choice.logprobs))
    ]
    logprobs = [row[3] for row in rows]
    columns: dict[str, Any] = {
        "choice": column([row[0] for row in rows], "Int64"),
        "position": column([row[1] for row in rows], "Int64"),
        "token": column([row[2] for row in rows], "string"),
        "logprob": column(logprobs, "float64"),
        "probability": column(
            [None if p is None else math.exp(min(p, 0.0)) for p in logprobs], "float64"
        ),
        "alternatives": column([row[4] for row in rows], "object"),
    }
    return pd.DataFrame(columns, columns=COLUMNS)


def _tokens(logprobs: Any) -> Iterator[_Token]:
    if not isinstance(logprobs, dict):
        return
    content = logprobs.get("content")
    if isinstance(content, list):
        yield from (_chat_token(one) for one in content if isinstance(one, dict))
        return
    tokens = _list(logprobs.get("tokens"))
    numbers, best = _list(logprobs.get("token_logprobs")), _list(logprobs.get("top_logprobs"))
    for place, token in enumerate(tokens):
        number = _number(numbers[place]) if place < len(numbers) else None
        others = best[place] if place < len(best) else None
        yield _text(token), number, _alternatives(others)


def _chat_token(one: dict[str, Any]) -> _Token:
    return (
        _text(one.get("token")),
        _number(one.get("logprob")),
        _alternatives(one.get("top_logprobs")),
    )


def _alternatives(value: Any) -> dict[str, float]:
    """Read alternatives: a dict of tokens, or a list of objects."""
    if isinstance(value, list):
        pairs = [(one.get("token"), one.get("logprob")) for one in value if isinstance(one, dict)]
    else:
        pairs = list(value.items()) if isinstance(value, dict) else []
    told = {
        token: number
        for token, logprob in pairs
        if isinstance(token, str) and (number := _number(logprob)) is not None
    }
    return dict(sorted(told.items(), key=lambda pair: -pair[1]))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float) or math.isnan(value):
        return None
    return float(value)
