"""An agent for people at a terminal: with any argument it prompts with `you> `; without it answers line by line."""

import sys

prompt = "you> " if len(sys.argv) > 1 else None


def write(data):
    sys.stdout.buffer.write(data)
    sys.stdout.buffer.flush()


if prompt:
    write(b"Welcome!\r\nHow can I help?\r\n" + prompt.encode())
for line in sys.stdin:
    line = line.rstrip("\n")
    if line == "bye":
        write(b"Good bye.\n")
        sys.exit(0)
    if line == "crash":
        write(b"half an ans")
        sys.exit(4)
    if line == "bytes":
        write(b"caf\xe9\n")
    elif prompt:
        write(f"You said:\r\n{line}\n".encode())
    else:
        write(f"You said: {line}\r\n".encode())
    if prompt:
        write(prompt.encode())
