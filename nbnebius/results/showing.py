"""A reply in another form than Markdown: to the letter, as JSON, as its code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.rendering.answer import answer_bundle
from nbnebius.rendering.forms import FORMS, code_bundle, json_bundle, text_bundle
from nbnebius.work.json_text import find_json

if TYPE_CHECKING:
    from collections.abc import Mapping


def check_form(form: str) -> str:
    """Give the form's name, if it is one."""
    if form not in FORMS:
        raise OptionError(
            f"An answer cannot be shown as {form!r}", why="the forms are " + ", ".join(FORMS)
        )
    return form


def form_bundle(
    form: str, text: str, *, reasoning: str | None = None, footer: str = "", note: str = ""
) -> dict[str, str]:
    """
    Show an answer's text in a form; what has no such form is shown to the letter, and says so.

    Returns
    -------
    dict
        ``text/html`` and ``text/plain``.
    """
    around: dict[str, Any] = {"reasoning": reasoning, "footer": footer}
    if form == "md":
        return answer_bundle(text, note=note, **around)
    lacking = ""
    if form == "json":
        found = find_json(text)
        if found.whole or found.values:
            return json_bundle(found.values, note=note, **around)
        lacking = "this is no JSON: it is shown as it came"
    elif form == "code":
        shown = code_bundle(text, note=note, **around)
        if shown is not None:
            return shown
        lacking = "there is no fenced code in it: it is shown as it came"
    return text_bundle(text, note="; ".join(n for n in (note, lacking) if n), **around)


class Shown:
    """What `Reply.show` gives: a reply that shows itself in a form of the caller's choice."""

    def __init__(self, bundle: Mapping[str, str], metadata: Mapping[str, Any]) -> None:
        self._bundle = dict(bundle)
        self._metadata = dict(metadata)

    def __repr__(self) -> str:
        return self._bundle["text/plain"]

    def _repr_mimebundle_(self, **_: object) -> tuple[dict[str, str], dict[str, Any]]:
        return dict(self._bundle), dict(self._metadata)
