"""Numbers for a schema: found in the text, else made within the bounds."""

import math
import re
from collections.abc import Mapping
from typing import Any

from nbnebius.sandbox.engines.mood import counts, gladness
from nbnebius.sandbox.engines.source import Source
from nbnebius.sandbox.engines.voice import Voice

_NUMBER = r"(-?\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?|-?\d{1,15}(?:\.\d{1,15})?)"
_ANY = re.compile(rf"(?<![\w.,]){_NUMBER}(?![\w]|[.,]\d)")
_AGE = re.compile(
    r"\b(\d{1,3})[- ]years?[- ]old\b|\baged? (\d{1,3})\b|,\s*(\d{1,3})\s*,", re.IGNORECASE
)
_MONEY = re.compile(
    rf"[$€£¥]\s?{_NUMBER}|{_NUMBER}\s?(?:dollars|euros?|usd|eur|pounds|[$€£])", re.IGNORECASE
)
_YEAR = re.compile(r"\b(1[5-9]\d\d|20\d\d)\b")
_STARS = re.compile(rf"{_NUMBER}\s*(?:/\s*\d+|stars?|out of \d+)", re.IGNORECASE)
_SPECIAL = (
    (re.compile(r"(^|_)age(_|$)", re.IGNORECASE), _AGE),
    (re.compile(r"price|cost|amount|salary|fee|budget|usd|eur", re.IGNORECASE), _MONEY),
    (re.compile(r"year", re.IGNORECASE), _YEAR),
    (re.compile(r"rating|stars|score", re.IGNORECASE), _STARS),
)
_FEELING = re.compile(
    r"score|rating|stars|sentiment|polarity|confidence|probab|likel|urgen", re.IGNORECASE
)
_CERTAINTY = re.compile(r"confidence|probab|likel", re.IGNORECASE)
_DEFAULT_SPAN = 100.0
Number = int | float


def find_number(name: str, source: Source, *, guess: bool = True) -> Number | None:
    """Find the number that a name stands for in a text; guessing, any number of the text."""
    text = source.matter
    spoken = re.escape(name.replace("_", " ").strip())
    if spoken:
        spoken = spoken.replace(r"\ ", r"[\s_-]")
        direct = re.compile(
            rf"\b{spoken}\b[\"']?\s*(?:is|was|are|of|:|=)?\s*[$€£]?\s*{_NUMBER}"
            rf"|(?<![\w.]){_NUMBER}\s+{spoken}\b", re.IGNORECASE
        )  # fmt: skip
        match = direct.search(text)
        if match:
            return _number(match)
    for named, pattern in _SPECIAL:
        if named.search(name):
            match = pattern.search(text)
            if match:
                return _number(match)
    if _FEELING.search(name):
        return _feeling(name, text)
    match = _ANY.search(text) if guess else None
    return _number(match) if match else None


def _number(match: re.Match[str]) -> Number:
    value = float(next(group for group in match.groups() if group).replace(",", ""))
    return int(value) if value.is_integer() else value


def _feeling(name: str, text: str) -> Number | None:
    if _CERTAINTY.search(name):
        return round(0.55 + 0.4 * abs(gladness(text)), 2)
    return None if not sum(counts(text)) else round((gladness(text) + 1) / 2, 2)


def bounded_number(
    schema: Mapping[str, Any], found: Number | None, name: str, whole: bool, voice: Voice
) -> Number:
    """
    Bring a number within a schema's bounds, or make one there.

    Parameters
    ----------
    schema
        The bounds.
    found
        The number from the text; None when there is none.
    name
        Numbers between 0 and 1 from a mood are spread over the bounds of a name like "score".
    whole
        Whether it must be an integer.
    voice
        Chooses the number when none was found.
    """
    low, high = _bounds(schema, whole)
    step = schema.get("multipleOf")
    top = high if math.isfinite(high) else max(low, 0) + _DEFAULT_SPAN
    bottom = low if math.isfinite(low) else min(top, 0.0)
    if found is None:
        share = (voice.number(name) % 1001) / 1000
        value = bottom + share * (top - bottom)
    elif _FEELING.search(name) and 0 < found < 1 < high - low < math.inf:
        value = bottom + found * (top - bottom)
    else:
        value = float(found)
    value = min(max(value, low), high)
    if step:
        return _on_step(value, low, high, step, whole)
    if whole:
        lowest = math.ceil(low) if math.isfinite(low) else low
        highest = math.floor(high) if math.isfinite(high) else high
        return int(min(max(round(value), lowest), highest))
    rounded = round(value, 2)
    return rounded if low <= rounded <= high else value


def _bounds(schema: Mapping[str, Any], whole: bool) -> tuple[float, float]:
    low = schema.get("minimum", -math.inf)
    high = schema.get("maximum", math.inf)
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if isinstance(above, int | float) and not isinstance(above, bool):
        edge = math.floor(above) + 1 if whole else _inside(above, high, below)
        low = max(low, edge)
    if isinstance(below, int | float) and not isinstance(below, bool):
        edge = math.ceil(below) - 1 if whole else _inside(below, low, above)
        high = min(high, edge)
    return low, high


def _inside(edge: float, other: float, excluded: float | None) -> float:
    """Give a number a little off an edge, on the way to the other one."""
    far = excluded if isinstance(excluded, int | float) else other
    if not math.isfinite(far):
        return edge + math.copysign(0.01 * max(1.0, abs(edge)), far)
    return edge + (far - edge) * 0.01


def _on_step(value: float, low: float, high: float, step: float, whole: bool) -> Number:
    count = round(value / step)
    while count * step > high:
        count -= 1
    while count * step < low:
        count += 1
    made = count * step
    return int(made) if whole or float(made).is_integer() else made
