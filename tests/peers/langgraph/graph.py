"""A graph for the LangGraph server: an agent node and a tool node, with the conversation kept by thread."""

import asyncio

from langchain_core.messages import AIMessage, HumanMessage
from langchain_core.tools import tool
from langgraph.graph import START, MessagesState, StateGraph
from langgraph.prebuilt import ToolNode, tools_condition
from langgraph.types import interrupt

import answers


@tool
def get_weather(city: str) -> str:
    """What the weather is like in a city."""
    return answers.weather(city)


async def agent(state: MessagesState):
    """Calls the tool or answers, as a model would. "Cancel my order" pauses the run for a person's answer."""
    texts = [message.text for message in state["messages"] if isinstance(message, HumanMessage)]
    if not texts:
        return {"messages": [AIMessage("Hello, this is the concierge.")]}
    unanswered = isinstance(state["messages"][-1], HumanMessage)
    if unanswered and texts[-1].strip().lower() == "cancel my order":
        decision = interrupt({"question": "Shall I cancel order 7?"})
        return {"messages": [AIMessage("Order 7 is cancelled." if decision == "yes" else "Order 7 stays.")]}
    found = answers.answer(texts[:-1], texts[-1])
    await asyncio.sleep(found.pause)
    if found.failed:
        raise RuntimeError(found.text)
    if found.city and unanswered:
        call = {"name": "get_weather", "args": {"city": found.city}, "id": f"call_{len(state['messages'])}"}
        return {"messages": [AIMessage("", tool_calls=[call])]}
    return {"messages": [AIMessage(found.text)]}


builder = StateGraph(MessagesState)
builder.add_node("agent", agent)
builder.add_node("tools", ToolNode([get_weather]))
builder.add_edge(START, "agent")
builder.add_conditional_edges("agent", tools_condition)
builder.add_edge("tools", "agent")
graph = builder.compile()
