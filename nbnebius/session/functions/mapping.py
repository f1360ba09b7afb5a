"""`map` and `plan`: a question for each row of a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from nbnebius.errors import OptionError
from nbnebius.session.dask import is_dask, map_lazily
from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.results.job import Job
    from nbnebius.results.plan import Plan


@overload
def map(
    frame: Any,
    prompt: str,
    *,
    schema: Any = ...,
    model: str | None = ...,
    system: str | None = ...,
    via: Literal["online", "batch"] = ...,
    name: str = ...,
    budget: float | None = ...,
    price: str | tuple[float, float] | None = ...,
    concurrency: int | None = ...,
    sample: int | None = ...,
    repeat: int = ...,
    allow_failed: float = ...,
    background: Literal[False] = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> pd.DataFrame: ...
@overload
def map(
    frame: Any,
    prompt: str,
    *,
    schema: Any = ...,
    model: str | None = ...,
    system: str | None = ...,
    via: Literal["online", "batch"] = ...,
    name: str = ...,
    budget: float | None = ...,
    price: str | tuple[float, float] | None = ...,
    concurrency: int | None = ...,
    sample: int | None = ...,
    repeat: int = ...,
    allow_failed: float = ...,
    background: Literal[True],
    private: bool | None = ...,
    **parameters: Any,
) -> Job: ...
def map(
    frame: Any,
    prompt: str,
    *,
    schema: Any = None,
    model: str | None = None,
    system: str | None = None,
    via: Literal["online", "batch"] = "online",
    name: str = "answer",
    budget: float | None = None,
    price: str | tuple[float, float] | None = None,
    concurrency: int | None = None,
    sample: int | None = None,
    repeat: int = 0,
    allow_failed: float = 0.01,
    background: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> pd.DataFrame | Job:
    """
    Ask a question for each row of a frame.

    Every answer is kept before it is read, so running the same again asks only what is left: rows
    that are new, were not sent, or failed. Equal prompts are bought once.

    Parameters
    ----------
    frame
        A DataFrame (pandas or polars), a Series, or a list of texts (their column is ``{text}``);
        or a DataFrame of Dask: then nothing is asked until it is computed, by its workers, and
        what would be raised for rows is told by ``neb_status`` and ``neb_error`` alone.
    prompt
        What to ask: ``{column}`` stands for the row's value; other braces are text. Rows with a
        missing value are skipped.
    schema
        The shape of the answers, as of `chat`: a typed column for each property.
    model
        A model's id; the default chat model if left out.
    system
        The system prompt.
    via
        ``online``: one by one, many at once. ``batch``: by the Batch API, at half the price,
        within a day; an interrupt, or a restart, ends the waiting only, and running it again goes
        on waiting.
    name
        The answers' column, where no schema names columns.
    budget
        USD that this run may spend; it stops before the next request could exceed it.
    price
        USD per million tokens read and written, ``"0.1,0.3"``, where the catalog has none.
    concurrency
        Most requests in flight, 1 to 1024; 64 if left out. Rate limits are kept to by themselves.
    sample
        Only so many rows, chosen at random and always the same.
    repeat
        Another answer to the same rows: 1 is the second, itself kept.
    allow_failed
        The share of rows that may fail, 0 to 1, before `RowsFailed` is raised.
    background
        Come back at once with a `Job`.
    private
        Keep nothing on disk but usage; then nothing can be resumed either.
    **parameters
        Any other field of the request: ``temperature``, ``max_tokens`` …

    Returns
    -------
    DataFrame
        The frame's columns, index and order, then the answers, then ``neb_status`` (ok, partial,
        skipped, unsent, failed, possibly_paid), ``neb_cached``, ``neb_error``, ``neb_tokens``,
        ``neb_cost`` (USD); or a `Job`. A lazy frame of Dask for one of Dask.

    Raises
    ------
    BudgetReached, Stopped, RowsFailed
        With ``.frame``, what is done by then, and ``.job``.
    NebiusError
        What ended the whole job, likewise.
    """
    if is_dask(frame):
        lazy: pd.DataFrame = map_lazily(
            default_session(),
            frame,
            prompt,
            schema=schema,
            model=model,
            system=system,
            via=via,
            name=name,
            budget=budget,
            price=price,
            concurrency=concurrency,
            sample=sample,
            repeat=repeat,
            allow_failed=allow_failed,
            background=background,
            private=private,
            **parameters,
        )
        return lazy
    return default_session().map(
        frame,
        prompt,
        schema=schema,
        model=model,
        system=system,
        via=via,
        name=name,
        budget=budget,
        price=price,
        concurrency=concurrency,
        sample=sample,
        repeat=repeat,
        allow_failed=allow_failed,
        background=background,
        private=private,
        **parameters,
    )


def plan(frame: Any, prompt: str, **options: Any) -> Plan:
    """
    Say what `map` would do, without a call: rows, what is kept, tokens and USD, three prompts.

    Parameters
    ----------
    frame, prompt, **options
        As of `map`.

    Returns
    -------
    Plan
        Tokens and USD are estimates: see its attributes.

    Raises
    ------
    NebiusError
        What `map` would raise before it sends anything.
    """
    if is_dask(frame):
        raise OptionError(
            "A Dask frame cannot be planned without reading all of it",
            hint="plan(ddf.get_partition(0).compute(), ...) plans one partition",
        )
    for name in ("via", "background"):
        options.pop(name, None)
    return default_session().plan(frame, prompt, **options)
