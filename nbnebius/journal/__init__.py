"""What was asked, what came back and what it cost, in one SQLite file."""

from nbnebius.journal.journal import Bill, Journal, KeptVector
from nbnebius.journal.kept import (
    KeptAnswer,
    Spend,
    find_answer,
    find_vectors,
    kept_request,
    settle_orphans,
    spent,
    tell_once,
    unfiled_embeddings,
)
from nbnebius.journal.keys import own_key, request_key, text_key

__all__ = [
    "Bill",
    "Journal",
    "KeptAnswer",
    "KeptVector",
    "Spend",
    "find_answer",
    "find_vectors",
    "kept_request",
    "own_key",
    "request_key",
    "settle_orphans",
    "spent",
    "tell_once",
    "text_key",
    "unfiled_embeddings",
]
