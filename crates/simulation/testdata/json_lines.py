"""An agent that speaks JSON lines, well or badly: `json_lines.py MODE`."""

import json
import os
import socket
import subprocess
import sys

mode = sys.argv[1]


def say(**fields):
    sys.stdout.write(json.dumps(fields) + "\n")
    sys.stdout.flush()


start = json.loads(sys.stdin.readline())
n_messages = 0
for line in sys.stdin:
    message = json.loads(line)
    n_messages += 1
    text = message.get("text", "")
    if mode == "echo":
        say(text=f"{message['type']} {message['turn']} {message['idempotency_key']}: {text}", turn=message["turn"])
    elif mode == "start":
        say(text=json.dumps(start, sort_keys=True))
    elif mode == "env":
        say(text=json.dumps({"env": sorted(os.environ), "key": os.environ.get("API_KEY"), "cwd": os.getcwd()}))
    elif mode == "tools":
        call = {"name": "book", "arguments": {"day": 3}, "result": {"ok": True}}
        say(text="done", tool_calls=[call], completed=True, usage={"input_tokens": 5, "output_tokens": 2})
    elif mode == "silent_tools":
        say(tool_calls=[{"name": "book"}])
    elif mode == "empty":
        say(text="  ")
    elif mode == "error":
        say(error="the database is down")
    elif mode == "garbage":
        print("Traceback: not JSON at all", flush=True)
    elif mode == "wrong_turn":
        say(text="late", turn=message["turn"] + 2)
    elif mode == "chatty":
        sys.stdout.write('{"text":"one"}\n{"text":"two"}\n')
        sys.stdout.flush()
    elif mode == "flood":
        while True:
            sys.stdout.write("x" * 65536)
    elif mode == "flood_lines":
        while True:
            sys.stdout.write('{"text":"again"}\n' * 1000)
    elif mode == "long":
        say(text="x" * 5_000_000)
    elif mode == "exit":
        sys.stderr.write("noise\n" * 10_000 + f"fatal: cannot use {os.environ.get('API_KEY')}\n")
        sys.exit(3)
    elif mode == "close":
        os.close(1)
        sys.stdin.readline()
    elif mode == "hang":
        sys.stderr.write("still thinking\n")
        sys.stderr.flush()
        sys.stdin.readline()
    elif mode == "family":
        code = f"import socket; s = socket.create_connection(('127.0.0.1', {text})); s.recv(1)"
        subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.DEVNULL)
        say(text="started")
    elif mode == "invalid_utf8":
        sys.stdout.buffer.write(b'{"text": "\xff"}\n')
        sys.stdout.buffer.flush()
    else:
        sys.exit(f"no such mode: {mode}")
