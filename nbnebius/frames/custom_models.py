"""Custom models as a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.frames.categories import category
from nbnebius.frames.columns import column
from nbnebius.types.custom_models import STATUSES
from nbnebius.types.times import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.types.custom_models import CustomModel

TEXTS = ("name", "type", "status_reason", "base_model", "vendor", "description")
COLUMNS = [
    *("name", "status", "status_reason", "type", "base_model", "source", "vendor"),
    *("context", "size_b", "created", "description", "raw"),
]


def custom_model_frame(models: Sequence[CustomModel]) -> pd.DataFrame:
    """
    Give custom models as a frame, one row each, in the order given.

    Returns
    -------
    DataFrame
        ``name`` (str), ``status`` (category: validating, active, error, deleted, and what else
        occurs), ``status_reason``, ``type``, ``base_model``, ``source`` (str: checkpoint, job,
        file or address), ``vendor`` (str), ``context`` (float64, thousands of tokens), ``size_b``
        (float64, billions of parameters), ``created`` (datetime64[us, UTC]), ``description``
        (str), ``raw`` (object: the row as sent). What a row lacks is missing.
    """
    import pandas as pd

    columns: dict[str, Any] = {
        **{name: column([getattr(one, name) for one in models], "string") for name in TEXTS},
        "status": category((one.status for one in models), STATUSES),
        "source": column([one.origin for one in models], "string"),
        "context": column([one.context_window_k for one in models], "float64"),
        "size_b": column([one.size_b for one in models], "float64"),
        "created": column([seconds(one.created_at) for one in models], "datetime64[us, UTC]"),
        "raw": column([one.raw for one in models], "object"),
    }
    return pd.DataFrame(columns, columns=COLUMNS)
