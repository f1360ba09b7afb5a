"""A question for each row of a Dask frame: everything is settled here, nothing is sent yet."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.dask.frames import as_dask_frame, refuse_recordings, some_rows
from nbnebius.session.dask.partition import PartitionMap
from nbnebius.session.dask.seat import Terms
from nbnebius.session.map_ready import build_frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.session.session import Session

ELSEWHERE = {
    "via": "give the Batch API a frame of pandas, or one partition: ddf.get_partition(0).compute()",
    "background": "client.compute(frame) or frame.persist() come back at once",
    "sample": "ddf.sample(frac=0.01) or ddf.head(20) takes some rows",
    "fresh": "repeat=1 asks for another answer to the same rows",
}


def map_lazily(
    session: Session,
    given: Any,
    prompt: str | Sequence[tuple[str, bool]],
    *,
    via: str = "online",
    background: bool = False,
    sample: int | None = None,
    fresh: bool = False,
    budget: float | None = None,
    private: bool | None = None,
    **options: Any,
) -> Any:
    """
    Ask a question for each row of a Dask frame, once it is computed; see `nbnebius.map`.

    Each partition is asked in the process that holds it, with that process's own key and journal.
    Rows that cannot be asked, or have no answer, are data: ``neb_status`` and ``neb_error`` tell,
    and nothing of `BudgetReached`, `RowsFailed` or `Stopped` is raised.

    Returns
    -------
    dask.dataframe.DataFrame
        With the columns and dtypes of `nbnebius.map`.

    Raises
    ------
    NebiusError
        What `map` would raise before it sends anything.
    """
    told = {"via": via != "online", "background": background, "sample": sample, "fresh": fresh}
    for name, is_told in told.items():
        if is_told:
            raise OptionError(f"{name} does not go with a Dask frame", hint=ELSEWHERE[name])
    refuse_recordings(session)
    _keep_key_out(session, prompt)
    frame = as_dask_frame(given)
    ready = session.prepare_map(some_rows(frame), prompt, budget=budget, private=private, **options)
    kept = list(ready.asked.frame.columns)
    if kept != list(frame.columns):
        frame = frame[kept]
    meta = build_frame(ready).iloc[:0]
    meta.attrs = {}
    form = ready.rows.form
    ask = PartitionMap(
        base_url=session.endpoint.base_url,
        service=form.service,
        body=dict(form.example),
        gap=form.gap,
        price=form.price,
        repeat=form.repeat,
        template=ready.asked.template,
        schema=ready.asked.schema,
        name=ready.asked.name,
        columns=ready.asked.columns,
        private=ready.rows.origin.private,
        terms=Terms(
            secrets.token_hex(8),
            max(1, frame.npartitions),
            ready.rows.concurrency,
            _least(budget, session),
        ),
        meta=meta,
    )
    return frame.map_partitions(ask, meta=meta)


def _least(budget: float | None, session: Session) -> float | None:
    """Give the budget in USD: never more than what the session's own have left by now."""
    told = [] if budget is None else [float(budget)]
    limits = told + [max(0.0, purse.left) for purse in session.budgets()]
    return min(limits, default=None)


def _keep_key_out(session: Session, prompt: str | Sequence[tuple[str, bool]]) -> None:
    key = session.endpoint.key
    texts = [prompt] if isinstance(prompt, str) else [text for text, _ in prompt]
    if key and any(key.stands_in(text.encode("utf-8", "replace")) for text in texts):
        raise OptionError(
            "The prompt holds your API key",
            why="it would travel to every worker, and to the model",
            hint="take it out; workers find the key in their own environment",
        )
