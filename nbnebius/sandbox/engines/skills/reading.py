"""Answers drawn from a text that the prompt, the system or the talk before it holds."""

import json
import re
from collections import Counter

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import best_sentences, sentences, stems

_SUMMARY = re.compile(
    r"\b(summari[sz]e|summary|tl;?dr|in short|key points|sum up)\b", re.IGNORECASE
)
_QUESTION = re.compile(
    r"\?\s*$|^\s*(?:question:|what|who|whom|when|where|which|why|how|is|are|was|were|does|do|did|can)\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"\b(?:in|into|to) (\d+|one|two|three|four|five)\s+(?:short |key |main )?"
    r"(?:sentence|point|bullet|line)",
    re.IGNORECASE,
)
_SPELLED = {"one": 1, "two": 2, "three": 3, "four": 4, "five": 5}
_MARKER = re.compile(
    r"^\s*(?:context|text|document|article|passage|question|answer)\s*\d*\s*:\s*", re.IGNORECASE
)
_LEADS = ("", "According to the text: ", "The text says: ", "From the context: ")
_LONGEST_RESULT = 600


def relate_results(conversation: Conversation, voice: Voice) -> str | None:
    """Tell what tools have answered."""
    if not conversation.results:
        return None
    lead = voice.pick(
        ["Here is what came back", "The tools answered", "This is the result"], "results"
    )
    lines = [f"- `{name}`: {_readable(text)}" for name, text in conversation.results]
    return f"{lead}:\n\n" + "\n".join(lines)


def _readable(text: str) -> str:
    try:
        value = json.loads(text)
    except ValueError:
        value = text
    if isinstance(value, dict):
        value = ", ".join(f"{key.replace('_', ' ')} {item}" for key, item in value.items())
    return str(value)[:_LONGEST_RESULT]


def summarize(conversation: Conversation, _voice: Voice) -> str | None:
    """Give the sentences that hold most of what a text is about."""
    prompt = conversation.prompt
    if not _SUMMARY.search(conversation.task):
        return None
    lines = _readings(prompt)
    text = [line for line in lines if not _SUMMARY.search(line)]
    if not text:
        return None
    match = _COUNT.search(conversation.task)
    most = int(_SPELLED.get(match[1].lower(), 0) or match[1]) if match else 2
    kept = _central(text, max(1, most))
    if re.search(r"\b(points|bullets?|list)\b", conversation.task, re.IGNORECASE):
        return "\n".join(f"- {sentence}" for sentence in kept)
    return " ".join(kept)


def _central(lines: list[str], most: int) -> list[str]:
    """Give the lines whose words the other lines use most, in their own order."""
    found = [stems(line) for line in lines]
    uses = Counter(root for own in found for root in own)
    scores = [
        sum(uses[root] for root in own) / (len(own) + 4) - 0.01 * place
        for place, own in enumerate(found)
    ]
    ranked = sorted(range(len(lines)), key=lambda place: (-scores[place], place))[:most]
    return [lines[place] for place in sorted(ranked)]


def answer_from_context(conversation: Conversation, voice: Voice) -> str | None:
    """Answer a question with the sentences that share most with it."""
    lines = _readings(conversation.prompt)
    asked = [line for line in lines if _QUESTION.search(line)]
    if not asked:
        return None
    question = asked[-1]
    texts = [line for line in lines if line not in asked]
    texts += _readings(conversation.system)
    texts += [
        line for role, text in conversation.earlier if role == "user" for line in _readings(text)
        if not _QUESTION.search(line)
    ]  # fmt: skip
    kept = best_sentences(texts, question, 2)
    if not kept:
        return None
    return voice.pick(_LEADS, "lead") + " ".join(kept)


def _readings(text: str) -> list[str]:
    return [line for piece in sentences(text) if (line := _MARKER.sub("", piece).strip())]
