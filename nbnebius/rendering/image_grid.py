"""Pictures in rows and columns, each row and column named."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from nbnebius.rendering.safe import escape, plain

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.rendering.images import Thumb


def image_grid_bundle(
    rows: Sequence[str], columns: Sequence[str], cells: Mapping[tuple[int, int], Thumb]
) -> dict[str, str]:
    """
    Show pictures as a table.

    Parameters
    ----------
    rows, columns
        Their names.
    cells
        The pictures by row and column; one that is not there leaves its place empty.

    Returns
    -------
    dict
        ``text/html``, with the previews inside, and ``text/plain``.
    """
    head = "".join(f"<th>{escape(name)}</th>" for name in columns)
    body = "".join(
        f"<tr><th>{escape(name)}</th>"
        + "".join(f"<td>{_cell(cells.get((at, beside)))}</td>" for beside in range(len(columns)))
        + "</tr>"
        for at, name in enumerate(rows)
    )
    lines = [
        plain(f"{rows[at]}, {columns[beside]}: {thumb.path or thumb.caption}")
        for (at, beside), thumb in sorted(cells.items())
    ]
    return {
        "text/html": '<div class="jp-RenderedHTMLCommon mathjax_ignore" style="overflow-x:auto">'
        f"<table><thead><tr><th></th>{head}</tr></thead><tbody>{body}</tbody></table></div>",
        "text/plain": "\n".join(lines),
    }


def _cell(thumb: Thumb | None) -> str:
    if thumb is None:
        return ""
    source = f"data:image/webp;base64,{base64.b64encode(thumb.data).decode('ascii')}"
    return (
        f'<img src="{source}" alt="{escape(thumb.caption or "image")}" '
        f'width="{int(thumb.width)}" height="{int(thumb.height)}" style="max-width:none">'
    )
