"""The account is empty, or the key is taken back, in the middle of a job: it stops, and goes on."""

import json
import random
from collections import Counter

import pandas as pd
import pytest

import nbnebius as neb
from tests.fault.counts import proven, size
from tests.fault.in_thread import in_thread
from tests.fault.nine import Nine

pytestmark = pytest.mark.fault

SEED = 10
ROWS = 60


def _error(code, message="no"):
    return json.dumps({"error": {"message": message, "type": code, "code": code}}).encode()


# status, body, what is raised
REFUSALS = {
    "402": (402, _error("payment_required"), neb.PaymentRequiredError),
    "402 of a gateway": (402, b"<html>Payment required</html>", neb.PaymentRequiredError),
    "429 that means money": (429, _error("insufficient_quota"), neb.PaymentRequiredError),
    "401": (401, _error("invalid_api_key"), neb.AuthenticationError),
    "403": (403, b'{"detail": "This key was revoked"}', neb.PermissionDeniedError),
}


class Turning:
    """A server that refuses everything once it has executed so many, until it is healed."""

    def __init__(self, nine, at, status, body):
        self.nine, self.at, self.healed, self.refused = nine, at, False, 0
        head = f"HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: "
        self.raw = head.encode() + b"%d\r\n\r\n%s" % (len(body), body)

    def instead(self, connection, asked):
        if self.healed or asked.method == "GET" or self.nine.executed.total() < self.at:
            return False
        self.refused += 1
        connection.send(self.raw)
        return True


def one(nine, dice, number):
    """Run one job that is refused in its middle, and again; give what was broken."""
    kind = dice.choice(list(REFUSALS))
    status, body, raised = REFUSALS[kind]
    concurrency = dice.choice((1, 4, 16))
    turning = Turning(nine, dice.randrange(ROWS), status, body)
    nine.executed.clear()
    nine.instead = turning.instead
    frame = pd.DataFrame({"text": [f"job {number}, text {n}" for n in range(ROWS)]})
    broken = Counter()

    def run():
        return neb.map(frame, "Judge this: {text}", concurrency=concurrency, allow_failed=0)

    try:
        run()
        broken["the job went on as if nothing was"] += 1
    except raised as error:
        statuses = Counter(error.frame["neb_status"])
        broken["rows marked as failed"] += statuses["failed"] + statuses["possibly_paid"]
        kept = statuses["ok"]
        broken["answers lost"] += kept != nine.executed.total()
    except neb.NebiusError:
        broken["another error than its status says"] += 1
    broken["sent on after the refusals"] += max(0, turning.refused - concurrency)
    turning.healed = True
    whole = run()
    broken["rows that the next run leaves out"] += int((whole["neb_status"] != "ok").sum())
    broken["bought again"] += sum(count > 1 for count in nine.executed.values())
    return broken, turning.refused


def test_a_job_whose_key_or_money_ends_stops_and_goes_on_later():
    dice = random.Random(SEED)
    nine, broken, refused = Nine(), Counter(), 0
    jobs = size(15, 500)
    with in_thread(nine):
        neb.connect("x", nine.url)
        for number in range(jobs):
            wrong, times = one(nine, dice, number)
            broken += wrong
            refused += times
    kinds = (
        "the job went on as if nothing was",
        "rows marked as failed",
        "answers lost",
        "another error than its status says",
        "sent on after the refusals",
        "rows that the next run leaves out",
        "bought again",
    )
    proven(
        "R10",
        "jobs whose money or key ends in the middle",
        tried=jobs,
        broken={kind: broken[kind] for kind in kinds},
        seed=SEED,
        seen={"requests refused": refused},
    )
