import pytest

from nbnebius.client.bodies import encode, post
from nbnebius.errors import OptionError
from nbnebius.events import Intent

INTENT = Intent(key=b"k" * 16, kind="chat", service="s", model="m")


def test_unset_fields_are_left_out():
    assert encode({"a": 1, "b": None, "c": {"d": None}}) == b'{"a":1,"c":{"d":null}}'


def test_what_is_recorded_is_what_is_sent():
    request = post("x", {"model": "m", "a": 1}, INTENT)
    assert request.intent.request == request.body == b'{"model":"m","a":1}'
    assert request.lane == "m"
    private = Intent(key=b"k" * 16, kind="chat", service="s", model="m", private=True)
    assert post("x", {"a": 1}, private).intent.request == b""


@pytest.mark.parametrize("value", [object(), "secret text \ud800", {1j: 2}])
def test_what_is_not_json(value):
    with pytest.raises(OptionError) as caught:
        encode({"a": value})
    assert "secret text" not in str(caught.value)
