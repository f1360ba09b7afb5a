"""`compare`, the twin of ``%%compare``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd


def compare(
    prompt: str | Sequence[Mapping[str, Any]],
    models: Iterable[str],
    *,
    system: str | None = None,
    images: Any = None,
    schema: Any = None,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> pd.DataFrame:
    """
    Ask several models the same, all at once; a model that fails is a row with its error.

    Parameters
    ----------
    prompt
        A text, or a list of messages as the API has them.
    models
        The models' ids; `nbnebius.models(type="chat")` lists them.
    system
        The system prompt.
    images
        What the models should see, as of `chat`; each must be one that sees.
    schema
        The shape of the answers, as of `chat`: a typed column for each property.
    cache
        Show kept answers to the very same requests, and let these be kept for later calls.
    private
        Keep neither prompt nor answers on disk, only usage.
    **parameters
        Any other field of the requests: ``temperature``, ``max_tokens`` …

    Returns
    -------
    DataFrame
        A row per model: ``model, text``, the schema's columns, ``first_token_seconds, seconds``
        (float64), ``prompt_tokens, completion_tokens`` (Int64), ``tokens_per_second`` (float64,
        completion tokens by seconds), ``cost`` (float64, USD paid now), ``answer_cost`` (float64,
        USD, also of a kept answer), ``finish_reason, reasoning, cached, status`` (ok, partial,
        failed, possibly_paid), ``error``. Of a kept answer, ``seconds`` are of when it was bought,
        and ``first_token_seconds`` is missing.

    Raises
    ------
    OptionError
        No model, one named twice, one that does not chat (or see), or a schema's field that is
        called as a column.
    NebiusError
        No model answered, or a budget is reached; ``.frame`` holds every row.
    Stopped
        It was interrupted; ``.frame`` holds what had come.

    Examples
    --------
    >>> frame = compare("Why is the sky blue?", ["A/one", "B/two"])  # doctest: +SKIP
    """
    session = default_session()
    prepared = session.prepare_compare(
        prompt, models, system=system, images=images, schema=schema, **parameters
    )
    return session.run_compare(prepared, cache=cache, private=private).outcome()
