"""The sampling fields that chat and completions share."""

from collections.abc import Mapping
from dataclasses import dataclass

from nbnebius.sandbox.wire.failures import Problem
from nbnebius.sandbox.wire.fields import Field, check_value, problem

_MOST_STOPS = 4
_DEFAULT_LENGTH = 8192

FIELDS = {
    "model": Field("string", required=True),
    "max_tokens": Field("integer", ge=0),
    "max_completion_tokens": Field("integer", ge=0),
    "temperature": Field("number", ge=0, le=2),
    "top_p": Field("number", ge=0, le=1),
    "top_k": Field("integer", ge=-1),
    "min_p": Field("number", ge=0, le=1),
    "n": Field("integer", ge=1, le=128),
    "stream": Field("boolean"),
    "stream_options": Field("object"),
    "presence_penalty": Field("number", ge=-2, le=2),
    "frequency_penalty": Field("number", ge=-2, le=2),
    "repetition_penalty": Field("number", ge=0),
    "logit_bias": Field("object"),
    "user": Field("string"),
    "seed": Field("integer"),
    "extra_body": Field("object"),
    "guided_regex": Field("string"),
    "guided_choice": Field("array", shortest=1),
    "service_tier": Field(
        "string", choices=("auto", "default", "over-limit", "flex", "no-limit")
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn and where it ends."""

    max_tokens: int | None
    temperature: float
    seed: int | None
    n: int
    stop: tuple[str, ...]
    stream: bool
    include_usage: bool
    service_tier: str | None

    def room(self, context: int, prompt_tokens: int) -> int:
        """Tell how many tokens the answer may have."""
        if self.max_tokens is not None:
            return self.max_tokens
        return max(0, min(_DEFAULT_LENGTH, context - prompt_tokens))


def read_sampling(body: Mapping[str, object]) -> tuple[Sampling, list[Problem]]:
    """Read the fields that were checked already, and check those with more than one shape."""
    stop, problems = _stops(body.get("stop"))
    problems.extend(_bias_problems(body.get("logit_bias")))
    options = body.get("stream_options")
    include_usage = False
    if isinstance(options, dict):
        wish, found = check_value(
            options.get("include_usage", False),
            Field("boolean"),
            ("body", "stream_options", "include_usage"),
        )
        include_usage = bool(wish)
        problems.extend(found)
    longest = body.get("max_completion_tokens")
    if longest is None:
        longest = body.get("max_tokens")
    sampling = Sampling(
        max_tokens=longest if isinstance(longest, int) else None,
        temperature=_or_default(body.get("temperature"), 1.0),
        seed=seed if isinstance(seed := body.get("seed"), int) else None,
        n=int(_or_default(body.get("n"), 1)),
        stop=stop,
        stream=body.get("stream") is True,
        include_usage=include_usage,
        service_tier=str(tier) if (tier := body.get("service_tier")) else None,
    )
    return sampling, problems


def _or_default(value: object, default: float) -> float:
    return value if isinstance(value, int | float) else default


def _stops(value: object) -> tuple[tuple[str, ...], list[Problem]]:
    if value is None:
        return (), []
    if isinstance(value, str):
        return ((value,) if value else ()), []
    loc = ("body", "stop")
    field = Field("array", longest=_MOST_STOPS)
    items, problems = check_value(value, field, loc)
    if problems or not isinstance(items, list):
        return (), problems
    for index, item in enumerate(items):
        problems.extend(check_value(item, Field("string"), (*loc, index))[1])
    return tuple(str(item) for item in items if item), problems


def _bias_problems(value: object) -> list[Problem]:
    if not isinstance(value, dict):
        return []
    problems = []
    for token, bias in value.items():
        loc = ("body", "logit_bias", token)
        problems.extend(check_value(bias, Field("number", ge=-100, le=100), loc)[1])
        if not token.isdecimal():
            msg = "Input should be a valid integer, unable to parse string as an integer"
            problems.append(problem("int_parsing", (*loc, "[key]"), msg, token))
    return problems
