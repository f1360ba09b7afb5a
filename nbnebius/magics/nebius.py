"""``%nebius``: where am I, settings, login, the sandbox, help."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from nbnebius.commands.line import COMMENT, split_line
from nbnebius.commands.manuals import NAMES, manual
from nbnebius.commands.nebius import PurgeOptions, UsageOptions
from nbnebius.commands.option import options_of
from nbnebius.errors import NebiusError, OptionError, SettingsError
from nbnebius.magics.aliasing import alias
from nbnebius.magics.budgeting import budget
from nbnebius.magics.budgeting import told as told_budget
from nbnebius.magics.configuring import configure
from nbnebius.magics.magic import MAGICS, Notebook
from nbnebius.magics.saving import save
from nbnebius.magics.screen import say, show_rows, show_text
from nbnebius.magics.taping import record, replay, replayed
from nbnebius.magics.threads import threads
from nbnebius.rendering.answer import usd
from nbnebius.session import close_default, default_session, has_default, make_default
from nbnebius.session.ledger import told
from nbnebius.session.telling import short
from nbnebius.settings import replay_file, store_key
from nbnebius.types.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from nbnebius.journal import Spend

# What a key looks like, so that one typed into a cell can be refused: cells are saved.
LONGEST_VERB = 20  # characters; a misspelled verb is shorter
KEY_SHAPE = re.compile(r"\b(?:v1\.[\w-]{20,}|eyJ[\w-]{20,}|sk-[\w-]{16,}|[\w.-]{60,})")


def run(notebook: Notebook, line: str, cell: str | None, local: Mapping[str, Any]) -> Any:  # noqa: ARG001 - the shape of all magics
    """Run one of the verbs."""
    verb, _, rest = COMMENT.sub("", line).strip().partition(" ")
    verb, rest = verb or "status", rest.strip()
    if KEY_SHAPE.search(line):
        raise _key_in_cell("This line seems to hold a key")
    if verb in {"-h", "--help"}:
        verb, rest = "help", ""
    action = VERBS.get(verb)
    if action is None and len(verb) > LONGEST_VERB:
        raise _key_in_cell("This is no verb of %nebius, and long enough for a key")
    if action is None:
        near = get_close_matches(verb, VERBS, n=1)
        raise OptionError(
            f"%nebius has no {verb!r}",
            why=f"did you mean {near[0]}?" if near else "",
            hint="it has " + ", ".join(VERBS),
        )
    if {"-h", "--help"} & set(rest.split()):
        show_text(notebook, manual(verb))
        return None
    return action(notebook, rest)


def _key_in_cell(what: str) -> OptionError:
    """Refuse a key that was typed into a cell, without repeating it."""
    return OptionError(
        what,
        why="cells are saved in the notebook and in IPython's history",
        hint="delete it from the cell and run %nebius login, which asks for the key",
    )


def _status(notebook: Notebook, rest: str) -> None:
    _no_more(rest, "status")
    session = default_session()
    endpoint, config = session.endpoint, session.config
    key = f"{endpoint.key.masked()} (from {endpoint.key_source})" if endpoint.key else "none"
    rows = [("endpoint", f"{endpoint.base_url} ({endpoint.base_source})"), ("key", key)]
    if session.replays:
        rows = [("replay", replayed(session))]
    elif session.records:
        rows.append(("recording", f"into {short(session.records)}"))
    for kind, name in (
        ("chat model", "chat_model"),
        ("embedding model", "embedding_model"),
        ("image model", "image_model"),
    ):
        value, source = config.where(name)
        if value is None:
            value = session.chosen_model(kind.split()[0])
            source = "chosen from the catalog"
        else:
            real = config.real_model(value)
            value = value if real == value else f"{value} = {real}"
        rows.append((kind, f"{value} ({source})" if value else "chosen at the first call"))
    if session.replays:
        rows.append(("spent here", f"USD 0; when recorded: {_spend(session.spent())}"))
        show_rows(notebook, rows)
        return
    journal = session.journal
    mine, everything = session.spent(session=journal.session), session.spent()
    play = ", play money of the sandbox" if session.is_sandbox else ""
    rows.append(("spent here", _spend(mine) + play))
    rows.append(("spent in all", _spend(everything) + play))
    rows += [(purse.name, told_budget(purse)) for purse in session.budgets()]
    if everything.doubtful:
        rows.append(("possibly paid", _doubt(everything)))
    private = "; private: only what calls cost is kept" if config.get("private") else ""
    rows.append(("kept in", f"{session.kept_in}{private}"))
    if endpoint.note:
        rows.append(("note", endpoint.note))
    if endpoint.key is None and endpoint.is_nebius:
        rows.append(
            ("next", "set NEBIUS_API_KEY or run %nebius login; without a key: %nebius sandbox")
        )
    show_rows(notebook, rows)


def _spend(spend: Spend) -> str:
    if not spend.calls:
        return "nothing yet"
    unpriced = f" and {spend.unpriced} calls of unknown price" if spend.unpriced else ""
    plural = "" if spend.calls == 1 else "s"
    return f"{usd(spend.cost)}{unpriced} ({spend.calls} call{plural}, {spend.tokens:,} tokens)"


def _doubt(spend: Spend) -> str:
    calls = f"{spend.doubtful} call{'' if spend.doubtful == 1 else 's'}"
    if spend.unbounded == spend.doubtful:
        return f"{calls}, their highest price is unknown"
    unknown = f", and {spend.unbounded} of unknown price" if spend.unbounded else ""
    return f"{calls}, at most {usd(spend.in_doubt)}{unknown}"


def _login(notebook: Notebook, rest: str) -> None:
    keep = rest == "--keep"
    if rest and not keep:
        raise _key_in_cell("%nebius login takes nothing on the line but --keep")
    if replay_file():
        say(notebook, f"no key is needed: {replayed(default_session())}")
        return
    key = default_session().asker.secret("API key: ")
    if not key.strip():
        raise SettingsError("No key was given", hint="create one in the console of Token Factory")
    session = make_default(key, key_source="login")
    try:
        count = len(session.models())
    except NebiusError:
        # A key that was refused does not stay: what the environment says is in force again.
        close_default()
        raise
    if keep:
        store_key(Secret(key))
    say(notebook, f"logged in to {session.endpoint.base_url}: {count} models")


def _sandbox(notebook: Notebook, rest: str) -> None:
    _no_more(rest, "sandbox")
    from nbnebius.launch import start_sandbox

    if replay_file():
        say(notebook, f"no sandbox is needed: {replayed(default_session())}")
        return
    session = default_session() if has_default() else None
    if session and session.endpoint.key_source == "sandbox" and notebook.sandbox_runs():
        say(notebook, f"the sandbox runs already, at {session.endpoint.base_url}")
        return
    sandbox = start_sandbox()
    try:
        session = make_default(sandbox.api_key, sandbox.base_url, key_source="sandbox")
    except BaseException:
        sandbox.stop()
        raise
    notebook.sandbox_runs = lambda: sandbox.process.poll() is None
    session.at_close(sandbox.stop)
    say(
        notebook,
        f"the sandbox runs at {sandbox.base_url}: a local service with the same API; "
        "nothing it answers is real, and nothing is paid",
    )


def _private(notebook: Notebook, rest: str) -> None:
    if rest not in {"on", "off"}:
        raise OptionError("%nebius private takes on or off", hint="as %nebius private on")
    on = default_session().config.set("private", rest)
    say(
        notebook,
        "private: only what calls cost is kept, neither prompts nor answers"
        if on
        else "prompts and answers are kept, so that none is bought twice",
    )


def _doctor(notebook: Notebook, rest: str) -> None:
    _no_more(rest, "doctor")
    from nbnebius.launch import answers, examine
    from nbnebius.settings import home

    session = default_session()
    endpoint = session.endpoint
    findings = examine(
        home() / "journal.sqlite", key_source=endpoint.key_source, endpoint=endpoint.base_url
    )
    if endpoint.key or not endpoint.is_nebius:
        findings.append(answers(lambda: len(session.models())))
    rows = [
        ("fine" if f.fine else "look", f.text if f.fine else f"{f.text}: {f.hint}")
        for f in findings
    ]
    show_rows(notebook, rows)


def _files(notebook: Notebook, rest: str) -> Any:  # noqa: ARG001 - the shape of all verbs
    from nbnebius.session.functions import files

    return files(rest or None)


def _custom_models(notebook: Notebook, rest: str) -> Any:  # noqa: ARG001 - likewise
    from nbnebius.session.functions import custom_models

    _no_more(rest, "custom-models")
    return custom_models()


def _usage(notebook: Notebook, rest: str) -> Any:  # noqa: ARG001 - likewise
    from nbnebius.session.functions import usage

    given = split_line(rest, options_of(UsageOptions))
    by = given.text.strip().removeprefix("by ").strip()
    return usage(by or None, **given.values)  # type: ignore[arg-type]  # it checks the word itself


def _purge(notebook: Notebook, rest: str) -> None:
    given = split_line(rest, options_of(PurgeOptions))
    _no_more(given.text.strip(), "purge")
    purged = default_session().purge(**given.values)
    if purged is None:
        say(notebook, "nothing was deleted")
    elif not purged:
        say(notebook, "there is nothing to delete")
    else:
        say(notebook, f"deleted {told(purged)}{f'; {purged.note}' if purged.note else ''}")


def _help(notebook: Notebook, rest: str) -> None:
    name = rest.lstrip("%") or "nebius"
    name = name.removeprefix("neb_")
    if name not in NAMES:
        near = get_close_matches(name, NAMES, n=1)
        raise OptionError(
            f"There is no magic and no verb {name!r}",
            why=f"did you mean {near[0]}?" if near else "",
            hint="there are " + ", ".join(f"%{m}" for m in MAGICS),
        )
    show_text(notebook, manual(name))


def _no_more(rest: str, verb: str) -> None:
    if rest:
        raise OptionError(f"%nebius {verb} takes nothing more", why=f"got {rest[:40]!r}")


VERBS: dict[str, Callable[[Notebook, str], Any]] = {
    "status": _status,
    "config": configure,
    "alias": alias,
    "login": _login,
    "sandbox": _sandbox,
    "private": _private,
    "record": record,
    "replay": replay,
    "doctor": _doctor,
    "budget": budget,
    "usage": _usage,
    "purge": _purge,
    "threads": threads,
    "save": save,
    "files": _files,
    "custom-models": _custom_models,
    "help": _help,
}
