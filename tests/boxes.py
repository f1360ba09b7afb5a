"""A running sandbox, and what it was asked."""

import json
from urllib.request import Request, urlopen


class Box:
    """A running sandbox and what it was asked."""

    def __init__(self, running):
        self.running = running
        self.url, self.key = running.base_url, running.api_key

    def requests(self, path="", state=None):
        """List the requests of one endpoint, oldest first."""
        request = Request(f"{self.running.root_url}sandbox/requests")
        request.add_header("Authorization", f"Bearer {self.key}")
        with urlopen(request) as answer:
            read = json.load(answer)
        listed = read["data"] if isinstance(read, dict) else read
        return [
            one
            for one in reversed(listed)
            if one["path"].endswith(path) and state in {None, one["state"]}
        ]

    def count(self, path):
        return len(self.requests(path))
