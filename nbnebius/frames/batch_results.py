"""
The results of a batch as a frame, built column by column: a million rows in flat memory.

Lines are read, taken apart and let go one by one; only what stands in the frame is kept.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from nbnebius.client.reasoning import OPEN, split_reasoning
from nbnebius.frames.categories import category
from nbnebius.frames.texts import Texts
from nbnebius.types.usage import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from nbnebius.types.batch_lines import BatchLine

REASONS = ["stop", "length", "tool_calls", "content_filter"]
COLUMNS = [
    *("text", "reasoning", "finish_reason", "prompt_tokens", "completion_tokens", "cost", "error")
]
PER_MILLION = 1e-6
UNKNOWN = -1


def batch_result_frame(
    lines: Iterable[BatchLine],
    *,
    price_in: float | None = None,
    price_out: float | None = None,
) -> pd.DataFrame:
    """
    Give the results of a batch as a frame, one row a line, in the file's order.

    Parameters
    ----------
    lines
        As `nbnebius.types.batch_lines.read_file` gives them; those of the error file may follow
        those of the output.
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
    import numpy as np
    import pandas as pd

    gathered = _Gathered()
    reasons = category(gathered.read(lines), REASONS)
    index = pd.Index(gathered.ids.column(), name="custom_id")
    read, written = (np.array(tokens, np.int64) for tokens in gathered.tokens)
    columns: dict[str, Any] = {
        "text": gathered.texts.column(),
        "reasoning": gathered.thoughts.column(),
        "finish_reason": reasons.array,
        "prompt_tokens": pd.arrays.IntegerArray(read, read == UNKNOWN),
        "completion_tokens": pd.arrays.IntegerArray(written, written == UNKNOWN),
        "cost": _cost(read, price_in, written, price_out),
        "error": gathered.errors.column(),
    }
    return pd.DataFrame(columns, index=index, columns=COLUMNS, copy=False)


class _Gathered:
    """The columns while they grow."""

    def __init__(self) -> None:
        self.ids = Texts()
        self.texts = Texts()
        self.thoughts = Texts()
        self.errors = Texts()
        self.tokens = (array("q"), array("q"))

    def read(self, lines: Iterable[BatchLine]) -> Iterator[str | None]:
        """Take lines apart; give how each of them ended."""
        ids, errors = self.ids.append, self.errors.append
        texts, thoughts = self.texts.append, self.thoughts.append
        read, written = (tokens.append for tokens in self.tokens)
        for line in lines:
            text, thought = _answer(line)
            counts = line.counts if isinstance(line.counts, dict) else {}
            ids(line.custom_id)
            texts(text)
            thoughts(thought)
            errors(line.error)
            tokens_read, tokens_written = _tokens(counts)
            read(tokens_read)
            written(tokens_written)
            yield line.finish_reason


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
