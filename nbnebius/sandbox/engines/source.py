"""The text that values are taken from, and what can be found in it."""

import ast
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from nbnebius.sandbox.engines.almanac import counted, known_list
from nbnebius.sandbox.engines.conversation import Conversation, ends_of
from nbnebius.sandbox.engines.mood import mood
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import best_sentences, key_words, sentences, stems, words

_OPENED = re.compile(r"\[\s?[\"']")
_CLOSED = re.compile(r"[\"']\s?\]")
_BULLET = re.compile(r"^[ \t]{0,12}(?:[-*•]|\d{1,4}[.):])[ \t]+(\S.*)$", re.MULTILINE)
_IN_WORDS = re.compile(
    r"\b(\d+|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)[ -]words?\b",
    re.IGNORECASE,
)
_SPELLED = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twelve": 12, "fifteen": 15, "twenty": 20,
}  # fmt: skip
_KEYS = re.compile(
    r"\b(?:keys?|fields?|properties|columns)\b\s*(?:are|named|called|:)?\s*"
    r"((?:[\"'`]?\w+[\"'`]?(?:\s*,\s*(?:and\s+)?|\s+and\s+))*[\"'`]?\w+[\"'`]?)", re.IGNORECASE
)  # fmt: skip
_EXAMPLE_KEY = re.compile(r"[\"'](\w{1,40})[\"']\s*:")
_ASKING = re.compile(
    r"^(?:judge|classify|extract|rate|label|analy[sz]e|summari[sz]e|translate|return|give|find|"
    r"reply|answer|describe|list|tell|read|json|please|what|which|is|for each)\b[^:\n]{0,120}:\s*",
    re.IGNORECASE,
)
_LONGEST_SEARCH = 4000
_LONGEST = 40_000
_TRIES = 4
_DEFAULT_WORDS = 12


@dataclass(frozen=True)
class Source:
    """A text to take values from."""

    text: str

    @classmethod
    def of(cls, conversation: Conversation) -> "Source":
        """Gather what a conversation says last: the prompt, tool results, pictures."""
        seen = [
            f"{sight.format} {sight.width} x {sight.height}, {', '.join(sight.colours)}"
            for sight in conversation.sights
            if sight.width
        ]
        results = [text for _, text in conversation.results]
        return cls(ends_of("\n".join([conversation.prompt, *results, *seen]), _LONGEST))

    @cached_property
    def parts(self) -> list[str]:
        """Give the items that the text lists: of a list literal, of bullets, or asked for."""
        opened = [match.start() for match in _OPENED.finditer(self.text)]
        closed = [match.end() for match in _CLOSED.finditer(self.text)]
        for start in opened[:_TRIES]:
            for stop in [place for place in closed if place > start][:_TRIES]:
                items = _listed(self.text[start:stop])
                if items:
                    return items
        bullets = [match[1] for match in _BULLET.finditer(self.text)]
        if len(bullets) > 1:
            return bullets
        asked = counted(ends_of(self.text, _LONGEST // 10))
        return known_list(asked[1])[: asked[0]] if asked else []

    @cached_property
    def records(self) -> list[str]:
        """Give what a list of records would be made from: listed items, else lines or sentences."""
        if self.parts:
            return self.parts
        lines = [line for line in self.matter.splitlines() if _tells(line)]
        told = lines if len(lines) > 1 else [s for s in sentences(self.matter) if _tells(s)]
        return told if len(told) > 1 else []

    @cached_property
    def topics(self) -> list[str]:
        """Give the key words; never none."""
        return key_words(self.matter, 12) or words(self.text)[:3] or ["text"]

    def thing(self, name: str, place: int) -> str:
        """Give the thing at a place of an array of this name, counted on without end."""
        things = self.things(name)
        again, index = divmod(place, len(things))
        return things[index] if not again else f"{things[index]} {again + 1}"

    @cached_property
    def matter(self) -> str:
        """Give the text without the request that stands before its first colon."""
        return _ASKING.sub("", self.text.strip()) or self.text

    def things(self, name: str) -> list[str]:
        """Give what an array of this name would list: things that are asked for, or key words."""
        return known_list(name.replace("_", " ")) or self.topics

    def snippet(self, question: str, most_words: int) -> str:
        """Give the beginning of the sentence that fits a question best."""
        found = best_sentences(sentences(self.matter), question, 1)
        pieces = (found or sentences(self.matter) or ["nothing"])[0].split()
        return " ".join(pieces[:most_words]).strip(" ,;:\"'") or self.topics[0]

    @staticmethod
    def words_asked(description: str) -> int:
        """Read from a description how many words are wanted."""
        match = _IN_WORDS.search(description)
        if match is None:
            return _DEFAULT_WORDS
        return _SPELLED.get(match[1].lower(), 0) or min(int(match[1]), 500)

    def keys_asked(self) -> list[str]:
        """Give the keys that a text asks for in its JSON."""
        example = _EXAMPLE_KEY.findall(self.text)
        if example:
            return list(dict.fromkeys(example))[:20]
        match = _KEYS.search(self.text)
        if match is None:
            return []
        keys = re.split(r"\s*,\s*(?:and\s+)?|\s+and\s+", match[1])
        return [key.strip("\"'` ") for key in keys if key.strip("\"'` ")][:20]

    def matching(self, pattern: str) -> str | None:
        """Give the first piece of the text that a pattern matches."""
        try:
            bare = re.compile(pattern.removeprefix("^").removesuffix("$"))
            for match in bare.finditer(self.text[:_LONGEST_SEARCH]):
                if match[0] and re.search(pattern, match[0]):
                    return match[0]
        except re.error:
            pass
        return None

    def mentions(self, option: Any) -> bool:
        """Tell whether a value stands in the text."""
        if option is None or isinstance(option, bool):
            return False
        wanted = re.escape(str(option))
        return re.search(rf"(?<!\w){wanted}(?!\w)", self.text, re.IGNORECASE) is not None

    def agrees(self, name: str, description: str, voice: Voice) -> bool:
        """Tell whether the text says yes to a name."""
        wanted = stems(f"{name.replace('_', ' ')} {description}")
        for sentence in sentences(self.matter):
            found = stems(sentence)
            if wanted & found:
                return (
                    re.search(
                        r"\b(?:not|no|never|without)\b|n['\u2019]t\b", sentence, re.IGNORECASE
                    )
                    is None
                )
        feeling = mood(self.matter)
        if feeling in {"positive", "negative"}:
            return feeling == "positive"
        return bool(voice.number(name) & 1)


def _tells(text: str) -> bool:
    """Tell whether a line holds a figure, or a name besides the word it begins with."""
    beyond = text.strip().partition(" ")[2]
    return any(c.isdigit() for c in text) or any(w[0].isupper() for w in beyond.split())


def _listed(text: str) -> list[str]:
    """Read a list of texts as Python or JSON write it; empty when it is none."""
    try:
        items = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return []
    if isinstance(items, list) and len(items) > 1 and all(isinstance(i, str) for i in items):
        return items
    return []
