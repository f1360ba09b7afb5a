"""Running text about the key words of a prompt: greetings, explanations, and long pieces."""

import re

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import key_words, words

_HONEST = (
    "This text comes from the sandbox's extractive engine, not from a language model: it only "
    "recombines what the prompt holds."
)
_OPENINGS = (
    "The question is about {topic}.",
    "Here is what the prompt says about {topic}.",
    "{topic} is what this comes down to.",
    "Let us look at {topic}.",
    "In short: this is about {topic}.",
)
_ANGLES = (
    "the word that everything else in the prompt leans on",
    "what it is set beside",
    "where to look next",
    "the part that a longer answer would measure",
    "what would have to be shown with an example",
    "a detail that narrows the question down",
    "the point on which opinions could differ",
)
_CLOSINGS = (
    "Give some context in the prompt and the sentences that fit best are quoted.",
    "With a text to read in the prompt, the answer is drawn from it.",
    "Add a text or a table to the prompt to have it searched.",
)
_LINES = (
    "To speak of {a} is to speak of {b} as well.",
    "Whoever begins with {a} soon arrives at {b}.",
    "There is more to {a} than its name, and {b} shows it.",
    "Some would put {b} first and {a} second.",
    "Between {a} and {b} lies the part that takes time.",
    "A patient look at {a} changes the view of {b}.",
    "What holds for {b} need not hold for {a}.",
    "So {a} remains, and with it the question of {b}.",
)
_GREETING = re.compile(
    r"^\s*(hello|hi|hey|good (?:morning|evening|afternoon|day))\b[^\w]*(?:\w+)?[^\w]*$",
    re.IGNORECASE,
)
_WHO = re.compile(r"\b(?:who|what) are you\b|\byour name\b", re.IGNORECASE)
_INTRODUCTIONS = (
    "I am the sandbox of the Nebius API on this computer.",
    "This is the sandbox on this computer; the models here only have the names of real ones.",
)
_THANKS = re.compile(r"^\s*(thanks|thank you)\b.{0,30}$", re.IGNORECASE)
_LENGTH = re.compile(r"\b(\d{2,5})[- ]words?\b|\bwords?:\s*(\d{2,5})", re.IGNORECASE)
_LONG = re.compile(
    r"\b(long|lengthy|detailed|in detail|essay|story|poem|article|chapter|blog post)\b",
    re.IGNORECASE,
)
_MAKING = re.compile(r"\b(write|compose|tell|draft|create|generate|give)\b", re.IGNORECASE)
_MOST_WORDS = 8000
_LONG_WORDS = 400
_PARAGRAPH = 5


def greet(conversation: Conversation, voice: Voice) -> str | None:
    """Answer a greeting."""
    if _WHO.search(conversation.task):
        return f"{voice.pick(_INTRODUCTIONS, 'who')}\n\n{_HONEST}"
    if _THANKS.match(conversation.task):
        return voice.pick(["You are welcome!", "With pleasure!", "Any time!"], "thanks")
    match = _GREETING.match(conversation.task)
    if not match:
        return None
    topics = key_words(conversation.system, 2)
    about = f" I have been told about {' and '.join(topics)}." if topics else ""
    offer = voice.pick(
        ["What can I look up for you?", "What would you like to ask?", "Ask me something!"], "offer"
    )
    return f"{match[1].capitalize()}!{about} {offer}\n\n{_HONEST}"


def explain(conversation: Conversation, voice: Voice) -> str:
    """Say what a bare prompt is about, in Markdown."""
    topics = key_words(conversation.task, 4) or key_words(conversation.system, 4)
    topics = topics or [" ".join(words(conversation.task)[:4]) or "an empty prompt"]
    bold = [f"**{topic}**" for topic in topics]
    named = " and ".join(bold[:2])
    opening = voice.pick(_OPENINGS, "opening").format(topic=named)
    angle = voice.number("angle")
    points = [
        f"- {topic}: {_ANGLES[(angle + place) % len(_ANGLES)]}" for place, topic in enumerate(bold)
    ]
    closing = voice.pick(_CLOSINGS, "closing")
    return "\n\n".join(
        [opening[0].upper() + opening[1:], "\n".join(points), f"{_HONEST} {closing}"]
    )


def write_long(conversation: Conversation, voice: Voice) -> str | None:
    """Write a piece of the length that the prompt asks for."""
    prompt = conversation.task
    match = _LENGTH.search(prompt)
    if not _MAKING.search(prompt) or not (match or _LONG.search(prompt)):
        return None
    length = int(match[1] or match[2]) if match else _LONG_WORDS
    topics = key_words(_LENGTH.sub(" ", prompt), 8)
    topics = [topic for topic in topics if not _LONG.fullmatch(topic)] or ["the prompt", "a text"]
    return ramble(topics, min(length, _MOST_WORDS), voice)


def ramble(topics: list[str], length: int, voice: Voice) -> str:
    """Write about topics until a number of words is reached, and not one more."""
    title = " and ".join(topics[:2])
    lines: list[str] = []
    written = 0
    step = voice.number("ramble")
    while written < length:
        turn = step + len(lines)
        a = topics[turn % len(topics)]
        b = topics[(turn + 1 + turn // len(topics)) % len(topics)]
        line = _LINES[(turn * 3 + turn // len(_LINES)) % len(_LINES)].format(a=a, b=b)
        line = line[0].upper() + line[1:]
        pieces = line.split()
        if written + len(pieces) > length:
            line = " ".join(pieces[: length - written]).rstrip(",;:") + "…"
        lines.append(line)
        written += len(pieces)
    paragraphs = [
        " ".join(lines[start : start + _PARAGRAPH]) for start in range(0, len(lines), _PARAGRAPH)
    ]
    return f"## {title[0].upper()}{title[1:]}\n\n" + "\n\n".join(paragraphs)
