"""
A batch that has ended, brought home: its files, line by line, raw, into the journal.

Lines are matched by their ``custom_id`` only, which is the request's key. What is kept already is
left as it is, so a harvest that broke off is begun again.
"""

from __future__ import annotations

import tempfile
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from nbnebius.errors import NotFoundError
from nbnebius.journal import KeptLine, is_begun, keep_lines, put_away, turn_job
from nbnebius.types.batch_answer import answer_of
from nbnebius.types.batch_lines import read_file
from nbnebius.work.map.batch_file import KEY_BYTES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from nbnebius.client import AsyncClient
    from nbnebius.journal import Journal
    from nbnebius.types.batch_lines import BatchLine
    from nbnebius.types.batches import Batch
    from nbnebius.work.price import Price

LONGEST_ERROR = 300


async def harvest(
    batch: Batch,
    job: int,
    *,
    client: AsyncClient,
    journal: Journal,
    price: Price,
    project: str | None,
    group: int,
) -> tuple[bool, str]:
    """
    Keep everything a batch has brought.

    Parameters
    ----------
    batch
        One that has ended, well or not.
    job
        Its number in the journal.
    price
        What its requests cost: the price of batches.
    group
        Lines in one commit.

    Returns
    -------
    tuple
        Whether it was this call that ended the job, and a note for the user, "" for none.

    Raises
    ------
    NebiusError
        A file cannot be fetched; what is kept by then stays so.
    """
    twice = unknown = 0
    resumed = await is_begun(journal, job)
    gone = False
    with tempfile.TemporaryDirectory(prefix="nbnebius-") as folder:
        for file_id in filter(None, (batch.output_file_id, batch.error_file_id)):
            path = Path(folder) / "lines.jsonl"
            try:
                await client.files.save(file_id, path, ai_project_id=project)
            except NotFoundError:
                gone = True
                continue
            lines = read_file(path)
            while some := list(islice(lines, group)):
                kept = list(_kept(some, price))
                landed = await keep_lines(journal, job, kept)
                unknown += len(some) - len(kept) + landed.count("unknown")
                twice += landed.count("known")
    if gone:
        why = f"the results of {batch.id} are gone at the server"
        await put_away(journal, job, "possibly_paid", why)
    else:
        await put_away(journal, job, "failed", why_not(batch))
    ended = await turn_job(journal, job, "harvested", status=batch.status)
    return ended, _note(batch, 0 if resumed else twice, unknown)


def why_not(batch: Batch) -> str:
    """Say why a batch that has ended holds no answer to a request."""
    ended = f"the batch {batch.id} ended ({batch.status}) without an answer to it"
    return f"{ended}: {batch.error}"[:LONGEST_ERROR] if batch.error else ended


def _note(batch: Batch, twice: int, unknown: int) -> str:
    parts = []
    if twice:
        parts.append(f"{twice:,} lines came twice")
    if unknown:
        parts.append(f"{unknown:,} lines name no request of ours")
    return f"of the batch {batch.id} {' and '.join(parts)}: they are ignored" if parts else ""


def _kept(lines: list[BatchLine], price: Price) -> Iterator[KeptLine]:
    for line in lines:
        key = read_key(line.custom_id)
        if key is None:
            continue
        if line.error is not None:
            error = " ".join(line.error.split())[:LONGEST_ERROR]
            yield KeptLine(key, "failed", line.raw, line.status_code, error)
            continue
        usage = line.usage
        yield KeptLine(
            key,
            "done",
            answer_of(line.raw) or line.raw,
            line.status_code or 200,
            prompt_tokens=usage.prompt_tokens if usage else None,
            completion_tokens=usage.completion_tokens if usage else None,
            cost=price.of_usage(usage),
        )


def read_key(custom_id: str | None) -> bytes | None:
    """Read a request's key from its ``custom_id``; None where it is none of ours."""
    if custom_id is None or len(custom_id) != 2 * KEY_BYTES:
        return None
    try:
        key = bytes.fromhex(custom_id)
    except ValueError:
        return None
    return key if key.hex() == custom_id else None
