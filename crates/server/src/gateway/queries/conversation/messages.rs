//! The messages of one conversation.

use std::cmp::Ordering;

use api::{
    SortKey,
    conversation::{Message, Messages, MessagesQuery},
    error::Problem,
    read::read,
};
use model::{Directory as _, Kind, Object, ObjectRef, Role};
use projections::{ConversationItem, OrgView};
use serde_json::Value;

use super::{super::filter::size, SEE_MESSAGE, message_attributes, sees};
use crate::gateway::{Caller, Gateway, conversation, failure, render};

pub(in super::super) async fn messages(
    gateway: &Gateway,
    caller: &Caller,
    body: &Value,
) -> Result<Value, Problem> {
    let request = read::<MessagesQuery>(body)?;
    let id = request.conversation_id;
    let found = gateway.look(&caller.org, move |view| cast(view, id)).await?;
    let result = conversation::read(gateway, &caller.org, &found.conversation).await?;
    let mut messages = Vec::new();
    for message in Message::all_of(&result, &found.persona, &found.agent) {
        let is_wanted = (request.id.is_empty() || request.id.contains(&message.id))
            && request.message_type.contains(&message.message_type)
            && (request.interaction_id.is_empty()
                || request.interaction_id.contains(&message.interaction_id));
        let attributes = || Ok(message_attributes(&found.conversation, message.id));
        if is_wanted && sees(&caller.access, SEE_MESSAGE, attributes)? {
            messages.push(message);
        }
    }
    sort(&mut messages, &request.sort_by);
    let first = usize::try_from(request.continuation_token).unwrap_or(usize::MAX);
    let n_messages = messages.len();
    let page: Vec<Message> = messages
        .into_iter()
        .skip(first)
        .take(size(request.limit))
        .collect();
    let next = first.saturating_add(page.len());
    let has_more = next < n_messages;
    render(&Messages {
        messages: page,
        has_more,
        continuation_token: has_more.then_some(next as u64),
    })
}

/// Sorts messages that are in the order in which they were said. That order, or its reverse, decides where the keys do not.
fn sort(messages: &mut [Message], keys: &[SortKey]) {
    if keys.first().is_none_or(|key| key.descending) {
        messages.reverse();
    }
    messages.sort_by(|one, other| {
        keys.iter().fold(Ordering::Equal, |order, key| {
            order.then_with(|| {
                let by_key = match key.field.as_str() {
                    "interaction_id" => one.interaction_id.cmp(&other.interaction_id),
                    _ => one.created_at.cmp(&other.created_at),
                };
                if key.descending { by_key.reverse() } else { by_key }
            })
        })
    });
}

/// A conversation, and the names of those who took part in it.
struct Cast {
    conversation: ConversationItem,
    persona: String,
    agent: String,
}

fn cast(view: &OrgView<'_>, id: model::Oid) -> Result<Cast, Problem> {
    let conversation = conversation::find(view, id)?;
    let agent = ObjectRef::new(Kind::Agent, conversation.agent.0);
    let run = ObjectRef::new(Kind::Run, conversation.run);
    let persona = match object(view, &run)? {
        Some(Object::Run(run)) => {
            let planned = run
                .plan
                .locate(conversation.n)
                .and_then(|(test, _)| run.plan.tests.get(test));
            planned.map(|test| ObjectRef::new(Kind::Persona, test.persona.0))
        }
        Some(_) | None => None,
    };
    let persona = match persona {
        Some(persona) => name(view, &persona)?,
        None => None,
    };
    Ok(Cast {
        persona: persona.unwrap_or_else(|| Role::User.as_str().to_owned()),
        agent: name(view, &agent)?.unwrap_or_else(|| Role::Agent.as_str().to_owned()),
        conversation,
    })
}

fn object(view: &OrgView<'_>, object: &ObjectRef) -> Result<Option<Object>, Problem> {
    view.object(object).map_err(|error| failure::of_read(&error))
}

/// The name of an object, deleted or not.
fn name(view: &OrgView<'_>, of: &ObjectRef) -> Result<Option<String>, Problem> {
    Ok(match object(view, of)? {
        Some(Object::Persona(state)) => Some(state.name.to_string()),
        Some(Object::Agent(state)) => Some(state.name.to_string()),
        Some(_) | None => None,
    })
}
