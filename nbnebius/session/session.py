"""
`Session`: settings, bridge, journal and client in one hand, with sync methods of a few lines.

It only composes: it settles the defaults, calls one async function of the work, and wraps the
record that comes back. What it can do stands by subject in the modules beside this one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError, OptionError
from nbnebius.session.attaching import Attaching
from nbnebius.session.budgets import Budgets
from nbnebius.session.caller import FUNCTION, Caller
from nbnebius.session.comparing import Comparing
from nbnebius.session.conversations import Conversations
from nbnebius.session.ledger import Ledger
from nbnebius.session.mapping import Maps
from nbnebius.session.pictures import Pictures
from nbnebius.session.prompts import Prompts
from nbnebius.session.remote import Remote
from nbnebius.session.searching import Searching
from nbnebius.session.taping import Taping

if TYPE_CHECKING:
    from collections.abc import Callable

    from nbnebius.session.service import Service
    from nbnebius.types.model import ModelRecord


class Session(
    Budgets,
    Comparing,
    Conversations,
    Prompts,
    Maps,
    Searching,
    Pictures,
    Remote,
    Ledger,
    Taping,
    Attaching,
):
    """
    One connection to one service, with its journal.

    Parameters
    ----------
    endpoint
        The address and the key.
    config
        The defaults; read from the user's and the project's files if left out.
    max_retries
        How often a request that was not billed is sent again.
    timeouts
        Seconds to wait for a connection, a first byte, the next piece.
    """

    def models(self, *, refresh: bool = True, caller: Caller = FUNCTION) -> list[ModelRecord]:
        """List the service's models; see `nbnebius.models`."""
        return self.run(lambda service: service.catalog(refresh=refresh), caller).records

    def models_of(
        self, source: str, *, caller: Caller = FUNCTION, **options: Any
    ) -> list[ModelRecord]:
        """List the models of one of the catalogs; see `nbnebius.models`."""
        from nbnebius.session.neighbours import neighbour_records

        if source == "nebius":
            if options:
                raise OptionError(
                    f"{source} takes no {', '.join(options)}", why="--source says which catalog"
                )
            return self.models(caller=caller)
        project = self.project
        return self.run(
            lambda service: neighbour_records(service, source, project, **options), caller
        )

    def models_of_all(
        self, *, failed: Callable[[str, NebiusError], None], caller: Caller = FUNCTION
    ) -> list[ModelRecord]:
        """
        List the models of every catalog that is set up, asked side by side.

        Parameters
        ----------
        failed
            Told of each catalog that cannot be read.

        Raises
        ------
        NebiusError
            None can be read; the first reason is raised.
        """
        import anyio

        from nbnebius.session.neighbours import neighbour_records

        sources, project = ("nebius", "nebius_custom", *self.neighbours()), self.project
        found: dict[str, list[ModelRecord] | NebiusError] = {}

        async def ask(service: Service, source: str) -> None:
            try:
                if source == "nebius":
                    found[source] = (await service.catalog(refresh=True)).records
                else:
                    found[source] = await neighbour_records(service, source, project)
            except NebiusError as error:
                found[source] = error

        async def ask_all(service: Service) -> None:
            async with anyio.create_task_group() as tasks:
                for source in sources:
                    tasks.start_soon(ask, service, source)

        self.run(ask_all, caller)
        records: list[ModelRecord] = []
        failures: list[NebiusError] = []
        for source in sources:
            there = found[source]
            if isinstance(there, NebiusError):
                failures.append(there)
                failed(source, there)
            else:
                records += there
        if failures and not records:
            raise failures[0]
        return records
