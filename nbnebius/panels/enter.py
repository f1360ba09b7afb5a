"""Enter in a line of text."""

from __future__ import annotations

import contextvars
import threading
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    import ipywidgets as widgets

LATER: Final = 0.3  # seconds, in which a text follows the key that ends it


class Enter:
    """
    Calls a function when Enter is pressed in a `nbnebius.panels.parts.field`.

    The page tells of the key first and of the text after it, and does not tell a text again that it
    told before; so a moment is waited for it.

    Parameters
    ----------
    box
        It tells its text when it is left or Enter is pressed: at every key, what follows could
        overtake it while the kernel is busy.
    action
        Called once for each Enter, when the text is there.
    """

    def __init__(self, box: widgets.Text, action: Callable[[], Any]) -> None:
        self._action = action
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        box.on_msg(self._pressed)
        box.observe(lambda _: self._go(), "value")

    def _pressed(self, _: Any, content: Any, __: Any) -> None:
        if content.get("event") != "submit":
            return
        # What the kernel notes of the message goes with it.
        context = contextvars.copy_context()
        timer = threading.Timer(LATER, context.run, args=(self._go,))
        timer.daemon = True
        with self._lock:
            self._timer = timer
        timer.start()

    def _go(self) -> None:
        with self._lock:
            timer, self._timer = self._timer, None
        if timer is not None:
            timer.cancel()
            self._action()
