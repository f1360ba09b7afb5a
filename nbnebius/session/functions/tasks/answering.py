"""Tasks that ask one question about a text of each row: label, facts, summary, translation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.session.functions.tasks.rows import MATERIAL, ask_rows, read_frame, with_instructions
from nbnebius.session.prepare import is_whole

if TYPE_CHECKING:
    import pandas as pd

LONGEST_LABEL = 200


def classify(
    frame: Any,
    column: str | None,
    labels: Iterable[str] | Mapping[str, str],
    *,
    multi: bool = False,
    instructions: str = "",
    name: str = "label",
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Give each row's text one of some labels.

    Parameters
    ----------
    frame
        As of `map`: a DataFrame, a Series, a list of texts (their column is ``text``).
    column
        The column of texts; None where there is only one.
    labels
        The labels, or a mapping of each to what it means.
    multi
        Any number of labels for a text: the column then holds lists.
    instructions
        What else the model should know.
    name
        The column of the labels.
    plan
        Give the `Plan`, and send nothing.
    **options
        As of `map`: ``model``, ``budget``, ``sample``, ``via``, ``concurrency``, ``background``,
        ``temperature`` …

    Returns
    -------
    DataFrame
        As of `map`, with ``label``: an ordered category of all labels, or lists of them.

    Raises
    ------
    OptionError
        No such column; fewer than two labels, or two that differ in case or blanks only.
    NebiusError
        As of `map`.
    """
    told = _labels(labels)
    listed = "\n".join(f"- {each}: {why}" if why else f"- {each}" for each, why in told.items())
    how_many = (
        "Give every label that fits the text, and none that does not."
        if multi
        else "Give the one label that fits the text best."
    )
    one = {"type": "string", "enum": list(told)}
    schema = {"type": "array", "items": one, "uniqueItems": True} if multi else one
    rows, column = read_frame("classify", frame, column)
    found: pd.DataFrame = ask_rows(
        "classify",
        rows,
        column,
        system=with_instructions(
            f"You label texts. {how_many} {MATERIAL} The labels:\n{listed}", instructions
        ),
        schema=schema,
        name=name,
        plan=plan,
        options=options,
    )
    return found


def extract(
    frame: Any,
    column: str | None,
    schema: Any,
    *,
    instructions: str = "",
    name: str = "answer",
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Take facts out of each row's text, as typed columns.

    Parameters
    ----------
    frame, column, instructions, plan, **options
        As of `classify`.
    schema
        As of `map`: ``"product, price float|null"``, a pydantic model, a dataclass, JSON schema.
    name
        The column, where the schema names none.

    Returns
    -------
    DataFrame
        As of `map`, with a column for each property of the schema.

    Raises
    ------
    OptionError
        No such column, or no schema.
    NebiusError
        As of `map`.
    """
    if schema is None:
        raise OptionError("extract needs a schema", hint='as schema="product, price float|null"')
    rows, column = read_frame("extract", frame, column)
    found: pd.DataFrame = ask_rows(
        "extract",
        rows,
        column,
        system=with_instructions(
            "You take facts out of texts. Give what the text says, and invent nothing: what it "
            f"does not say is null where null is allowed. {MATERIAL}",
            instructions,
        ),
        schema=schema,
        name=name,
        plan=plan,
        options=options,
    )
    return found


def summarize(
    frame: Any,
    column: str | None = None,
    *,
    words: int = 30,
    instructions: str = "",
    name: str = "summary",
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Sum up each row's text.

    Parameters
    ----------
    frame, column, instructions, plan, **options
        As of `classify`.
    words
        How many words a summary may have; the model is told so, nothing is cut.
    name
        The column of the summaries.

    Returns
    -------
    DataFrame
        As of `map`, with ``summary`` (str), in the language of the text.

    Raises
    ------
    OptionError
        No such column, or `words` is no whole number above 0.
    NebiusError
        As of `map`.
    """
    if not is_whole(words) or words < 1:
        raise OptionError(f"words cannot be {words!r}", why="it takes 1 or more")
    rows, column = read_frame("summarize", frame, column)
    found: pd.DataFrame = ask_rows(
        "summarize",
        rows,
        column,
        system=with_instructions(
            f"You sum texts up in at most {words} words, in the language of the text. Give the "
            f"summary alone. {MATERIAL}",
            instructions,
        ),
        schema=None,
        name=name,
        plan=plan,
        options=options,
        lead="Summarize this text:\n\n",
    )
    return found


def translate(
    frame: Any,
    column: str | None,
    to: str,
    *,
    instructions: str = "",
    name: str = "translation",
    plan: bool = False,
    **options: Any,
) -> pd.DataFrame:
    """
    Translate each row's text.

    Parameters
    ----------
    frame, column, instructions, plan, **options
        As of `classify`.
    to
        The language, as ``"Portuguese"`` or ``"pt-BR"``.
    name
        The column of the translations.

    Returns
    -------
    DataFrame
        As of `map`, with ``translation`` (str).

    Raises
    ------
    OptionError
        No such column, or no language.
    NebiusError
        As of `map`.
    """
    language = str(to or "").strip()
    if not language:
        raise OptionError("translate needs a language", hint='as to="Portuguese"')
    rows, column = read_frame("translate", frame, column)
    found: pd.DataFrame = ask_rows(
        "translate",
        rows,
        column,
        system=with_instructions(
            f"You translate texts into {language}. Keep meaning, tone and layout; names, code "
            f"and numbers stay. Give the translation alone. {MATERIAL}",
            instructions,
        ),
        schema=None,
        name=name,
        plan=plan,
        options=options,
        lead=f"Translate this text into {language}:\n\n",
    )
    return found


def _labels(given: Iterable[str] | Mapping[str, str]) -> dict[str, str]:
    """Check labels, and give each with what it means ("" where that is not told)."""
    hint = 'as labels=["delivery", "price"], or {"delivery": "when and how it came", …}'
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise OptionError(f"labels cannot be {given!r}", why="it takes a list of texts", hint=hint)
    pairs = given.items() if isinstance(given, Mapping) else [(each, "") for each in given]
    told: dict[str, str] = {}
    seen: dict[str, str] = {}
    for label, meaning in pairs:
        if not isinstance(label, str) or not isinstance(meaning, str):
            wrong = meaning if isinstance(label, str) else label
            raise OptionError(f"A label cannot be {wrong!r}", why="labels are texts", hint=hint)
        plain = " ".join(label.split())
        if not plain or len(plain) > LONGEST_LABEL:
            raise OptionError(
                f"A label cannot be {plain[:40]!r}", why=f"it takes 1 to {LONGEST_LABEL} characters"
            )
        if (same := seen.setdefault(plain.casefold(), plain)) != plain or plain in told:
            raise OptionError(
                f"The labels {same!r} and {label!r} are too much alike",
                why="they differ in case or blanks only" if label != same else "they are the same",
                hint="name each label once",
            )
        told[plain] = " ".join(meaning.split())
    if len(told) < 2:  # noqa: PLR2004 - of one label there is no choice
        raise OptionError(
            f"There {'is one label' if told else 'are no labels'}, and a choice needs two",
            hint=hint,
        )
    return told
