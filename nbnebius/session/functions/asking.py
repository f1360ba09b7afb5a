"""`chat` and `completion`, the twins of ``%chat`` and ``%completion``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, overload

from nbnebius.session.attaching import with_files
from nbnebius.session.default import default_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.results import Reply
    from nbnebius.session.stream import TextStream


@overload
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = ...,
    system: str | None = ...,
    images: Any = ...,
    file: Any = ...,
    tools: Any = ...,
    approve: bool = ...,
    schema: Any = ...,
    multi: bool = ...,
    repair: bool = ...,
    thread: str | bool | None = ...,
    stream: Literal[False] = ...,
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> Reply: ...
@overload
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = ...,
    system: str | None = ...,
    images: Any = ...,
    file: Any = ...,
    tools: Any = ...,
    approve: bool = ...,
    schema: Any = ...,
    multi: bool = ...,
    repair: bool = ...,
    thread: str | bool | None = ...,
    stream: Literal[True],
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> TextStream: ...
def chat(
    prompt: str | Sequence[Mapping[str, Any]],
    *,
    model: str | None = None,
    system: str | None = None,
    images: Any = None,
    file: Any = None,
    tools: Any = None,
    approve: bool = False,
    schema: Any = None,
    multi: bool = False,
    repair: bool = False,
    thread: str | bool | None = None,
    stream: bool = False,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> Reply | TextStream:
    """
    Ask a chat model.

    Parameters
    ----------
    prompt
        A text, or a list of messages as the API has them.
    model
        A model's id; the default chat model if left out.
    system
        The system prompt.
    images
        What the model should see: a URL, a path, bytes, a PIL image, a figure, or several.
    file
        A text file, a PDF (extra ``pdf``) or an https page to ask with: its path or address, or
        several. Its text stands before the question.
    tools
        Python functions the model may call, as a function or a list; their signatures and
        docstrings tell it how. Calls run here, in this thread; every call is in ``reply.calls``.
        A text is the command or the URL of an MCP server (extra ``mcp``).
    approve
        Ask before each call.
    schema
        The shape of the answer: a pydantic model, a dataclass, a TypedDict, a JSON schema, or the
        short form ``"name, age int, label positive|negative, why: a description"``. With
        ``guided_json=True`` it is sent as that field rather than as ``response_format``.
    multi
        A list of such records.
    repair
        Tell the model once what does not fit, and take its second answer.
    thread
        Go on with a conversation: a thread's name, or ``"notebook"`` (or True) for the notebook's
        own. Its turns are sent first, and this one is added. ``"none"`` (or False): no thread,
        where the settings name one.
    stream
        Give an iterator of text pieces, with ``.reply`` at its end.
    cache
        Show the kept answer to the very same request, if there is one, and let this one be kept
        for later calls.
    private
        Keep neither prompt nor answer on disk, only usage.
    **parameters
        Any other field of the request: ``temperature``, ``max_tokens``, ``top_k``,
        ``response_format`` …

    Returns
    -------
    Reply
        ``.text``, ``.usage`` (tokens), ``.cost`` (USD), with a schema ``.parsed`` and ``.df`` …

    Raises
    ------
    NebiusError
        Everything of `nbnebius.errors`.
    """
    session = default_session()
    prepared = session.prepare_chat(
        with_files(prompt, session.attach(file)),
        model=model,
        system=system,
        images=images,
        tools=tools,
        approve=approve,
        schema=schema,
        multi=multi,
        repair=repair,
        thread=session.thread_named(thread),
        **parameters,
    )
    if stream:
        from nbnebius.session.stream import TextStream

        return TextStream(session.stream(prepared, cache=cache, private=private))
    return session.ask(prepared, cache=cache, private=private)


@overload
def completion(
    prompt: str | Sequence[str],
    *,
    model: str | None = ...,
    stream: Literal[False] = ...,
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> Reply: ...
@overload
def completion(
    prompt: str | Sequence[str],
    *,
    model: str | None = ...,
    stream: Literal[True],
    cache: bool = ...,
    private: bool | None = ...,
    **parameters: Any,
) -> TextStream: ...
def completion(
    prompt: str | Sequence[str],
    *,
    model: str | None = None,
    stream: bool = False,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> Reply | TextStream:
    """
    Continue a text (``v1/completions``), as for code.

    Parameters
    ----------
    prompt
        The text to be continued, or several.
    model
        A model's id; the default chat model if left out.
    stream
        Give an iterator of text pieces, with ``.reply`` at its end.
    cache
        Show the kept answer to the very same request, if there is one, and let this one be kept
        for later calls.
    private
        Keep neither prompt nor answer on disk, only usage.
    **parameters
        Any other field of the request: ``max_tokens``, ``temperature``, ``logprobs``, ``echo`` …

    Returns
    -------
    Reply
        ``.text`` is the continuation; ``.choices`` holds all of them.

    Raises
    ------
    NebiusError
        Everything of `nbnebius.errors`.
    """
    from nbnebius.session.stream import TextStream

    session = default_session()
    prepared = session.prepare_completion(prompt, model=model, **parameters)
    if stream:
        return TextStream(session.stream(prepared, cache=cache, private=private))
    return session.ask(prepared, cache=cache, private=private)
