"""`join`: the rows of two frames that belong together by meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.results.task_plan import TaskPlan
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.rows import (
    MATERIAL,
    check_options,
    refuse_dask,
    with_instructions,
)
from nbnebius.session.functions.tasks.vectors import (
    Subject,
    Wanted,
    buy,
    plan_questions,
    plan_vectors,
    read_subject,
)
from nbnebius.session.prepare import is_whole
from nbnebius.work.estimate import estimate_tokens
from nbnebius.work.nearest_pairs import nearest_pairs

if TYPE_CHECKING:
    import pandas as pd

SYSTEM = (
    "You judge whether two texts belong together. Answer true where this holds of them, and "
    "false where it does not or cannot be told: "
)
PROMPT = "First: {first}\n\nSecond: {second}"
OWN = ["neb_status", "neb_cached", "neb_error", "neb_tokens", "neb_cost"]


def join(
    left: Any,
    right: Any,
    on: str | tuple[str, str] | None = None,
    condition: str = "they mean the same thing",
    *,
    k: int = 3,
    how: str = "inner",
    suffixes: tuple[str, str] = ("_left", "_right"),
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
    Join two frames by meaning: the nearest rows by vectors, then a chat model judges each pair.

    Parameters
    ----------
    left, right
        Frames, Series or lists with texts.
    on
        The column of texts in both, or one of each; None where each has only one.
    condition
        What has to hold of two texts that are joined, in words.
    k
        How many of the nearest rows of `right` are judged for each row of `left`.
    how
        ``inner``, or ``left``: rows without a partner stay, with missing values.
    suffixes
        For columns that both have.
    model, embedding_model, dimensions, private
        Of `map` and of `embed`.
    budget
        USD for all of it.
    instructions
        What else the model should know.
    plan
        Give the `TaskPlan`, and send nothing.
    **options
        As of `map`: ``concurrency``, ``via``, ``allow_failed`` …

    Returns
    -------
    DataFrame
        By the order of `left`, then by nearness: the columns of `left` and of `right`, ``score``
        (float64, the cosine), and the ``neb_`` columns of the judgement. The index is that of
        `left`.

    Raises
    ------
    OptionError
        No such column, or vectors of two sizes.
    NebiusError
        As of `map`; ``.frame`` holds the judged pairs.
    """
    import pandas as pd

    refuse_dask("join", left, right)
    check_options("join", options, steps=True)
    if not is_whole(k) or k < 1:
        raise OptionError(f"k cannot be {k!r}", why="it takes 1 or more")
    if how not in {"inner", "left"}:
        raise OptionError(f"how cannot be {how!r}", why="it takes inner or left")
    if not str(condition).strip():
        raise OptionError("The condition is empty", hint='as "they name the same product"')
    names = (on, on) if on is None or isinstance(on, str) else tuple(on)
    if len(names) != 2:  # noqa: PLR2004 - one of each frame
        raise OptionError(f"on cannot be {on!r}", why="it takes a column, or one of each frame")
    sides = [
        read_subject(each, name, None) for each, name in zip((left, right), names, strict=True)
    ]
    if with_vectors := [side for side in sides if side.is_vectors]:
        raise OptionError(
            f"{with_vectors[0].column!r} holds vectors, and join judges texts",
            hint="on= names a column of texts; vectors of them that are kept cost nothing",
        )
    first, second = sides
    wanted = Wanted("join", embedding_model, dimensions, budget, private)
    if plan:
        return _plan(first, second, wanted, k, model)  # type: ignore[return-value]  # plan=True says so
    candidates, rest = _candidates(first, second, wanted, int(k))
    judged = candidates
    if len(candidates):
        answered = default_session().map(
            candidates,
            PROMPT,
            task="join",
            schema={"type": "boolean"},
            name="match",
            system=with_instructions(f"{SYSTEM}{condition.strip()}. {MATERIAL}", instructions),
            **{**options, "model": model, "private": private, "budget": rest},
        )
        assert isinstance(answered, pd.DataFrame)
        judged = answered[answered["match"].fillna(value=False).astype(bool)]
    return _merged(first.frame, second.frame, judged, how, suffixes)


def _plan(first: Subject, second: Subject, wanted: Wanted, k: int, model: str | None) -> TaskPlan:
    steps = plan_vectors(first, wanted) + plan_vectors(second, wanted)
    means = [sum(map(estimate_tokens, side.texts)) / len(side.texts) for side in (first, second)]
    pairs = len(first.frame) * min(k, len(second.frame))
    each = estimate_tokens(SYSTEM + MATERIAL + PROMPT) + sum(means)
    return TaskPlan("join", [*steps, plan_questions("judge the pairs", model, pairs, each)])


def _candidates(
    first: Subject, second: Subject, wanted: Wanted, k: int
) -> tuple[pd.DataFrame, float | None]:
    """Give the pairs to judge, by the rows' places, and what of the budget is left."""
    import numpy as np
    import pandas as pd

    _, lefts, rest = buy(first, wanted)
    again = Wanted(wanted.task, wanted.model, wanted.dimensions, rest, wanted.private)
    _, rights, rest = buy(second, again)
    if lefts.shape[1] != rights.shape[1]:
        raise OptionError(
            f"The vectors have {lefts.shape[1]} and {rights.shape[1]} dimensions",
            why="the model gives more than one size",
            hint="dimensions= asks for one",
        )
    at_left, at_right, scores = nearest_pairs(lefts, rights, k)
    pairs = pd.DataFrame(
        {
            "at_left": at_left,
            "at_right": at_right,
            "score": scores.astype(np.float64),
            "first": np.array(first.texts, dtype=object)[at_left],
            "second": np.array(second.texts, dtype=object)[at_right],
        }
    )
    return pairs, rest


def _merged(
    left: pd.DataFrame,
    right: pd.DataFrame,
    judged: pd.DataFrame,
    how: str,
    suffixes: tuple[str, str],
) -> pd.DataFrame:
    """Put the rows of judged pairs beside each other."""
    import numpy as np
    import pandas as pd

    at_left, at_right = judged["at_left"].to_numpy(), judged["at_right"].to_numpy()
    scores = judged["score"].to_numpy()
    told = judged[[each for each in OWN if each in judged.columns]].reset_index(drop=True)
    if how == "left":
        alone = np.setdiff1d(np.arange(len(left)), at_left)
        at_left = np.concatenate([at_left, alone])
        at_right = np.concatenate([at_right, np.full(len(alone), -1)])
        scores = np.concatenate([scores, np.full(len(alone), np.nan)])
    order = np.argsort(at_left, kind="stable")
    at_left, at_right = at_left[order].astype(np.intp), at_right[order].astype(np.intp)
    # -1 is no row's label here, so it takes missing values.
    others = right.reset_index(drop=True).reindex(at_right)
    ours = left.iloc[at_left]
    both = set(map(str, ours.columns)) & set(map(str, others.columns))
    ours = ours.rename(columns={each: f"{each}{suffixes[0]}" for each in ours if str(each) in both})
    others = others.rename(
        columns={each: f"{each}{suffixes[1]}" for each in others if str(each) in both}
    )
    others.index = ours.index
    told = told.reindex(order)
    told.index = ours.index
    score = pd.Series(scores[order], index=ours.index, name="score", dtype="float64")
    return pd.concat([ours, others, score, told], axis=1)
