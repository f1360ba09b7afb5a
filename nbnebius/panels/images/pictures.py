"""The pictures that were drawn in a panel, and the form that draws the next."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nbnebius.commands.image import ImageOptions
from nbnebius.errors import OptionError
from nbnebius.panels.state import State

if TYPE_CHECKING:
    from nbnebius.panels.images.shown import Shown

NEXT = 4  # seeds of a variation


class Pictures(State):
    """
    A form, and pictures whose settings can be put back into it.

    Attributes
    ----------
    asked
        The form, as ``%image`` takes it.
    pictures
        What was drawn here, the newest first.
    chosen
        The place of the one that is looked at among these.
    """

    def __init__(self) -> None:
        super().__init__()
        self.asked = ImageOptions()
        self.pictures: list[Shown] = []
        self.chosen = 0

    @property
    def picture(self) -> Shown | None:
        """The picture that is looked at."""
        return self.pictures[self.chosen] if self.pictures else None

    def look(self, place: int) -> None:
        """Look at a picture."""
        self.chosen = max(0, min(place, len(self.pictures) - 1))
        self.changed()

    def use_settings(self) -> None:
        """Put the settings of the picture into the form, its seed too: to change the words."""
        self._load(lambda shown: shown.asked)

    def next_seeds(self) -> None:
        """Put its settings into the form, with the seeds that follow those drawn so far."""

        def following(shown: Shown) -> ImageOptions:
            same = replace(shown.asked, seed=None)
            seeds = [
                each.picture.seed
                for each in self.pictures
                if replace(each.asked, seed=None) == same
            ]
            return replace(shown.asked, seed=max(seeds) + 1, n=NEXT)

        self._load(following)

    def _load(self, settings: Any) -> None:
        def take() -> None:
            shown = self.picture
            if shown is None:
                raise OptionError("There is no picture yet", hint="draw one first")
            self.asked = settings(shown)
            self._look_ahead()

        self.attempt(take)

    def _look_ahead(self) -> None:
        """Find what the form costs now."""
        raise NotImplementedError
