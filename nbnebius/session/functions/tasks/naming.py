"""Names for clusters, from the texts nearest to their centres; no two are the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.errors import NebiusError
from nbnebius.session.default import default_session
from nbnebius.session.functions.tasks.rows import MATERIAL, with_instructions
from nbnebius.session.functions.tasks.vectors import what_is_left

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from nbnebius.work.cluster import Clusters

NAMED_BY = 8  # texts of a cluster that the model reads
TEXT = 400  # characters of one
ROUNDS = 2  # times that those of one name are asked for another
SCHEMA = {
    "type": "object",
    "properties": {"topic": {"type": "string", "description": "in at most four words"}},
    "required": ["topic"],
    "additionalProperties": False,
}
SYSTEM = (
    "You name groups of texts. You are given texts of one group, one below the other. Name what "
    f"they have in common, in one to four words, in their language. {MATERIAL}"
)


def name_clusters(
    found: Clusters,
    texts: Sequence[str],
    frame: pd.DataFrame,
    *,
    instructions: str,
    options: Mapping[str, Any],
) -> list[str]:
    """
    Give each cluster a name.

    Those that get one name are asked for another, with the names that are taken; what is still
    the same then is numbered.

    Raises
    ------
    NebiusError
        As of `map`; ``.frame`` is the frame of the clusters.
    """
    told = [_told(found.nearest(each, 4 * NAMED_BY), texts) for each in range(found.count)]
    names = [""] * found.count
    left, options = list(range(found.count)), dict(options)
    for _ in range(1 + ROUNDS):
        taken = sorted({name for place, name in enumerate(names) if place not in left})
        system = with_instructions(SYSTEM, instructions)
        if taken:
            system += "\n\nThese names are taken, so find one that tells this group from them: "
            system += "; ".join(taken)
        try:
            answers = _ask([told[each] for each in left], system, options)
        except NebiusError as error:
            error.frame = frame
            raise
        for each, name in zip(left, answers, strict=True):
            names[each] = name
        left = _again(names)
        if not left:
            break
    return _unique(names)


def _told(rows: Sequence[int], texts: Sequence[str]) -> str:
    """Give the texts of some rows, each once, one below the other."""
    lines = (" ".join(texts[row].split())[:TEXT] for row in rows)
    return "\n".join(f"- {line}" for line in list(dict.fromkeys(filter(None, lines)))[:NAMED_BY])


def _ask(told: list[str], system: str, options: dict[str, Any]) -> list[str]:
    """Ask for names; "" where none came."""
    import pandas as pd

    session = default_session()
    frame = session.map(
        pd.DataFrame({"texts": told}),
        "{texts}",
        task="name clusters",
        system=system,
        schema=SCHEMA,
        **options,
    )
    assert isinstance(frame, pd.DataFrame)
    options["budget"] = what_is_left(options.get("budget"), frame)
    return [" ".join(str(name).split()) for name in frame["topic"].fillna("")]


def _again(names: Sequence[str]) -> list[int]:
    """Give the clusters whose name an earlier one has."""
    seen: set[str] = set()
    found = []
    for place, name in enumerate(names):
        if name and name.casefold() in seen:
            found.append(place)
        seen.add(name.casefold())
    return found


def _unique(names: Sequence[str]) -> list[str]:
    """Put numbers behind names that are still the same, and where there is none."""
    seen: set[str] = set()
    found = []
    for place, name in enumerate(names):
        told = name or f"cluster {place}"
        number, unique = 2, told
        while unique.casefold() in seen:
            number, unique = number + 1, f"{told} {number}"
        seen.add(unique.casefold())
        found.append(unique)
    return found
