"""An agent for tests: it speaks Rehearse's stdio protocol and says how many messages it has been sent.

Each call is appended to the file that the environment variable CALLS names, one line of `session turn`, so that a test can tell how
often the agent was called for which turn.
"""

import json
import os
import sys
import time

calls = os.environ.get("CALLS")
pause = float(os.environ.get("PAUSE_SECONDS", "0"))
session = ""
count = 0
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "start":
        session = message["session_id"]
        count = sum(1 for turn in message.get("history", []) if turn["role"] != "agent")
        continue
    count += 1
    if calls:
        with open(calls, "a", encoding="utf-8") as file:
            file.write(f"{session} {message['turn']}\n")
    if pause:
        time.sleep(pause)
    print(json.dumps({"text": f"message {count}: {message.get('text', '')}"}), flush=True)
