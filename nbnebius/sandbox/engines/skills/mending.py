"""Explaining an error by its own words, and mending a cell where they say how."""

import re

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.voice import Voice

_ASKS_WHY = re.compile(r"\bexplain this error\b", re.IGNORECASE)
_ERROR = re.compile(
    r"^## Error[^\n]*\n(?P<fence>`{3,})\n(?P<text>.*?)\n(?P=fence)$", re.DOTALL | re.MULTILINE
)
_MARKED = re.compile(r"^-> +(?P<number>\d+) \| (?P<code>.*)$", re.MULTILINE)
_ASKS = re.compile(r"\bwhole corrected cell\b", re.IGNORECASE)
_CELL = re.compile(
    r"^## The (?:cell|code)[^\n]*\n(?P<fence>`{3,})\n(?P<text>.*?)\n(?P=fence)$",
    re.DOTALL | re.MULTILINE,
)
_LINE = re.compile(r"^(?P<mark>->|  ) +\d+ \|(?: (?P<code>.*))?$")
_DID_YOU_MEAN = re.compile(r"'(\w+)'[^\n]*Did you mean: '(\w+)'\?")
_MISSING_COLON = "expected ':'"


def explain(conversation: Conversation, voice: Voice) -> str | None:
    """Repeat what the error says, and the line that it points at."""
    asks = _ASKS_WHY.search(conversation.task)
    found = _ERROR.search(conversation.prompt) if asks else None
    if found is None:
        return None
    error = found["text"].strip()
    said = voice.pick(["The error says", "It failed with"], "explain")
    at = ""
    if line := _MARKED.search(conversation.prompt):
        at = f" at line {line['number']}, `{line['code'].strip().replace('`', '')}`"
    return (
        f"{said}{at}:\n\n```text\n{error}\n```\n\nThe sandbox's engine is no language model: "
        "it repeats the error and does not know why."
    )


def mend(conversation: Conversation, voice: Voice) -> str | None:
    """Give the cell back, corrected where the error names the correction."""
    prompt = conversation.prompt
    found = _CELL.search(prompt) if _ASKS.search(conversation.task) else None
    if found is None:
        return None
    lines = [_LINE.match(line) for line in found["text"].splitlines()]
    if not all(lines):
        return None
    code = [(line["mark"] == "->", line["code"] or "") for line in lines if line]
    said = "The error does not say how to mend it, so this is the cell as it was."
    if names := _DID_YOU_MEAN.search(prompt):
        wrong, right = names.groups()
        said = f"There is no `{wrong}`: the name that was meant is `{right}`."
        code = [(mark, re.sub(rf"\b{wrong}\b", right, line)) for mark, line in code]
    elif _MISSING_COLON in prompt:
        said = "A line that opens a block ends with a colon, and this one does not."
        code = [(mark, f"{line.rstrip()}:" if mark else line) for mark, line in code]
    body = "\n".join(line for _, line in code)
    return (
        f"{said} {voice.pick(['Corrected:', 'The whole cell:'], 'mend')}\n\n```python\n{body}\n```"
    )
