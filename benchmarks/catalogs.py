"""
Three catalogs side by side, against the slowest of them alone.

``python -m benchmarks.catalogs`` (``--quick`` for few rounds). The stub takes 500 ms for the
slowest list, 400 and 300 ms for the others.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from benchmarks.contest import Goal, Report, Table, compete, main
from benchmarks.stub import running

if TYPE_CHECKING:
    from collections.abc import Callable

SLOWEST_MS = 500
ALL, SLOWEST = 'models(source="all")', 'models(source="open_webui")'


def every_one(setting: dict[str, Any]) -> Callable[[], None]:
    return _listing("all", setting, 6)


def nebius(setting: dict[str, Any]) -> Callable[[], None]:
    return _listing("nebius", setting, 3)


def open_webui(setting: dict[str, Any]) -> Callable[[], None]:
    return _listing("open_webui", setting, 2)


def nebula_block(setting: dict[str, Any]) -> Callable[[], None]:
    return _listing("nebula_block", setting, 1)


def _listing(source: str, setting: dict[str, Any], count: int) -> Callable[[], None]:
    root = setting["url"].removesuffix("/v1/")
    os.environ |= {
        "OPEN_WEBUI_BASE_URL": root,
        "OPEN_WEBUI_API_KEY": "x",
        "NEBULA_BASE_URL": root + "/api/v1",
        "NEBULA_API_KEY": "x",
    }
    import nbnebius as neb

    neb.connect("x", setting["url"])

    def work() -> None:
        assert len(neb.models(source)) == count

    work()
    return work


def run(*, quick: bool = False) -> Report:
    """Answer the question."""
    contenders = {
        ALL: every_one,
        SLOWEST: open_webui,
        'models(source="nebula_block")': nebula_block,
        "models()": nebius,
    }
    with running(list_ms=SLOWEST_MS) as url:
        spent = compete(contenders, {"url": url}, 1 if quick else 3)
    table = Table("Lists of models, the second time they are asked for", "list", 1, spent, SLOWEST)
    ratio = table.ratio(ALL, SLOWEST)
    goal = Goal("three catalogs: time, of the slowest of them alone", 1.1, ratio)
    return Report("Catalogs", [table], [goal])


if __name__ == "__main__":
    main(run)
