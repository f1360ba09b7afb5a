"""Asking once before something that is not cheap."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from nbnebius.errors import OptionError, SettingsError, Stopped

if TYPE_CHECKING:
    from nbnebius.events import Asker
    from nbnebius.work.embed_outlook import EmbedOutlook
    from nbnebius.work.map.outlook import Outlook

CONFIRM = "NBNEBIUS_CONFIRM_USD"


def need_consent(asker: Asker, cost: float | None, what: str, *, also: str, hint: str) -> None:
    """
    Ask before work that is estimated above USD 1, or above what `CONFIRM` says.

    Parameters
    ----------
    cost
        The estimate, in USD; None is unknown, and then nothing is asked.
    what
        What is paid for, as "5,000 requests".
    also
        What else there is to know, for the question.
    hint
        How to agree where nobody can be asked.

    Raises
    ------
    OptionError
        Nobody can be asked here.
    Stopped
        The user did not agree.
    """
    limit = confirm_above()
    if cost is None or cost <= limit:
        return
    try:
        agreed = asker.confirm(f"About USD {cost:.2f} for {what} (an estimate{also}). Send them?")
    except SettingsError:
        raise OptionError(
            f"This is estimated at USD {cost:.2f}, and nobody can be asked here",
            why=f"above USD {limit:g} somebody has to agree",
            hint=f"{hint}, or set {CONFIRM}={cost * 1.5:.2g} in the environment",
        ) from None
    if not agreed:
        raise Stopped("You did not agree, so nothing was sent", hint="a sample of it costs less")


def consent_to_rows(asker: Asker, outlook: Outlook, budget: float | None, via: str) -> None:
    """Ask once before a job over rows that is not cheap; a budget is consent."""
    cost, other = outlook.cost, outlook.batch_cost
    if budget is not None or cost is None or other is None:
        return
    also = f"; as a batch about USD {other:.2f}"
    if via == "batch":
        cost, also = other, f"; one by one about USD {cost:.2f}"
    what = f"{outlook.requests:,} requests" + (" as a batch" if via == "batch" else "")
    hint = f"give a budget, as --budget {cost * 1.5:.2g}"
    need_consent(asker, cost, what, also=also, hint=hint)


def consent_to_texts(asker: Asker, outlook: EmbedOutlook) -> None:
    """Ask once before an embedding that is not cheap."""
    need_consent(
        asker,
        outlook.cost,
        f"{outlook.texts:,} texts",
        also=f"; {outlook.kept:,} are kept already" if outlook.kept else "",
        hint="give a budget, or fewer rows",
    )


def need_room(outlook: EmbedOutlook, budget: float) -> None:
    """
    Check that vectors cannot cost more than a budget.

    Raises
    ------
    OptionError
        They can, or their price is unknown.
    """
    if outlook.texts and (outlook.bound is None or outlook.bound > budget):
        most = "an unknown amount" if outlook.bound is None else f"USD {outlook.bound:.4g}"
        raise OptionError(
            f"The vectors of {outlook.texts:,} texts may cost {most}",
            why=f"the budget is USD {budget:g}, and nothing was sent",
            hint="raise the budget, or give fewer rows",
        )


def confirm_above() -> float:
    """Give the USD above which somebody has to agree."""
    told = os.environ.get(CONFIRM, "1")
    try:
        return float(told)
    except ValueError:
        raise SettingsError(f"{CONFIRM} is no number: {told[:40]!r}", hint="as 5") from None
