"""What a server asks for with Retry-After is obeyed, or is beyond all patience: never cut short."""

import asyncio
import math
from collections import Counter
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from asking import Clock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from nbnebius import errors
from nbnebius.transport import Request
from tests.fault.counts import proven, size
from tests.fault.played import Played, PlayedTransport

pytestmark = pytest.mark.fault

LONGEST = 15 * 60  # seconds that are waited altogether
UNASKED = 31  # seconds that a pause nobody asked for may take
NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
JUNK = [
    *("", " ", "soon", "nan", "NaN", "inf", "-inf", "Infinity", "1e309", "-1", "-0.5", "+-3"),
    *(
        "5 seconds",
        "1_000",
        "0x10",
        "\uff11\uff12",
        "Wed, 99 Foo 2026 12:00:00 GMT",
        "12:00",
        "1s2",
        "s",
    ),
    *("9" * 400, "1e99999", "\t", "2026-11-20T12:00:30Z", ",", ", ,"),
]


@st.composite
def dates(draw):
    """A date as the server's clock has it, which may be a day off."""
    skew = timedelta(seconds=draw(st.integers(-86_400, 86_400)))
    ahead = draw(st.integers(-86_400, 86_400) | st.integers(0, 1000))
    then = format_datetime(NOW + skew + timedelta(seconds=ahead), usegmt=True)
    return {"date": format_datetime(NOW + skew, usegmt=True), "retry-after": then}, max(ahead, 0)


def plain(name, strategy, seconds):
    return strategy.map(lambda n: ({name: f"{n}"}, seconds(n)))


asked = st.one_of(
    plain("retry-after", st.integers(0, 1000) | st.integers(0, 10**6), float),
    plain("retry-after", st.floats(1e-4, 2000).map(lambda n: f"{n:.4f}"), float),
    plain("retry-after", st.floats(0, 900).map(lambda n: f"{n:.2e}"), float),
    plain("retry-after", st.integers(0, 900).map(lambda n: f"  {n} "), float),
    plain("retry-after-ms", st.integers(0, 10**6), lambda n: n / 1000),
    plain("llm_provider-retry-after", st.integers(0, 1000), float),
    st.tuples(st.integers(0, 20), st.integers(0, 59)).map(
        lambda n: ({"retry-after": f"{n[0]}m{n[1]}s"}, 60.0 * n[0] + n[1])
    ),
    st.tuples(st.integers(0, 1000), st.integers(0, 1000)).map(
        # two headers of one name arrive as one
        lambda n: ({"retry-after": f"{n[0]}, {n[1]}"}, float(max(n)))
    ),
    dates(),
)
header = st.text(st.characters(max_codepoint=255, exclude_categories=["Cc"]), max_size=30)
unasked = st.one_of(
    st.sampled_from(JUNK).map(lambda text: ({"retry-after": text}, None)),
    st.floats()
    .filter(lambda n: not (math.isfinite(n) and n >= 0))
    .map(lambda n: ({"retry-after": str(n)}, None)),
    # a date is worth nothing without the server's own clock
    dates().map(lambda told: ({"retry-after": told[0]["retry-after"]}, None)),
)
unknown = header.map(lambda text: ({"retry-after": text}, "any"))


async def send(headers, status, jitter):
    """Refuse once and then answer; give when it was sent, and the error if there was one."""
    clock, came = Clock(), []

    async def play(_):
        came.append(clock.now)
        return Played(status, headers) if len(came) == 1 else Played()

    transport = PlayedTransport(
        play, sleep=clock.sleep, clock=lambda: clock.now, jitter=lambda: jitter
    )
    try:
        await transport.send(Request("POST", "chat/completions", body=b"{}", lane="m"))
    except errors.NebiusError as error:
        return came, error
    return came, None


def judge(came, error, seconds):
    """Say what was wrong, or nothing."""
    if seconds == "any":
        if error is None and came[1] > LONGEST + 1:
            return "waited beyond the limit"
    elif seconds is not None and seconds > LONGEST:
        if error is None:
            return "sent before Retry-After"
        if len(came) != 1:
            return "sent although it is too long to wait"
    elif error is not None:
        return "given up although it may be waited for"
    elif seconds is None and came[1] > UNASKED:
        return "waited beyond the limit"
    elif seconds is not None and came[1] < seconds - 1e-6:
        return "sent before Retry-After"
    elif seconds is not None and came[1] > seconds + 1 + 1e-6:
        return "waited beyond the limit"
    return ""


def test_retry_after_is_obeyed_or_beyond_patience():
    wrong, tried = Counter(), 0
    first = {}

    with asyncio.Runner() as runner:

        @settings(
            max_examples=size(2000, 100_000),
            derandomize=True,
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        @given(
            asked | unasked | unknown,
            st.sampled_from([429, 503]),
            st.sampled_from([0.0, 0.5, 0.999]),
        )
        def every(told, status, jitter):
            nonlocal tried
            tried += 1
            try:
                came, error = runner.run(send(told[0], status, jitter))
                what = judge(came, error, told[1])
            except Exception as error:  # noqa: BLE001 - a crash is what is counted
                what = "crashed"
                came = repr(error)
            if what:
                wrong[what] += 1
                first.setdefault(what, (told, status, came))

        every()
    print(first)
    kinds = ("sent before Retry-After", "waited beyond the limit", "crashed")
    rest = ("sent although it is too long to wait", "given up although it may be waited for")
    proven(
        "R7",
        "values of Retry-After",
        tried=tried,
        broken={kind: wrong[kind] for kind in (*kinds, *rest)},
        seed=0,
    )
