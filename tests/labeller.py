"""A server that answers each row by a function of its prompt, and counts what it was asked."""

import json
import threading

from answering import MODELS, Says, said


class Labeller:
    """
    Answers rows; a model list comes first, as of any server.

    Parameters
    ----------
    answer
        Gives a text, a record (sent as JSON) or `Says` for a prompt.
    """

    def __init__(self, answer=lambda prompt: f"<{prompt}>"):
        self.answer = answer
        self.prompts = []
        self.bodies = []
        self.go = threading.Event()  # cleared: answers wait
        self.go.set()

    def __call__(self, seen):
        if seen.path.endswith("/models"):
            return Says(body=MODELS)
        body = seen.json
        prompt = body["messages"][-1]["content"]
        self.bodies.append(body)
        self.prompts.append(prompt)
        self.go.wait(30)
        told = self.answer(prompt)
        if isinstance(told, Says):
            return told
        return Says(body=said(told if isinstance(told, str) else json.dumps(told)))


def refuses(status, message):
    """Give a server's refusal."""
    return Says(status, {"error": {"message": message}})


class Asker:
    """Somebody who answers every question the same way."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    def confirm(self, question):
        self.asked.append(question)
        return self.answer == "y"
