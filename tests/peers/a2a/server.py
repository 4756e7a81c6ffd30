"""An agent behind the official A2A SDK 1.x, by JSON-RPC and REST: protocol 1.0, and 0.3 as the SDK translates it."""

import asyncio
import sys

import uvicorn
from a2a.helpers import new_task_from_user_message, new_text_message, new_text_part
from a2a.server.agent_execution import AgentExecutor
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import create_agent_card_routes, create_jsonrpc_routes, create_rest_routes
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill
from starlette.applications import Starlette

from concierge import Concierge

DESCRIPTION = "Answers questions and takes orders."


class Executor(AgentExecutor):
    """Publishes what the concierge does as events of protocol 1.0."""

    def __init__(self):
        self.concierge = Concierge()

    async def execute(self, context, event_queue):
        headers = context.call_context.state.get("headers", {})
        steps = self.concierge.steps(context.context_id, context.task_id, context.get_user_input(), headers)
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        announced = context.current_task is not None
        for kind, text in steps:
            if kind == "message":
                await event_queue.enqueue_event(new_text_message(text, context_id=context.context_id))
                continue
            if not announced:
                await event_queue.enqueue_event(new_task_from_user_message(context.message))
                announced = True
            await self.publish(updater, kind, text)

    async def publish(self, updater, kind, text):
        said = updater.new_agent_message([new_text_part(text)]) if text and kind not in ("pause", "chunk") else None
        match kind:
            case "pause":
                await asyncio.sleep(text)
            case "working":
                await updater.start_work(said)
            case "chunk":
                name, chunk, append, last = text
                part = new_text_part(chunk)
                await updater.add_artifact([part], artifact_id=name, name=name, append=append, last_chunk=last)
            case "ask":
                await updater.requires_input(said)
            case "authenticate":
                await updater.requires_auth(said)
            case "completed":
                await updater.complete(said)
            case "failed":
                await updater.failed(said)
            case "rejected":
                await updater.reject(said)

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def main():
    port = int(sys.argv[1])
    url = f"http://127.0.0.1:{port}"
    interfaces = [
        AgentInterface(url=f"{url}/rpc", protocol_binding="JSONRPC", protocol_version="1.0"),
        AgentInterface(url=f"{url}/rest", protocol_binding="HTTP+JSON", protocol_version="1.0"),
        AgentInterface(url=f"{url}/rpc", protocol_binding="JSONRPC", protocol_version="0.3"),
        AgentInterface(url=f"{url}/rest", protocol_binding="HTTP+JSON", protocol_version="0.3"),
    ]
    skill = AgentSkill(id="concierge", name="Concierge", description=DESCRIPTION, tags=["hotel"])
    card = AgentCard(
        name="Concierge",
        description=DESCRIPTION,
        version="1.0.0",
        supported_interfaces=interfaces,
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[skill],
    )
    handler = DefaultRequestHandler(agent_executor=Executor(), task_store=InMemoryTaskStore(), agent_card=card)
    routes = [
        *create_agent_card_routes(card),
        *create_jsonrpc_routes(handler, "/rpc", enable_v0_3_compat=True),
        *create_rest_routes(handler, path_prefix="/rest", enable_v0_3_compat=True),
    ]
    uvicorn.run(Starlette(routes=routes), host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
