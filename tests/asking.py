"""A client with a clock of its own, a recorder that remembers, and what they ask."""

import anyio
from raw_server import Play, answer

from nbnebius.client import AsyncClient
from nbnebius.events import Intent
from nbnebius.transport import Transport

KEY = "canary-key-0123456789-abcdef"
PROMPT = "the canary sang a secret song of forty-two notes"
BODY = {"model": "m", "messages": [{"role": "user", "content": PROMPT}], "top_p": None}
CHAT = {
    "id": "c",
    "choices": [{"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}],
}


class Clock:
    """Time that passes only when somebody sleeps."""

    def __init__(self):
        self.now = 0.0
        self.slept = []

    async def sleep(self, seconds):
        self.slept.append(seconds)
        self.now += seconds
        await anyio.lowlevel.checkpoint()


def client(server, memory=None, clock=None, **more):
    clock = clock or Clock()
    transport = Transport(
        server.url,
        more.pop("secret", None),
        recorder=memory,
        sleep=clock.sleep,
        jitter=lambda: 0.5,
        clock=lambda: clock.now,
        **more,
    )
    return AsyncClient(transport=transport)


def refusal(status, **headers):
    return Play(answer(b'{"error": "no"}', status, **headers))


INTENT = Intent(key=b"0123456789abcdef", kind="chat", service="test", model="m")


class Memory:
    """Remembers every entry, in order, together with what the server had seen by then."""

    def __init__(self, server=None):
        self.entries = []
        self.outcomes = []
        self.intents = []
        self.server = server
        self.received_bytes = b""

    def _enter(self, what):
        seen = len(self.server.requests) if self.server else None
        self.entries.append((what, seen))

    async def sending(self, intent, attempt):
        self._enter(f"sending {attempt}")
        self.intents.append(intent)
        return len(self.intents)

    async def received(self, record, data):
        self._enter("received")
        self.received_bytes += data

    async def ended(self, record, outcome):
        self._enter(f"ended {record} {outcome.state}")
        self.outcomes.append(outcome)

    @property
    def states(self):
        return [outcome.state for outcome in self.outcomes]
