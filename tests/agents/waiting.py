"""An agent that waits for requests on NATS: it opens no port, and any number of its processes share the work.

Usage: waiting.py URL ORGANIZATION AGENT_ID [USER PASSWORD]. Prints `ready` when it waits.
"""

import asyncio
import json
import sys

import nats


def answer(request: dict) -> dict:
    """The reply to one request. All that was said comes with it, so nothing is kept here."""
    said = [turn["text"] for turn in request["history"] if turn["role"] == "user"]
    if request["message"] is None:
        return {"text": f"Welcome, {request['persona']['name']}."}
    if request["message"] == "fail":
        return {"error": "The kitchen is closed."}
    tool_calls = [{"name": "count", "arguments": {"key": request["idempotency_key"]}, "result": len(said) + 1}]
    text = f"message {len(said) + 1}: {request['message']}"
    return {"text": text, "tool_calls": tool_calls, "completed": request["message"] == "goodbye"}


async def main(url: str, organization: str, agent: str, user: str = "", password: str = "") -> None:
    who = {"user": user, "password": password} if user else {}
    client = await nats.connect(url, **who)
    # Of those who wait under one queue name, one gets each request.
    requests = await client.subscribe(f"agt.{organization}.{agent}", queue="agents")
    await client.flush()
    print("ready", flush=True)
    async for message in requests.messages:
        await message.respond(json.dumps(answer(json.loads(message.data))).encode())


asyncio.run(main(*sys.argv[1:]))
