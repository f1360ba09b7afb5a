"""Every setting there is: what it means, what it takes, and how a value is checked."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError
from nbnebius.types.record import Record

if TYPE_CHECKING:
    from collections.abc import Callable


def _number(low: float, high: float) -> Callable[[Any], float]:
    def check(value: Any) -> float:
        number = float(value)
        if isinstance(value, bool) or not low <= number <= high:
            raise ValueError
        return number

    return check


def _whole(low: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        number = int(value)
        if isinstance(value, bool) or number != float(value) or number < low:
            raise ValueError
        return number

    return check


def _one_of(*words: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in words:
            raise ValueError
        return str(value)

    return check


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError
    return value.strip()


def _switch(value: Any) -> bool:
    words = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}
    if isinstance(value, bool):
        return value
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _thread(value: Any) -> str:
    name = _text(value)
    return "none" if name == "off" else name


def _price(value: Any) -> str:
    parts = value.split(",") if isinstance(value, str) else list(value)
    reading, writing = (float(part) for part in parts)
    if not (0 <= reading < inf and 0 <= writing < inf):
        raise ValueError
    return f"{reading:g},{writing:g}"


class Setting(Record, frozen=True):
    """One name of the configuration: how its value is checked and what it means."""

    name: str
    check: Callable[[Any], Any]
    expects: str
    help: str
    default: Any = None
    project: bool = True
    choices: tuple[str, ...] = ()


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting("chat_model", _text, "a model id", "model of chats"),
        Setting("embedding_model", _text, "a model id", "model of embeddings"),
        Setting("image_model", _text, "a model id", "model of images"),
        Setting("system", _text, "a text", "system prompt of every chat"),
        Setting("temperature", _number(0, 2), "a number from 0 to 2", "sampling temperature"),
        Setting("max_tokens", _whole(1), "a whole number from 1", "longest answer, in tokens"),
        Setting("top_p", _number(0, 1), "a number from 0 to 1", "nucleus sampling"),
        Setting(
            "reuse",
            _one_of("restart", "always", "never"),
            "restart, always or never",
            "when a cell shows its kept answer instead of asking",
            default="restart",
            project=False,
            choices=("restart", "always", "never"),
        ),
        Setting(
            "thread",
            _thread,
            "a thread's name, notebook, or off",
            "the thread of every chat that names none; notebook is the notebook's own",
            project=False,
        ),
        Setting(
            "private",
            _switch,
            "on or off",
            "keep no prompts and answers on disk, only usage",
            default=False,
            project=False,
            choices=("on", "off"),
        ),
        Setting(
            "journal_gb",
            _number(0.001, 1e6),
            "a number of gigabytes",
            "largest journal, in GB; above it the oldest kept answers go when it is opened",
            project=False,
        ),
        Setting(
            "price",
            _price,
            "two amounts, as 0.1,0.3",
            "USD per million tokens read and written, where the catalog has no price",
            project=False,
        ),
        Setting(
            "budget",
            _number(0.0, 1e9),
            "USD",
            "what a session may spend, in USD",
            project=False,
        ),
        Setting(
            "budget_per_day",
            _number(0.0, 1e9),
            "USD",
            "what all sessions of a day may spend, in USD",
            project=False,
        ),
        Setting(
            "base_url",
            _text,
            "an address",
            "where requests go when the environment does not say",
            project=False,
        ),
    )
}
MODEL_SETTINGS = {"chat": "chat_model", "embedding": "embedding_model", "image": "image_model"}
PARAMETERS = ("temperature", "max_tokens", "top_p")


def check(name: str, value: Any) -> Any:
    """
    Check one value.

    Raises
    ------
    OptionError
        No such setting (the nearest is named), or a value it cannot take.
    """
    setting = SETTINGS.get(name)
    if setting is None:
        from difflib import get_close_matches

        near = get_close_matches(name, SETTINGS, n=1)
        raise OptionError(
            f"There is no setting {name!r}",
            why=f"did you mean {near[0]}?" if near else "",
            hint="the settings are " + ", ".join(SETTINGS),
        )
    try:
        return setting.check(value)
    except (ValueError, TypeError, OverflowError):
        raise OptionError(
            f"{name} cannot be {value!r}", why=f"it takes {setting.expects}"
        ) from None
