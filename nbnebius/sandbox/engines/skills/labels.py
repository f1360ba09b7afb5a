"""Choosing one label among those that a prompt names."""

import re
from collections.abc import Sequence

from nbnebius.sandbox.engines.conversation import Conversation, ends_of
from nbnebius.sandbox.engines.mood import fits, mood
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import stems

_LABEL = r"[\"'`]?[\w-]+[\"'`]?"
_BETWEEN = r"(?:\s*[,/|]\s*(?:or\s+|and\s+)?|\s+or\s+)"
_NAMED = re.compile(
    r"\b(?:as|into|one of|either|labels?|categor(?:y|ies)|classes|options?|choose(?: from)?"
    r"|is (?:it|(?:this|the) \w+|this))"
    rf"\s*(?:one of|either|:|are|is)?\s*[\[(]?((?:{_LABEL}{_BETWEEN})+{_LABEL})",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"\s*[,/|]\s*(?:or\s+|and\s+)?|\s+or\s+", re.IGNORECASE)
_ASKED = re.compile(
    r"\b(classif|categori[sz]e|label|sentiment|positive or negative|one of|which of|either)",
    re.IGNORECASE,
)
_MOOD_ASKED = re.compile(r"\b(?:sentiment|classify th(?:is|e) review)\b", re.IGNORECASE)
_LONGEST = 4000
_LONGEST_LABEL = 30


def classify(conversation: Conversation, voice: Voice) -> str | None:
    """Answer a question for a label with that label alone."""
    task = f"{ends_of(conversation.system, _LONGEST)}\n{conversation.task}"
    if not _ASKED.search(task):
        return None
    labels = labels_in(task)
    if not labels:
        return mood(conversation.task) if _MOOD_ASKED.search(task) else None
    text = _NAMED.sub(" ", conversation.task)
    return choose_label(labels, text, voice)


def labels_in(text: str) -> list[str]:
    """Give the labels that a text names as a choice."""
    for match in _NAMED.finditer(text):
        labels = [label.strip(" \"'`[]()") for label in _SPLIT.split(match[1])]
        if len(labels) > 1 and all(label and len(label) <= _LONGEST_LABEL for label in labels):
            return labels
    return []


def choose_label(labels: Sequence[str], text: str, voice: Voice) -> str:
    """
    Choose the label that fits a text best.

    A label that the text shares words with is best, then one that fits its mood; else the
    choice is arbitrary, but always the same.
    """
    found = stems(text)
    shared = [len(stems(label.replace("_", " ")) & found) for label in labels]
    if max(shared) and shared.count(max(shared)) == 1:
        return labels[shared.index(max(shared))]
    feeling = mood(text)
    fitting = [label for label in labels if fits(label, feeling)]
    return fitting[0] if fitting else voice.pick(labels, "label")
