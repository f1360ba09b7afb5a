import copy
import json
import logging
import pickle  # noqa: TID251 - to see that it is refused
import traceback

import msgspec
import pytest

from nbnebius.types.secret import Secret

KEY = "canary-key-0123456789-abcdef"
SECRET = Secret(f" {KEY}\n")


@pytest.mark.parametrize("show", [repr, str, "{}".format, "{!r:>40}".format, lambda s: f"{s}"])
def test_it_does_not_show(show):
    assert KEY not in show(SECRET)


@pytest.mark.parametrize("leak", [pickle.dumps, copy.copy, copy.deepcopy, vars, json.dumps])
def test_it_refuses(leak):
    with pytest.raises(TypeError) as caught:
        leak(SECRET)
    assert KEY not in "".join(traceback.format_exception(caught.value))


def test_msgspec_refuses():
    with pytest.raises((TypeError, msgspec.MsgspecError)):
        msgspec.json.encode(SECRET)


def test_it_does_not_change():
    with pytest.raises(AttributeError):
        SECRET._reveal = None


def test_reveal_and_mask():
    assert SECRET.reveal() == KEY
    assert SECRET.masked() == "cana…cdef"
    assert Secret("short").masked() == "***"
    assert not Secret("  ")
    assert Secret("a") == Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_logging(caplog):
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("x").debug("%s %r", SECRET, {"key": SECRET})
    assert KEY not in caplog.text
