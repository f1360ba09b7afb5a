"""
The promises about money, held against a journal and the server's own books.

Pure: whoever kills the children hands in what both say, after every kill and at the end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.fault.journal_reading import Call


@dataclass(slots=True)
class Promises:
    """
    What was promised, what was seen, and what was broken.

    Parameters
    ----------
    in_flight
        How many rows may be possibly paid at one kill.

    Attributes
    ----------
    lost
        Calls whose committed answer went away or changed.
    bought_again
        Questions that were executed, or sent, after their answer was committed.
    unrecorded
        Executions that no intent in the journal stands for.
    unnamed
        Calls whose kept answer does not say what it answers.
    most_in_doubt, all_in_doubt
        The most rows without an answer that one kill left, and the sum over all kills.
    kept
        Calls with a committed answer, and the executions of its question, when first seen.
    """

    in_flight: int
    lost: set[int] = field(default_factory=set)
    bought_again: set[str] = field(default_factory=set)
    unrecorded: dict[str, int] = field(default_factory=dict)
    unnamed: set[int] = field(default_factory=set)
    most_in_doubt: int = 0
    all_in_doubt: int = 0
    kills_with_doubt: int = 0
    kept: dict[int, tuple[Call, int]] = field(default_factory=dict)

    def look(self, calls: Sequence[Call], counts: Mapping[str, int], *, killed: bool) -> None:
        """
        Compare a journal at rest with the server's books.

        Parameters
        ----------
        calls
            All of the journal.
        counts
            How often the server executed each question, with nothing under way any more.
        killed
            A child was killed just before; else it had ended by itself.
        """
        self._look_at_the_kept(calls, counts)
        in_doubt = sum(call.state == "sent" for call in calls)
        if killed:
            self.most_in_doubt = max(self.most_in_doubt, in_doubt)
            self.all_in_doubt += in_doubt
            self.kills_with_doubt += in_doubt > 0
        self._look_at_the_intents(calls, counts)

    def _look_at_the_kept(self, calls: Sequence[Call], counts: Mapping[str, int]) -> None:
        now = {call.id: call for call in calls}
        for number, (kept, executed) in self.kept.items():
            if now.get(number) != kept:
                self.lost.add(number)
            if counts.get(kept.sold, 0) > executed:
                self.bought_again.add(kept.sold)
        answered: set[bytes] = set()
        for call in calls:
            if call.key in answered:
                self.bought_again.add(call.sold or call.key.hex())
            if call.state == "done":
                answered.add(call.key)
                if not call.sold:
                    self.unnamed.add(call.id)
                if call.id not in self.kept:
                    self.kept[call.id] = call, counts.get(call.sold, 0)

    def _look_at_the_intents(self, calls: Sequence[Call], counts: Mapping[str, int]) -> None:
        """Every execution has an intent; those of questions not answered yet are not named."""
        intents = Counter(call.key for call in calls)
        named = {call.sold: call.key for call in calls if call.state == "done"}
        for sold, key in named.items():
            if counts.get(sold, 0) > intents[key]:
                self.unrecorded[sold] = counts.get(sold, 0) - intents[key]
        answered = set(named.values())
        unnamed = sum(count for key, count in intents.items() if key not in answered)
        executed = sum(count for sold, count in counts.items() if sold not in named)
        if executed > unnamed:
            self.unrecorded["not answered yet"] = executed - unnamed

    def broken(self) -> list[str]:
        """Tell every broken promise, in a line each."""
        told = []
        if self.lost:
            told.append(f"{len(self.lost)} committed answers were lost")
        if self.bought_again:
            told.append(f"{len(self.bought_again)} kept answers were bought again")
        if self.unrecorded:
            told.append(f"{sum(self.unrecorded.values())} executions have no intent")
        if self.unnamed:
            told.append(f"{len(self.unnamed)} kept answers cannot be read")
        if self.most_in_doubt > self.in_flight:
            told.append(f"{self.most_in_doubt} rows in doubt at one kill, over {self.in_flight}")
        return told
