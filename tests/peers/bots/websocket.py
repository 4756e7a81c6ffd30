"""A chat over WebSocket, on the library `websockets`: JSON objects both ways, sessions that outlive a connection.

In:  {"session_id": S, "text": T} and, if wanted, "id": the same id again gets the same answer and does not count twice.
Out: any number of {"type": "delta", "text"}, when the path is /chat?stream=1, then one {"type": "message", "session_id",
"reply_to", "text", "tool_calls", "end"} or {"type": "error", "message"}. After "end": true the server closes the connection.
"""

import asyncio
import http
import json
import sys

import answers
from websockets.asyncio.server import serve

sessions = {}
answered = {}


def reply(message, headers):
    """The answer to a message, remembered by its id."""
    said = sessions.setdefault(message["session_id"], [])
    key = (message["session_id"], message.get("id"))
    if message.get("id") is None or key not in answered:
        found = answers.answer(list(said), message["text"])
        if message["text"] == "which traceparent":
            found = answers.Answer(f"traceparent: {headers.get('traceparent', 'none')}")
        said.append(message["text"])
        answered[key] = found
    return answered[key]


def frames(message, found, stream):
    """What is sent for an answer."""
    if found.failed:
        yield {"type": "error", "message": found.text}
        return
    if stream:
        words = found.text.split(" ")
        yield from ({"type": "delta", "text": word if place == 0 else f" {word}"} for place, word in enumerate(words))
    calls = []
    if found.city:
        calls = [{"name": "get_weather", "arguments": {"city": found.city}, "result": answers.weather(found.city)}]
    yield {
        "type": "message",
        "session_id": message["session_id"],
        "reply_to": message.get("id"),
        "text": found.text,
        "tool_calls": calls,
        "end": found.end,
    }


async def chat(connection):
    stream = connection.request.path.endswith("?stream=1")
    async for frame in connection:
        try:
            message = json.loads(frame)
            found = reply(message, connection.request.headers)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            await connection.send(json.dumps({"type": "error", "message": f"not a message: {error!r}"}))
            continue
        await asyncio.sleep(found.pause)
        for out in frames(message, found, stream):
            await connection.send(json.dumps(out))
        if found.end:
            await connection.close()


def route(connection, request):
    """The chat is at /chat; /ready answers plain requests."""
    path = request.path.partition("?")[0]
    if path == "/ready":
        return connection.respond(http.HTTPStatus.OK, "ready\n")
    if path != "/chat":
        return connection.respond(http.HTTPStatus.NOT_FOUND, "the chat is at /chat\n")
    return None


async def main():
    async with serve(chat, "127.0.0.1", int(sys.argv[1]), process_request=route) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
