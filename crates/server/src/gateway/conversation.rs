//! Finished conversations: found by their ids, and read from the log.

use api::error::{ErrorCode, Problem};
use model::{ConversationKey, ConversationResult, Oid, OrgId};
use projections::{ConversationItem, OrgView};

use super::{Gateway, failure};

/// The finished conversation with this id.
pub(super) fn find(view: &OrgView<'_>, id: Oid) -> Result<ConversationItem, Problem> {
    let found = view.conversation(id).map_err(|error| failure::of_query(&error))?;
    found.ok_or_else(|| {
        let detail = format!("there is no finished conversation `{id}`");
        Problem::new(ErrorCode::NotFound, detail)
    })
}

/// Everything about a finished conversation.
pub(super) async fn read(
    gateway: &Gateway,
    org: &OrgId,
    conversation: &ConversationItem,
) -> Result<ConversationResult, Problem> {
    let key = ConversationKey {
        org: org.clone(),
        run: conversation.run,
        n: conversation.n,
    };
    let stored = gateway
        .journal()
        .result(&key)
        .await
        .map_err(|error| failure::of_journal(&error))?;
    stored.map(|stored| stored.value).ok_or_else(|| {
        let detail = format!("conversation `{}` is no longer in the log", conversation.id);
        Problem::new(ErrorCode::NotFound, detail)
    })
}
