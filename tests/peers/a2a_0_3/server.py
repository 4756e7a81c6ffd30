"""An agent behind the official A2A SDK 0.3, the last before protocol 1.0, by JSON-RPC and REST."""

import asyncio
import sys

import uvicorn
from a2a.server.agent_execution import AgentExecutor
from a2a.server.apps import A2ARESTFastAPIApplication, A2AStarletteApplication
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import AgentCapabilities, AgentCard, AgentInterface, AgentSkill, Part, TaskState, TextPart
from a2a.utils import new_agent_text_message, new_task
from starlette.applications import Starlette
from starlette.routing import Mount

from concierge import Concierge

DESCRIPTION = "Answers questions and takes orders."

STATES = {
    "working": TaskState.working,
    "ask": TaskState.input_required,
    "authenticate": TaskState.auth_required,
    "completed": TaskState.completed,
    "failed": TaskState.failed,
    "rejected": TaskState.rejected,
}


class Executor(AgentExecutor):
    """Publishes what the concierge does as events of protocol 0.3."""

    def __init__(self):
        self.concierge = Concierge()

    async def execute(self, context, event_queue):
        headers = context.call_context.state.get("headers", {})
        steps = self.concierge.steps(context.context_id, context.task_id, context.get_user_input(), headers)
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        announced = context.current_task is not None
        for kind, text in steps:
            if kind == "message":
                await event_queue.enqueue_event(new_agent_text_message(text, context_id=context.context_id))
                continue
            if not announced:
                await event_queue.enqueue_event(new_task(context.message))
                announced = True
            await self.publish(updater, kind, text)

    async def publish(self, updater, kind, text):
        if kind == "pause":
            await asyncio.sleep(text)
        elif kind == "chunk":
            name, chunk, append, last = text
            part = Part(root=TextPart(text=chunk))
            await updater.add_artifact([part], artifact_id=name, name=name, append=append, last_chunk=last)
        else:
            said = updater.new_agent_message([Part(root=TextPart(text=text))]) if text else None
            final = kind not in ("working", "authenticate")
            await updater.update_status(STATES[kind], said, final=final)

    async def cancel(self, context, event_queue):
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def main():
    port = int(sys.argv[1])
    url = f"http://127.0.0.1:{port}"
    card = AgentCard(
        name="Concierge",
        description=DESCRIPTION,
        version="1.0.0",
        url=f"{url}/rpc",
        preferred_transport="JSONRPC",
        additional_interfaces=[AgentInterface(url=f"{url}/rest", transport="HTTP+JSON")],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=["text/plain"],
        default_output_modes=["text/plain"],
        skills=[AgentSkill(id="concierge", name="Concierge", description=DESCRIPTION, tags=["hotel"])],
    )
    handler = DefaultRequestHandler(agent_executor=Executor(), task_store=InMemoryTaskStore())
    rest = A2ARESTFastAPIApplication(agent_card=card, http_handler=handler).build()
    rpc = A2AStarletteApplication(agent_card=card, http_handler=handler).routes(rpc_url="/rpc")
    app = Starlette(routes=[*rpc, Mount("/rest", rest)])
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning")


if __name__ == "__main__":
    main()
