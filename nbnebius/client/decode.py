"""
From an answer's bytes to records: the same code for fresh answers and for kept ones.

Every function raises `ResponseError` for bytes it cannot read, and nothing else.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.client.accumulate import Accumulator
from nbnebius.errors import ResponseError
from nbnebius.transport.about import About
from nbnebius.types.chat import ChatFrame
from nbnebius.types.loose import fit, read_as, read_json
from nbnebius.types.models import Model

if TYPE_CHECKING:
    from nbnebius.types.chat import ChatCompletion
    from nbnebius.types.completions import Completion
    from nbnebius.types.embeddings import Embeddings
    from nbnebius.types.images import ImageAnswer

_NOBODY = About(address="the server")


def decode_completion(
    body: bytes, content_type: str = "application/json", about: About = _NOBODY
) -> ChatCompletion:
    """
    Read a chat completion: a JSON answer, or the raw bytes of a stream, whole or in part.

    Parameters
    ----------
    body
        As received.
    content_type
        ``text/event-stream`` for a stream.
    about
        What an error may tell.

    Raises
    ------
    ResponseError
        It is neither.
    """
    return _accumulate(body, content_type, about).chat()


def decode_text_completion(
    body: bytes, content_type: str = "application/json", about: About = _NOBODY
) -> Completion:
    """Read a text completion, likewise."""
    return _accumulate(body, content_type, about).completion()


def decode_images(body: bytes, about: About = _NOBODY) -> ImageAnswer:
    """Read an answer with images, in base64 or as URLs."""
    from nbnebius.transport.faults import unreadable
    from nbnebius.types.images import ImageAnswer, ImageFrame

    try:
        frame = read_as(body, ImageFrame)
    except ValueError:
        raise unreadable("the answer is not JSON", body, "", about) from None
    if not frame.data:
        raise unreadable("the answer holds no image", body, "", about)
    return ImageAnswer(data=frame.data, id=frame.id)


def decode_models(body: bytes, about: About = _NOBODY) -> list[Model]:
    """Read a list of models, plain or verbose; a row without an id is left out."""
    try:
        value = read_json(body)
    except ValueError:
        from nbnebius.transport.faults import unreadable

        raise unreadable("the list of models is not JSON", body, "", about) from None
    rows = value.get("data", value.get("models")) if isinstance(value, dict) else value
    if not isinstance(rows, list):
        from nbnebius.transport.faults import unreadable

        raise unreadable("the answer holds no list of models", body, "", about)
    models = []
    for row in rows:
        if isinstance(row, dict):
            model = fit(row, Model)
            model.raw = row
            if model.id:
                models.append(model)
    return models


def decode_embeddings(body: bytes, about: About = _NOBODY) -> Embeddings:
    """
    Read vectors into one float32 matrix, in the order of their index.

    They may come as base64, as numbers, or as a list with one vector per text.
    """
    from nbnebius.client.vectors import read_embeddings
    from nbnebius.transport.faults import unreadable

    try:
        return read_embeddings(body)
    except ValueError as error:
        raise unreadable(f"the vectors cannot be read: {error}", body, "", about) from None


def frame_of(data: str | bytes, about: About) -> ChatFrame:
    """
    Read one frame.

    Raises
    ------
    ResponseError
        It is not a JSON object.
    """
    try:
        return read_as(data, ChatFrame)
    except ValueError:
        from nbnebius.transport.faults import unreadable

        raw = data.encode("utf-8", "replace") if isinstance(data, str) else data
        raise unreadable("the answer holds something that is not JSON", raw, "", about) from None


def error_in(frame: ChatFrame) -> Any:
    """Return the error that a frame carries instead of an answer, or None."""
    if frame.error:
        return frame.error
    if frame.object == "error":  # an older convention of vLLM
        return frame.message or "error"
    return None


def _accumulate(body: bytes, content_type: str, about: About) -> Accumulator:
    accumulator = Accumulator()
    if "event-stream" in content_type or body.lstrip()[:5] == b"data:":
        _add_events(body, accumulator)
    else:
        frame = frame_of(body, about)
        if error_in(frame) is None:
            accumulator.add(frame)
    if accumulator.empty:
        from nbnebius.transport.faults import unreadable

        raise unreadable("the answer holds no choices", body, content_type, about)
    return accumulator


def _add_events(body: bytes, accumulator: Accumulator) -> None:
    """Add every frame that can be read: a stream that broke off ends in the middle of one."""
    from nbnebius.transport.sse import DONE, SSEDecoder

    decoder = SSEDecoder()
    try:
        events = [*decoder.feed(body), *decoder.flush()]
    except ValueError:
        return
    if not events and body.lstrip()[:1] == b"{":  # plain JSON under the name of a stream
        events = [body.decode("utf-8", "replace")]
    for data in events:
        if data == DONE:
            return
        try:
            frame = read_as(data, ChatFrame)
        except ValueError:
            continue
        if error_in(frame) is None:
            accumulator.add(frame)


__all__ = [
    "ResponseError",
    "decode_completion",
    "decode_embeddings",
    "decode_images",
    "decode_models",
    "decode_text_completion",
    "error_in",
    "frame_of",
]
