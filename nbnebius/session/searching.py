"""Searches of a session: the rows of a frame of vectors that are nearest to a question."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from nbnebius.errors import ApiError, OptionError
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.prepare import is_whole
from nbnebius.session.vectors import Vectors
from nbnebius.types.record import Record

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from numpy.typing import NDArray

    from nbnebius.session.prepare import Prepared


class Found(Record, frozen=True):
    """The rows that were found, and the frame of the questions' own vectors (None: given)."""

    rows: pd.DataFrame
    asked: pd.DataFrame | None


class Searching(Vectors):
    """The part of a session that searches."""

    def prepare_search(
        self,
        frame: Any,
        query: Any,
        *,
        model: str | None = None,
        query_prefix: str | None = None,
    ) -> Prepared:
        """Settle everything about a search's one request without sending it."""
        from nbnebius.session.texts import read_texts

        texts = [query] if isinstance(query, str) else list(query)
        about = _about(frame)
        return self.prepare_embed(
            read_texts([(query_prefix or "") + text for text in texts]),
            model=_model(about, model),
            dimensions=about.get("dimensions") if about.get("shortened") else None,
        )

    def search(self, frame: Any, query: Any, **options: Any) -> pd.DataFrame:
        """Find the rows nearest to a question; see `nbnebius.search`."""
        return self.find(frame, query, **options).rows

    def find(
        self,
        frame: Any,
        query: Any,
        *,
        k: int = 5,
        column: str | None = None,
        model: str | None = None,
        query_prefix: str | None = None,
        private: bool | None = None,
        caller: Caller = FUNCTION,
    ) -> Found:
        """Find the rows nearest to a question, and tell what the question cost."""
        from nbnebius.frames.embeddings import matrix, matrix_blocks
        from nbnebius.frames.nearest import nearest_rows
        from nbnebius.work.search import nearest

        frame = _pandas(frame)
        if not is_whole(k) or k < 1:
            raise OptionError(f"k cannot be {k!r}", why="it takes 1 or more")
        about = _about(frame)
        name = column or "embedding"
        width, blocks_of = matrix_blocks(frame, name)
        texts = _texts(query)
        if texts is None:
            if model is not None:
                _model(about, model)
            vectors, asked = _vector(query, width), None
        else:
            asked = self._ask(
                [(query_prefix or "") + text for text in texts],
                _model(about, model),
                width,
                private,
                caller,
                shortened=about.get("shortened", False),
            )
            vectors = matrix(asked)
        found = [nearest(blocks_of(), one, int(k)) for one in vectors]
        several = texts if texts is not None and not isinstance(query, str) else None
        return Found(nearest_rows(frame, found, several), asked)

    def _ask(
        self,
        texts: list[str],
        model: str,
        width: int,
        private: bool | None,
        caller: Caller,
        *,
        shortened: bool,
    ) -> pd.DataFrame:
        """Embed the questions, at the size that the frame's vectors have."""
        dimensions = width if shortened else None
        asked = self.embed(
            texts, model=model, dimensions=dimensions, private=private, caller=caller
        )
        came = asked.attrs["nbnebius"]["dimensions"]
        if came != width and not shortened:
            # A frame that was read back does not say whether its vectors were shortened.
            try:
                asked = self.embed(
                    texts, model=model, dimensions=width, private=private, caller=caller
                )
            except ApiError:
                raise _other_size(model, came, width) from None
            came = asked.attrs["nbnebius"]["dimensions"]
        if came != width:
            raise _other_size(model, came, width)
        if (bad := asked[asked["neb_status"] != "ok"]).size:
            raise OptionError(
                f"The question {str(bad['text'].iloc[0])[:60]!r} has no vector",
                why=str(bad["neb_error"].fillna("it is blank").iloc[0]),
            )
        return asked


def _pandas(frame: Any) -> Any:
    if hasattr(frame, "compute") and not hasattr(frame, "to_pandas"):
        frame = frame.compute()  # Dask
    if hasattr(frame, "to_pandas"):
        frame = frame.to_pandas()
    if not hasattr(frame, "columns"):
        raise OptionError(
            f"A {type(frame).__name__} is no frame", hint="search in what embed gives"
        )
    return frame


def _about(frame: Any) -> dict[str, Any]:
    about = getattr(frame, "attrs", {}).get("nbnebius")
    return about if isinstance(about, dict) else {}


def _model(about: dict[str, Any], wanted: str | None) -> str:
    """
    Settle the model that must embed the question: the one that embedded the frame.

    Raises
    ------
    OptionError
        Another one is wanted, or nothing says which one it was.
    """
    made = about.get("model")
    if made is None and wanted is None:
        raise OptionError(
            "The frame does not say which model its vectors are from",
            why="that is lost where a frame is written to a file, or put together anew",
            hint="pass model= (-m in the magic) with the id it was embedded with",
        )
    if made is not None and wanted not in {None, made}:
        raise OptionError(
            f"The frame's vectors are from {made}, not from {wanted}",
            why="vectors of different models cannot be compared",
            hint=f"leave the model out, or embed the frame again with {wanted}",
        )
    return str(made or wanted)


def _texts(query: Any) -> list[str] | None:
    """Give the questions' texts; None where the query is a vector."""
    if isinstance(query, str):
        return _checked([query])
    if hasattr(query, "tolist") and not hasattr(query, "index"):
        query = query.tolist()  # NumPy
    if not isinstance(query, Iterable):
        raise OptionError(
            f"A {type(query).__name__} cannot be searched for",
            hint="give a text, a list of texts, or a vector",
        )
    values = list(query)
    if values and all(isinstance(value, str) for value in values):
        return _checked(values)
    return None


def _checked(texts: list[str]) -> list[str]:
    if not all(text.strip() for text in texts):
        raise OptionError("The question is blank", hint="say what should be found")
    return texts


def _vector(query: Any, width: int) -> NDArray[np.float32]:
    import numpy as np

    try:
        vector = np.asarray(query, np.float32)
    except (TypeError, ValueError):
        vector = np.empty(0, np.float32)
    if vector.ndim != 1 or not vector.size:
        raise OptionError(
            "The question is neither text nor a vector",
            hint="give a text, a list of texts, or one row of numbers",
        )
    if len(vector) != width:
        raise OptionError(
            f"The question has {len(vector)} dimensions, the frame's vectors have {width}"
        )
    if not np.isfinite(vector).all() or not vector.any():
        raise OptionError("The question's vector has no direction", why="it is zero, or holds NaN")
    return vector[np.newaxis]


def _other_size(model: str, came: int, width: int) -> OptionError:
    return OptionError(
        f"{model} gives {came} dimensions, the frame's vectors have {width}",
        why="they are from another model, or from another size of it",
        hint="embed the frame again, or name the model it was embedded with",
    )
