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
from nbnebius.journal.purge import Purged, Waste, purge, purgeable
from nbnebius.journal.size import hold_size
from nbnebius.journal.usage import BY, By, UsageRow, UsageSum, note_reuse, usage_by, usage_rows

__all__ = [
    "BY",
    "Bill",
    "By",
    "Journal",
    "KeptAnswer",
    "KeptVector",
    "Purged",
    "Spend",
    "UsageRow",
    "UsageSum",
    "Waste",
    "find_answer",
    "find_vectors",
    "hold_size",
    "kept_request",
    "note_reuse",
    "own_key",
    "purge",
    "purgeable",
    "request_key",
    "settle_orphans",
    "spent",
    "tell_once",
    "text_key",
    "unfiled_embeddings",
    "usage_by",
    "usage_rows",
]
