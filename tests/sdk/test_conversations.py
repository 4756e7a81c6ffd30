"""Reading simulated conversations and their messages, and measuring them again."""

import pytest
from amigo_sdk.errors import BadRequestError, NotFoundError
from amigo_sdk.generated.model import GetConversationMessagesParametersQuery, GetConversationsParametersQuery
from world import UNKNOWN, scenario_version


@pytest.fixture(scope="module")
def conversations(world, api, finished_run):
    """The two conversations of the finished run, oldest first."""
    service = world.once("service", None)
    query = {"service_id": service, "sort_by": "+created_at", "limit": 50}
    listed = api.call("get-conversations", query=query).conversations
    run_of = {item["id"]: item["rehearse"]["run_id"] for item in api.request("get-conversations", query=query).json()["conversations"]}
    return [conversation for conversation in listed if run_of[conversation.id] == finished_run]


def test_conversations_are_listed(client, world, api, conversations):
    assert len(conversations) == 2
    for conversation in conversations:
        assert conversation.is_finished
        assert conversation.service_id == world.once("service", None)
        assert conversation.num_messages == 4
        assert conversation.final_message == "message 2: two"
        assert conversation.version_set_info.name == "release"
        assert conversation.version_set_info.agent_version_info == (world.once("agent", None), 2)
    ids = [conversation.id for conversation in conversations]
    by_id = client.conversations.get_conversations(GetConversationsParametersQuery(id=ids, is_finished=True))
    assert {conversation.id for conversation in by_id.conversations} == set(ids)
    assert api.call("get-conversations", query={"id": ids, "is_finished": False}).conversations == []


def test_messages_are_read(client, api, conversations):
    conversation = conversations[0].id
    query = {"sort_by": "+created_at"}
    messages = api.call("get-conversation-messages", conversation_id=conversation, query=query).messages
    assert [message.message for message in messages] == ["one", "message 1: one", "two", "message 2: two"]
    assert [message.message_type.value for message in messages] == ["user-message", "agent-message"] * 2
    assert messages[0].interaction_id == messages[1].interaction_id != messages[2].interaction_id
    assert {message.format.value for message in messages} == {"text"}
    of_agent = GetConversationMessagesParametersQuery(message_type=["agent-message"], limit=1)
    page = client.conversations.get_conversation_messages(conversation, of_agent)
    assert (len(page.messages), page.has_more) == (1, True)
    of_one = {"interaction_id": messages[2].interaction_id}
    found = api.call("get-conversation-messages", conversation_id=conversation, query=of_one).messages
    assert {message.message for message in found} == {"two", "message 2: two"}
    with pytest.raises(NotFoundError):
        api.call("get-conversation-messages", conversation_id=UNKNOWN)


def test_a_conversation_is_measured_again(world, api, conversations):
    conversation = conversations[0].id
    sings, counts = world.once("singing", None), world.once("metric", None)
    body = {"metric_ids": [sings, counts], "conversation_id": conversation}
    measured = api.call("evaluate-metrics", body=body).metrics
    assert [(metric.metric_id, metric.value) for metric in measured] == [(sings, False), (counts, True)], "in the order asked for"
    first = api.call("get-conversation-messages", conversation_id=conversation, query={"sort_by": "+created_at"}).messages[0]
    early = body | {"evaluate_to_interaction_id": first.interaction_id, "metric_ids": [counts]}
    (metric,) = api.call("evaluate-metrics", body=early).metrics
    assert metric.value is False, "up to the first interaction the agent has counted to one only"

    query = {"conversation_id": conversation, "source_type": "manual"}
    stored = api.call("get-metric-evaluation-results", query=query).metric_evaluation_results
    assert {(result.metric_id, result.result) for result in stored} == {(sings, False), (counts, False)}, "the later replaces the earlier"
    (cut,) = [result for result in stored if result.metric_id == counts]
    assert cut.source.root.evaluate_to_interaction_id == first.interaction_id
    assert cut.source.root.invoked_by.user_id == world.client.config.user_id


def test_a_conversation_without_interactions_has_nothing_to_measure(world, api):
    silent = world.scenario(initial_version=scenario_version(rehearse={"script": [{"end": "gave_up"}]}))
    unit_test = world.unit_test(scenario_id=silent)
    world.finish(world.run(world.set_of([(unit_test, 1)])))
    (conversation,) = api.call("get-conversations", query={"tag": f"unit_test:{unit_test}"}).conversations
    assert (conversation.num_messages, conversation.final_message) == (0, "")
    with pytest.raises(BadRequestError):
        body = {"metric_ids": [world.once("metric", None)], "conversation_id": conversation.id}
        api.call("evaluate-metrics", body=body)


def test_what_cannot_be_measured(world, api, conversations):
    conversation, counts = conversations[0].id, world.once("metric", None)
    for body in (
        {"metric_ids": [UNKNOWN], "conversation_id": conversation},
        {"metric_ids": [counts], "conversation_id": UNKNOWN},
    ):
        with pytest.raises(NotFoundError):
            api.call("evaluate-metrics", body=body)
