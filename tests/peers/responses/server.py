"""An agent behind Microsoft's server of the OpenAI Responses API, which keeps responses and their chains."""

import asyncio
import sys

import answers
from azure.ai.agentserver.responses import InMemoryResponseProvider, ResponseEventStream, ResponsesAgentServerHost

app = ResponsesAgentServerHost(prefix="/v1", store=InMemoryResponseProvider())


def texts_of(items):
    """What the user says in these items."""
    for item in items:
        if item.get("type", "message") == "message" and item.get("role") == "user":
            content = item["content"]
            yield content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def usage(texts, answer):
    """A word counts as a token."""
    read, written = len(" ".join(texts).split()), len(answer.split())
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


@app.response_handler
async def handler(request, context, _cancelled):
    texts = [*texts_of(await context.get_history()), *texts_of(await context.get_input_items())]
    answer = answers.answer(texts[:-1], texts[-1]) if texts else answers.Answer("Hello, this is the concierge.")
    stream = ResponseEventStream(response_id=context.response_id, request=request)
    yield stream.emit_created()
    yield stream.emit_in_progress()
    await asyncio.sleep(answer.pause)
    if answer.failed:
        yield stream.emit_failed(code="server_error", message=answer.text)
        return
    if answer.city:
        call = f"call_{len(texts)}"
        for event in stream.output_item_function_call("get_weather", call, f'{{"city": "{answer.city}"}}'):
            yield event
        for event in stream.output_item_function_call_output(call, answers.weather(answer.city)):
            yield event
    for event in stream.output_item_message(answer.text):
        yield event
    yield stream.emit_completed(usage=usage(texts, answer.text))


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
