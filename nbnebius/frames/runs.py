"""Two runs over the same rows: what changed, how far they agree, what each cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.frames.map import OWN
from nbnebius.frames.patterns import patterns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

SIDES = ("before", "after")


@dataclass(frozen=True, slots=True)
class RunSummary:
    """
    How two runs compare.

    Attributes
    ----------
    rows, changed
        Rows that both have, and those of which an answer or the status is another one.
    only_before, only_after
        Rows that one of them has alone; they are not compared.
    agreement
        A row per column: ``equal, changed`` (int64), ``agreement`` (float64, 0 to 1).
    totals
        ``before, after, delta`` of ``cost`` (USD paid in that run; what was kept cost 0),
        ``tokens`` (rows that share a request count each), ``kept`` rows, and of each status, its
        rows. What is unknown is missing.
    status_changes
        ``before, after, rows`` of the rows whose status is another one.
    patterns
        ``run, column, pattern, rows, share, examples``: what is worth a look, see
        `nbnebius.frames.patterns`.
    """

    rows: int
    changed: int
    only_before: int
    only_after: int
    agreement: pd.DataFrame
    totals: pd.DataFrame
    status_changes: pd.DataFrame
    patterns: pd.DataFrame


def compare_frames(
    before: Any, after: Any, columns: Sequence[str] | None = None
) -> tuple[pd.DataFrame, RunSummary]:
    """
    Compare two frames row by row, matched by their index.

    Returns
    -------
    tuple
        The rows that changed, with two columns (``before, after``) for each one compared, and the
        summary.

    Raises
    ------
    OptionError
        What was given is no frame, has an index that names a row twice, no such column, or the two
        have no row or no column in common.
    """
    import pandas as pd

    first, second = _frame(before, "before"), _frame(after, "after")
    compared = _columns(first, second, columns)
    index = first.index[first.index.isin(second.index)]
    if not len(index):
        raise OptionError(
            "The two runs have no row in common",
            why="rows are matched by their index",
            hint="give both frames the same index, as df.set_index('id')",
        )
    one, other = first.loc[index], second.loc[index]
    same = {name: _equal(one[name], other[name]) for name in compared}
    shown = list(compared)
    if "neb_status" in one and "neb_status" in other:
        same["neb_status"] = _equal(one["neb_status"], other["neb_status"])
        if not same["neb_status"].all():
            shown.append("neb_status")
    unchanged = pd.DataFrame(same, index=index).all(axis=1)
    pairs = {
        (name, side): frame.loc[~unchanged, name]
        for name in shown
        for side, frame in zip(SIDES, (one, other), strict=True)
    }
    changed = pd.DataFrame(pairs, index=index[~unchanged])
    changed.columns = pd.MultiIndex.from_tuples(list(pairs), names=["column", "run"])
    answered = [_of_answers(frame, compared) for frame in (one, other)]
    summary = RunSummary(
        rows=len(index),
        changed=len(changed),
        only_before=len(first) - len(index),
        only_after=len(second) - len(index),
        agreement=_agreement({name: same[name] for name in compared}),
        totals=_totals(one, other),
        status_changes=_status_changes(one, other),
        patterns=patterns_of(dict(zip(SIDES, answered, strict=True))),
    )
    return changed, summary


def _frame(given: Any, name: str) -> pd.DataFrame:
    import pandas as pd

    if hasattr(given, "to_pandas") and not isinstance(given, pd.DataFrame):
        given = given.to_pandas()
    if not isinstance(given, pd.DataFrame):
        raise OptionError(
            f"{name} is no frame but a {type(given).__name__}", hint="give what map gave"
        )
    if not given.index.is_unique:
        raise OptionError(
            f"The index of {name} names a row more than once",
            why="rows are matched by their index",
            hint="number them with reset_index(drop=True) before both runs",
        )
    return given


def _columns(before: pd.DataFrame, after: pd.DataFrame, columns: Sequence[str] | None) -> list[Any]:
    if columns is not None:
        named = [columns] if isinstance(columns, str) else list(columns)
        for frame, side in ((before, "before"), (after, "after")):
            for name in named:
                if name not in frame.columns:
                    raise OptionError(
                        f"{side} has no column {name!r}",
                        hint="its columns are " + ", ".join(map(str, frame.columns[:12])),
                    )
        if not named:
            raise OptionError("No column is named", hint="leave columns out for the answers")
        return named
    shared = [name for name in before.columns if name in after.columns and name not in OWN]
    ours = [_answers(frame) for frame in (before, after)]
    found = [name for name in shared if all(str(name) in names for names in ours)]
    found = found or shared
    if not found:
        raise OptionError(
            "The two runs have no column in common", hint="give both answers the same name="
        )
    return found


def _answers(frame: pd.DataFrame) -> list[str]:
    about = frame.attrs.get("nbnebius")
    return list(about.get("columns", ())) if isinstance(about, dict) else []


def _of_answers(frame: pd.DataFrame, compared: Sequence[Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part a frame into its answers, with how they stand, and what was asked about."""
    own = [name for name in OWN if name in frame]
    known = {*compared, *own, *_answers(frame)}
    asked = [name for name in frame.columns if name not in known and str(name) not in known]
    return frame[[*compared, *own]], frame[asked]


