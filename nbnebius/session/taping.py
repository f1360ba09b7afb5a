"""Recording a session's answers into a file, and answering from one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError, OptionError, ReplayError
from nbnebius.session.core import Core
from nbnebius.settings import DEFAULT_BASE_URL, Config, Endpoint

if TYPE_CHECKING:
    from nbnebius.session.connection import Connection
    from nbnebius.session.service import Service
    from nbnebius.transport.tape import Recording, Replaying

SANDBOX = "sandbox:"  # what the names of sandboxes begin with


class Taping(Core):
    """The part of a session that records and replays."""

    _recording: Recording | None = None
    _aside: tuple[Endpoint, Config, Connection] | None = None

    @property
    def records(self) -> Path | None:
        """The file that answers are recorded into, if they are."""
        return self._recording.path if self._recording else None

    def record(self, path: str | Path | None) -> None:
        """
        Write every answer from now on into a file, from which the notebook can run again.

        The list of models is read once, so that it is in the file. Answers that are shown from the
        journal are written too. Keys, prompts and private calls are not.

        Parameters
        ----------
        path
            The file: a new one, or a recording that is added to. None ends the recording.

        Raises
        ------
        OptionError
            The session replays, or is private.
        ReplayError
            The file is something else, is of another service, or cannot be written.
        NebiusError
            The list of models cannot be read.
        """
        from nbnebius.transport.tape import Recording

        if path is None:
            self._end_recording()
            return
        if self.replays is not None:
            raise OptionError(
                f"Nothing is recorded while {self.replays.name} is replayed",
                hint="end that first, with %nebius replay off",
            )
        if self.config.get("private"):
            raise OptionError(
                "Nothing is recorded while the session is private",
                why="a recording holds answers, and private keeps none",
                hint="%nebius private off, then record",
            )
        self._end_recording()
        recording = Recording(Path(path).expanduser().absolute())
        try:
            self.run(lambda service: self._begin_recording(service, recording))
        except BaseException:
            recording.close()
            if recording.is_new:
                recording.path.unlink(missing_ok=True)
            raise
        self._recording = recording
        self.at_close(self._end_recording)

    def replay(self, path: str | Path | None) -> None:
        """
        Answer from a recording: without key, network, or the journal; nothing is paid.

        What is not on it is an error. Settings and chosen models are those of the recording, under
        what this session has set. The n-th asking of the same thing gives the n-th answer. Costs
        are those of the day it was recorded. A recording that is being written ends.

        Parameters
        ----------
        path
            The file. None ends it: the service is asked again.

        Raises
        ------
        ReplayError
            There is no such file, or it is something else.
        """
        from nbnebius.transport.tape import Replaying

        replaying = Replaying(Path(path).expanduser().absolute()) if path is not None else None
        self._end_recording()
        self._end_replay()
        if replaying is None:
            return
        recorded = replaying.facts.get("settings")
        config = Config(recorded=recorded if isinstance(recorded, dict) else {})
        config.adopt(self.config)
        self._aside = self.endpoint, self.config, self._connection
        self.endpoint, self.config = endpoint_of(replaying), config
        self._connection = self._connect(replaying)

    def neighbours(self) -> list[str]:
        """List the catalogs beside the session's own that can be asked, or that were recorded."""
        from nbnebius.session.neighbours import NEIGHBOURS, is_set_up

        replaying = self._connection.replaying
        if replaying is None:
            return list(filter(is_set_up, NEIGHBOURS))
        return [source for source in NEIGHBOURS if source in replaying.neighbours]

    def go_on_from(self, other: Taping) -> None:
        """Where another session replays the same file, count answers on from there."""
        mine, theirs = self._connection.replaying, other._connection.replaying
        if mine and theirs and mine.path == theirs.path:
            mine.go_on_from(theirs)

    def close(self) -> None:
        """Close connections and the journal; a session is not used again after that."""
        own = self._connection.is_own_process
        super().close()
        if own and self._aside is not None:
            self._aside[2].close()

    async def _begin_recording(self, service: Service, recording: Recording) -> None:
        from nbnebius.session.neighbours import paths_set_up

        transport = service.client.transport
        name = await service.name()
        _refuse_other(recording, name)
        transport.tape = recording
        try:
            await service.catalog(refresh=True)
            base = transport.address.base.removeprefix(transport.address.root)
            facts: dict[str, Any] = {"service": name, "base": base}
            if recording.facts().get("take") != recording.take:
                # a notebook that goes on recording began with the settings that are there already
                facts["take"] = recording.take
                facts["settings"] = self.config.snapshot(name)
                facts["neighbours"] = paths_set_up()
            await recording.describe(facts)
        except BaseException:
            transport.tape = None
            raise

    def _end_recording(self) -> None:
        recording, self._recording = self._recording, None
        if recording is None:
            return
        try:
            self.run(_forget_tape)
        except NebiusError:
            pass  # the session is closed: nothing is sent any more
        finally:
            recording.close()

    def _end_replay(self) -> None:
        if self._aside is not None:
            self._connection.close()
            (self.endpoint, self.config, self._connection), self._aside = self._aside, None


async def _forget_tape(service: Service) -> None:
    service.client.transport.tape = None


def _refuse_other(recording: Recording, name: str) -> None:
    recorded = recording.facts().get("service", name)
    alike = name.startswith(SANDBOX) and str(recorded).startswith(SANDBOX)
    if recorded != name and not alike:
        raise ReplayError(
            f"{recording.path.name} was recorded from another service",
            why=f"it holds answers of {recorded}, and this session asks {name}",
            hint="record into a new file",
        )


def endpoint_of(replaying: Replaying) -> Endpoint:
    """Give the address that a recording stands for; nothing is ever sent there."""
    service = replaying.service
    if service == "nebius":
        address = DEFAULT_BASE_URL
    else:
        origin = "http://127.0.0.1" if service.startswith(SANDBOX) else service
        address = origin + str(replaying.facts.get("base", "/v1/"))
    return Endpoint(address, "recording")
