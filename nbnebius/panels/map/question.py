"""What the map panel asks, as it is written there; and the cell that asks the same."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from nbnebius.commands import MAP, MapOptions
from nbnebius.errors import OptionError
from nbnebius.panels.notebook import value_of

_VARIABLE = re.compile(r"\{\{\s*[^\W\d]\w*[^{}]*\}\}")


@dataclass(frozen=True, slots=True)
class Question:
    """
    A question for each row of a frame.

    Attributes
    ----------
    frame
        The variable with the frame.
    prompt, schema, system
        As `nbnebius.map` takes them; the schema in short form, or the name of a variable.
    model
        The model's id, None for the default.
    name
        The answers' column, where there is no schema.
    via
        ``online`` or ``batch``.
    budget, max_tokens
        USD and tokens, as they were typed; "" is none.
    """

    frame: str = ""
    prompt: str = ""
    schema: str = ""
    model: str | None = None
    system: str = ""
    name: str = "answer"
    via: str = "online"
    budget: str = ""
    max_tokens: str = ""

    @property
    def shape(self) -> tuple[object, ...]:
        """All that shapes the answers, which how they are bought does not."""
        return (
            *(self.frame, self.prompt, self.schema, self.model),
            *(self.system, self.name, self.max_tokens),
        )

    @property
    def options(self) -> dict[str, Any]:
        """
        What `Session.plan` and `Session.run_map` take besides the frame and the prompt.

        Raises
        ------
        OptionError
            A number that is none, or a prompt that only a cell can fill.
        """
        if found := _VARIABLE.search(self.prompt):
            raise OptionError(
                f"{found[0]} is filled in cells only",
                why="the panel's prompt knows the columns of its frame",
                hint="make it a column, or take the cell: As cell",
            )
        schema = self.schema.strip()
        given = {
            "schema": _variable_or_text(schema) if schema else None,
            "model": self.model,
            "system": self.system.strip() or None,
            "name": self.name.strip(),
            "budget": _number(self.budget, "budget", "it is USD, above 0, as 0.50"),
            "max_tokens": _whole(self.max_tokens),
        }
        return {name: value for name, value in given.items() if value is not None}

    def to_cell(self, out: str) -> str:
        """Write the cell that asks the same."""
        options = self.options
        return MAP.to_cell(
            MapOptions(
                prompt=self.prompt,
                frame=self.frame,
                out=out or None,
                schema=self.schema.strip() or None,
                model=self.model,
                system=options.get("system"),
                via=self.via,
                name=options["name"],
                budget=options.get("budget"),
                max_tokens=options.get("max_tokens"),
                cell=True,
            )
        )


def _variable_or_text(text: str) -> Any:
    try:
        return value_of(text)
    except OptionError:
        return text


def _number(text: str, name: str, why: str) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"{name} cannot be {text.strip()[:40]!r}", why=why) from None


def _whole(text: str) -> int | None:
    number = _number(text, "max tokens", "it is a whole number, as 200")
    if number is None:
        return None
    if number < 1 or number != number // 1:
        raise OptionError(
            f"max tokens cannot be {text.strip()[:40]!r}", why="it is a whole number, 1 or more"
        )
    return int(number)
