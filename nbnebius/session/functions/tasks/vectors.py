"""The vectors that tasks compare: those of a frame, or bought for its texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.results.task_plan import Step
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.rows import check_column
from nbnebius.session.map_request import is_number
from nbnebius.session.rows import as_frame
from nbnebius.session.texts import text_column
from nbnebius.work.price import Price

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

EMBEDDING = "embedding"
TOO_LITTLE = 1e-9  # USD: a budget that is spent is still a budget


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which vectors a task compares, and how missing ones are bought."""

    task: str
    model: str | None
    dimensions: int | None
    budget: float | None
    private: bool | None


@dataclass(frozen=True, slots=True)
class Subject:
    """
    The rows of a task.

    Attributes
    ----------
    frame
        What was given, as a frame of pandas.
    column
        Of vectors, or of texts.
    is_vectors
        Which of the two.
    text
        The column of texts; None where there are only vectors.
    """

    frame: pd.DataFrame
    column: str
    is_vectors: bool
    text: str | None

    @property
    def texts(self) -> list[str]:
        """Each row's text, "" where there is none."""
        if self.text is None:
            return [""] * len(self.frame)
        missing = self.frame[self.text].isna()
        values = self.frame[self.text]
        return ["" if no else str(value) for value, no in zip(values, missing, strict=True)]


def read_subject(given: Any, column: str | None, text: str | None) -> Subject:
    """
    Settle which vectors or texts are meant: ``embedding`` where nobody says, else the only text.

    Raises
    ------
    OptionError
        No such column, or several to choose from.
    """
    frame = as_frame(given)
    names = [str(name) for name in frame.columns]
    if column is None:
        column = EMBEDDING if EMBEDDING in names else text_column(frame, text)
    column = check_column(frame, column)
    if text is not None:
        text = check_column(frame, text)
    if not _holds_vectors(frame, column):
        return Subject(frame, column, is_vectors=False, text=column)
    if text is None:
        try:
            text = text_column(frame, None)
        except OptionError:
            text = None
    return Subject(frame, column, is_vectors=True, text=text)


def _holds_vectors(frame: pd.DataFrame, column: str) -> bool:
    for value in frame[column]:
        if isinstance(value, str | bytes):
            return False
        if hasattr(value, "__len__"):
            return True
    return False


def buy(subject: Subject, wanted: Wanted) -> tuple[pd.DataFrame, NDArray[np.float32], float | None]:
    """
    Give the frame with its vectors, their (n, d) matrix, and what of the budget is left (USD).

    Raises
    ------
    OptionError
        No row has a vector, or they may cost more than the budget.
    """
    from nbnebius.frames.embeddings import matrix, matrix_blocks

    check_budget(wanted.budget)
    if subject.is_vectors:
        matrix_blocks(subject.frame, subject.column)  # raises where there is none
        return subject.frame, matrix(subject.frame, subject.column), wanted.budget
    frame = default_session().embed(
        subject.frame,
        column=subject.column,
        model=wanted.model,
        dimensions=wanted.dimensions,
        private=wanted.private,
        task=wanted.task,
        budget=wanted.budget,
    )
    left = what_is_left(wanted.budget, frame)
    matrix_blocks(frame)
    return frame, matrix(frame), left


def plan_vectors(subject: Subject, wanted: Wanted) -> list[Step]:
    """Give the step that buys the vectors, if there is one."""
    if subject.is_vectors:
        return []
    outlook = default_session().plan_embed(
        subject.frame,
        column=subject.column,
        model=wanted.model,
        dimensions=wanted.dimensions,
        private=wanted.private,
    )
    return [Step.of_texts(outlook)]


def plan_questions(what: str, model: str | None, requests: int, tokens: float) -> Step:
    """Give a step of short questions to a chat model."""
    chosen, record = default_session().run(lambda service: service.model("chat", model))
    return Step.of_questions(what, chosen, requests, tokens, Price.of(record))


def what_is_left(budget: float | None, frame: pd.DataFrame) -> float | None:
    """Give what a step leaves of a budget (USD); of one that is spent, too little for any call."""
    return None if budget is None else max(budget - float(frame["neb_cost"].sum()), TOO_LITTLE)


def check_budget(budget: float | None) -> None:
    """Raise where a budget is no amount."""
    if budget is not None and (not is_number(budget) or not budget > 0):
        raise OptionError(f"budget cannot be {budget!r}", why="it is USD, above 0")


def new_columns(frame: pd.DataFrame, names: list[str]) -> None:
    """
    Raise where a task's own columns would stand in a user's.

    Those of an earlier run are replaced.
    """
    about = frame.attrs.get("nbnebius")
    old = about.get("columns", []) if isinstance(about, dict) else []
    if taken := [each for each in names if each in frame.columns and each not in old]:
        raise OptionError(
            f"The frame has a column {taken[0]!r} already", hint="name= gives another name"
        )
