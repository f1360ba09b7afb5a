"""``POST /v1/chat/completions``."""

import uuid

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.chat.answer import answer_chat, read_task
from nbnebius.sandbox.passing import pass_on
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.flow import ByteStream
from nbnebius.sandbox.wire.sse import EventStream


async def create(request: Request) -> Response | EventStream | ByteStream:
    """Answer a chat request, streamed or whole."""
    if (passed := await pass_on(request, "chat/completions")) is not None:
        return passed
    sandbox, entry = sandbox_of(request), entry_of(request)
    task = await read_task(await read_object(request), sandbox.finder(entry))
    model = task.model
    headers = sandbox.admit(model, task.prompt_tokens) | {"x-inference-id": uuid.uuid4().hex}
    answer = await answer_chat(task)
    if task.chat.sampling.stream:
        pace = sandbox.settings.tokens_per_second
        return EventStream(
            answer.frames(), entry, pace, headers, lambda sent: sandbox.limits.spend(model.id, sent)
        )
    entry.tokens_sent = sum(choice.length for choice in answer.choices)
    sandbox.limits.spend(model.id, entry.tokens_sent)
    return json_answer(answer.whole(), headers=headers)
