"""
Requests made ready: the model settled, the defaults filled in, the price known, nothing sent.

A dry run shows exactly what these give.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.settings import PARAMETERS
from nbnebius.work.images import first_seed
from nbnebius.work.price import Price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.session.service import Service
    from nbnebius.types.model import ModelRecord

# The service's own default differs from page to page of its reference, so it is always told.
LONGEST_ANSWER = 8192

# What the reference of v1/images/generations allows.
IMAGE_LIMITS = {"width": (64, 2048), "height": (64, 2048), "steps": (1, 80), "n": (1, 100)}


@dataclass(frozen=True, slots=True)
class Prepared:
    """A request that is ready to be sent: its body, the model's record, and its price."""

    kind: str
    body: Mapping[str, Any]
    record: ModelRecord | None
    price: Price
    service: str
    count: int = 1

    @property
    def bound(self) -> float | None:
        """The most it can cost, in USD, or None where that is unknown."""
        one = self.price.bound(self.body)
        return None if one is None else one * self.count


async def chat(
    service: Service,
    messages: Sequence[Mapping[str, Any]],
    model: str | None,
    parameters: Mapping[str, Any],
) -> Prepared:
    """Make a chat ready."""
    chosen, record = await service.model("chat", model)
    told = {name: service.config.get(name) for name in PARAMETERS}
    told.update(parameters)
    if told.get("max_tokens") is None and "max_completion_tokens" not in told:
        told["max_tokens"] = _longest(service, record)
    body = _plain({"model": chosen, "messages": list(messages), **told})
    return Prepared("chat", body, record, Price.of(record), await service.name())


async def completion(
    service: Service,
    prompt: str | Sequence[str],
    model: str | None,
    parameters: Mapping[str, Any],
) -> Prepared:
    """Make a text completion ready."""
    prompts = [prompt] if isinstance(prompt, str) else list(prompt)
    if not all([*prompts, prompts]):
        raise OptionError("The prompt is empty", hint="write the text that is to be continued")
    chosen, record = await service.model("chat", model)
    told = {name: service.config.get(name) for name in PARAMETERS}
    told.update(parameters)
    if told.get("max_tokens") is None:
        told["max_tokens"] = _longest(service, record)
    body = _plain({"model": chosen, "prompt": prompt, **told})
    return Prepared("completion", body, record, Price.of(record), await service.name())


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    """
    Give a body in JSON's own types, without fields that are None.

    Raises
    ------
    OptionError
        A value has no place in JSON; its field is named.
    """
    return {name: _value(name, value) for name, value in body.items() if value is not None}


def _value(field: str, value: Any) -> Any:
    if isinstance(value, str | bool | None):
        return value
    if isinstance(value, Mapping):
        return {str(name): _value(field, inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_value(field, inner) for inner in value]
    if hasattr(value, "tolist"):  # NumPy
        return _value(field, value.tolist())
    if isinstance(value, int) or (isinstance(value, float) and isfinite(value)):
        return value
    shown = str(value) if isinstance(value, float) else f"a {type(value).__name__}"
    raise OptionError(f"{field} cannot be {shown}", why="it has no place in JSON")


def _longest(service: Service, record: ModelRecord | None) -> int | None:
    if not service.speaks_nebius:
        return None
    context = record.context if record else None
    return min(LONGEST_ANSWER, max(1, context // 2)) if context else LONGEST_ANSWER


async def embedding(
    service: Service, texts: Sequence[str | None], model: str | None, dimensions: int | None
) -> Prepared:
    """Make embeddings ready."""
    if dimensions is not None and dimensions < 1:
        raise OptionError(f"--dimensions cannot be {dimensions}", why="it takes 1 or more")
    chosen, record = await service.model("embedding", model)
    body: dict[str, Any] = {"model": chosen, "input": [text for text in texts if text]}
    if dimensions is not None:
        body["dimensions"] = dimensions
    return Prepared("embedding", body, record, Price.of(record), await service.name())


async def image(
    service: Service,
    prompt: str,
    *,
    model: str | None = None,
    width: int | None = None,
    height: int | None = None,
    steps: int | None = None,
    seed: int | None = None,
    negative: str | None = None,
    guidance: float | None = None,
    loras: Any = None,
    n: int | None = None,
    format: str | None = None,
) -> Prepared:
    """Make a picture, or several, ready."""
    if not prompt.strip():
        raise OptionError("The prompt is empty", hint="describe the picture after the flags")
    for name, value in (("width", width), ("height", height), ("steps", steps), ("n", n)):
        low, high = IMAGE_LIMITS[name]
        if value is not None and not low <= value <= high:
            raise OptionError(f"--{name} cannot be {value}", why=f"it takes {low} to {high}")
    chosen, record = await service.model("image", model)
    body = {
        "model": chosen,
        "prompt": prompt,
        "width": width,
        "height": height,
        "num_inference_steps": steps,
        "seed": first_seed(seed),
        "negative_prompt": negative,
        "guidance_scale": guidance,
        "loras": loras,
        "response_extension": format or "webp",
        "response_format": "b64_json",
    }
    return Prepared("image", _plain(body), record, Price.of(record), await service.name(), n or 1)
