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
from nbnebius.journal.purse import Purse, no_price, reached

__all__ = [
    "SLICE",
    "Bill",
    "Doubt",
    "History",
    "Journal",
    "KeptAnswer",
    "KeptRow",
    "KeptVector",
    "KeyForm",
    "Purse",
    "Spend",
    "find_answer",
    "find_answers",
    "find_doubt",
    "find_vectors",
    "history",
    "kept_request",
    "no_price",
    "own_key",
    "reached",
    "request_key",
    "settle_orphans",
    "spent",
    "tell_once",
    "text_key",
    "unfiled_embeddings",
]
