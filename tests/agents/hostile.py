"""Agents that break the stdio protocol, one kind of fault each; the first argument says which.

What a fault leaves behind is noted in the file that the environment variable NOTES names.
"""

import json
import os
import subprocess
import sys
import time

FOR_EVER = 1_000_000


def note(text):
    with open(os.environ["NOTES"], "a", encoding="utf-8") as file:
        file.write(f"{text}\n")


def say(data):
    os.write(1, data)


def reply(text, **more):
    say(json.dumps({"text": text, **more}).encode() + b"\n")


def wait_for_message():
    """Reads on until a turn is due; ends where the conversation does."""
    while True:
        line = sys.stdin.readline()
        if not line:
            sys.exit(0)
        message = json.loads(line)
        if message["type"] != "start":
            return message


def flood(data):
    while True:
        say(data)


HOSTILE = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred\r\n"
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>\n"
    "=HYPERLINK(\"http://example.org\")\n"
    "]]> &amp; {{ persona.name }} ${jndi:ldap://example.org} %n%s \u202egnp.exe \u0000 \ufffe"
)


def main(mode):
    if mode == "exits at once":
        return
    if mode == "exits with 3":
        print("the licence has expired", file=sys.stderr, flush=True)
        sys.exit(3)
    if mode == "floods":
        flood(b'{"text": "nobody asked"}\n')
    if mode == "speaks first":
        reply("welcome")
        note("spoke first")
    wait_for_message()
    if mode == "speaks first":
        reply("hello")
    elif mode == "huge":
        reply("x" * 5_000_000)
    elif mode == "endless":
        flood(b"x" * 65536)
    elif mode == "garbage":
        say(b"Segmentation fault <core dumped>\n")
    elif mode == "array":
        say(b"[1, 2]\n")
    elif mode == "deep":
        say(b"[" * 100_000 + b"\n")
    elif mode == "number":
        say(b'{"text": 42}\n')
    elif mode == "silent":
        time.sleep(FOR_EVER)
    elif mode == "says half of it":
        say(("x" * 395 + os.environ["TOKEN"]).encode())
        os._exit(0)
    elif mode == "dies in the middle":
        say(b'{"text": "I was about to sa')
        os._exit(0)
    elif mode == "is killed":
        os.kill(os.getpid(), 9)
    elif mode == "closes its output":
        os.close(1)
        note(f"pid {os.getpid()}")
        time.sleep(FOR_EVER)
    elif mode == "leaves a grandchild":
        child = subprocess.Popen(["sleep", str(FOR_EVER)])
        note(f"grandchild {child.pid}")
        say(b"oops\n")
    elif mode == "reports an error":
        say(b'{"error": "the backend \\u001b[31m is down"}\n')
    elif mode == "empty":
        reply("")
    elif mode == "empty line":
        say(b"\n")
    elif mode == "not UTF-8":
        say(b'{"text": "caf\xe9"}\n')
    elif mode == "surrogate":
        say(b'{"text": "\\ud800"}\n')
    elif mode == "two replies":
        # In one write, so that the second is there as soon as the first.
        sys.stdout.write(json.dumps({"text": "one"}) + "\n" + json.dumps({"text": "and another"}) + "\n")
        sys.stdout.flush()
    elif mode == "answers another turn":
        reply("hello", turn=77)
    elif mode == "tells its secret":
        print("token is " + os.environ["TOKEN"], file=sys.stderr, flush=True)
        token = os.environ["TOKEN"]
        reply(f"the token is {token}", tool_calls=[{"name": token, "arguments": {token: [token]}, "result": token}])
        wait_for_message()
        print(f"token is {token}", file=sys.stderr, flush=True)
        say(f"oops {token}\n".encode())
    elif mode == "hostile text":
        reply(HOSTILE, tool_calls=[{"name": "\x1b[31m</script>", "arguments": {"=1+1": "</script>\x1b[0m"}}])
    else:
        sys.exit(f"there is no mode {mode!r}")
    while True:
        wait_for_message()
        reply("goodbye")


main(sys.argv[1])
