"""
What the text engine can do, one skill per file.

A skill looks at a conversation and gives a text, or None when the conversation is not for it.
They are asked in order, the more exact ones first.
"""

from collections.abc import Callable

from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.skills.arithmetic import calculate
from nbnebius.sandbox.engines.skills.counting import count
from nbnebius.sandbox.engines.skills.echo import repeat
from nbnebius.sandbox.engines.skills.essay import greet, write_long
from nbnebius.sandbox.engines.skills.knowing import recall
from nbnebius.sandbox.engines.skills.labels import classify
from nbnebius.sandbox.engines.skills.layout import draw_table, list_points, write_code
from nbnebius.sandbox.engines.skills.mending import explain, mend
from nbnebius.sandbox.engines.skills.reading import answer_from_context, relate_results, summarize
from nbnebius.sandbox.engines.skills.seeing import describe
from nbnebius.sandbox.engines.voice import Voice

Skill = Callable[[Conversation, Voice], str | None]

SKILLS: tuple[Skill, ...] = (
    relate_results,
    describe,
    explain,
    mend,
    repeat,
    count,
    calculate,
    classify,
    summarize,
    write_long,
    write_code,
    draw_table,
    list_points,
    answer_from_context,
    recall,
    greet,
)
