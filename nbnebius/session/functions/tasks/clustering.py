"""`cluster`: rows in groups by meaning, with names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.events import Note
from nbnebius.results.task_plan import TaskPlan
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.naming import NAMED_BY, SYSTEM, TEXT, name_clusters
from nbnebius.session.functions.tasks.rows import check_options, refuse_dask
from nbnebius.session.functions.tasks.vectors import (
    Subject,
    Wanted,
    buy,
    new_columns,
    plan_questions,
    plan_vectors,
    read_subject,
)
from nbnebius.session.prepare import is_whole
from nbnebius.work.cluster import MOST, Clusters
from nbnebius.work.cluster import cluster as find_clusters
from nbnebius.work.estimate import estimate_tokens

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray


def cluster(
    frame: Any,
    column: str | None = None,
    k: int | None = None,
    *,
    text: str | None = None,
    named: bool = True,
    seed: int = 0,
    name: str = "cluster",
    model: str | None = None,
    embedding_model: str | None = None,
    dimensions: int | None = None,
    budget: float | None = None,
    private: bool | None = None,
    instructions: str = "",
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Group rows by meaning, and have a chat model name the groups.

    K-means by cosine, of this package's own. The same seed and the same vectors give the same
    groups; vectors and names are kept, so that running it again costs nothing.

    Parameters
    ----------
    frame
        What `embed` gave, or any frame, Series or list with texts, which are embedded first.
    column
        Of vectors or of texts; ``embedding`` where there is one, else the only column of texts.
    k
        How many clusters. None tries 2 to 12 and takes the highest mean silhouette by cosine.
    text
        The texts that names are made from, where `column` holds vectors and several hold texts.
    named
        Whether the model gives names: one short request for each cluster, of its eight texts
        nearest to the centre.
    seed
        For the beginnings of the centres.
    name
        Of the columns: ``cluster``, ``cluster_name``, ``cluster_score``.
    model, embedding_model, dimensions, private
        Of `map` and of `embed`.
    budget
        USD for all of it.
    instructions
        What else the model should know for the names.
    plan
        Give the `TaskPlan`, and send nothing.
    **options
        As of `map`: ``concurrency``, ``temperature`` …

    Returns
    -------
    DataFrame
        The rows in their order, with ``cluster`` (Int64, 0 is the largest; missing where a row
        has no vector), ``cluster_name`` (category; names are unique) and ``cluster_score``
        (float64: cosine to the centre, -1 to 1).

    Raises
    ------
    OptionError
        No such column, no vectors, or a `k` that the rows do not have.
    NebiusError
        The naming failed; ``.frame`` has the clusters.
    """
    refuse_dask("cluster", frame)
    check_options("cluster", options, steps=True)
    if k is not None and (not is_whole(k) or k < 1):
        raise OptionError(f"k cannot be {k!r}", why="it takes 1 or more, or None")
    if not is_whole(seed) or seed < 0:
        raise OptionError(f"seed cannot be {seed!r}", why="it takes 0 or more")
    subject = read_subject(frame, column, text)
    if k is not None and k > len(subject.frame):
        raise OptionError(
            f"k is {k}, and there are {len(subject.frame)} rows",
            hint=f"it takes 1 to {len(subject.frame)}, or None, which tries several",
        )
    if named and subject.text is None:
        raise OptionError(
            "Which column holds the texts that clusters are named from?",
            hint="say text=NAME, or named=False",
        )
    columns = [name, f"{name}_name", f"{name}_score"]
    new_columns(subject.frame, columns)
    wanted = Wanted("cluster", embedding_model, dimensions, budget, private)
    if plan:
        return _plan(subject, wanted, k, model, named=named)  # type: ignore[return-value]  # plan=True says so
    rows, vectors, left = buy(subject, wanted)
    found = _find(vectors, k, int(seed))
    result = _framed(rows, found, columns)
    if not named:
        return result
    names = name_clusters(
        found,
        subject.texts,
        result,
        instructions=instructions,
        options={**options, "model": model, "private": private, "budget": left},
    )
    return _with_names(result, columns, names)


def _find(vectors: NDArray[np.float32], k: int | None, seed: int) -> Clusters:
    try:
        return find_clusters(vectors, k, seed)
    except ValueError as error:
        raise OptionError(
            f"The rows have {error} different vectors, and k is {k}",
            hint=f"k={error}, or less" if str(error) != "0" else "no row has a direction",
        ) from None


def _plan(
    subject: Subject, wanted: Wanted, k: int | None, model: str | None, *, named: bool
) -> TaskPlan:
    steps = plan_vectors(subject, wanted)
    if named:
        texts = subject.texts
        mean = sum(map(estimate_tokens, texts)) / len(texts)
        count = k or min(MOST, len(texts))
        what = "name the clusters" if k else f"name the clusters, at most {count}"
        each = estimate_tokens(SYSTEM) + NAMED_BY * min(mean, TEXT / 4)
        steps.append(plan_questions(what, model, count, each))
    return TaskPlan("cluster", steps)


def _framed(rows: pd.DataFrame, found: Clusters, columns: list[str]) -> pd.DataFrame:
    """Put the clusters beside the rows, without names yet."""
    import numpy as np
    import pandas as pd

    frame = rows.drop(columns=[each for each in columns if each in rows.columns])
    labels = pd.array(found.labels, dtype="Int64")
    labels[found.labels < 0] = pd.NA
    frame[columns[0]] = pd.Series(labels, index=frame.index)
    frame[columns[2]] = found.scores.astype(np.float64)
    told = rows.attrs.get("nbnebius")
    about = dict(told) if isinstance(told, dict) else {}
    mine = [each for each in about.get("columns", []) if each not in columns] + columns
    frame.attrs = {**rows.attrs, "nbnebius": {**about, "columns": mine}}
    default_session().observer(Note(_summary(found)))
    return frame


def _with_names(frame: pd.DataFrame, columns: list[str], names: list[str]) -> pd.DataFrame:
    import pandas as pd

    codes = frame[columns[0]].fillna(-1).astype(int).to_numpy()
    told = pd.Categorical.from_codes(codes, categories=pd.Index(names, dtype="str"))
    frame.insert(
        list(frame.columns).index(columns[2]), columns[1], pd.Series(told, index=frame.index)
    )
    return frame


def _summary(found: Clusters) -> str:
    from math import isnan

    placed = int((found.labels >= 0).sum())
    rows, clusters = _counted(placed, "row"), _counted(found.count, "cluster")
    parts = [f"{rows} in {clusters}"]
    if not isnan(found.quality):
        parts.append(f"mean silhouette {found.quality:.2f}")
    if out := len(found.labels) - placed:
        parts.append(f"{_counted(out, 'row')} without a vector")
    return "cluster: " + ", ".join(parts)


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'' if count == 1 else 's'}"
