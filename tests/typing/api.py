"""What the public functions give, as a type checker sees it. Checked by mypy, never run."""

from pathlib import Path
from typing import assert_type

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL.Image import Image

import nbnebius as neb
from nbnebius.session.stream import TextStream


def chats() -> None:
    assert_type(neb.chat("hello"), neb.Reply)
    assert_type(neb.chat([{"role": "user", "content": "hello"}], max_tokens=5), neb.Reply)
    assert_type(neb.chat("hello", stream=True), TextStream)
    assert_type(neb.chat("hello", stream=True).reply, neb.Reply)
    reply = neb.chat("hello", model="a", system="b", cache=True)
    assert_type(reply.text, str)
    assert_type(reply.reasoning, str | None)
    assert_type(reply.cost, float | None)
    assert_type(reply.df, pd.DataFrame)
    for piece in neb.chat("hello", stream=True):
        assert_type(piece, str)


def comparisons() -> None:
    frame = neb.compare("hello", ["a", "b"], max_tokens=5)
    assert_type(frame, pd.DataFrame)
    assert_type(neb.plot.compare(frame), Axes)
    changed = neb.compare_runs(frame, frame, columns=["text"])
    assert_type(changed.summary.rows, int)
    assert_type(changed.summary.agreement, pd.DataFrame)
    assert_type(neb.plot.models(neb.models()), Axes)
    assert_type(neb.plot.vectors(frame), Axes)


def vectors() -> None:
    frame = neb.embed(["a", "b"], dimensions=8)
    assert_type(frame, pd.DataFrame)
    assert_type(neb.matrix(frame), NDArray[np.float32])


def pictures() -> None:
    gallery = neb.image("a dog", n=2, seed=1, format="png")
    assert_type(gallery, neb.Gallery)
    assert_type(gallery[0], neb.Picture)
    assert_type(gallery[0].pil, Image)
    assert_type(gallery[0].path, Path | None)
    assert_type(gallery[:1], neb.Gallery)
    assert_type(gallery.df, pd.DataFrame)


def service() -> None:
    assert_type(neb.models(type="chat"), pd.DataFrame)
    assert_type(neb.connect(base_url="http://localhost:1"), neb.Session)
    assert_type(neb.usage("model", since="7d"), pd.DataFrame)
    assert_type(neb.plot.usage(neb.usage()), Axes)
    assert_type(neb.estimate_tokens("a text"), int)
