"""
`nbnebius.tasks`: the jobs that people do with whole frames again and again, each in one call.

They are thin: each writes a prompt or compares vectors, and `map`, `embed` and the journal do the
rest. So what is kept is never bought again, index and order stay, and the cost is told before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nbnebius.fetching import fetcher

if TYPE_CHECKING:
    from nbnebius.session.functions.tasks.answering import classify, extract, summarize, translate
    from nbnebius.session.functions.tasks.clustering import cluster
    from nbnebius.session.functions.tasks.deduping import dedupe
    from nbnebius.session.functions.tasks.filling import fillna
    from nbnebius.session.functions.tasks.joining import join

__getattr__ = fetcher(
    __name__,
    {
        "classify": "nbnebius.session.functions.tasks.answering",
        "cluster": "nbnebius.session.functions.tasks.clustering",
        "dedupe": "nbnebius.session.functions.tasks.deduping",
        "extract": "nbnebius.session.functions.tasks.answering",
        "fillna": "nbnebius.session.functions.tasks.filling",
        "join": "nbnebius.session.functions.tasks.joining",
        "summarize": "nbnebius.session.functions.tasks.answering",
        "translate": "nbnebius.session.functions.tasks.answering",
    },
)

__all__ = [
    "classify",
    "cluster",
    "dedupe",
    "extract",
    "fillna",
    "join",
    "summarize",
    "translate",
]
