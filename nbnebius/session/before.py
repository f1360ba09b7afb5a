"""The one line that is told before a task over rows begins: rows, tokens and USD."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.events import Note
from nbnebius.rendering.answer import usd

if TYPE_CHECKING:
    from nbnebius.work.embed_outlook import EmbedOutlook
    from nbnebius.work.map.job import RowsJob
    from nbnebius.work.map.outlook import Outlook


def before_rows(task: str, rows: RowsJob, outlook: Outlook, via: str) -> Note | None:
    """Say what a job over rows is about to take; None where nothing is left to send."""
    if not outlook.requests:
        return None
    cost = outlook.batch_cost if via == "batch" else outlook.cost
    where = f"to {rows.form.model}" + (" as a batch" if via == "batch" else "")
    return Note(
        f"{task}: {_counted(rows.source.count, 'row')}, "
        f"{_counted(outlook.requests, 'request')} {where}; "
        f"about {outlook.tokens_in:,} tokens in, {outlook.tokens_out:,} out, "
        f"{usd(cost)} (an estimate)"
    )


def before_texts(task: str, outlook: EmbedOutlook) -> Note | None:
    """Say what an embedding is about to take; None where nothing is left to send."""
    if not outlook.texts:
        return None
    kept = f", {outlook.kept:,} are kept already" if outlook.kept else ""
    return Note(
        f"{task}: {_counted(outlook.rows, 'row')}, "
        f"{_counted(outlook.texts, 'text')} to {outlook.model}{kept}; "
        f"about {outlook.tokens:,} tokens, {usd(outlook.cost)} (an estimate)"
    )


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
