"""Asking a service for its list of models, and the small readings that all services share."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from nbnebius.catalogs.nebius import EMBEDDING_IDS, FEATURE_WORDS, IMAGE_IDS, RERANK_IDS, VISION_IDS
from nbnebius.client import AsyncClient
from nbnebius.transport.answers import is_html
from nbnebius.transport.faults import unreadable
from nbnebius.transport.request import Request
from nbnebius.types.loose import read_json

if TYPE_CHECKING:
    from nbnebius.transport import Transport
    from nbnebius.transport.request import Params


def transport_of(asked: AsyncClient | Transport) -> Transport:
    """Return what sends: a client's transport, or the transport itself."""
    return asked.transport if isinstance(asked, AsyncClient) else asked


def prefix_of(transport: Transport, *endings: str) -> str:
    """
    Return the path of a base URL without endings that belong to the API, however often they come.

    ``https://host/tools/api/v1/`` with the endings ``/api`` and ``/v1`` is ``/tools``.
    """
    path = transport.address.base.removeprefix(transport.address.root).rstrip("/")
    while found := next((one for one in endings if path.endswith(one)), None):
        path = path[: -len(found)].rstrip("/")
    return path


async def ask(transport: Transport, path: str, params: Params | None = None) -> Any:
    """
    Return an answer as plain values.

    Raises
    ------
    ResponseError
        It is a web page, or no JSON.
    NebiusError
        No answer, or one that says no.
    """
    request = Request("GET", path, params=params or {})
    answer = await transport.send(request)
    about = transport.about(request)
    page = is_html(answer.body, answer.content_type)
    try:
        if not page:
            return read_json(answer.body)
    except ValueError:
        pass
    raise unreadable("the answer is not JSON", answer.body, answer.content_type, about)


def kind_of(model_id: str) -> str:
    """Guess a model's type from its id, where nothing else tells."""
    for pattern, kind in (
        (RERANK_IDS, "other"),
        (IMAGE_IDS, "image"),
        (EMBEDDING_IDS, "embedding"),
        (VISION_IDS, "vision"),
    ):
        if pattern.search(model_id):
            return kind
    return "chat"


def text(value: Any) -> str | None:
    """Return a text that says something, else None."""
    return value if isinstance(value, str) and value.strip() else None


def texts(value: Any) -> list[str]:
    """Return the texts of a list; of objects, their names."""
    found = []
    for one in value if isinstance(value, list) else []:
        name = one.get("name") if isinstance(one, dict) else one
        if isinstance(name, str) and name:
            found.append(name)
    return list(dict.fromkeys(found))


def table(value: Any) -> dict[str, Any]:
    """Return an object, or an empty one in place of anything else."""
    return value if isinstance(value, dict) else {}


def whole(value: Any) -> int | None:
    """Read a count above nought; None for anything else."""
    from nbnebius.types.usage import count

    return count(value) or None


def price(value: Any) -> float | None:
    """Read a price in USD; None for what cannot be one."""
    if isinstance(value, str) and re.fullmatch(r"\s*\$?\s*\d{1,9}(\.\d{1,15})?\s*", value):
        value = float(value.strip().lstrip("$"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if 0 <= value < 1e9 else None  # noqa: PLR2004 - false for NaN too


def features(words: list[str]) -> list[str]:
    """Return features in this package's own words."""
    return list(dict.fromkeys(FEATURE_WORDS.get(word, word) for word in words))
