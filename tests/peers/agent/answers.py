"""What the agents behind the peers answer: a function of what the user has said so far, the same in every protocol.

The protocols are other people's; only this is ours. Each peer keeps the user's texts in its own way (a thread, a context, a
chain of responses, a session) and hands them in, so that a wrong answer shows a conversation that was mixed up or lost.
"""

import re
from dataclasses import dataclass

FAILURE = "The kitchen is closed."
LONGEST_PAUSE = 30


@dataclass(frozen=True)
class Answer:
    """One answer; which of its parts can be seen depends on the protocol."""

    text: str
    # The argument of the tool call `get_weather` that comes before the text.
    city: str | None = None
    # Seconds until the answer.
    pause: float = 0
    # The agent says that this was all.
    end: bool = False
    # There is no answer: the text is the error.
    failed: bool = False


def weather(city: str) -> str:
    """What the tool `get_weather` finds."""
    return f"21 degrees and clear in {city}"


def answer(earlier: list[str], text: str) -> Answer:
    """The answer to `text` after the user's `earlier` texts."""
    name = next((found for found in map(name_in, reversed(earlier)) if found), None)
    said = text.strip().lower()
    if told := name_in(text):
        return Answer(f"Nice to meet you, {told}.")
    if "what is my name" in said:
        return Answer(f"Your name is {name}." if name else "You have not told me your name.")
    if "how many messages" in said:
        return Answer(f"You have sent {len(earlier) + 1} messages.")
    if found := re.search(r"weather in (\w+)", text, re.IGNORECASE):
        return Answer(f"It is {weather(found[1])}.", city=found[1])
    if found := re.fullmatch(r"wait (\d+(?:\.\d+)?)", said):
        return Answer(f"I waited {found[1]} seconds.", pause=min(float(found[1]), LONGEST_PAUSE))
    if said == "fail":
        return Answer(FAILURE, failed=True)
    if said.startswith("goodbye"):
        return Answer(f"Goodbye, {name}." if name else "Goodbye.", end=True)
    return Answer(f"You said: {text}")


def name_in(text: str) -> str | None:
    """The name in "my name is NAME"."""
    found = re.search(r"my name is (\w+)", text, re.IGNORECASE)
    return found[1] if found else None
