"""
The defaults a user keeps: models and parameters, in one small JSON file and in ``pyproject.toml``.

The order is: an argument or flag, then ``%nebius config`` of this session, then the project's
``[tool.nbnebius]`` (models and parameters only), then the user's own file, then the built-in value.
"""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import OptionError, SettingsError
from nbnebius.settings.aliases import check_alias, read_aliases
from nbnebius.settings.aliases import real_model as follow
from nbnebius.settings.home import home
from nbnebius.settings.known import SETTINGS, check

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping


NOT_RECORDED = frozenset({"base_url", "private"})
"""Settings that stay with their user."""


class Config:
    """
    The settings in force, and where each came from.

    Parameters
    ----------
    folder
        Where to look for ``pyproject.toml``, upwards; the current folder by default.
    recorded
        What a recording holds, from `snapshot`; no file is then read or written.
    """

    def __init__(
        self, folder: Path | None = None, *, recorded: Mapping[str, Any] | None = None
    ) -> None:
        self._session: dict[str, Any] = {}
        self._recorded = recorded is not None
        self._project = {} if self._recorded else read_project(folder or Path.cwd())
        self._user = read_user() if recorded is None else _of_recording(recorded)

    def get(self, name: str) -> Any:
        """Give the value in force, or the built-in one."""
        return self.where(name)[0]

    def where(self, name: str) -> tuple[Any, str]:
        """Give the value in force and a word for where it came from."""
        for layer, source in (
            (self._session, "this session"),
            (self._project, "pyproject.toml"),
            (self._user, "the recording" if self._recorded else "your settings"),
        ):
            if name in layer:
                return layer[name], source
        return SETTINGS[name].default, "built in"

    def set(self, name: str, value: Any, *, keep: bool = False) -> Any:
        """Set one value for this session; with `keep`, for later ones too."""
        checked = None if value is None else check(name, value)
        if checked is None:
            self._session.pop(name, None)
        else:
            self._session[name] = checked
        if keep:
            # Another kernel may have written since.
            user = {k: v for k, v in self._read().items() if k != name}
            if checked is not None:
                user[name] = checked
            self._write(user)
        return checked

    def in_project(self, name: str) -> bool:
        """Tell whether the project's file sets a name."""
        return name in self._project

    def adopt(self, other: Config) -> None:
        """Take over what was set for this session only."""
        self._session = dict(other._session)

    @property
    def user(self) -> Mapping[str, Any]:
        """The user's own file, as read."""
        return self._user

    @property
    def aliases(self) -> Mapping[str, str]:
        """The aliases of models in force; the project's come before the user's own."""
        return {**self._user.get("aliases", {}), **self._project.get("aliases", {})}

    def alias(self, name: str) -> str:
        """Give what an alias stands for; raise an `OptionError` that names the nearest one."""
        if name not in self.aliases:
            raise _no_alias(name, self.aliases)
        return self.aliases[name]

    def alias_source(self, name: str) -> str:
        """Give a word for where an alias came from."""
        told = "the recording" if self._recorded else "your settings"
        return "pyproject.toml" if name in self._project.get("aliases", {}) else told

    def real_model(self, name: str) -> str:
        """Give the id that a model's name stands for."""
        return follow(name, self.aliases)

    def set_alias(self, name: str, model: str | None, ids: Collection[str] = ()) -> None:
        """
        Keep an alias for this session and later ones; None forgets it.

        Raises
        ------
        OptionError
            It is no alias, or there is none to forget; see `check_alias`.
        """
        user = self._read()
        aliases = dict(user.get("aliases", {}))
        if model is None:
            if name not in aliases:
                raise _no_alias(name, self.aliases)
            del aliases[name]
        else:
            name, model = check_alias(name, model, ids)
            follow(name, {**self.aliases, name: model})
            aliases[name] = model
        self._write({**user, "aliases": aliases})

    def chosen(self, service: str, kind: str) -> str | None:
        """Give the model that was once chosen for a service, where nothing else says."""
        found: str | None = self._user.get("models", {}).get(service, {}).get(kind)
        return found

    def keep_choice(self, service: str, kind: str, model: str) -> None:
        """Remember a model that was chosen for a service, so that it stays the same."""
        user = self._read()
        models = {k: dict(v) for k, v in user.get("models", {}).items()}
        models.setdefault(service, {})[kind] = model
        self._write({**user, "models": models})

    def snapshot(self, service: str) -> dict[str, Any]:
        """Give what shapes requests to a service: the values in force, and the models chosen."""
        found = {name: self.where(name) for name in SETTINGS if name not in NOT_RECORDED}
        told = {name: value for name, (value, source) in found.items() if source != "built in"}
        chosen = self._user.get("models", {}).get(service, {})
        aliases = {"aliases": dict(self.aliases)} if self.aliases else {}
        return {**told, "models": {service: dict(chosen)}, **aliases}

    def _read(self) -> dict[str, Any]:
        return self._user if self._recorded else read_user()

    def _write(self, user: dict[str, Any]) -> None:
        self._user = user
        if not self._recorded:
            _write_user(user)


