"""
What is suspicious in a run's answers: each with its rows and examples, for a person to judge.

Nothing here is proof. Refusals are known by how they begin, in English; a copied input may be just
what was asked for.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

COLUMNS: Final = ("run", "column", "pattern", "rows", "share", "examples")
EXAMPLES: Final = 3
NEARLY_ALL: Final = 0.9  # of the answered rows
ENOUGH: Final = 10  # rows from which a share says something
FEW_VALUES: Final = 20  # a column with at most so many different values is one of labels
LONG: Final = 25  # characters from which equal answers to different inputs are no labels
SOME: Final = 3  # rows with one answer
COVERED: Final = 0.8  # of the input

REFUSAL: Final = re.compile(
    r"\s*(?:i['\u2019]?m (?:sorry|unable|not able|afraid)|i am (?:sorry|unable|not able|afraid)"
    r"|sorry,|i (?:can(?:no|['\u2019])?t|won['\u2019]t|will not|must decline|do not have access)"
    r"|unfortunately,? i|as an ai|i['\u2019]m an ai)\b",
    re.IGNORECASE,
)


def patterns_of(
    runs: Mapping[str, tuple[pd.DataFrame, pd.DataFrame]],
) -> pd.DataFrame:
    """
    Look for patterns in each run.

    Parameters
    ----------
    runs
        By name: the answers, with ``neb_status`` where there is one, and the columns that were
        asked about.

    Returns
    -------
    DataFrame
        ``run, column, pattern`` (str), ``rows`` (int64), ``share`` (float64, of the rows that were
        answered; of empty and cut off ones, of all), ``examples`` (lists of index labels). The
        patterns are *one label*, *refusal*, *empty*, *identical answers*, *cut off* and *copies
        the input*.
    """
    import pandas as pd

    found = [
        {"run": name, **pattern}
        for name, (answers, asked) in runs.items()
        for pattern in _of_run(answers, asked)
    ]
    return pd.DataFrame(found, columns=list(COLUMNS)).astype({"rows": "int64", "share": "float64"})


def _of_run(answers: pd.DataFrame, asked: pd.DataFrame) -> Iterator[dict[str, Any]]:
    import pandas as pd

    status = answers["neb_status"].astype("string") if "neb_status" in answers else None
    ok = pd.Series(data=True, index=answers.index) if status is None else status.eq("ok")
    if status is not None:
        yield from _told("", "cut off", status.eq("partial"), len(answers))
        ok |= status.eq("partial")
    inputs = _texts_of(asked)
    for name in [each for each in answers.columns if not str(each).startswith("neb_")]:
        column = answers[name]
        blank = column.isna() | column.astype("string").str.strip().eq("").fillna(value=True)
        yield from _told(name, "empty", ok & blank, int(ok.sum()))
        there = column[ok & ~blank]
        if not len(there):
            continue
        yield from _labels(name, there)
        if pd.api.types.infer_dtype(there, skipna=True) == "string":
            yield from _texts(name, there.astype("string"), inputs)


def _told(name: Any, pattern: str, where: pd.Series[bool], of: int) -> Iterator[dict[str, Any]]:
    rows = where.index[where.to_numpy(dtype=bool)]
    if len(rows):
        yield {
            "column": str(name),
            "pattern": pattern,
            "rows": len(rows),
            "share": len(rows) / of,
            "examples": rows[:EXAMPLES].tolist(),
        }


def _labels(name: Any, there: pd.Series[Any]) -> Iterator[dict[str, Any]]:
    """Find one label that nearly all rows have, where there are others to choose from."""
    labels = there.astype("string")
    counts = labels.value_counts()
    others = len(there.cat.categories) if hasattr(there, "cat") else len(counts)
    if len(there) < ENOUGH or not 1 < others <= FEW_VALUES:
        return
    if int(counts.iloc[0]) >= NEARLY_ALL * len(there):
        top = str(counts.index[0])
        yield from _told(name, f"one label: {top[:40]}", labels.eq(top), len(there))


def _texts(
    name: Any, there: pd.Series[Any], inputs: list[pd.Series[Any]]
) -> Iterator[dict[str, Any]]:
    import pandas as pd

    refused = there.map(lambda text: bool(REFUSAL.match(text))).astype(bool)
    yield from _told(name, "refusal", refused, len(there))
    if not inputs:
        return
    asked = pd.concat([column.loc[there.index] for column in inputs], axis=1)
    given = pd.Series(list(map(tuple, asked.to_numpy())), index=there.index)
    long = there[there.str.len() >= LONG]
    # The same answer to the same input is as it should be.
    of_one_answer = given.loc[long.index].groupby(long)
    different, rows = of_one_answer.nunique(), of_one_answer.size()
    common = different.index[((different > 1) & (rows >= SOME)).to_numpy()]
    yield from _told(name, "identical answers", there.isin(common), len(there))
    copied = pd.Series(
        [
            any(_copies(text, source) for source in sources)
            for text, sources in zip(there, given, strict=True)
        ],
        index=there.index,
        dtype=bool,
    )
    yield from _told(name, "copies the input", copied, len(there))


def _copies(answer: str, source: Any) -> bool:
    said, read = " ".join(answer.lower().split()), " ".join(str(source).lower().split())
    if min(len(said), len(read)) < LONG:
        return False
    return read in said or (said in read and len(said) >= COVERED * len(read))


def _texts_of(asked: pd.DataFrame) -> list[pd.Series[Any]]:
    import pandas as pd

    columns = [asked.iloc[:, place] for place in range(asked.shape[1])]
    textual = [c for c in columns if pd.api.types.infer_dtype(c, skipna=True) == "string"]
    return [column.astype("string").fillna("") for column in textual]
