"""Simple arithmetic that stands in a prompt."""

import re
from collections.abc import Callable
from fractions import Fraction

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice

_SPELLED = (
    (re.compile(r"\bmultiplied by\b|\btimes\b"), "*"),
    (re.compile(r"\bdivided by\b|\bover\b(?=\s*\d)"), "/"),
    (re.compile(r"(?<=\d)\s*(?:%|percent)\s*of\s*(?=\d)"), " / 100 * "),
    (re.compile(r"\bplus\b"), "+"),
    (re.compile(r"\bminus\b"), "-"),
    (re.compile(r"\bto the power of\b"), "^"),
    (re.compile(r"(?<=\d)\s*[x\u00d7·]\s*(?=[\d(])"), "*"),
    (re.compile(r"÷"), "/"),
    (re.compile(r"\u2212"), "-"),
    (re.compile(r"\*\*"), "^"),
    (re.compile(r"(?<=\d),(?=\d{3}\b)"), ""),
)
_EXPRESSION = re.compile(r"(?<![\w.])[(\d][\d\s+\-*/^().]*[-+*/^][\d\s+\-*/^().]*[\d)](?![\w])")
_DATE = re.compile(r"\d{4}-\d\d?-\d\d?|\d{1,3}(?:-\d+){2,}|\d\d?/\d\d?/\d{2,4}")
_LEXEME = re.compile(r"\d+(?:\.\d+)?|[-+*/^()]")
_SUM = re.compile(r"\b(sum|total|average|mean) of\b([^?]*)", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")
_LONGEST = 200
_HIGHEST_POWER = 64


def calculate(conversation: Conversation, voice: Voice) -> str | None:
    """Work out the first calculation of the prompt."""
    found = _summed(conversation.task) or _calculated(conversation.task)
    if found is None:
        return None
    task, result = found
    return voice.pick(
        [
            f"{task} = {result}",
            f"{task} = **{result}**",
            f"The result is {result}: {task} = {result}.",
        ],
        "arithmetic",
    )


def _summed(prompt: str) -> tuple[str, str] | None:
    match = _SUM.search(prompt)
    numbers = _NUMBER.findall(match[2]) if match else []
    if match is None or len(numbers) < 2:  # noqa: PLR2004 - one number is no sum
        return None
    total = sum(map(Fraction, numbers), Fraction(0))
    joined = " + ".join(numbers)
    if match[1].lower() in {"average", "mean"}:
        return f"({joined}) / {len(numbers)}", written(total / len(numbers))
    return joined, written(total)


def _calculated(prompt: str) -> tuple[str, str] | None:
    text = _DATE.sub(" ", prompt)
    for pattern, sign in _SPELLED:
        text = pattern.sub(sign, text)
    for match in _EXPRESSION.finditer(text):
        task = match[0].strip()
        if len(task) <= _LONGEST:
            value = evaluate(task)
            if value is not None:
                return re.sub(r"\s*([-+*/^])\s*", r" \1 ", task), written(value)
    return None


def evaluate(task: str) -> Fraction | None:
    """Evaluate an expression exactly; None when it is none."""
    try:
        reader = _Reader(_LEXEME.findall(task))
        value = reader.sum()
    except (ValueError, ZeroDivisionError, IndexError, OverflowError):
        return None
    return value if reader.at_end else None


def written(value: Fraction) -> str:
    """Write a number the way people do."""
    if value.denominator == 1:
        return str(value.numerator)
    return f"{float(value):.6g}"


class _Reader:
    """Reads sums of products of powers."""

    def __init__(self, lexemes: list[str]) -> None:
        self._lexemes = lexemes
        self._place = 0

    @property
    def at_end(self) -> bool:
        return self._place == len(self._lexemes)

    def sum(self) -> Fraction:
        return self._chain(self._product, {"+": Fraction.__add__, "-": Fraction.__sub__})

    def _product(self) -> Fraction:
        return self._chain(self._power, {"*": Fraction.__mul__, "/": Fraction.__truediv__})

    def _chain(
        self,
        part: Callable[[], Fraction],
        signs: dict[str, Callable[[Fraction, Fraction], Fraction]],
    ) -> Fraction:
        value = part()
        while not self.at_end and self._lexemes[self._place] in signs:
            sign = self._take()
            value = signs[sign](value, part())
        return value

    def _power(self) -> Fraction:
        base = self._atom()
        if self.at_end or self._lexemes[self._place] != "^":
            return base
        self._take()
        power = self._power()
        if power.denominator != 1 or abs(power) > _HIGHEST_POWER:
            raise ValueError("such a power is too much for mental arithmetic")
        return Fraction(base ** int(power))

    def _atom(self) -> Fraction:
        lexeme = self._take()
        if lexeme == "-":
            return -self._atom()
        if lexeme == "(":
            value = self.sum()
            if self._take() != ")":
                raise ValueError("a bracket is open")
            return value
        return Fraction(lexeme)

    def _take(self) -> str:
        lexeme = self._lexemes[self._place]
        self._place += 1
        return lexeme
