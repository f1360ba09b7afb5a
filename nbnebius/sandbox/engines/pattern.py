"""
Making a text that matches a regular expression.

Known are literals, classes, groups, alternatives, the usual escapes and quantifiers. Look-around,
back references and flags are not.
"""

import string

from nbnebius.sandbox.engines.voice import Voice

_CLASSES = {
    "d": string.digits,
    "w": string.ascii_lowercase + string.digits + "_",
    "s": " ",
    "D": string.ascii_lowercase,
    "W": "-",
    "S": string.ascii_lowercase,
}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r"}
_PRINTABLE = string.ascii_letters + string.digits + " .,-_:;!?@#/()"
_MORE = 3
_MOST = 500


class PatternError(ValueError):
    """A regular expression with something in it that is not known here."""


def make_match(regex: str, voice: Voice) -> str:
    """
    Make a text that matches a regular expression.

    Raises
    ------
    PatternError
        There is something in it that is not known here.
    """
    maker = _Maker(regex, voice)
    text = maker.alternatives()
    if not maker.at_end:
        raise PatternError("a bracket is closed that was not open")
    return text


class _Maker:
    """Reads an expression and makes the text in one go."""

    def __init__(self, regex: str, voice: Voice) -> None:
        self._regex = regex
        self._place = 0
        self._voice = voice
        self._steps = 0

    @property
    def at_end(self) -> bool:
        return self._place >= len(self._regex)

    def alternatives(self) -> str:
        made = [self._sequence()]
        while self._at("|"):
            self._place += 1
            made.append(self._sequence())
        return self._pick(made)

    def _sequence(self) -> str:
        made = []
        while not self.at_end and self._regex[self._place] not in "|)":
            start = self._place
            piece = self._piece()
            after = self._place
            low, high = self._quantity()
            end = self._place
            count = low + self._number(max(1, min(high, low + _MORE) - low + 1))
            pieces = [piece] if count else []
            for _ in range(min(count, _MOST) - 1):
                self._place = start
                pieces.append(self._piece())
            assert after <= end
            self._place = end
            made.append("".join(pieces))
        return "".join(made)

    def _piece(self) -> str:
        sign = self._take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._pick(self._class())
        if sign == "\\":
            return self._escape()
        if sign == ".":
            return self._pick(string.ascii_lowercase)
        if sign in "^$":
            return ""
        if sign in "*+?{":
            raise PatternError(f"a {sign} that repeats nothing")
        return sign

    def _group(self) -> str:
        if self._at("?"):
            self._place += 1
            kind = self._take()
            if kind == "P" and self._at("<"):
                self._place = self._regex.index(">", self._place) + 1
            elif kind != ":":
                raise PatternError("only plain groups are known")
        text = self.alternatives()
        if self._take() != ")":
            raise PatternError("a bracket is open")
        return text

    def _escape(self) -> str:
        sign = self._take()
        if sign in _CLASSES:
            return self._pick(_CLASSES[sign])
        if sign in "bB":
            return ""
        if sign.isdigit():
            raise PatternError("back references are not known")
        return _ESCAPES.get(sign, sign)

    def _class(self) -> str:
        turned = self._at("^")
        self._place += turned
        letters = ""
        while not self._at("]") or not letters:
            sign = self._take()
            if sign == "\\":
                sign = self._take()
                letters += _CLASSES.get(sign, _ESCAPES.get(sign, sign))
            elif self._at("-") and self._regex[self._place + 1 : self._place + 2] not in {"]", ""}:
                self._place += 1
                last = self._take()
                letters += "".join(map(chr, range(ord(sign), min(ord(last), ord(sign) + 300) + 1)))
            else:
                letters += sign
        self._place += 1
        left = "".join(sign for sign in _PRINTABLE if sign not in letters) if turned else letters
        if not left:
            raise PatternError("an empty class")
        return left

    def _quantity(self) -> tuple[int, int]:
        low, high = 1, 1
        if self.at_end:
            return low, high
        sign = self._regex[self._place]
        if sign in "*+?":
            self._place += 1
            low, high = (1 if sign == "+" else 0), (1 if sign == "?" else _MOST)
        elif sign == "{":
            close = self._regex.find("}", self._place)
            text = self._regex[self._place + 1 : close]
            first, comma, last = text.partition(",")
            if close < 0 or not first.isdecimal():
                raise PatternError("a broken {quantity}")
            low = int(first)
            high = low if not comma else int(last) if last else _MOST
            self._place = close + 1
        if self._at("?"):
            self._place += 1
        if low > _MOST:
            raise PatternError("too many repetitions")
        return low, high

    def _pick(self, options: str | list[str]) -> str:
        return options[self._number(len(options))]

    def _number(self, below: int) -> int:
        self._steps += 1
        return self._voice.number(f"pattern {self._steps}") % below

    def _at(self, sign: str) -> bool:
        return self._regex[self._place : self._place + 1] == sign

    def _take(self) -> str:
        if self.at_end:
            raise PatternError("it ends too early")
        self._place += 1
        return self._regex[self._place - 1]
