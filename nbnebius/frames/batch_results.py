"""
The results of a batch as a frame, built column by column: a million rows in flat memory.

Lines are read, taken apart and let go, run by run; only what stands in the frame is kept.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from nbnebius.client.reasoning import OPEN, split_reasoning
from nbnebius.frames.categories import Codes
from nbnebius.frames.texts import Texts
from nbnebius.types.chat import Message
from nbnebius.types.usage import count
from nbnebius.types.usual_lines import Run

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

    from nbnebius.types.batch_lines import BatchLine
    from nbnebius.types.usual_lines import UsualAnswer, UsualMessage

REASONS = ["stop", "length", "tool_calls", "content_filter"]
COLUMNS = [
    *("text", "reasoning", "finish_reason", "prompt_tokens", "completion_tokens", "cost", "error")
]
PER_MILLION = 1e-6
UNKNOWN = -1


def batch_result_frame(
    lines: Iterable[Run | BatchLine],
    *,
    price_in: float | None = None,
    price_out: float | None = None,
) -> pd.DataFrame:
    """
    Give the results of a batch as a frame, one row a line, in the file's order.

    Parameters
    ----------
    lines
        As `nbnebius.types.usual_lines.read_file_runs` gives them, or one by one, as
        `nbnebius.types.batch_lines.read_file` does; those of the error file may follow those of
        the output.
    price_in, price_out
        USD per million tokens, as a batch pays them: half the usual price.

    Returns
    -------
    DataFrame
        Indexed by ``custom_id`` (str, missing where a line is broken; an id that came twice is
        there twice). ``text``, ``reasoning`` (str), ``finish_reason`` (category: stop, length,
        tool_calls, content_filter, and what else occurs), ``prompt_tokens``,
        ``completion_tokens`` (Int64), ``cost`` (float64, USD; missing without tokens or without
        the price they have), ``error`` (str, missing where there is an answer).
    """
    gathered = BatchResults()
    gathered.read(lines)
    return gathered.frame(price_in, price_out)


class BatchResults:
    """
    The columns of a frame of results while they grow.

    Attributes
    ----------
    model
        The first that a line tells.
    """

    def __init__(self) -> None:
        self.model: str | None = None
        self._ids = Texts()
        self._texts = Texts()
        self._thoughts = Texts()
        self._errors = Texts()
        self._reasons = Codes(REASONS)
        self._tokens = (array("q"), array("q"))

    def read(self, lines: Iterable[Run | BatchLine]) -> None:
        """Take lines apart; what of them stands in no column is let go."""
        for some in lines:
            if isinstance(some, Run):
                self._add_run(*some)
            else:
                self._add(some)

    def frame(self, price_in: float | None, price_out: float | None) -> pd.DataFrame:
        """Give them all; what was gathered is let go. See `batch_result_frame`."""
        import numpy as np
        import pandas as pd

        index = pd.Index(self._ids.column(), name="custom_id")
        read, written = (np.array(tokens, np.int64) for tokens in self._tokens)
        columns: dict[str, Any] = {
            "text": self._texts.column(),
            "reasoning": self._thoughts.column(),
            "finish_reason": self._reasons.column(),
            "prompt_tokens": pd.arrays.IntegerArray(read, read == UNKNOWN),
            "completion_tokens": pd.arrays.IntegerArray(written, written == UNKNOWN),
            "cost": _cost(read, price_in, written, price_out),
            "error": self._errors.column(),
        }
        return pd.DataFrame(columns, index=index, columns=COLUMNS, copy=False)

    def _add_run(self, ids: list[str], answers: list[UsualAnswer]) -> None:
        choices = [answer.choices[0] for answer in answers]
        messages = [choice.message for choice in choices]
        texts = [message.content or "" for message in messages]
        thoughts = [message.reasoning or message.reasoning_content or None for message in messages]
        told = any(thoughts)
        for place, text in enumerate(texts):
            if OPEN in text or (told and thoughts[place] and not text.strip()):
                message = _message(messages[place])
                reason = choices[place].finish_reason
                texts[place], thoughts[place] = split_reasoning(message, reason)
        self._ids.extend(ids)
        self._texts.extend(texts)
        self._thoughts.extend(thoughts)
        self._errors.extend([None] * len(ids))
        self._reasons.extend([choice.finish_reason for choice in choices])
        self._tokens[0].extend([answer.usage.prompt_tokens for answer in answers])
        self._tokens[1].extend([answer.usage.completion_tokens for answer in answers])
        if not self.model:
            self.model = next((answer.model for answer in answers if answer.model), None)

    def _add(self, line: BatchLine) -> None:
        text, thought = _answer(line)
        counts = line.counts if isinstance(line.counts, dict) else {}
        self._ids.append(line.custom_id)
        self._texts.append(text)
        self._thoughts.append(thought)
        self._errors.append(line.error)
        self._reasons.extend((line.finish_reason,))
        for column, tokens in zip(self._tokens, _tokens(counts), strict=True):
            column.append(tokens)
        self.model = self.model or line.model


def _message(usual: UsualMessage) -> Message:
    return Message(
        content=usual.content,
        reasoning=usual.reasoning,
        reasoning_content=usual.reasoning_content,
    )


def _answer(line: BatchLine) -> tuple[str | None, str | None]:
    """Return a line's text and, apart from it, its reasoning."""
    text = line.text
    if line.error is not None:
        return text or None, None
    if not line.choices:
        return None, None
    message = line.choices[0].message
    if message is None or message.reasoning or message.reasoning_content or OPEN in (text or ""):
        return split_reasoning(line.message, line.finish_reason)
    return text or "", None


def _tokens(counts: dict[str, Any]) -> tuple[int, int]:
    """Return the tokens read and written; an answer that tells one of them tells both."""
    read, written = count(counts.get("prompt_tokens")), count(counts.get("completion_tokens"))
    if read is None and written is None:
        return UNKNOWN, UNKNOWN
    return read or 0, written or 0


def _cost(read: Any, price_in: float | None, written: Any, price_out: float | None) -> Any:
    """Price the tokens; a price that is missing matters only where there are tokens of its kind."""
    import numpy as np

    missing = float("nan")
    cost = read * ((missing if price_in is None else price_in) * PER_MILLION)
    more = written * ((missing if price_out is None else price_out) * PER_MILLION)
    cost[read == 0] = 0.0
    more[written == 0] = 0.0
    cost += more
    cost[read == UNKNOWN] = np.nan
    return cost
