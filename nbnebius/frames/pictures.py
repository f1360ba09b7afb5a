"""Pictures as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.frames.columns import column

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from nbnebius.types.answers import PictureResult


def picture_frame(results: Sequence[PictureResult], paths: Sequence[Path | None]) -> pd.DataFrame:
    """
    Give pictures as a frame, one row each.

    Returns
    -------
    DataFrame
        ``seed`` (Int64), ``prompt``, ``model`` (str), ``width``, ``height`` (Int64, pixels),
        ``format`` (str), ``path`` (str, missing where not saved), ``cost`` (float64, USD paid),
        ``cached`` (boolean).
    """
    import io

    import pandas as pd
    from PIL import Image

    sizes, formats = [], []
    for result in results:
        with Image.open(io.BytesIO(result.data)) as image:
            sizes.append(image.size)
            formats.append((image.format or "").lower())
    return pd.DataFrame(
        {
            "seed": column([r.seed for r in results], "Int64"),
            "prompt": column([r.prompt for r in results], "string"),
            "model": column([r.model for r in results], "string"),
            "width": column([w for w, _ in sizes], "Int64"),
            "height": column([h for _, h in sizes], "Int64"),
            "format": column(formats, "string"),
            "path": column([str(p) if p else None for p in paths], "string"),
            "cost": column([r.cost for r in results], "float64"),
            "cached": column([r.kept_at is not None for r in results], "boolean"),
        }
    )
