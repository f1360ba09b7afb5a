"""The cell that asks what the panel asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from nbnebius.commands import CHAT, ChatOptions
from nbnebius.commands.option import read_value
from nbnebius.errors import OptionError
from nbnebius.panels.chat.pictures import free_name
from nbnebius.panels.notebook import bind
from nbnebius.session.threads import OWN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nbnebius.panels.chat.pictures import Picture

PARAMETERS: Final = {
    option.name: option
    for option in CHAT.options
    if option.name in {"temperature", "max_tokens", "top_p", "seed"}
}


def parameters_of(texts: Mapping[str, str]) -> dict[str, Any]:
    """
    Read the parameters that were typed; what is empty is left to the model.

    Raises
    ------
    OptionError
        One is no number.
    """
    return {
        name: read_value(option, texts[name].strip())
        for name, option in PARAMETERS.items()
        if texts.get(name, "").strip()
    }


def chat_cell(
    question: str,
    *,
    model: str,
    system: str,
    thread: str,
    pictures: Sequence[Picture],
    parameters: Mapping[str, Any],
) -> str:
    """
    Write the cell; pictures that have no name in the notebook are put into variables.

    Raises
    ------
    OptionError
        There is no question.
    """
    if not question:
        raise OptionError("There is no question yet", hint="write one first")
    own = thread == OWN
    record = ChatOptions(
        prompt=question,
        model=model or None,
        system=system or None,
        images=tuple(dict.fromkeys(map(_name_of, pictures))),
        thread=None if own else thread,
        continues=own,
        raw="{{" in question + system,
        cell=True,
        **parameters,
    )
    return CHAT.to_cell(record)


def _name_of(picture: Picture) -> str:
    if picture.is_named:
        return picture.name
    name = free_name()
    bind(name, picture.data)
    return name
