"""`explain` and `fix`, the twins of ``%explain`` and ``%fix``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.default import default_session
from nbnebius.session.explaining import asking_about_last, explaining, fixing, last_error

if TYPE_CHECKING:
    from nbnebius.results import Reply
    from nbnebius.session.explaining import Question


def explain(
    what: Any = None,
    *,
    model: str | None = None,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> Reply:
    """
    Have an error, code or a value explained.

    Of an error goes out: its message, the cell that failed, the traceback without what libraries
    do inside, a short description of the variables on the failing lines, and the versions of the
    packages. What looks like a key or a password is taken out first.

    Parameters
    ----------
    what
        An exception, the text of some code, a function, or any value; left out, the error that is
        being handled or the last that nobody caught.
    model
        A model's id; the default chat model if left out.
    cache
        Show the kept answer to the very same request, if there is one, and let this one be kept
        for later calls.
    private
        Keep neither prompt nor answer on disk, only usage.
    **parameters
        Any other field of the request: ``temperature``, ``max_tokens`` …

    Returns
    -------
    Reply
        ``.text`` is the explanation.

    Raises
    ------
    OptionError
        Nothing is named, and there was no error.
    NebiusError
        Everything of `nbnebius.errors`.
    """
    with asking_about_last():
        question = explaining(_subject(what), key=default_session().endpoint.key)
        return _ask(question, model, cache=cache, private=private, parameters=parameters)


def fix(
    what: Any = None,
    *,
    model: str | None = None,
    cache: bool = False,
    private: bool | None = None,
    **parameters: Any,
) -> Reply:
    """
    Have a cell that failed explained and corrected. Nothing that comes back is run.

    Parameters
    ----------
    what
        An exception, the text of a cell, as ``In[3]``, or a function; left out, the error that is
        being handled or the last that nobody caught. See `explain` for what is sent.
    model
        A model's id; the default chat model if left out.
    cache
        Show the kept answer to the very same request, if there is one, and let this one be kept
        for later calls.
    private
        Keep neither prompt nor answer on disk, only usage.
    **parameters
        Any other field of the request: ``temperature``, ``max_tokens`` …

    Returns
    -------
    Reply
        ``.text`` is the explanation with the corrected cell, ``.code`` the code alone.

    Raises
    ------
    OptionError
        Nothing is named and there was no error, or what is named is neither error nor code.
    NebiusError
        Everything of `nbnebius.errors`.
    """
    with asking_about_last():
        question = fixing(_subject(what), key=default_session().endpoint.key)
        return _ask(question, model, cache=cache, private=private, parameters=parameters)


def _subject(what: Any) -> Any:
    return last_error() if what is None else what


def _ask(
    question: Question,
    model: str | None,
    *,
    cache: bool,
    private: bool | None,
    parameters: dict[str, Any],
) -> Reply:
    session = default_session()
    prepared = session.prepare_chat(
        question.prompt, model=model, system=question.system, **parameters
    )
    return session.ask(prepared, cache=cache, private=private)
