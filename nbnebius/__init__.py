"""
Ask, embed and draw with Nebius Token Factory from a notebook.

``%load_ext nbnebius`` brings the magics; ``import nbnebius as neb`` brings a function of the same
name for each: ``neb.chat("Why is the sky blue?")``. Nothing heavy is imported until it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nbnebius.version import __version__

# Where each public name lives; `__getattr__` fetches it at first use (PEP 562).
_HOMES = {
    "AnswerError": "nbnebius.errors",
    "ApiError": "nbnebius.errors",
    "AsyncClient": "nbnebius.client",
    "AuthenticationError": "nbnebius.errors",
    "BadRequestError": "nbnebius.errors",
    "BatchJob": "nbnebius.results.batch_job",
    "BudgetReached": "nbnebius.errors",
    "ConnectError": "nbnebius.errors",
    "Embedder": "nbnebius.session.functions",
    "Gallery": "nbnebius.results",
    "Job": "nbnebius.results.job",
    "JournalError": "nbnebius.errors",
    "NebiusError": "nbnebius.errors",
    "NotFoundError": "nbnebius.errors",
    "OptionError": "nbnebius.errors",
    "PaymentRequiredError": "nbnebius.errors",
    "PermissionDeniedError": "nbnebius.errors",
    "Picture": "nbnebius.results",
    "RateLimitError": "nbnebius.errors",
    "ReplayError": "nbnebius.errors",
    "Reply": "nbnebius.results",
    "RequestTimeout": "nbnebius.errors",
    "ResponseError": "nbnebius.errors",
    "RowsFailed": "nbnebius.errors",
    "ServerError": "nbnebius.errors",
    "Session": "nbnebius.session",
    "SettingsError": "nbnebius.errors",
    "Stopped": "nbnebius.errors",
    "StreamError": "nbnebius.errors",
    "ToolRoundsError": "nbnebius.errors",
    "TransportError": "nbnebius.errors",
    "UnprocessableEntityError": "nbnebius.errors",
    "batches": "nbnebius.session.functions",
    "cancel_batch": "nbnebius.session.functions",
    "chat": "nbnebius.session.functions",
    "compare": "nbnebius.session.functions",
    "compare_runs": "nbnebius.results.changed_rows",
    "completion": "nbnebius.session.functions",
    "connect": "nbnebius.session.functions",
    "create_batch": "nbnebius.session.functions",
    "create_custom_model": "nbnebius.session.functions",
    "custom_models": "nbnebius.session.functions",
    "delete_custom_model": "nbnebius.session.functions",
    "delete_file": "nbnebius.session.functions",
    "download": "nbnebius.session.functions",
    "embed": "nbnebius.session.functions",
    "estimate_tokens": "nbnebius.work.estimate",
    "explain": "nbnebius.session.functions",
    "files": "nbnebius.session.functions",
    "fix": "nbnebius.session.functions",
    "get_batch": "nbnebius.session.functions",
    "image": "nbnebius.session.functions",
    "map": "nbnebius.session.functions",
    "matrix": "nbnebius.frames.embeddings",
    "models": "nbnebius.session.functions",
    "panel": "nbnebius.panels",
    "plan": "nbnebius.session.functions",
    "plot": "nbnebius.session.functions",
    "rerank": "nbnebius.session.functions",
    "search": "nbnebius.session.functions",
    "tasks": "nbnebius.session.functions",
    "threads": "nbnebius.session.functions",
    "upload": "nbnebius.session.functions",
    "usage": "nbnebius.session.functions",
}

__all__ = [
    "AnswerError",
    "ApiError",
    "AsyncClient",
    "AuthenticationError",
    "BadRequestError",
    "BatchJob",
    "BudgetReached",
    "ConnectError",
    "Embedder",
    "Gallery",
    "Job",
    "JournalError",
    "NebiusError",
    "NotFoundError",
    "OptionError",
    "PaymentRequiredError",
    "PermissionDeniedError",
    "Picture",
    "RateLimitError",
    "ReplayError",
    "Reply",
    "RequestTimeout",
    "ResponseError",
    "RowsFailed",
    "ServerError",
    "Session",
    "SettingsError",
    "Stopped",
    "StreamError",
    "ToolRoundsError",
    "TransportError",
    "UnprocessableEntityError",
    "__version__",
    "batches",
    "cancel_batch",
    "chat",
    "compare",
    "compare_runs",
    "completion",
    "connect",
    "create_batch",
    "create_custom_model",
    "custom_models",
    "delete_custom_model",
    "delete_file",
    "download",
    "embed",
    "estimate_tokens",
    "explain",
    "files",
    "fix",
    "get_batch",
    "image",
    "map",
    "matrix",
    "models",
    "panel",
    "plan",
    "plot",
    "rerank",
    "search",
    "tasks",
    "threads",
    "upload",
    "usage",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    value = getattr(import_module(home), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def load_ipython_extension(shell: Any) -> None:
    """Register the magics: silent, no network, nothing heavy."""
    from nbnebius.magics import load

    load(shell)


def unload_ipython_extension(shell: Any) -> None:
    """Take the magics back and close the session; nothing is left behind."""
    from nbnebius.magics import unload

    unload(shell)


if TYPE_CHECKING:
    from nbnebius.client import AsyncClient
    from nbnebius.errors import (
        AnswerError,
        ApiError,
        AuthenticationError,
        BadRequestError,
        BudgetReached,
        ConnectError,
        JournalError,
        NebiusError,
        NotFoundError,
        OptionError,
        PaymentRequiredError,
        PermissionDeniedError,
        RateLimitError,
        ReplayError,
        RequestTimeout,
        ResponseError,
        RowsFailed,
        ServerError,
        SettingsError,
        Stopped,
        StreamError,
        ToolRoundsError,
        TransportError,
        UnprocessableEntityError,
    )
    from nbnebius.frames.embeddings import matrix
    from nbnebius.panels import panel
    from nbnebius.results import Gallery, Picture, Reply
    from nbnebius.results.batch_job import BatchJob
    from nbnebius.results.changed_rows import compare_runs
    from nbnebius.results.job import Job
    from nbnebius.session import Session
    from nbnebius.session.functions import (
        Embedder,
        batches,
        cancel_batch,
        chat,
        compare,
        completion,
        connect,
        create_batch,
        create_custom_model,
        custom_models,
        delete_custom_model,
        delete_file,
        download,
        embed,
        explain,
        files,
        fix,
        get_batch,
        image,
        map,
        models,
        plan,
        plot,
        rerank,
        search,
        tasks,
        threads,
        upload,
        usage,
    )
    from nbnebius.work.estimate import estimate_tokens
