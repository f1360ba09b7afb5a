"""`Embedder`: `embed` as a transformer of scikit-learn, which is no dependency of this package."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.default import default_session
from nbnebius.session.texts import read_texts

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

CONTAINERS = ("default", "pandas", "polars")


class Embedder:
    """
    Turn texts into vectors within a scikit-learn pipeline.

    Every text is bought once and kept, so folds, searches and refits cost nothing more. It holds
    its parameters only: the address and the key are those of the session it runs in, and a worker
    process finds them in its own environment.

    Parameters
    ----------
    model
        A model's id; the default embedding model if left out.
    dimensions
        Shorter vectors, where the model can.
    column
        Where a frame is given, the column of texts; needed where several hold text.
    private
        Keep nothing on disk but usage.

    Attributes
    ----------
    n_features_out_
        The dimensions, after `fit`.
    model_
        The model that embedded, after `fit`.

    Examples
    --------
    ``make_pipeline(Embedder(), LogisticRegression()).fit(frame["text"], frame["label"])``
    """

    def __init__(
        self,
        model: str | None = None,
        dimensions: int | None = None,
        column: str | None = None,
        private: bool | None = None,
    ) -> None:
        self.model = model
        self.dimensions = dimensions
        self.column = column
        self.private = private

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn's protocol
        """Give the parameters."""
        return {name: getattr(self, name) for name in _PARAMETERS}

    def set_params(self, **params: Any) -> Embedder:
        """
        Set parameters.

        Raises
        ------
        OptionError
            There is no such parameter.
        """
        for name, value in params.items():
            if name not in _PARAMETERS:
                raise OptionError(
                    f"Embedder has no parameter {name!r}", hint="it has " + ", ".join(_PARAMETERS)
                )
            setattr(self, name, value)
        return self

    def fit(self, texts: Any, y: Any = None) -> Embedder:  # noqa: ARG002 - scikit-learn's protocol
        """
        Embed the texts, which are then kept, and learn how many dimensions there are.

        Parameters
        ----------
        texts
            A list, array, Series or frame of texts.
        y
            Ignored.

        Raises
        ------
        OptionError
            No texts, or one that has no vector.
        NebiusError
            As of `embed`.
        """
        self._fitted(texts)
        return self

    def transform(self, texts: Any) -> Any:
        """
        Give the vectors: (n, d) float32, or a frame after `set_output`.

        Raises
        ------
        OptionError
            A text has no vector, as a blank one; or another model or size than `fit` had.
        NebiusError
            As of `embed`.
        """
        if not hasattr(self, "n_features_out_"):
            return self._contained(self._fitted(texts), texts)
        vectors, model = self._embed(texts)
        if (model, vectors.shape[1]) != (self.model_, self.n_features_out_):
            raise OptionError(
                f"The vectors are from {model} with {vectors.shape[1]} dimensions, "
                f"those of fit from {self.model_} with {self.n_features_out_}",
                hint="fit it again",
            )
        return self._contained(vectors, texts)

    def fit_transform(self, texts: Any, y: Any = None) -> Any:  # noqa: ARG002 - scikit-learn's protocol
        """Do both, for the price of one."""
        return self._contained(self._fitted(texts), texts)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:  # noqa: ARG002 - scikit-learn's protocol
        """Give ``embedding0`` … as scikit-learn's own transformers name their columns."""
        import numpy as np

        if not hasattr(self, "n_features_out_"):
            raise OptionError("This Embedder is not fitted yet", hint="call fit first")
        return np.array([f"embedding{n}" for n in range(self.n_features_out_)], dtype=object)

    def set_output(self, *, transform: str | None = None) -> Embedder:
        """Have `transform` give ``default`` (an array), ``pandas`` or ``polars``."""
        if transform is not None:
            if transform not in CONTAINERS:
                raise OptionError(
                    f"transform cannot be {transform!r}", why="it takes " + ", ".join(CONTAINERS)
                )
            # The name under which scikit-learn's clone carries it over.
            self._sklearn_output_config = {"transform": transform}
        return self

    def _fitted(self, texts: Any) -> NDArray[np.float32]:
        """Embed, and learn from it."""
        vectors, self.model_ = self._embed(texts)
        self.n_features_out_ = int(vectors.shape[1])
        return vectors

    def _embed(self, texts: Any) -> tuple[NDArray[np.float32], str]:
        """Give the vectors and their model."""
        from nbnebius.frames.embeddings import matrix

        column = self.column if hasattr(texts, "columns") else None
        read = read_texts(_one_column(texts), column)
        frame = default_session().embed(
            read.texts, model=self.model, dimensions=self.dimensions, private=self.private
        )
        bad = frame["neb_status"] != "ok"
        if bad.any():
            place = int(bad.to_numpy().argmax())
            why = frame["neb_error"].iloc[place]
            raise OptionError(
                f"{int(bad.sum()):,} of {len(frame):,} texts have no vector, the first in row "
                f"{place}",
                why=str(why) if isinstance(why, str) else "it is blank",
                hint="drop or fill such rows before; the others are kept",
            )
        return matrix(frame), str(frame.attrs["nbnebius"]["model"])

    def _contained(self, vectors: NDArray[np.float32], texts: Any) -> Any:
        wanted = getattr(self, "_sklearn_output_config", {}).get("transform")
        if wanted is None and "sklearn" in sys.modules:
            wanted = sys.modules["sklearn"].get_config().get("transform_output")
        names = list(self.get_feature_names_out())
        if wanted == "pandas":
            import pandas as pd

            index = texts.index if isinstance(texts, pd.DataFrame | pd.Series) else None
            return pd.DataFrame(vectors, index=index, columns=names)
        if wanted == "polars":
            import polars as pl  # type: ignore[import-not-found,unused-ignore]  # the user's own

            return pl.DataFrame(vectors, schema=names)
        return vectors

    def __repr__(self) -> str:
        told = (f"{name}={value!r}" for name, value in self.get_params().items() if value)
        return f"Embedder({', '.join(told)})"

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "n_features_out_")

    def __sklearn_tags__(self) -> Any:
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(two_d_array=False, string=True, one_d_array=True),
        )


_PARAMETERS = ("model", "dimensions", "column", "private")


def _one_column(texts: Any) -> Any:
    """Give an (n, 1) array, which some steps make of a column, as n texts."""
    shape = getattr(texts, "shape", None)
    is_array = hasattr(texts, "ravel") and not hasattr(texts, "columns")
    if is_array and shape is not None and len(shape) == 2 and shape[1] == 1:  # noqa: PLR2004 - a matrix
        return texts.ravel()
    return texts
