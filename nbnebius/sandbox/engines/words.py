"""Words, sentences and what they are about."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache


def _word_set(listed: str) -> frozenset[str]:
    return frozenset(listed.split())


STOP_WORDS = _word_set(
    "a about above after again all also am an and any are aren't as at be because been before "
    "being below between both but by can can't could couldn't did didn't do does doesn't "
    "doing don't down during each either few for from further get give had has hasn't have "
    "haven't having he her here hers him his how i i'm if in into is isn't it it's its just "
    "let like me more most my no nor not of off on once one only or other our out over own "
    "per please same say she should so some such tell than that that's the their them then "
    "there these they this those through to too under until up us very was wasn't we were "
    "what what's when where which while who whom why will with won't would you your yours"
)
# Words that say what to do rather than what it is about.
_ASKING = _word_set(
    "answer answers classify compare create define describe detail details example examples "
    "explain find following generate help ideas idea know list make mean means name need "
    "paragraph paragraphs point points question quick reply respond sentence sentences short "
    "shortly show simple something step steps summarise summarize summary text think tips "
    "translate want word words write"
)

_WORD = re.compile(r"[^\W_]+(?:['\u2019-][^\W_]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?。\uff01\uff1f])[\"”\u2019)]*\s+|\n+")
_BULLET = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s+")


def words(text: str) -> list[str]:
    """Give the words of a text as they are written."""
    return _WORD.findall(text)


def key_words(text: str, most: int = 6, *, asking: bool = False) -> list[str]:
    """
    Give the words that a text is about, the most telling first.

    Parameters
    ----------
    text
        Any text.
    most
        How many there may be.
    asking
        Whether words like "explain" count, too.
    """
    found = [word for word in words(text) if len(word) > 1 or not word.isascii()]
    lowered = [word.lower() for word in found]
    dull = STOP_WORDS if asking else STOP_WORDS | _ASKING
    counts = Counter(word for word in lowered if word not in dull and not word.isdecimal())
    first = {word: index for index, word in reversed(list(enumerate(lowered)))}
    ranked = sorted(counts, key=lambda word: (-counts[word], first[word]))[:most]
    return [found[first[word]] for word in ranked]


def sentences(text: str) -> list[str]:
    """Cut a text into its sentences, without bullets."""
    pieces = (_BULLET.sub("", piece).strip() for piece in _SENTENCE_END.split(text))
    return [piece for piece in pieces if piece]


@lru_cache(maxsize=50_000)
def stem(word: str) -> str:
    """Bring forms of a word together: plays, played and playing are one."""
    word = word.lower().removesuffix("'s").removesuffix("\u2019s")
    for ending in ("ingly", "edly", "ing", "ied", "ies", "ed", "es", "ly", "s", "e"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:  # noqa: PLR2004 - a root has three letters
            return word.removesuffix(ending)
    return word


def stems(text: str) -> set[str]:
    """Give the stems of a text's telling words."""
    return {stem(word) for word in words(text) if word.lower() not in STOP_WORDS}


def best_sentences(candidates: Iterable[str], question: str, most: int) -> list[str]:
    """Give the sentences that share most with a question, in their own order."""
    wanted = stems(question)
    listed = list(candidates)
    shared = [len(stems(sentence) & wanted) - 0.002 * len(sentence) ** 0.5 for sentence in listed]
    ranked = sorted(range(len(listed)), key=lambda index: (-shared[index], index))
    kept = [index for index in ranked[:most] if shared[index] > 0.5]  # noqa: PLR2004 - one shared word
    return [listed[index] for index in sorted(kept)]
