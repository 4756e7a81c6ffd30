//! The messages of one conversation.

use model::{ConversationResult, Oid, Role, Time, interaction_id, interaction_indices, message_id};
use serde::{Deserialize, Serialize};

use crate::{
    SortKey,
    read::words,
    request::{request, versions},
    shape::MessageTypeWord,
};

/// What kind of message it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageType {
    /// The simulated user says it.
    User,
    /// The agent says it.
    Agent,
    /// The agent thinks it. Simulated conversations have none.
    AgentInnerThought,
    /// It happens.
    ExternalEvent,
}

words! {
    MessageType {
        User = "user-message",
        Agent = "agent-message",
        AgentInnerThought = "agent-inner-thought",
        ExternalEvent = "external-event",
    }
}

impl From<Role> for MessageType {
    fn from(role: Role) -> Self {
        match role {
            Role::User => Self::User,
            Role::Agent => Self::Agent,
            Role::Event => Self::ExternalEvent,
        }
    }
}

/// The types that are shown where none is asked for.
const SHOWN: [MessageTypeWord; 3] = [
    MessageTypeWord(MessageType::Agent),
    MessageTypeWord(MessageType::ExternalEvent),
    MessageTypeWord(MessageType::User),
];

request! {
    /// Reads the messages of a conversation.
    MessagesQuery {
        /// The conversation.
        conversation_id: Oid = required(),
        /// Only these.
        id: Vec<Oid> = values(),
        /// Of any of these types.
        message_type: Vec<MessageTypeWord> = values_or(&SHOWN),
        /// Of any of these interactions.
        interaction_id: Vec<Oid> = values(),
        /// The page's size.
        limit: u32 = page_size(1..=500, 500),
        /// Where the page begins.
        continuation_token: u64 = page_start(),
        /// The order; none: newest first.
        sort_by: Vec<SortKey> = order(&["interaction_id", "created_at"]),
    }
}

/// One message.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationMessage)]
pub struct Message {
    /// Its id, as metric results refer to it.
    pub id: Oid,
    /// The interaction that it is of.
    pub interaction_id: Oid,
    /// When it was said.
    pub created_at: Time,
    /// Who says it, for people.
    pub sender: String,
    /// What was said. Hostile text: never to be interpreted.
    pub message: String,
    /// How it was delivered.
    pub format: Format,
    /// What kind of message it is.
    pub message_type: MessageTypeWord,
}

/// How a message is delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ConversationMessageFormat)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// As text.
    Text,
}

impl Message {
    /// Every message of a conversation, in the order in which they were said. `persona` and `agent` are the names of who took part.
    pub fn all_of(conversation: &ConversationResult, persona: &str, agent: &str) -> Vec<Self> {
        let (run, n) = (conversation.run, conversation.n);
        let turns = conversation.turns.iter();
        turns
            .zip(interaction_indices(&conversation.turns))
            .map(|(turn, interaction)| Self {
                id: message_id(run, n, turn.index),
                interaction_id: interaction_id(run, n, interaction),
                created_at: turn.at,
                sender: match turn.role {
                    Role::User => persona.to_owned(),
                    Role::Agent => agent.to_owned(),
                    Role::Event => turn.role.as_str().to_owned(),
                },
                message: turn.text.clone(),
                format: Format::Text,
                message_type: MessageTypeWord(turn.role.into()),
            })
            .collect()
    }
}

versions! {
    /// A page of messages.
    Messages { messages: Message }
}
