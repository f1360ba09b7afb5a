"""`Comparison`: what several models answered, with what it took and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import BudgetReached, JournalError, NebiusError, ReplayError, RowsFailed
from nbnebius.rendering.answer import usd
from nbnebius.rendering.side_by_side import side_by_side
from nbnebius.results.reply import Reply
from nbnebius.results.showing import form_bundle
from nbnebius.work.price import total

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from nbnebius.work.compare import Entry
    from nbnebius.work.schema import Schema

# What holds for every call, and so is raised although other models have answered.
ENDING = (BudgetReached, JournalError, ReplayError)


class Comparison:
    """
    What became of asking several models.

    Attributes
    ----------
    entries
        One for each model.
    replies
        Each one's `Reply`, as far as there is an answer, else None.
    """

    def __init__(self, entries: Sequence[Entry], schema: Schema | None) -> None:
        self.entries = list(entries)
        self._schema = schema
        self.replies = [self._reply(entry) for entry in self.entries]

    def _reply(self, entry: Entry) -> Reply | None:
        if (result := entry.result) is None:
            return None
        parsed = entry.answered.parsed if entry.answered else None
        return Reply(result, schema=self._schema if parsed else None, parsed=parsed)

    @property
    def models(self) -> list[str]:
        """The models' ids, in the order they were named."""
        return [entry.model for entry in self.entries]

    def frame(self) -> pd.DataFrame:
        """Give a row per model; see `nbnebius.frames.compare.compare_frame`."""
        from nbnebius.frames.compare import compare_frame

        parsed = [entry.answered.parsed if entry.answered else None for entry in self.entries]
        frame = compare_frame(
            self.models,
            [entry.result for entry in self.entries],
            [each.data if each else None for each in parsed],
            [entry.status for entry in self.entries],
            [entry.reason for entry in self.entries],
            self._schema.json if self._schema else None,
        )
        frame.attrs["nbnebius"] = {"cost": self.cost}
        return frame

    def outcome(self) -> pd.DataFrame:
        """
        Give the frame, unless nobody answered or the work itself ended.

        Raises
        ------
        NebiusError
            What every model failed with, or `RowsFailed` where they failed for several reasons; a
            budget that is reached and a journal that cannot be written also where some answered.
            With ``.frame``.
        """
        frame = self.frame()
        if error := self._ended_by():
            error.frame = frame
            raise error
        return frame

    def _ended_by(self) -> NebiusError | None:
        errors = [entry.error for entry in self.entries if entry.error]
        for error in errors:
            if isinstance(error, ENDING):
                return error
        if not errors or len(errors) < len(self.entries):
            return None
        if len({type(error) for error in errors}) == 1:
            return errors[0]
        told = "; ".join(f"{entry.model}: {entry.reason}" for entry in self.entries)
        return RowsFailed(f"None of {len(errors)} models has an answer", why=told)

    @property
    def cost(self) -> float | None:
        """USD paid now, in all; None where a price is unknown."""
        return total(reply.cost for reply in self.replies if reply)

    @property
    def kept(self) -> list[Reply]:
        """The replies that were kept already."""
        return [reply for reply in self.replies if reply and reply.cached]

    @property
    def footer(self) -> str:
        """How many models answered, what they read and wrote, and USD in all, as answered."""
        usages = [reply.usage for reply in self.replies if reply and reply.usage]
        tokens = sum(usage.total_tokens for usage in usages)
        answers = [entry.result for entry in self.entries if entry.result]
        ok = sum(entry.status == "ok" for entry in self.entries)
        count = len(self.entries)
        named = f"{count} model{'' if count == 1 else 's'}"
        pieces = [named if ok == count else f"{ok} of {named} answered"]
        pieces.append(f"{tokens:,} tokens")
        pieces.append(f"{usd(total(answer.answer_cost for answer in answers))} in all")
        return " · ".join(pieces)

    @property
    def metadata(self) -> dict[str, Any]:
        """What stands in the output's metadata: the seconds, and which answers were kept."""
        told = [
            dict(reply.metadata["nbnebius"]) if reply else {"model": entry.model}
            for entry, reply in zip(self.entries, self.replies, strict=True)
        ]
        return {"nbnebius": {"compared": told}}

    def bundle(self, *, quiet: bool = False) -> dict[str, str]:
        """Give the page's form, side by side, and the terminal's, below each other."""
        shown = [
            self._one(entry, reply, quiet=quiet)
            for entry, reply in zip(self.entries, self.replies, strict=True)
        ]
        return side_by_side(self.models, shown, "" if quiet else self.footer)

    def _one(self, entry: Entry, reply: Reply | None, *, quiet: bool) -> dict[str, str]:
        if reply is None:
            return form_bundle("md", "", note=entry.reason)
        # The title names the model already.
        footer = "" if quiet else " · ".join(reply.footer.split(" · ")[1:])
        return reply.bundle(footer, entry.reason)
