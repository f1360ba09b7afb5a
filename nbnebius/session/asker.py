"""Questions to the user, where somebody can answer them."""

from __future__ import annotations

import sys

from nbnebius.errors import SettingsError


class ConsoleAsker:
    """
    Asks where the user types: in a notebook's front end, or in a terminal.

    A kernel replaces ``input`` and ``getpass`` by its own, which reach the front end; both must be
    called on the main thread, where the session waits.
    """

    def confirm(self, question: str) -> bool:
        """
        Ask a yes-or-no question; anything but yes is no.

        Raises
        ------
        SettingsError
            Nobody can answer here.
        """
        self._need_somebody()
        try:
            answer = input(f"{question} [y/N] ")
        except Exception as error:  # noqa: BLE001 - each front end has its own word for "nobody is there"
            raise _nobody(error) from None
        return answer.strip().lower() in {"y", "yes"}

    def secret(self, question: str) -> str:
        """
        Ask for a key without showing it.

        Raises
        ------
        SettingsError
            Nobody can answer here.
        """
        from getpass import getpass

        self._need_somebody()
        try:
            return getpass(question)
        except Exception as error:  # noqa: BLE001 - likewise
            raise _nobody(error) from None

    @staticmethod
    def _need_somebody() -> None:
        import getpass

        in_kernel = getpass.getpass.__module__ != "getpass"
        if not in_kernel and not (sys.stdin and sys.stdin.isatty()):
            raise _nobody(None)


def _nobody(error: Exception | None) -> SettingsError:
    return SettingsError(
        "Nobody can be asked here",
        why=type(error).__name__ if error else "there is no terminal",
        hint="set NEBIUS_API_KEY in the environment, or pass the answer as an argument",
    )
