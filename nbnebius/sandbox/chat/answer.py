"""From the body of a chat request to its answer, whoever asks: a route or a batch."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from nbnebius.sandbox.catalog import FindModel, Model
from nbnebius.sandbox.chat.generation import generate, pictures_of
from nbnebius.sandbox.chat.request import ChatRequest, read_chat
from nbnebius.sandbox.chat.shapes import ChatAnswer
from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.engines.guided import UnguidableError
from nbnebius.sandbox.engines.vision import Sight, UnreadablePictureError, look
from nbnebius.sandbox.wire.failures import too_long, unserved

_MOST_PICTURES = 32


@dataclass(frozen=True, slots=True)
class ChatTask:
    """A chat request that can be answered: its model, what is in its pictures, its room."""

    chat: ChatRequest
    model: Model
    sights: Sequence[Sight]
    prompt_tokens: int
    room: int


async def read_task(body: Mapping[str, object], find: FindModel) -> ChatTask:
    """
    Check a chat request up to the point where only answering is left.

    Raises
    ------
    ApiError
        Why it cannot be answered.
    """
    chat = read_chat(body)
    model = find(chat.model, "chat")
    sights = await _look(model, pictures_of(chat.messages))
    prompt_tokens = chat.prompt_tokens + sum(sight.tokens for sight in sights)
    return ChatTask(chat, model, sights, prompt_tokens, _room(chat, model, prompt_tokens))


async def answer_chat(task: ChatTask) -> ChatAnswer:
    """
    Answer a chat request.

    Raises
    ------
    ApiError
        The form that is asked for cannot be followed.
    """
    chat, tokens = task.chat, task.prompt_tokens
    work = tokens * chat.sampling.n
    try:
        choices = await do(work, generate, chat, task.model, task.sights, task.room)
    except UnguidableError as error:
        raise unserved(str(error)) from None
    return ChatAnswer(chat, task.model, choices, tokens)


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
