"""Markdown with a layout: lists, tables and code."""

import re

from nbnebius.sandbox.engines.almanac import counted, known_list
from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.engines.words import key_words

_LISTED = re.compile(r"\b(?:list|bullet points?|bullets)\b", re.IGNORECASE)
_TABLE = re.compile(r"\btable\b", re.IGNORECASE)
_CODE = re.compile(
    r"\b(?:code|python|javascript|sql|script|program|function|regex|snippet)\b", re.IGNORECASE
)
_MAKE = re.compile(
    r"\b(?:write|give|show|create|generate|implement|make|draw|how (?:do|can) i)\b", re.IGNORECASE
)
_MOST = 200
_QUALITIES = (
    "first in sight", "plain and near", "seen from the other side", "with a little patience",
    "for every day", "when time is short", "in good company", "step by step", "by heart",
    "for a second look", "at a quiet hour", "with open windows",
)  # fmt: skip

_PROGRAMS = {
    "fibonacci": "def fibonacci(n):\n    a, b = 0, 1\n    for _ in range(n):\n"
    "        a, b = b, a + b\n    return a",
    "factorial": "def factorial(n):\n    return 1 if n < 2 else n * factorial(n - 1)",
    "prime": "def is_prime(n):\n    return n > 1 and all(n % d for d in range(2, int(n**0.5) + 1))",
    "palindrome": "def is_palindrome(text):\n"
    "    letters = [c.lower() for c in text if c.isalnum()]\n"
    "    return letters == letters[::-1]",
    "reverse": "def reverse(items):\n    return items[::-1]",
    "sort": "def sort(items, key=None):\n    return sorted(items, key=key)",
    "csv": "import pandas as pd\n\nframe = pd.read_csv('data.csv')\nprint(frame.describe())",
    "plot": "import matplotlib.pyplot as plt\n\nplt.plot([1, 2, 3], [1, 4, 9])\nplt.show()",
    "hello": "print('Hello, world!')",
}


def list_points(conversation: Conversation, voice: Voice) -> str | None:
    """Write as many points as the prompt asks for."""
    prompt = conversation.task
    asked = counted(prompt)
    if asked is None and not _LISTED.search(prompt):
        return None
    number, noun = asked or (5, prompt)
    start = voice.number("points")
    known = known_list(noun)
    if known:
        turned = [known[(start + place) % len(known)] for place in range(len(known))]
        points = turned[: min(number, _MOST)]
    else:
        points = _made_points(prompt, min(number, _MOST), start)
    return "\n".join(f"{place}. {point}" for place, point in enumerate(points, 1))


def _made_points(prompt: str, number: int, start: int) -> list[str]:
    """Turn the prompt's key words to and fro until there are enough points."""
    topics = key_words(prompt, 4) or ["Point"]
    points = []
    for place in range(number):
        turn = start + place
        first = topics[turn % len(topics)]
        rest = " ".join(topic for topic in topics if topic != first)
        quality = _QUALITIES[(turn + place // len(_QUALITIES)) % len(_QUALITIES)]
        points.append(f"**{first[0].upper()}{first[1:]}**{f' ({rest})' if rest else ''}: {quality}")
    return points


def draw_table(conversation: Conversation, voice: Voice) -> str | None:
    """Draw a Markdown table about the prompt's key words."""
    prompt = conversation.task
    if not (_TABLE.search(prompt) and _MAKE.search(prompt)):
        return None
    topics = [topic for topic in key_words(prompt, 5) if topic.lower() not in {"table", "markdown"}]
    start = voice.number("table")
    rows = [
        f"| {topic} | {len(topic)} | {_QUALITIES[(start + place) % len(_QUALITIES)]} |"
        for place, topic in enumerate(topics or ["table"])
    ]
    return "\n".join(["| Topic | Letters | Note |", "| --- | ---: | --- |", *rows])


def write_code(conversation: Conversation, voice: Voice) -> str | None:
    """Write a small Python program in a code block."""
    prompt = conversation.task
    if not (_CODE.search(prompt) and _MAKE.search(prompt)):
        return None
    lowered = prompt.lower()
    known = next((program for word, program in _PROGRAMS.items() if word in lowered), None)
    opening = voice.pick(["Here is some Python:", "This does it:", "In Python:"], "code")
    return f"{opening}\n\n```python\n{known or _skeleton(prompt)}\n```"


def _skeleton(prompt: str) -> str:
    topics = [re.sub(r"\W", "_", topic.lower()) for topic in key_words(prompt, 8)]
    topics = [topic for topic in topics if not _CODE.fullmatch(topic)][:3] or ["work"]
    name = "_".join(topics)
    name = name if name.isidentifier() else f"do_{name}"
    return (
        f"def {name}(values):\n"
        f'    """A frame for {" ".join(topics)}, to be filled in."""\n'
        "    return [value for value in values if value is not None]"
    )
