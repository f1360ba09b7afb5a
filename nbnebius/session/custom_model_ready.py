"""Waiting until a custom model is checked and can be asked."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from nbnebius.errors import NebiusError, NotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.types.custom_models import CustomModel

PAUSE = 0.5  # seconds between the first looks; it grows to ten
LONGEST_PAUSE = 10.0


def wait_until_active(
    made: CustomModel,
    look: Callable[[], CustomModel],
    wait: float,
    sleep: Callable[[float], None] = time.sleep,
) -> CustomModel:
    """
    Look at a model until it is active; an interrupt ends the waiting only.

    Parameters
    ----------
    made
        The model as it was created.
    look
        Asks for it anew; right after its creation the server may not know it yet.
    wait
        Seconds, at most.
    sleep
        How to pause between two looks.

    Raises
    ------
    NebiusError
        It has a fault, or is not active in time.
    """
    until, pause, now = time.monotonic() + wait, PAUSE, made
    while now.status in {None, "validating"}:
        left = until - time.monotonic()
        if left <= 0:
            raise NebiusError(
                f"The custom model {made.name} is not ready after {wait:g} seconds",
                hint="the server goes on: custom_models() tells how it stands",
            )
        sleep(min(pause, left))
        pause = min(1.5 * pause, LONGEST_PAUSE)
        try:
            now = look()
        except NotFoundError:
            continue
    if now.status != "active":
        raise NebiusError(
            f"The custom model {made.name} cannot be used: {now.status}",
            why=now.status_reason or "",
            hint=f"delete_custom_model({made.name!r}) deletes it",
        )
    return now