def _of_recording(recorded: Mapping[str, Any]) -> dict[str, Any]:
    """Take from a recording what makes sense here; it may come from somebody else."""
    told = {
        name: value
        for name, value in recorded.items()
        if name in SETTINGS and name not in NOT_RECORDED
    }
    checked = {name: check(name, value) for name, value in told.items()}
    models = recorded.get("models")
    chosen = {
        service: {kind: model for kind, model in kinds.items() if isinstance(model, str)}
        for service, kinds in (models.items() if isinstance(models, dict) else ())
        if isinstance(kinds, dict)
    }
    aliases = read_aliases(recorded.get("aliases", {}))
    return {**checked, "models": chosen, **({"aliases": aliases} if aliases else {})}


def _no_alias(name: str, aliases: Mapping[str, str]) -> OptionError:
    from difflib import get_close_matches

    near = get_close_matches(name, aliases, n=1)
    if name in aliases:
        return OptionError(
            f"The alias {name} is set by pyproject.toml",
            why="the project's file is not changed from here",
            hint="take it out of [tool.nbnebius.aliases]",
        )
    return OptionError(
        f"There is no alias {name[:60]!r}",
        why=f"did you mean {near[0]}?" if near else "",
        hint="%nebius alias lists them",
    )


def read_project(folder: Path) -> dict[str, Any]:
    """
    Read ``[tool.nbnebius]`` of the nearest ``pyproject.toml``: models and parameters only.

    Raises
    ------
    SettingsError
        A value that makes no sense; an address, a key or any other name is refused by name.
    """
    for parent in (folder, *folder.parents):
        path = parent / "pyproject.toml"
        if not path.is_file():
            continue
        import tomllib

        text = ""
        try:
            text = path.read_text(encoding="utf-8")
            table = tomllib.loads(text).get("tool", {})
        except (OSError, UnicodeDecodeError):
            return {}
        except tomllib.TOMLDecodeError as error:
            if "tool.nbnebius" not in text:
                return {}  # its other readers will tell
            raise SettingsError(
                "pyproject.toml cannot be read", why=f"{error}: {path}", hint="mend the file"
            ) from None
        found = table.get("nbnebius", {}) if isinstance(table, dict) else {}
        if not isinstance(found, dict):
            raise SettingsError("[tool.nbnebius] in pyproject.toml is no table", why=str(path))
        allowed = {"aliases"} | {name for name, setting in SETTINGS.items() if setting.project}
        if strange := sorted(set(found) - allowed):
            from difflib import get_close_matches

            near = get_close_matches(strange[0], allowed, n=1)
            raise SettingsError(
                f"pyproject.toml sets {', '.join(strange)} for nbnebius: {path}",
                why=f"did you mean {near[0]}?"
                if near
                else "an opened folder may choose models and parameters, and nothing else",
                hint="allowed under [tool.nbnebius]: " + ", ".join(sorted(allowed)),
            )
        return {name: _checked(name, value, path) for name, value in found.items()}
    return {}


def read_user() -> dict[str, Any]:
    """
    Read the user's own settings file.

    Names that this version does not know are kept, so that a newer one finds them again.

    Raises
    ------
    SettingsError
        It is broken, or holds a value that makes no sense; the file is named.
    """
    path = home() / "config.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        models = data.get("models", {})
        told = [(kind, model) for kinds in models.values() for kind, model in kinds.items()]
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError, AttributeError, RecursionError):
        raise _broken(path) from None
    if not all(isinstance(model, str) for _, model in told):
        raise _broken(path)
    return {
        name: _checked(name, value, path) if name in {"aliases", *SETTINGS} else value
        for name, value in data.items()
    }


def _broken(path: Path) -> SettingsError:
    return SettingsError(
        "Your settings file cannot be read", why=str(path), hint="mend it or delete it"
    )


def _checked(name: str, value: Any, path: Path) -> Any:
    """Check a value of a file, and name the file where it makes no sense."""
    try:
        return read_aliases(value) if name == "aliases" else check(name, value)
    except OptionError as error:
        raise SettingsError(error.what, why=f"{error.why}: {path}", hint="mend the file") from None


def _write_user(data: Mapping[str, Any]) -> None:
    folder = home()
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = folder / "config.json"
        fresh = folder / f"config.json.{os.getpid()}.{threading.get_ident()}.new"
        fresh.write_text(json.dumps(data, indent=1, sort_keys=True), encoding="utf-8")
        fresh.replace(path)
    except OSError as error:
        raise SettingsError(
            "Your settings could not be written",
            why=f"{error.strerror}: {folder}",
            hint="set NBNEBIUS_HOME to a folder you can write to",
        ) from None
