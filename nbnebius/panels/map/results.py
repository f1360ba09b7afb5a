"""
A job's frame to be looked through, and what a person says of its rows.

Marks and edits are written into the very frame that is bound in the notebook. They are also held
by themselves, because the frame of a job that runs, or is run again, is made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbnebius.frames.map import OWN
from nbnebius.panels.map.values import from_text, to_text
from nbnebius.rendering.answer import usd

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

RATING: Final = "neb_rating"
EDITED: Final = "neb_edited"
RATINGS: Final = ("good", "bad")
STANDS: Final = ("ok", "partial", "failed", "unsent", "possibly_paid", "skipped")
SHOWS: Final = ("all", *STANDS, *RATINGS, "not rated", "edited")


class Results:
    """
    The frame of a job, with marks.

    Attributes
    ----------
    frame
        As it is bound: the job's, with ``neb_rating`` (category: good, bad) once a row was marked
        and ``neb_edited`` (bool) once an answer was changed by hand. None before there is one.
    asked, answers
        The columns that the prompt names, and those of the answers.
    version
        Grows with every change.
    """

    def __init__(self) -> None:
        self.frame: pd.DataFrame | None = None
        self.asked: tuple[Any, ...] = ()
        self.answers: tuple[str, ...] = ()
        self.version = 0
        self._ratings: dict[Hashable, str] = {}
        self._edits: dict[tuple[Hashable, str], Any] = {}

    @property
    def marks(self) -> int:
        """How many marks and edits there are."""
        return len(self._ratings) + len(self._edits)

    def __len__(self) -> int:
        return 0 if self.frame is None else len(self.frame)

    def forget(self) -> None:
        """Let the marks go: what comes next is about something else."""
        self._ratings.clear()
        self._edits.clear()

    def take(self, frame: pd.DataFrame, asked: Sequence[str], answers: Sequence[str]) -> None:
        """Take in a job's frame, and put the marks there are into it."""
        self.frame = frame.copy()
        self.asked = tuple(name for name in frame.columns if str(name) in asked)
        self.answers = tuple(answers)
        self.version += 1
        if not self.marks:
            return
        places = {key: place for place, key in enumerate(self._keys())}
        for key, word in self._ratings.items():
            if key in places:
                self._put_rating(places[key], word)
        for (key, column), value in self._edits.items():
            if key in places:
                self._put_answer(places[key], column, value)

    def rate(self, place: int, word: str | None) -> None:
        """Mark the row at a place good or bad; None takes the mark back."""
        key = self._keys()[place]
        if word is None:
            self._ratings.pop(key, None)
        else:
            self._ratings[key] = word
        self._put_rating(place, word)
        self.version += 1

    def edit(self, place: int, column: str, text: str) -> None:
        """
        Change an answer by hand.

        Raises
        ------
        OptionError
            The column cannot hold it.
        """
        assert self.frame is not None
        value = from_text(text, self.frame[column])
        self._edits[self._keys()[place], column] = value
        self._put_answer(place, column, value)
        self.version += 1

    def places(self, show: str) -> NDArray[np.intp]:
        """Give the places of the rows that `show` (one of `SHOWS`) means."""
        import numpy as np

        frame = self.frame
        if frame is None:
            return np.empty(0, dtype=np.intp)
        if show in STANDS:
            wanted = frame["neb_status"] == show
        elif show in RATINGS and RATING in frame:
            wanted = frame[RATING] == show
        elif show == "not rated" and RATING in frame:
            wanted = frame[RATING].isna()
        elif show == "edited" and EDITED in frame:
            wanted = frame[EDITED]
        else:
            everything = show in {"all", "not rated"}
            return np.arange(len(frame) if everything else 0)
        return np.flatnonzero(wanted.to_numpy(dtype=bool))

    def table(self, show: str) -> pd.DataFrame | None:
        """Give what is read of the rows that `show` means; ``row`` counts all rows from 1."""
        import pandas as pd

        frame = self.frame
        if frame is None:
            return None
        places = self.places(show)
        part = frame.iloc[places]
        if not part["neb_error"].notna().any():
            part = part.drop(columns="neb_error")
        names = [*self.asked, *self.answers, "neb_status", "neb_error", RATING, EDITED]
        part = part[[name for name in dict.fromkeys(names) if name in part.columns]]
        part.index = pd.RangeIndex(len(part))
        part.insert(0, "row", places + 1, allow_duplicates=True)
        return part

    def row(self, place: int) -> list[tuple[Any, str]]:
        """Give one row as names and texts: what was asked about, the answers, how it stands."""
        assert self.frame is not None
        one = self.frame.iloc[place]
        names = [*self.asked, *self.answers, *OWN, RATING, EDITED]
        there = [name for name in dict.fromkeys(names) if name in self.frame.columns]
        told = [(name, to_text(one[name])) for name in there if name != "neb_cost"]
        told.append(("neb_cost", usd(one["neb_cost"])))
        return [(name, text) for name, text in told if text or name in self.answers]

    def answer(self, place: int, column: str) -> str:
        """Give an answer as a text to be edited."""
        assert self.frame is not None
        return to_text(self.frame[column].iloc[place])

    def _keys(self) -> Sequence[Hashable]:
        """Name the rows so that they are found again in a smaller or larger part of the frame."""
        assert self.frame is not None
        index = self.frame.index
        return index.tolist() if index.is_unique else range(len(index))

    def _put_rating(self, place: int, word: str | None) -> None:
        import pandas as pd

        frame = self.frame
        assert frame is not None
        known = pd.CategoricalDtype(list(RATINGS))
        if RATING not in frame:
            frame[RATING] = pd.Categorical([None] * len(frame), dtype=known)
        elif frame[RATING].dtype != known:
            frame[RATING] = frame[RATING].astype(object).where(frame[RATING].isin(RATINGS), None)
            frame[RATING] = frame[RATING].astype(known)
        self._put(place, RATING, value=word)

    def _put_answer(self, place: int, column: str, value: Any) -> None:
        frame = self.frame
        assert frame is not None
        self._put(place, column, value=value)
        if EDITED not in frame:
            frame[EDITED] = False
        self._put(place, EDITED, value=True)

    def _put(self, place: int, column: str, *, value: Any) -> None:
        assert self.frame is not None
        at = list(self.frame.columns).index(column)
        self.frame.iat[place, at] = value  # noqa: PD009 - it takes a list as one value
