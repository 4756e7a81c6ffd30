//! Lists of finished conversations, and their messages.

mod messages;

use api::{
    TagFilter, TagMatch,
    bus::queries::ConversationList,
    conversation::{
        Extension, Instance, List, ListQuery, PostProcessing, RUN_INDEX_TAG, RUN_TAG, UNIT_TEST_TAG,
        VersionSetInfo, labels,
    },
    error::{ErrorCode, Problem},
    read::read,
    shape::preferences,
};
pub(super) use messages::messages;
use model::{Access, Attributes, Directory as _, Kind, ObjectRef, Oid, Reach, UserId, message_id};
use projections::{ConversationItem, ConversationQuery, OrgView, Page};
use serde_json::Value;

use super::{filter::size, run::Gate};
use crate::gateway::{Caller, Gateway, authorize::visible_to, failure, render};

/// What shows a message.
const SEE_MESSAGE: &str = "Conversation:GetMessage";
/// What shows the version set of a conversation.
const SEE_VERSION_SET: &str = "Service:GetVersionSet";

pub(super) async fn list(gateway: &Gateway, caller: &Caller, body: &Value) -> Result<Value, Problem> {
    let request = read::<ListQuery>(body)?;
    let visible_to = visible_to::<ConversationList>(caller);
    let access = caller.access.clone();
    gateway
        .look(&caller.org, move |view| {
            let page = match wanted(request) {
                Some(wanted) => {
                    let wanted = ConversationQuery { visible_to, ..wanted };
                    view.conversations(&wanted)
                        .map_err(|error| failure::of_query(&error))?
                }
                None => Page::empty(),
            };
            let mut conversations = Vec::with_capacity(page.items.len());
            let mut gate = Gate::new(view, &access);
            for item in page.items {
                let shows_outcome = gate.shows_outcome(item.run, item.unit_test_id)?;
                conversations.push(instance(view, &access, item, shows_outcome)?);
            }
            render(&List {
                conversations,
                has_more: page.has_more,
                continuation_token: page.next_offset,
            })
        })
        .await
}

/// What the projections are asked for; none if no conversation can be like that.
fn wanted(request: ListQuery) -> Option<ConversationQuery> {
    // Conversations are listed once they are finished.
    if request.is_finished == Some(false) {
        return None;
    }
    let users: Vec<UserId> = request
        .user_id
        .iter()
        .filter_map(|user| user.parse().ok())
        .collect();
    if users.is_empty() && !request.user_id.is_empty() {
        return None;
    }
    let mut query = ConversationQuery {
        ids: request.id,
        users,
        service_ids: request.service_id,
        ascending: request.sort_by.first().is_some_and(|key| !key.descending),
        limit: size(request.limit),
        offset: request.continuation_token,
        ..ConversationQuery::default()
    };
    for tag in request.tag {
        narrow(&mut query, tag)?;
    }
    Some(query)
}

/// Narrows a query to conversations with a label; none if no conversation has it, or not beside the others.
fn narrow(query: &mut ConversationQuery, tag: TagFilter) -> Option<()> {
    let value = match tag.value {
        TagMatch::Exactly(value) => Some(value),
        TagMatch::Any => None,
        // Every label of a conversation has a value.
        TagMatch::Null => return None,
    };
    match (tag.key.as_str(), value) {
        (RUN_TAG | UNIT_TEST_TAG | RUN_INDEX_TAG, None) => Some(()),
        (RUN_TAG, Some(value)) => only(&mut query.run_ids, value.parse().ok()?),
        (UNIT_TEST_TAG, Some(value)) => only(&mut query.unit_test_ids, value.parse().ok()?),
        (RUN_INDEX_TAG, Some(value)) => {
            let index: u32 = value.parse().ok()?;
            // Labels are compared as they are written.
            (index.to_string() == value).then_some(())?;
            only(&mut query.run_indices, index)
        }
        (_unknown, _) => None,
    }
}

/// Asks for this value and no other; none if another was asked for already.
fn only<T: PartialEq>(values: &mut Vec<T>, value: T) -> Option<()> {
    if values.iter().any(|known| *known != value) {
        return None;
    }
    values.push(value);
    Some(())
}

fn instance(
    view: &OrgView<'_>,
    access: &Access,
    item: ConversationItem,
    shows_outcome: bool,
) -> Result<Instance, Problem> {
    let result = view
        .run_result(item.run, item.n)
        .map_err(|error| failure::of_query(&error))?;
    let result = result.ok_or_else(|| {
        let detail = format!("conversation `{}` has lost its result", item.id);
        Problem::new(ErrorCode::Internal, detail)
    })?;
    let last = message_id(item.run, item.n, item.n_turns.saturating_sub(1));
    let sees_message = sees(access, SEE_MESSAGE, || Ok(message_attributes(&item, last)))?;
    let sees_version_set = sees(access, SEE_VERSION_SET, || {
        let service = ObjectRef::new(Kind::Service, item.service_id);
        let service = view.object(&service).map_err(|error| failure::of_read(&error))?;
        Ok(service.map(|service| service.attributes()).unwrap_or_default())
    })?;
    Ok(Instance {
        id: item.id,
        user_id: item.creator,
        created_at: item.started_at,
        is_finished: true,
        is_analyzed: true,
        completed_post_processings: vec![PostProcessing::ComputeMetrics],
        final_message: item.last_message.filter(|_text| sees_message).unwrap_or_default(),
        service_id: item.service_id,
        version_set_info: sees_version_set.then(|| VersionSetInfo {
            name: item.version_set,
            agent_version_info: item.agent,
            service_hierarchical_state_machine_version_info: item.context_graph,
            llm_model_preferences: preferences(&item.llm_model_preferences),
        }),
        num_messages: item.n_turns,
        tags: labels(item.run, item.unit_test_id, item.run_index),
        rehearse: Extension {
            run_id: item.run,
            n: item.n,
            unit_test_id: item.unit_test_id,
            run_index: item.run_index,
            verdict: shows_outcome.then(|| item.verdict.into()),
            end_reason: result.end.as_str().to_owned(),
        },
    })
}

/// Whether a permission of the caller reaches something with these attributes.
fn sees(
    access: &Access,
    permission: &str,
    attributes: impl FnOnce() -> Result<Attributes, Problem>,
) -> Result<bool, Problem> {
    match access.reach(permission) {
        Reach::Nothing => Ok(false),
        Reach::Everything => Ok(true),
        Reach::Some => Ok(access.permits(permission, &attributes()?)),
    }
}

/// What conditions on messages can be about.
fn message_attributes(conversation: &ConversationItem, message: Oid) -> Attributes {
    Attributes::from([
        ("id".to_owned(), message.to_string().into()),
        ("conversation_id".to_owned(), conversation.id.to_string().into()),
        ("creator".to_owned(), conversation.creator.as_str().into()),
        ("user_id".to_owned(), conversation.creator.as_str().into()),
        (
            "service_id".to_owned(),
            conversation.service_id.to_string().into(),
        ),
    ])
}
