"""``%nebius config``: show settings, and change them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.commands.line import split_line
from nbnebius.commands.nebius import ConfigOptions
from nbnebius.commands.option import options_of
from nbnebius.commands.quoting import unquote
from nbnebius.errors import OptionError
from nbnebius.magics.screen import say, show_rows
from nbnebius.session import default_session
from nbnebius.settings import SETTINGS, check

if TYPE_CHECKING:
    from nbnebius.magics.magic import Notebook
    from nbnebius.settings import Config


def configure(notebook: Notebook, rest: str) -> None:
    """Show the settings, or one of them, or change one."""
    config = default_session().config
    given = split_line(rest, options_of(ConfigOptions))
    keep, unset = bool(given.values.get("keep")), bool(given.values.get("unset"))
    name, _, value = given.text.strip().partition(" ")
    value = value.strip()
    if not name:
        rows = [(n, f"{_found(config, n)}: {s.help}") for n, s in SETTINGS.items()]
        show_rows(notebook, rows)
        return
    if not unset and not value:
        say(notebook, f"{name}: {_found(config, _known(name))}")
        return
    if name == "base_url" and not keep:
        raise OptionError(
            "base_url is read when a session begins",
            hint="neb.connect(base_url=...) goes elsewhere now; --keep is for later sessions",
        )
    checked = config.set(_known(name), None if unset else unquote(value), keep=keep)
    if name == "base_url":
        say(notebook, f"base_url: {checked or 'not set'}, from the next session on")
    elif checked is None:
        say(notebook, f"{name}: {_found(config, name)}")
    else:
        project = keep and config.in_project(name)
        later = "; in later sessions pyproject.toml comes first" if project else ", and later ones"
        where = f"for this session{later}" if keep else "for this session; --keep for later ones"
        say(notebook, f"{name}: {_word(checked)}, {where}")


def _found(config: Config, name: str) -> str:
    value, source = config.where(name)
    return "not set" if value is None else f"{_word(value)} ({source})"


def _known(name: str) -> str:
    if name not in SETTINGS:
        check(name, "")  # raises with the nearest name
    return name


def _word(value: Any) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)
