import pytest
from hypothesis import given
from hypothesis import strategies as st

from nbnebius.transport.sse import SSEDecoder

TRICKY = (
    "\ufeffdata: one\r\n\r\n: ping\r\ndata: zwei äöü 🙂\rdata:more\r\revent: x\nid: 7\n"
    'data\ndata: \n\ndata: {"a": 1}\n\n\n\nretry: 5\n\ndata: [DONE]'
).encode()
EVENTS = ["one", "zwei äöü 🙂\nmore", "\n", '{"a": 1}', "[DONE]"]


def decode(pieces):
    decoder = SSEDecoder()
    return [event for piece in pieces for event in decoder.feed(piece)] + decoder.flush()


def test_every_cut_in_two():
    for at in range(len(TRICKY) + 1):
        assert decode([TRICKY[:at], TRICKY[at:]]) == EVENTS


def test_byte_by_byte():
    assert decode([bytes([one]) for one in TRICKY]) == EVENTS


lines = st.sampled_from(["data: a", "data:b", "data: ü🙂", ": ping", "", "id: 1", "data", "x"])
ends = st.sampled_from(["\n", "\r\n", "\r"])


@given(st.lists(st.tuples(lines, ends)), st.binary(max_size=30), st.randoms())
def test_any_cut_gives_the_same_events(pairs, noise, random):
    data = "".join(line + end for line, end in pairs).encode() + noise
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(0, 9)))
    pieces = [data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True)]
    assert decode(pieces) == decode([data])


@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_what_goes_in_comes_out(texts):
    data = "".join(f"data: {text}\n\n" for text in texts).encode()
    assert decode([data]) == texts


@pytest.mark.parametrize("piece", [b"x", b"data: x\n"])
def test_an_event_that_is_too_long(piece):
    decoder = SSEDecoder(longest_line=10)
    with pytest.raises(ValueError, match="longer than 10"):
        decode_all(decoder, [piece] * 20)


def decode_all(decoder, pieces):
    for piece in pieces:
        decoder.feed(piece)
