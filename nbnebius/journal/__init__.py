"""What was asked, what came back and what it cost, in one SQLite file."""

from nbnebius.journal.bulk import (
    SLICE,
    Doubt,
    History,
    KeptRow,
    find_answers,
    find_doubt,
    history,
)
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
from nbnebius.journal.keys import KeyForm, own_key, request_key, text_key
from nbnebius.journal.purge import Purged, Waste, purge, purgeable
from nbnebius.journal.purse import Purse, no_price, reached, too_small
from nbnebius.journal.size import hold_size
from nbnebius.journal.usage import BY, By, UsageRow, UsageSum, note_reuse, usage_by, usage_rows

__all__ = [
    "BY",
    "SLICE",
    "Bill",
    "By",
    "Doubt",
    "History",
    "Journal",
    "KeptAnswer",
    "KeptRow",
    "KeptVector",
    "KeyForm",
    "Purged",
    "Purse",
    "Spend",
    "UsageRow",
    "UsageSum",
    "Waste",
    "find_answer",
    "find_answers",
    "find_doubt",
    "find_vectors",
    "history",
    "hold_size",
    "kept_request",
    "no_price",
    "note_reuse",
    "own_key",
    "purge",
    "purgeable",
    "reached",
    "request_key",
    "settle_orphans",
    "spent",
    "tell_once",
    "text_key",
    "too_small",
    "unfiled_embeddings",
    "usage_by",
    "usage_rows",
]
