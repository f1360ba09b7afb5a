"""How far work is, in one line: what is done, how fast, how long still, and the money."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.rendering.answer import usd

if TYPE_CHECKING:
    from nbnebius.events import Progress

MINUTE, HOUR = 60, 3600
ENOUGH = 10  # done before a rate says anything


def progress_line(progress: Progress, seconds: float) -> str:
    """
    Tell how far work is.

    Parameters
    ----------
    progress
        As it was told last.
    seconds
        Since it began.

    Examples
    --------
    >>> from nbnebius.events import Progress
    >>> progress_line(Progress("requests", 600, 1000, kept=100, cost=0.02), 50.0)
    '600 of 1,000 requests · 10/s · 40 s left · 100 kept already · USD 0.020'
    """
    done, total, kept = progress.done, progress.total, progress.kept
    parts = [f"{done:,} of {total:,} {progress.what}"]
    bought = done - kept
    if bought >= ENOUGH and seconds > 0 and done < total:
        rate = bought / seconds
        parts.append(f"{rate:,.0f}/s" if rate >= 1 else f"{rate * MINUTE:,.0f}/min")
        parts.append(f"{duration((total - done) / rate)} left")
    named = (
        (kept, "kept already"),
        (progress.failed, "failed"),
        (progress.doubtful, "possibly paid"),
    )
    parts += [f"{number:,} {word}" for number, word in named if number]
    if progress.cost is None or progress.cost:
        parts.append(usd(progress.cost))
    if progress.state:
        parts.append(progress.state)
    return " · ".join(parts)


def duration(seconds: float) -> str:
    """
    Write a time for people.

    Examples
    --------
    >>> duration(4.2), duration(90), duration(7300)
    ('4 s', '1 min 30 s', '2 h 1 min')
    """
    whole = max(1, round(seconds))
    if whole < MINUTE:
        return f"{whole} s"
    if whole < HOUR:
        return f"{whole // MINUTE} min {whole % MINUTE} s"
    return f"{whole // HOUR} h {whole % HOUR // MINUTE} min"
