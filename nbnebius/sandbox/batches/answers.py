"""The answer to one line of a batch, by the same engines as everywhere."""

from collections.abc import Awaitable, Callable, Mapping

from nbnebius.sandbox.chat import answer as chat
from nbnebius.sandbox.completions import answer_completion
from nbnebius.sandbox.completions import read_task as read_completion_task
from nbnebius.sandbox.embeddings import answer_embedding
from nbnebius.sandbox.embeddings import read_task as read_embedding_task
from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.passing import as_upstream_knows_it
from nbnebius.sandbox.state import Sandbox
from nbnebius.sandbox.wire.body import parse
from nbnebius.sandbox.wire.failures import ApiError, refused

Answer = Callable[[Sandbox, Mapping[str, object]], Awaitable[dict[str, object]]]


async def _chat(sandbox: Sandbox, body: Mapping[str, object]) -> dict[str, object]:
    answer = await chat.answer_chat(await chat.read_task(body, sandbox.find_model))
    return answer.whole()


async def _completion(sandbox: Sandbox, body: Mapping[str, object]) -> dict[str, object]:
    answer = await answer_completion(*read_completion_task(body, sandbox.find_model))
    return answer.whole()


async def _embedding(sandbox: Sandbox, body: Mapping[str, object]) -> dict[str, object]:
    task = read_embedding_task(body, sandbox.find_model)
    return await do(task.tokens, answer_embedding, task)


_ANSWERS: Mapping[str, Answer] = {
    "/v1/chat/completions": _chat,
    "/v1/completions": _completion,
    "/v1/embeddings": _embedding,
}


async def answer_body(sandbox: Sandbox, endpoint: str, raw: bytes) -> dict[str, object]:
    """
    Answer the body of a line. Batches ask no rate limits.

    Raises
    ------
    ApiError
        Why there is no answer.
    """
    body = parse(raw)
    assert isinstance(body, dict)  # a line with any other body is a broken one
    body.pop("stream", None)
    body.pop("stream_options", None)
    if sandbox.upstream is not None:
        known = as_upstream_knows_it(sandbox, body)
        return await sandbox.upstream.ask(endpoint.removeprefix("/v1/"), known)
    try:
        return await _ANSWERS[endpoint](sandbox, body)
    except ApiError:
        raise
    except Exception as error:  # one line must not end all others
        raise refused(500, f"The engine failed: {type(error).__name__}.") from error
