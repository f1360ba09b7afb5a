"""The public functions: each magic's twin, of the same name, on the default session."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.session.functions import plot, tasks
    from nbnebius.session.functions.asking import chat, completion
    from nbnebius.session.functions.comparing import compare
    from nbnebius.session.functions.connecting import connect
    from nbnebius.session.functions.conversing import threads
    from nbnebius.session.functions.drawing import image
    from nbnebius.session.functions.embedder import Embedder
    from nbnebius.session.functions.embedding import embed
    from nbnebius.session.functions.explaining import explain, fix
    from nbnebius.session.functions.ledger import usage
    from nbnebius.session.functions.listing import models
    from nbnebius.session.functions.mapping import map, plan
    from nbnebius.session.functions.remote import (
        batches,
        cancel_batch,
        create_batch,
        create_custom_model,
        custom_models,
        delete_custom_model,
        delete_file,
        download,
        files,
        get_batch,
        rerank,
        upload,
    )
    from nbnebius.session.functions.searching import search

__getattr__ = fetcher(
    __name__,
    {
        "Embedder": "nbnebius.session.functions.embedder",
        "batches": "nbnebius.session.functions.remote",
        "cancel_batch": "nbnebius.session.functions.remote",
        "chat": "nbnebius.session.functions.asking",
        "compare": "nbnebius.session.functions.comparing",
        "completion": "nbnebius.session.functions.asking",
        "connect": "nbnebius.session.functions.connecting",
        "create_batch": "nbnebius.session.functions.remote",
        "create_custom_model": "nbnebius.session.functions.remote",
        "custom_models": "nbnebius.session.functions.remote",
        "delete_custom_model": "nbnebius.session.functions.remote",
        "delete_file": "nbnebius.session.functions.remote",
        "download": "nbnebius.session.functions.remote",
        "embed": "nbnebius.session.functions.embedding",
        "explain": "nbnebius.session.functions.explaining",
        "files": "nbnebius.session.functions.remote",
        "fix": "nbnebius.session.functions.explaining",
        "get_batch": "nbnebius.session.functions.remote",
        "image": "nbnebius.session.functions.drawing",
        "map": "nbnebius.session.functions.mapping",
        "models": "nbnebius.session.functions.listing",
        "plan": "nbnebius.session.functions.mapping",
        "plot": "nbnebius.session.functions.plot",
        "rerank": "nbnebius.session.functions.remote",
        "search": "nbnebius.session.functions.searching",
        "tasks": "nbnebius.session.functions.tasks",
        "threads": "nbnebius.session.functions.conversing",
        "upload": "nbnebius.session.functions.remote",
        "usage": "nbnebius.session.functions.ledger",
    },
)

__all__ = [
    "Embedder",
    "batches",
    "cancel_batch",
    "chat",
    "compare",
    "completion",
    "connect",
    "create_batch",
    "create_custom_model",
    "custom_models",
    "delete_custom_model",
    "delete_file",
    "download",
    "embed",
    "explain",
    "files",
    "fix",
    "get_batch",
    "image",
    "map",
    "models",
    "plan",
    "plot",
    "rerank",
    "search",
    "tasks",
    "threads",
    "upload",
    "usage",
]
