"""Calls of several exchanges, the last of which makes what stays: it may break after the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.fault.nine import Endpoint, batch_of, create_batch, lines_of

if TYPE_CHECKING:
    from nbnebius.client import AsyncClient

BATCHED = "{}, batched"
"""What the batch of a question's file is named by."""


async def _found(client: AsyncClient, question: str) -> Any:
    body = batch_of(f"file-{question}", question)
    batch = await client.batches.create(body, look_first=True)
    return batch.input_file_id, batch.metadata


async def _filed(client: AsyncClient, question: str) -> Any:
    file = await client.files.upload(lines_of(question), filename=f"{question}.jsonl")
    batch = await client.batches.create(batch_of(file.id, BATCHED.format(question)))
    return file.filename, file.bytes, batch.input_file_id == file.id, batch.metadata


async def _listed(client: AsyncClient, question: str) -> Any:
    told, _ = await client.models.list(verbose=False)
    return [model.id for model in told], await create_batch(client, question)


SEVERAL = [
    Endpoint("a batch that is looked for first", "made", _found, "POST", "/batches"),
    Endpoint("a file and its batch", "made", _filed, "POST", "/batches"),
    Endpoint("the models and a batch", "made", _listed, "POST", "/batches"),
]
