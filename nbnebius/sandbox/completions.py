"""``POST /v1/completions``."""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import Response

from nbnebius.sandbox.catalog import FindModel, Model
from nbnebius.sandbox.engines.conversation import Conversation
from nbnebius.sandbox.engines.desk import do
from nbnebius.sandbox.engines.ending import Ending, end
from nbnebius.sandbox.engines.likelihood import completion_logprobs
from nbnebius.sandbox.engines.text import write
from nbnebius.sandbox.engines.voice import Voice
from nbnebius.sandbox.passing import pass_on
from nbnebius.sandbox.state import entry_of, sandbox_of
from nbnebius.sandbox.wire.body import json_answer, read_object
from nbnebius.sandbox.wire.failures import invalid, too_long
from nbnebius.sandbox.wire.fields import Field, check_fields
from nbnebius.sandbox.wire.flow import ByteStream
from nbnebius.sandbox.wire.inputs import Input, read_inputs
from nbnebius.sandbox.wire.sampling import FIELDS, Sampling, read_sampling
from nbnebius.sandbox.wire.sse import EventStream, Frame

_FIELDS = FIELDS | {
    "prompt": Field("any", required=True),
    "echo": Field("boolean"),
    "logprobs": Field("integer", ge=0, le=20),
}


@dataclass(frozen=True, slots=True)
class CompletionRequest:
    """A completion request whose every field is known to be good."""

    model: str
    prompts: list[Input]
    sampling: Sampling
    echo: bool
    logprobs: int | None

    @property
    def prompt_tokens(self) -> int:
        """Count the tokens of all prompts."""
        return sum(prompt.tokens for prompt in self.prompts)


@dataclass(frozen=True, slots=True)
class Completion:
    """The endings of an answer, with what is needed to write them down."""

    request: CompletionRequest
    model: Model
    endings: list[Ending]
    id: str = field(default_factory=lambda: f"cmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))

    @property
    def length(self) -> int:
        """Count the tokens that were generated."""
        return sum(len(ending.tokens) for ending in self.endings)

    @property
    def usage(self) -> dict[str, object]:
        """Count what the answer costs."""
        prompt = self.request.prompt_tokens
        return {
            "prompt_tokens": prompt,
            "completion_tokens": self.length,
            "total_tokens": prompt + self.length,
        }

    def whole(self) -> dict[str, object]:
        """Write the answer as one object."""
        choices = []
        for index, ending in enumerate(self.endings):
            echoed = self._echo(index)
            text = echoed + "".join(ending.tokens)
            choices.append(self._choice(index, text, ending.tokens, len(echoed), ending))
        return {**self._envelope(), "choices": choices, "usage": self.usage}

    def frames(self) -> Iterator[Frame]:
        """Write the answer as frames, one token each."""
        for index, ending in enumerate(self.endings):
            offset = 0
            if self.request.echo:
                echoed = self._echo(index)
                yield 0, {**self._envelope(), "choices": [self._choice(index, echoed, [], 0)]}
                offset = len(echoed)
            for token in ending.tokens[:-1]:
                yield (
                    1,
                    {**self._envelope(), "choices": [self._choice(index, token, [token], offset)]},
                )
                offset += len(token)
            last = ending.tokens[-1:]
            choice = self._choice(index, "".join(last), last, offset, ending)
            yield len(last), {**self._envelope(), "choices": [choice]}
        if self.request.sampling.include_usage:
            yield 0, {**self._envelope(), "choices": [], "usage": self.usage}

    def _echo(self, index: int) -> str:
        prompt = self.request.prompts[index // self.request.sampling.n]
        return prompt.text if self.request.echo else ""

    def _envelope(self) -> dict[str, object]:
        return {
            "id": self.id,
            "object": "text_completion",
            "created": self.created,
            "model": self.model.id,
            "system_fingerprint": None,
        }

    def _choice(
        self, index: int, text: str, tokens: list[str], offset: int, ending: Ending | None = None
    ) -> dict[str, object]:
        logprobs = None
        if self.request.logprobs is not None and tokens:
            logprobs = completion_logprobs(tokens, offset, self.request.logprobs)
        return {
            "index": index,
            "text": text,
            "logprobs": logprobs,
            "finish_reason": ending.finish_reason if ending else None,
            "stop_reason": ending.stop_reason if ending else None,
        }


async def create(request: Request) -> Response | EventStream | ByteStream:
    """Complete a prompt, streamed or whole."""
    if (passed := await pass_on(request, "completions")) is not None:
        return passed
    sandbox = sandbox_of(request)
    entry = entry_of(request)
    wanted, model = read_task(await read_object(request), sandbox.finder(entry))
    headers = sandbox.admit(model, wanted.prompt_tokens) | {"x-inference-id": uuid.uuid4().hex}
    answer = await answer_completion(wanted, model)
    if wanted.sampling.stream:
        pace = sandbox.settings.tokens_per_second
        return EventStream(
            answer.frames(), entry, pace, headers, lambda sent: sandbox.limits.spend(model.id, sent)
        )
    entry.tokens_sent = answer.length
    sandbox.limits.spend(model.id, answer.length)
    return json_answer(answer.whole(), headers=headers)


def read_task(body: Mapping[str, object], find: FindModel) -> tuple[CompletionRequest, Model]:
    """
    Check a completion request up to the point where only answering is left.

    Raises
    ------
    ApiError
        Why it cannot be answered.
    """
    wanted = read_completion(body)
    model = find(wanted.model, "completions")
    longest = max(prompt.tokens for prompt in wanted.prompts)
    asked = wanted.sampling.max_tokens or 0
    if longest + asked > model.context:
        raise too_long(model.context, longest, asked, "prompt")
    return wanted, model


async def answer_completion(wanted: CompletionRequest, model: Model) -> Completion:
    """Answer a completion request."""
    endings = await do(wanted.prompt_tokens, complete, wanted, model)
    return Completion(wanted, model, endings)


def complete(request: CompletionRequest, model: Model) -> list[Ending]:
    """Complete every prompt as often as it is asked."""
    sampling = request.sampling
    seed = sampling.seed if sampling.seed is not None and sampling.temperature > 0 else 0
    endings = []
    for prompt in request.prompts:
        room = sampling.room(model.context, prompt.tokens)
        for index in range(sampling.n):
            voice = Voice([request.model, prompt.text, prompt.tokens], seed + index)
            text = write(Conversation(prompt.text), voice)
            endings.append(end(text, sampling.stop, room))
    return endings


def read_completion(body: Mapping[str, object]) -> CompletionRequest:
    """
    Check a completion request.

    Raises
    ------
    ApiError
        422 with everything that is wrong in the body.
    """
    clean, problems = check_fields(body, _FIELDS)
    prompts: list[Input] = []
    if "prompt" in clean:
        prompts, found = read_inputs(clean["prompt"], ("body", "prompt"))
        problems.extend(found)
    sampling, found = read_sampling(clean)
    problems.extend(found)
    if problems:
        raise invalid(problems)
    logprobs = clean.get("logprobs")
    return CompletionRequest(
        model=str(clean["model"]),
        prompts=prompts,
        sampling=sampling,
        echo=clean.get("echo") is True,
        logprobs=logprobs if isinstance(logprobs, int) else None,
    )
