"""Prompts that the user saved by name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from nbnebius.errors import OptionError
from nbnebius.session.core import Core

if TYPE_CHECKING:
    from nbnebius.journal import SavedPrompt

NAME = re.compile(r"[^\W_][\w-]{0,59}")


class Prompts(Core):
    """The part of a session that saves prompts."""

    def save_prompt(self, prompt: SavedPrompt) -> bool:
        """
        Save a prompt under its name; True where it takes the place of another.

        Raises
        ------
        OptionError
            It has no text, or its name is none.
        """
        from nbnebius.journal import save_prompt

        if not NAME.fullmatch(prompt.name):
            raise OptionError(
                f"A prompt cannot be called {prompt.name[:60]!r}",
                why="a name has letters, digits and dashes",
                hint="as %nebius save review",
            )
        if not (prompt.cell or prompt.line).strip():
            raise OptionError("The prompt is empty", hint="write what is to be saved")
        return save_prompt(self.journal, prompt)

    def saved_prompts(self) -> list[SavedPrompt]:
        """List the saved prompts by name."""
        from nbnebius.journal import saved_prompts

        return saved_prompts(self.journal)

    def saved_prompt(self, name: str) -> SavedPrompt:
        """
        Give one saved prompt.

        Raises
        ------
        OptionError
            There is none of that name; the nearest is given.
        """
        from difflib import get_close_matches

        found = {prompt.name: prompt for prompt in self.saved_prompts()}
        if name not in found:
            near = get_close_matches(name, found, n=1)
            raise OptionError(
                f"There is no saved prompt {name[:60]!r}",
                why=f"did you mean {near[0]}?" if near else "",
                hint="%nebius save NAME saves the last one; a file's name has a dot or a slash",
            )
        return found[name]

    def drop_prompt(self, name: str) -> None:
        """Delete a saved prompt; `OptionError` where there is none of that name."""
        from nbnebius.journal import drop_prompt

        self.saved_prompt(name)
        drop_prompt(self.journal, name)