def _equal(one: pd.Series[Any], other: pd.Series[Any]) -> pd.Series[bool]:
    """Tell where two columns hold the same; missing is like missing."""
    import pandas as pd

    missing_one, missing_other = one.isna(), other.isna()
    found = [
        bool(gone and lost) if gone or lost else _same(left, right)
        for left, right, gone, lost in zip(
            one.tolist(), other.tolist(), missing_one, missing_other, strict=True
        )
    ]
    return pd.Series(found, index=one.index, dtype=bool)


def _same(left: Any, right: Any) -> bool:
    try:
        return bool(left == right)
    except (TypeError, ValueError):  # arrays
        return str(left) == str(right)


def _agreement(same: dict[Any, pd.Series[bool]]) -> pd.DataFrame:
    import pandas as pd

    rows = {
        str(name): {"equal": int(flags.sum()), "changed": int((~flags).sum())}
        for name, flags in same.items()
    }
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=["equal", "changed"])
    frame["agreement"] = frame["equal"] / frame.sum(axis=1)
    return frame.rename_axis("column")


def _totals(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    sums = [_sums(frame) for frame in (one, other)]
    names = list(dict.fromkeys([*sums[0], *sums[1]]))
    frame = pd.DataFrame(
        {side: [each.get(name) for name in names] for side, each in zip(SIDES, sums, strict=True)},
        index=pd.Index(names, name="total"),
        dtype="float64",
    )
    # Of a status that one run does not have, it has no rows; tokens and USD may be unknown.
    counts = [name for name in names if name not in {"cost", "tokens"}]
    frame.loc[counts] = frame.loc[counts].fillna(0.0)
    frame["delta"] = frame["after"] - frame["before"]
    return frame


def _sums(frame: pd.DataFrame) -> dict[str, float]:
    sums: dict[str, float] = {}
    for name, column in (("cost", "neb_cost"), ("tokens", "neb_tokens")):
        if column in frame:
            known = frame[column].astype("Float64").dropna()
            if len(known) or not len(frame):
                sums[name] = float(known.sum())
    if "neb_cached" in frame:
        sums["kept"] = float(frame["neb_cached"].sum())
    if "neb_status" in frame:
        for status, count in frame["neb_status"].value_counts().items():
            if count:
                sums[str(status)] = float(count)
    return sums


def _status_changes(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    if "neb_status" not in one or "neb_status" not in other:
        return pd.DataFrame({"before": [], "after": [], "rows": []}).astype({"rows": "int64"})
    pairs = pd.DataFrame(
        {
            "before": one["neb_status"].astype("string"),
            "after": other["neb_status"].astype("string"),
        }
    )
    moved = pairs[(pairs["before"] != pairs["after"]).fillna(value=True)]
    counted = moved.groupby(["before", "after"], dropna=False).size()
    return counted.rename("rows").sort_values(ascending=False).reset_index()
