"""Files, batches, custom models and ranking: what lies at the server, as frames."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.session.default import default_session

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from nbnebius.results.batch_job import BatchJob


def files(purpose: str | None = None) -> pd.DataFrame:
    """
    List the files at the server.

    Parameters
    ----------
    purpose
        Only those of one purpose: batch, fine-tune …

    Returns
    -------
    DataFrame
        See `nbnebius.frames.files.files_frame`.
    """
    from nbnebius.frames.files import files_frame

    return files_frame(default_session().files(purpose))


def upload(content: str | Path | bytes | pd.DataFrame, purpose: str = "batch") -> pd.DataFrame:
    """
    Upload a file of any size, in flat memory.

    Parameters
    ----------
    content
        A path, bytes, or a frame of requests: a column ``body`` (dicts), and ``custom_id`` or
        the index.
    purpose
        ``batch`` or ``fine-tune``.

    Returns
    -------
    DataFrame
        One row; ``.id[0]`` is what `create_batch` takes.

    Raises
    ------
    OptionError
        No such file, or a frame without requests.
    """
    from nbnebius.frames.files import files_frame

    return files_frame([default_session().upload(content, purpose)])


def download(file_id: str, path: str | Path) -> Path:
    """Download a file to `path`, in flat memory; the path comes back."""
    return default_session().download(file_id, path)


def delete_file(file_id: str) -> None:
    """Delete a file at the server."""
    default_session().delete_file(file_id)


def batches(limit: int | None = None) -> pd.DataFrame:
    """
    List batches, the newest first.

    Parameters
    ----------
    limit
        At most so many; all if left out.

    Returns
    -------
    DataFrame
        See `nbnebius.frames.batches.batches_frame`.
    """
    from nbnebius.frames.batches import batches_frame

    return batches_frame(default_session().batches(limit))


def create_batch(
    input_file_id: str,
    *,
    endpoint: str = "/v1/chat/completions",
    metadata: dict[str, Any] | None = None,
) -> BatchJob:
    """
    Create a batch: answered within a day, at half the price.

    A batch of the same file and metadata that is there already is given instead of a second one.

    Parameters
    ----------
    input_file_id
        A file that `upload` gave.
    endpoint
        ``/v1/chat/completions``, ``/v1/completions`` or ``/v1/embeddings``.
    metadata
        Up to 16 texts by name.
    """
    return default_session().create_batch(input_file_id, endpoint, metadata)


def get_batch(batch_id: str) -> BatchJob:
    """Find a batch: ``.status``, ``.wait()``, ``.results()``."""
    return default_session().get_batch(batch_id)


def cancel_batch(batch_id: str) -> BatchJob:
    """Cancel a batch; what was answered by then is kept, and billed."""
    return default_session().cancel_batch(batch_id)


def custom_models() -> pd.DataFrame:
    """List one's own models; see `nbnebius.frames.custom_models.custom_model_frame`."""
    from nbnebius.frames.custom_models import custom_model_frame

    return custom_model_frame(default_session().custom_models())


def create_custom_model(
    name: str,
    base_model: str,
    source: str,
    description: str | None = None,
    *,
    wait: float = 0.0,
) -> pd.DataFrame:
    """
    Create a custom model from an adapter; one row comes back.

    Parameters
    ----------
    name
        Its name; the server adds a few letters.
    base_model
        What it was trained on.
    source
        Where the adapter is: a file id, a checkpoint, a URL.
    description
        A sentence.
    wait
        Seconds to wait until it is checked and can be used; 0 comes back at once, with the status
        ``validating``.

    Raises
    ------
    NebiusError
        The server found a fault in it, or it is not ready in time; it exists all the same.
    """
    from nbnebius.frames.custom_models import custom_model_frame

    session = default_session()
    made = session.create_custom_model(name, base_model, source, description, wait=wait)
    return custom_model_frame([made])


def delete_custom_model(name: str) -> pd.DataFrame:
    """Delete a custom model by its short or full name; its last row comes back."""
    from nbnebius.frames.custom_models import custom_model_frame

    return custom_model_frame([default_session().delete_custom_model(name)])


def rerank(
    query: str, documents: Sequence[str], *, model: str | None = None, k: int | None = None
) -> pd.DataFrame:
    """
    Rank documents by how well they answer a query; what is kept is not bought again.

    Parameters
    ----------
    query
        The question.
    documents
        Texts.
    model
        A reranker's id; the catalog's own if left out.
    k
        Only the best so many.

    Returns
    -------
    DataFrame
        See `nbnebius.frames.rerank.rerank_frame`.
    """
    return default_session().rerank(query, documents, model=model, k=k)
