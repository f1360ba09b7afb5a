"""
Requests made ready: the model settled, the defaults filled in, the price known, nothing sent.

A dry run shows exactly what these give.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.fields import FIELDS
from nbnebius.settings import PARAMETERS, check
from nbnebius.types.json import to_json
from nbnebius.types.record import Record, replace
from nbnebius.work.ask import NOTHING_MORE, Wish
from nbnebius.work.price import Price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from nbnebius.catalogs import Work
    from nbnebius.session.service import Service
    from nbnebius.types.model import ModelRecord
    from nbnebius.work.next_turn import NextTurn

# The service's own default differs from page to page of its reference, so it is always told.
LONGEST_ANSWER = 8192

# What the reference of v1/images/generations allows.
IMAGE_LIMITS = {"width": (64, 2048), "height": (64, 2048), "steps": (1, 80), "n": (1, 100)}


def is_whole(value: Any) -> bool:
    """Tell whether a value is a whole number, NumPy's included, and no boolean."""
    return hasattr(value, "__index__") and not isinstance(value, bool)


class Prepared(Record, frozen=True):
    """
    A request that is ready to be sent: its body, the model's record, and its price.

    `turn` is the place in a thread that it will take, if it is asked in one.
    """

    kind: str
    body: Mapping[str, Any]
    record: ModelRecord | None
    price: Price
    service: str
    count: int = 1
    wish: Wish = NOTHING_MORE
    turn: NextTurn | None = None

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
    wish: Wish,
    turn: NextTurn | None = None,
) -> Prepared:
    """
    Make a chat ready; where it holds a picture, a model that sees is chosen.

    `turn` is its place in a thread, whose turns are in `messages`.
    """
    kind: Work = "vision" if _has_picture(messages) else "chat"
    chosen, record = await service.model(kind, model)
    told = _sampling(service, record, parameters)
    if wish.schema:
        # Some servers hold to a schema only as vLLM's own field.
        from nbnebius.work.structured import request_fields

        guided = told.get("guided_json") is True
        fields = request_fields(wish.schema, "guided_json" if guided else "json_schema")
        told = {**told, **fields} if guided else {**fields, **told}
    if wish.tools:
        # An MCP server's tools are known only once it runs.
        from nbnebius.work.tools import Toolbox

        told["tools"] = Toolbox(wish.tools).entries
    body = {"model": chosen, "messages": messages, **told}
    if turn:
        from nbnebius.work.thread import for_model

        body["messages"] = for_model(list(map(dict, messages)), chosen)
        context = record.context if record else None
        body = turn.fitted(body, context, told=_is_told(service, parameters))
    return replace(await _ready(service, "chat", body, record), wish=wish, turn=turn)


def _is_told(service: Service, parameters: Mapping[str, Any]) -> bool:
    """Tell whether somebody said how long an answer may be."""
    named = (parameters.get("max_tokens"), parameters.get("max_completion_tokens"))
    return (*named, service.config.get("max_tokens")) != (None, None, None)


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
    told = _sampling(service, record, parameters)
    return await _ready(service, "completion", {"model": chosen, "prompt": prompt, **told}, record)


async def _ready(
    service: Service,
    kind: str,
    body: Mapping[str, Any],
    record: ModelRecord | None,
    count: int = 1,
) -> Prepared:
    told = _plain(body)
    key = service.endpoint.key
    if key and key.stands_in(to_json(told)):
        raise OptionError(
            "The prompt holds your API key",
            why="a model would read it, and the journal would keep it",
            hint="take it out; the key is sent by itself, in a header",
        )
    return Prepared(kind, told, record, _price(service, record), await service.name(), count)


def _price(service: Service, record: ModelRecord | None) -> Price:
    """Give the catalog's price, or, where it has none, the one that the settings name."""
    price, told = Price.of(record), service.config.get("price")
    if told and price == Price():
        reading, writing = map(float, told.split(","))
        return Price(reading, writing)
    return price


def _has_picture(messages: Sequence[Mapping[str, Any]]) -> bool:
    contents = [message.get("content") for message in messages]
    parts = [part for c in contents if isinstance(c, list | tuple) for part in c]
    return any("image_url" in part for part in parts)


def _sampling(
    service: Service, record: ModelRecord | None, parameters: Mapping[str, Any]
) -> dict[str, Any]:
    """Put the defaults under what was named, and check what can be checked."""
    for name in set(parameters) - FIELDS:
        # The service takes unknown fields without a word, so a misspelled one would be paid for.
        from difflib import get_close_matches

        if near := get_close_matches(name, FIELDS, n=1, cutoff=0.8):
            raise OptionError(f"There is no parameter {name!r}", why=f"did you mean {near[0]}?")
    told = {name: service.config.get(name) for name in PARAMETERS}
    told.update(parameters)
    told.update({n: check(n, told[n]) for n in PARAMETERS if told.get(n) is not None})
    if told.get("max_tokens") is None and told.get("max_completion_tokens") is None:
        told["max_tokens"] = _longest(service, record)
    return told


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
        if all(type(inner) is str for inner in value):  # of which there may be a million
            return list(value)
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
    if dimensions is not None and (not is_whole(dimensions) or dimensions < 1):
        raise OptionError(f"dimensions cannot be {dimensions!r}", why="it takes 1 or more")
    chosen, record = await service.model("embedding", model)
    wanted = [text for text in texts if text]
    body = {"model": chosen, "input": wanted, "dimensions": dimensions}
    return await _ready(service, "embedding", body, record)


async def rerank(
    service: Service, query: str, documents: Sequence[str], model: str | None
) -> Prepared:
    """Make a ranking ready; without a name, the catalog's own reranker is taken."""
    if not query.strip() or not documents:
        raise OptionError("There is nothing to rank", hint="give a query and some documents")
    catalog = await service.catalog()
    found = model or next((r.id for r in catalog.records if "rerank" in r.id.lower()), None)
    if found is None:
        raise OptionError("The service lists no reranker", hint="name one with model=")
    body = {"model": found, "query": query, "documents": list(documents)}
    return await _ready(service, "rerank", body, catalog.find(found))


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
    from nbnebius.work.images import first_seed

    if not prompt.strip():
        raise OptionError("The prompt is empty", hint="describe the picture")
    for name, value in (("width", width), ("height", height), ("steps", steps), ("n", n)):
        low, high = IMAGE_LIMITS[name]
        if value is not None and not (is_whole(value) and low <= value <= high):
            raise OptionError(f"{name} cannot be {value!r}", why=f"it takes {low} to {high}")
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
    return await _ready(service, "image", body, record, n or 1)
