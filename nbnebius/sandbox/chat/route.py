"""``POST /v1/chat/completions``."""

import uuid
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import Model
from nbnebius.sandbox.chat.generation import generate, pictures_of
from nbnebius.sandbox.chat.request import ChatRequest, read_chat
from nbnebius.sandbox.chat.shapes import ChatAnswer
from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.engines.guided import UnguidableError
from nbnebius.sandbox.engines.vision import Sight, UnreadablePictureError, look
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import too_long, unserved
from nbnebius.sandbox.wire.sse import EventStream

_MOST_PICTURES = 32


async def create(request: Request) -> Response | EventStream:
    """Answer a chat request, streamed or whole."""
    sandbox = sandbox_of(request)
    chat = read_chat(await read_object(request))
    model = sandbox.model(request, chat.model, "chat")
    sights = await _look(model, pictures_of(chat.messages))
    prompt_tokens = chat.prompt_tokens + sum(sight.tokens for sight in sights)
    room = _room(chat, model, prompt_tokens)
    headers = sandbox.admit(model, prompt_tokens) | {"x-inference-id": uuid.uuid4().hex}
    try:
        choices = await do(prompt_tokens * chat.sampling.n, generate, chat, model, sights, room)
    except UnguidableError as error:
        raise unserved(str(error)) from None
    answer = ChatAnswer(chat, model, choices, prompt_tokens)
    entry = entry_of(request)
    if chat.sampling.stream:
        pace = sandbox.settings.tokens_per_second
        return EventStream(
            answer.frames(), entry, pace, headers, lambda sent: sandbox.limits.spend(model.id, sent)
        )
    entry.tokens_sent = sum(choice.length for choice in choices)
    sandbox.limits.spend(model.id, entry.tokens_sent)
    return json_answer(answer.whole(), headers=headers)


async def _look(model: Model, pictures: Sequence[str]) -> list[Sight]:
    most = _MOST_PICTURES if model.kind == "vision" else 0
    if len(pictures) > most:
        raise unserved(f"At most {most} image(s) may be provided in one prompt.")
    try:
        return [await run_in_threadpool(look, picture) for picture in pictures]
    except UnreadablePictureError as error:
        raise unserved(f"Failed to load image: {error}") from None


def _room(chat: ChatRequest, model: Model, prompt_tokens: int) -> int:
    room = chat.sampling.room(model.context, prompt_tokens)
    asked = chat.sampling.max_tokens or 0
    if prompt_tokens + asked > model.context or room <= 0 < prompt_tokens - model.context + 1:
        raise too_long(model.context, prompt_tokens, asked)
    return room
