"""The agent behind both A2A servers: which steps answer a message. How they are published is the business of each SDK."""

import re

import answers

REPORT = [("chunk", ("report.txt", text, text != "one ", text == "three")) for text in ("one ", "two ", "three")]


class Concierge:
    """Keeps what the user said by context, and nothing else.

    A step is a kind and a text. `message` answers without a task; all others belong to one: `working`, `pause` (seconds),
    `chunk` (of an artifact: its name, the text, whether it is appended, whether it is the last), `ask` (input required),
    `authenticate`, `completed`, `failed`, `rejected`.
    """

    def __init__(self):
        self.said = {}
        self.asked = set()

    def steps(self, context, task, text, headers):
        """What answers `text`."""
        earlier = self.said.setdefault(context, [])
        answer = answers.answer(list(earlier), text)
        earlier.append(text)
        if task in self.asked:
            return self.served(task, text)
        order = text.strip().lower()
        if order == "order coffee":
            self.asked.add(task)
            return [("working", None), ("ask", "Which size: small or large?")]
        if order == "report":
            return [("working", "Writing."), *REPORT, ("completed", None)]
        if order == "reject":
            return [("rejected", "Not on the menu.")]
        if order == "sign in":
            return [("authenticate", "Sign in first.")]
        if order == "which traceparent":
            return [("message", f"traceparent: {headers.get('traceparent', 'none')}")]
        if answer.failed:
            return [("failed", answer.text)]
        if answer.pause:
            return [("working", "One moment."), ("pause", answer.pause), ("completed", answer.text)]
        return [("message", answer.text)]

    def served(self, task, text):
        """What follows the question for a size."""
        size = re.search(r"small|large", text, re.IGNORECASE)
        if not size:
            return [("ask", "Small or large?")]
        self.asked.discard(task)
        return [("chunk", ("order.txt", f"1 {size[0].lower()} coffee", False, True)), ("completed", "Here you are.")]
