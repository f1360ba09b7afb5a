"""The one question before a job that is not cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.errors import OptionError, SettingsError, Stopped
from nbnebius.session.map_request import CONFIRM, confirm_above

if TYPE_CHECKING:
    from nbnebius.events import Asker
    from nbnebius.work.map.outlook import Outlook


def agree(asker: Asker, outlook: Outlook, budget: float | None, via: str) -> None:
    """
    Ask once before a job that is not cheap; a budget is consent.

    Raises
    ------
    OptionError
        Nobody can be asked here.
    Stopped
        The answer was no.
    """
    cost = outlook.batch_cost if via == "batch" else outlook.cost
    limit = confirm_above()
    if budget is not None or cost is None or cost <= limit:
        return
    if via == "batch":
        how, other = "as a batch", f"one by one about USD {outlook.cost:.2f}"
    else:
        how, other = "one by one", f"as a batch about USD {outlook.batch_cost:.2f}"
    question = (
        f"About USD {cost:.2f} for {outlook.requests:,} requests {how} (an estimate; "
        f"{other}). Send them?"
    )
    try:
        agreed = asker.confirm(question)
    except SettingsError:
        raise OptionError(
            f"This job is estimated at USD {cost:.2f}, and nobody can be asked here",
            why=f"above USD {limit:g} somebody has to agree",
            hint=f"give a budget, as --budget {cost * 1.5:.2g}, or set {CONFIRM}",
        ) from None
    if not agreed:
        raise Stopped(
            "You did not agree, so nothing was sent",
            hint="--sample 20 tries a few rows"
            + ("" if via == "batch" else "; --via batch costs half"),
        )
