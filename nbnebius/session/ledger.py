"""The ledger of a session, and what it may throw away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.core import Core

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.journal import By, Purged

MEGABYTE = 1e6


class Ledger(Core):
    """The part of a session that reads the ledger, and makes room."""

    def usage(self, by: By | None = None, *, since: Any = None, until: Any = None) -> pd.DataFrame:
        """Give what was bought; see `nbnebius.usage`."""
        from nbnebius.frames.usage import usage_frame, usage_sums_frame
        from nbnebius.journal import BY, usage_by, usage_rows
        from nbnebius.session.moments import moment

        play = self.is_sandbox
        within: dict[str, Any] = {
            "since": 0.0 if since is None else moment(since, "since"),
            "until": float("inf") if until is None else moment(until, "until"),
            "sandbox": play,
        }
        if by is None:
            return usage_frame(usage_rows(self.journal, **within), play=play)
        if by not in BY:
            from difflib import get_close_matches

            near = get_close_matches(str(by), BY, n=1)
            raise OptionError(
                f"Usage cannot be summed by {by!r}",
                why=f"did you mean {near[0]}?" if near else "",
                hint="it can by " + ", ".join(BY),
            )
        return usage_sums_frame(usage_by(self.journal, by, **within), by, play=play)

    def purge(
        self,
        *,
        older_than: str | None = None,
        answers: bool = False,
        vectors: bool = False,
        everything: bool = False,
        yes: bool = False,
    ) -> Purged | None:
        """
        Throw kept prompts, answers and vectors away, and give the space back.

        What calls cost is never forgotten, unless `everything` says so. Requests that are still
        running are left alone.

        Parameters
        ----------
        older_than
            Only what is older than this: ``12h``, ``30d`` or ``4w``.
        answers, vectors
            Only prompts with their answers, or only vectors; with neither or with both, both.
        everything
            The ledger too: calls, costs, and how often answers were shown again.
        yes
            Do not ask first.

        Returns
        -------
        Purged
            What went, and bytes that are free on the disk now; None where the answer was no.

        Raises
        ------
        OptionError
            `older_than` is no age, or `everything` is narrowed to answers or vectors.
        SettingsError
            Nobody can be asked, and `yes` was not given.
        """
        import time

        from nbnebius.journal import Waste, purge, purgeable
        from nbnebius.session.moments import age

        if everything and (answers or vectors):
            raise OptionError(
                "everything cannot be only a part", why="answers or vectors narrow it"
            )
        both = answers == vectors
        waste = Waste(
            before=float("inf") if older_than is None else time.time() - age(older_than),
            answers=answers or both,
            vectors=vectors or both,
            ledger=everything,
        )
        found = purgeable(self.journal, waste)
        if not found:
            return found
        keeps = "" if everything else "; what calls cost stays"
        if not yes and not self.asker.confirm(f"Delete {told(found)}{keeps}?"):
            return None
        return purge(self.journal, waste)


def told(purged: Purged) -> str:
    """Say what goes or went, for people."""
    counts = [
        (purged.answers, "kept answer", ""),
        (purged.vectors, "vector", ""),
        (purged.calls, "line", " of the ledger"),
    ]
    parts = [
        f"{count:,} {name}{'' if count == 1 else 's'}{of}" for count, name, of in counts if count
    ]
    return f"{', '.join(parts) or 'nothing'} ({purged.bytes / MEGABYTE:,.1f} MB)"
