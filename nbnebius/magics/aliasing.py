"""``%nebius alias``: names of one's own for models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.catalogs import nearest
from nbnebius.commands.line import split_line
from nbnebius.commands.nebius import AliasOptions
from nbnebius.commands.option import options_of
from nbnebius.commands.quoting import unquote
from nbnebius.errors import NebiusError, OptionError
from nbnebius.magics.catalog import known_models
from nbnebius.magics.screen import say, show_rows
from nbnebius.session import default_session

if TYPE_CHECKING:
    from nbnebius.magics.magic import Notebook
    from nbnebius.session import Session


def alias(notebook: Notebook, rest: str) -> None:
    """Show the aliases, or one of them, or make or forget one."""
    session = default_session()
    config = session.config
    given = split_line(rest, options_of(AliasOptions))
    name, _, model = given.text.strip().partition(" ")
    name, model = unquote(name), unquote(model.strip())
    if given.values.get("unset"):
        if not name or model:
            raise OptionError(
                "Which alias should be forgotten?", hint="as %nebius alias fast --unset"
            )
        config.set_alias(name, None)
        say(notebook, f"{name}: forgotten")
    elif not name:
        rows = [(n, f"{m} ({config.alias_source(n)})") for n, m in sorted(config.aliases.items())]
        show_rows(notebook, rows or [("aliases", "none: %nebius alias fast MODEL makes one")])
    elif not model:
        say(notebook, f"{name}: {config.alias(name)} ({config.alias_source(name)})")
    else:
        ids = _ids(session)
        config.set_alias(name, model, ids)
        real = config.real_model(name)
        say(notebook, f"{name}: {real}, wherever a model is named{_doubt(real, ids)}")


def _ids(session: Session) -> list[str]:
    """Name the service's models; one that cannot be asked now stands in no alias's way."""
    try:
        records = known_models() or session.models(refresh=False)
    except NebiusError:
        return []
    return [record.id for record in records]


def _doubt(model: str, ids: list[str]) -> str:
    if not ids or model in ids:
        return ""
    return f"; the service lists no such model, the nearest are {', '.join(nearest(model, ids))}"
