"""`usage`, the twin of ``%nebius usage``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    import pandas as pd

    from nbnebius.journal import By


def usage(by: By | None = None, *, since: Any = None, until: Any = None) -> pd.DataFrame:
    """
    Give what was bought, from the journal; no network.

    A sandbox's play money and real money are never in one frame: it is that of the session's own
    service.

    Parameters
    ----------
    by
        model, kind, day (UTC), session, service or state: a row each. Left out, a row per billed
        call, and one each time that kept answers were shown instead.
    since, until
        A date or time (without a zone: UTC), its ISO text, or an age: ``since="7d"``.

    Returns
    -------
    DataFrame
        See `nbnebius.frames.usage`; costs are in USD, what is unknown is missing.

    Raises
    ------
    OptionError
        There is no such group, or no such time.
    """
    return default_session().usage(by, since=since, until=until)
