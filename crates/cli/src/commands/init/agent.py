"""An agent to start from: it speaks Rehearse's stdio protocol, one JSON object per line each way.

Rehearse starts one process per conversation and sends {"type": "start", ...} first, then {"type": "message", "text": ...} for
everything that the simulated user says. Each message is answered with one line: {"text": ...}.
"""

import json
import sys


def reply(text, asked_before):
    if "parcel" in text.lower() and not asked_before:
        return "Let me look. Your parcel has left the depot."
    return "It will be with you tomorrow."


def main():
    n_messages = 0
    for line in sys.stdin:
        message = json.loads(line)
        if message.get("type") != "message":
            continue
        answer = {"text": reply(message["text"], n_messages > 0)}
        n_messages += 1
        print(json.dumps(answer), flush=True)


main()
