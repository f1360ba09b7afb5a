"""The public functions: each magic's twin, of the same name, on the default session."""

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
