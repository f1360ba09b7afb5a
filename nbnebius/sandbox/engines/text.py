"""Free text: the first skill that knows what to do with a conversation answers it."""

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.skills import SKILLS
from nbnebius.sandbox.engines.skills.essay import explain
from nbnebius.sandbox.engines.voice import Voice


def write(conversation: Conversation, voice: Voice) -> str:
    """
    Answer a conversation in free text, in Markdown.

    Parameters
    ----------
    conversation
        What was said.
    voice
        Chooses among wordings.
    """
    for skill in SKILLS:
        text = skill(conversation, voice)
        if text is not None:
            return text
    return explain(conversation, voice)
