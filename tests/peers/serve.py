#!/usr/bin/env python3
"""Starts one of the peers that speak over a network: `serve.py NAME [--port N]`.

Prints `ready <url>` when the peer serves; what the peer itself prints goes to standard error. Port 0, the default, takes a free
one. Ends the peer, and whatever it started, when standard input closes, when its own parent is gone, or on SIGTERM or SIGINT.
Needs nothing but Python 3.9 and `scripts/setup-peers`.
"""

import argparse
import contextlib
import ctypes
import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
AGENT = HERE / "agent"
TOOLS = HERE.parents[1] / ".tools" / "peers"

HOST = "127.0.0.1"
START_SECONDS = 90
STOP_SECONDS = 3
# Below the ports that the system hands out by itself, so that nobody gets one of these by chance.
PORTS = range(20_000, 30_000)


def fail(text):
    sys.exit(f"serve: {text}")


def installed(*parts):
    """A file or directory that scripts/setup-peers puts in place."""
    path = TOOLS.joinpath(*parts)
    if not path.exists():
        fail(f"{path} is missing: run scripts/setup-peers" + (" --rasa" if parts[0] == "rasa" else ""))
    return path


def python(environment, *arguments):
    return [installed(environment, "bin", "python"), *arguments]


def node(*arguments):
    return [shutil.which("node") or fail("no node on PATH: install Node.js 20 or newer"), *arguments]


def package(*parts):
    """A file of a package from npm."""
    return installed("node", "node_modules", *parts)


def langgraph(port, scratch):
    # The development server keeps files where it runs and reads the graph from there.
    for file in (HERE / "langgraph" / "langgraph.json", HERE / "langgraph" / "graph.py", AGENT / "answers.py"):
        shutil.copy(file, scratch)
    environment = {
        "LANGSMITH_TRACING": "false",
        "LANGGRAPH_CLI_NO_ANALYTICS": "1",
        "LANGGRAPH_NO_VERSION_CHECK": "true",
    }
    program = installed("langgraph", "bin", "langgraph")
    flags = ["--no-browser", "--no-reload", "--n-jobs-per-worker", "10", "--host", HOST, "--port", str(port)]
    return [program, "dev", *flags], environment, "/ok"


def a2a(port, _scratch):
    return python("a2a", HERE / "a2a" / "server.py", str(port)), {}, "/.well-known/agent-card.json"


def a2a_0_3(port, _scratch):
    return python("a2a_0_3", HERE / "a2a_0_3" / "server.py", str(port)), {}, "/.well-known/agent-card.json"


def responses(port, _scratch):
    return python("responses", HERE / "responses" / "server.py", str(port)), {}, "/readiness"


def websocket(port, _scratch):
    return python("bots", HERE / "bots" / "websocket.py", str(port)), {}, "/ready"


def directline(port, _scratch):
    environment = {"NODE_PATH": str(package()), "PORT": str(port)}
    return node(HERE / "node" / "directline.js"), environment, "/"


def mcp(port, _scratch):
    server = package("@modelcontextprotocol", "server-everything", "dist", "index.js")
    return node(server, "streamableHttp"), {"PORT": str(port)}, "/mcp"


def aimock(port, _scratch):
    program = package("@copilotkit", "aimock", "dist", "cli.js")
    flags = ["--strict", "--host", HOST, "--port", str(port), "--fixtures", HERE / "node" / "aimock.json"]
    return node(program, *flags), {}, "/health"


def rasa(port, scratch):
    project = scratch / "project"
    shutil.copytree(installed("rasa", "project"), project, ignore=shutil.ignore_patterns(".rasa"))
    flags = ["run", "--enable-api", "--interface", HOST, "--port", str(port), "--credentials", "credentials.yml"]
    environment = {
        "RASA_TELEMETRY_ENABLED": "false",
        "SQLALCHEMY_SILENCE_UBER_WARNING": "1",
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    return ["env", "-C", project, installed("rasa", "bin", "rasa"), *flags], environment, "/status"


PEERS = {
    "a2a": a2a,
    "a2a_0_3": a2a_0_3,
    "aimock": aimock,
    "directline": directline,
    "langgraph": langgraph,
    "mcp": mcp,
    "rasa": rasa,
    "responses": responses,
    "websocket": websocket,
}


def take_port(wanted):
    """A port, and the lock on it that keeps other launchers away as long as this one lives: the UDP port of the same number."""
    for port in [wanted] if wanted else random.sample(PORTS, 200):
        lock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            lock.bind((HOST, port))
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((HOST, port))
        except OSError:
            lock.close()
            continue
        return port, lock
    fail(f"port {wanted} is in use" if wanted else "no port is free")


def die_with_parent():
    """In the child, on Linux: even if this process is killed, the peer does not stay behind."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def answers_http(port, path):
    connection = http.client.HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", path)
        return connection.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def stop(peer):
    for number, patience in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, None)):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(peer.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            peer.wait(patience)


def watch(over):
    """Sets `over` when nobody needs the peer any more."""

    def read_to_the_end():
        # A standard input that was never open counts as closed.
        with contextlib.suppress(OSError):
            while os.read(0, 4096):
                pass
        over.set()

    def wait_for_orphanhood(parent):
        while os.getppid() == parent:
            time.sleep(0.2)
        over.set()

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: over.set())
    threading.Thread(target=read_to_the_end, daemon=True).start()
    threading.Thread(target=wait_for_orphanhood, args=(os.getppid(),), daemon=True).start()


def run(name, port, scratch, over):
    command, environment, path = PEERS[name](port, scratch)
    # Nothing of the caller's keys, proxies and configuration, and no home to leave things in.
    kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
    fixed = {"HOME": str(scratch), "PYTHONPATH": str(AGENT), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1"}
    peer = subprocess.Popen(
        [str(word) for word in command],
        cwd=scratch,
        env={**kept, **fixed, **environment},
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        start_new_session=True,
        preexec_fn=die_with_parent,
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not over.is_set() and not answers_http(port, path):
            if peer.poll() is not None:
                fail(f"{name} ended with {peer.returncode} before it served")
            if time.monotonic() > deadline:
                fail(f"{name} did not serve within {START_SECONDS} seconds")
            over.wait(0.05)
        if over.is_set():
            fail(f"told to stop before {name} served (standard input must stay open as long as it is needed)")
        print(f"ready http://{HOST}:{port}", flush=True)
        while not over.wait(0.2):
            if peer.poll() is not None:
                fail(f"{name} ended by itself with {peer.returncode}")
    finally:
        stop(peer)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("name", choices=sorted(PEERS))
    parser.add_argument("--port", type=int, default=0)
    arguments = parser.parse_args()
    over = threading.Event()
    watch(over)
    port, lock = take_port(arguments.port)
    with lock, tempfile.TemporaryDirectory(prefix="rehearse-peer-") as scratch:
        run(arguments.name, port, Path(scratch), over)


if __name__ == "__main__":
    main()
