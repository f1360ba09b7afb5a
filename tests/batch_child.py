"""
A kernel of its own that works on a batch, and dies where it is told to.

``python batch_child.py URL KEY ROWS POINT``: at the point the process ends at once, as by a power
cut; ``none`` lets it come to its end, and prints how each row stands.
"""

import json
import os
import sys

import pandas as pd

from nbnebius.client.batches import Batches
from nbnebius.client.files import Files
from nbnebius.session import Session
from nbnebius.settings import find_endpoint
from nbnebius.work.map import batch_harvest, batch_send
from nbnebius.work.map.batch_file import BatchRules

DIED = 9
PROMPT = "What is {a} + 1?"
MODEL = "meta-llama/Meta-Llama-3.1-8B-Instruct"
RULES = BatchRules(first_pause=0.05, longest_pause=0.2, group=2)

# point: whose function it is, the function, and how often it may still come back
POINTS = {
    "writing": (batch_send, "claim_rows", 0),
    "planned": (batch_send, "plan_job", 0),
    "uploaded": (Files, "upload", 0),
    "creating": (batch_send, "turn_job", 0),
    "created": (Batches, "create", 0),
    "waiting": (Batches, "retrieve", 0),
    "downloaded": (Files, "save", 0),
    "harvesting": (batch_harvest, "keep_lines", 1),
    "harvested": (batch_harvest, "turn_job", 0),
}


def die_after(owner, name, times):
    original = getattr(owner, name)
    left = [times]

    async def dying(*args, **more):
        result = await original(*args, **more)
        if not left[0]:
            os._exit(DIED)
        left[0] -= 1
        return result

    setattr(owner, name, dying)


def main(url, key, rows, point):
    if point != "none":
        die_after(*POINTS[point])
    session = Session(find_endpoint(key, url))
    session.observer = lambda event: None
    session.batch_rules = RULES
    frame = pd.DataFrame({"a": range(int(rows))})
    got = session.map(frame, PROMPT, model=MODEL, max_tokens=60, via="batch")
    print(json.dumps({"status": list(got.neb_status), "cost": float(got.neb_cost.sum())}))
    session.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
