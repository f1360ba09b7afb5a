"""Text as tokens: words with the space before them, long words in pieces, nothing lost."""

import re
from functools import lru_cache

_LONGEST = 8
_PIECE = 5
_WIDE_PIECE = 2
_ASCII = 0x250

_PICTOGRAPH = "[\u2600-\u27bf\U0001f000-\U0001faff]"
_TOKEN = re.compile(
    r"\n+"
    r"|[^\S\n]+(?=\s|$)"
    r"|[\U0001f1e6-\U0001f1ff]{2}"
    rf"|{_PICTOGRAPH}(?:\ufe0f|[\U0001f3fb-\U0001f3ff]|\u200d{_PICTOGRAPH})*"
    r"| ?(?:[^\W\d_]|[\u0300-\u036f])+"
    r"| ?\d{1,3}"
    r"| ?_+"
    r"| ?(?:(?!\n)[^\w\s])"
    r"|[^\S\n]"
)


def tokenize(text: str) -> list[str]:
    """Cut a text into tokens; joined again they are the text."""
    tokens: list[str] = []
    for word in _TOKEN.findall(text):
        if len(word) <= _LONGEST and word.isascii():
            tokens.append(word)
        else:
            tokens.extend(_pieces(word))
    return tokens


def count_tokens(text: str) -> int:
    """Tell how many tokens a text has."""
    return sum(
        1 if len(word) <= _LONGEST and word.isascii() else len(_pieces(word))
        for word in _TOKEN.findall(text)
    )


@lru_cache(maxsize=20_000)
def _pieces(word: str) -> tuple[str, ...]:
    """Cut a long word; scripts that need no spaces get short pieces."""
    if not word.strip() or not any(letter.isalpha() for letter in word):
        return (word,)
    letters = [letter for letter in word if letter.isalpha()]
    wide = sum(ord(letter) > _ASCII for letter in letters) * 2 > len(letters)
    size = _WIDE_PIECE if wide else _PIECE
    if len(word) <= (size if wide else _LONGEST):
        return (word,)
    space = len(word) - len(word.lstrip(" "))
    first = space + size
    rest = [word[start : start + size] for start in range(first, len(word), size)]
    return (word[:first], *rest)
