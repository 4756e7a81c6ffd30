//! Reading commits.

use model::{Commit, ObjectRef, OrgId, Recorded, codec};

use super::{
    Inner,
    read::Entry,
    streams::EVENTS,
    subscribe::{Follow, follow},
};
use crate::{JournalError, Subscription, subject};

/// Decodes a commit and checks that it stands where it belongs.
pub(super) fn recorded(entry: &Entry) -> Result<Recorded, JournalError> {
    let unreadable = |source| JournalError::Unreadable {
        stream: EVENTS,
        sequence: entry.sequence,
        source,
    };
    let commit = codec::decode_commit(&entry.payload).map_err(unreadable)?;
    check_subject(&entry.subject, &commit).map_err(unreadable)?;
    Ok(Recorded {
        sequence: entry.sequence,
        commit,
    })
}

fn check_subject(found: &str, commit: &Commit) -> Result<(), codec::DecodeError> {
    let expected = subject::event(&commit.org, &commit.object);
    if found == expected {
        return Ok(());
    }
    let reason = format!("it stands on {found} and belongs on {expected}");
    Err(codec::DecodeError::Damaged {
        what: "commit",
        reason,
    })
}

impl Inner {
    pub(super) async fn last_commit(
        &self,
        org: &OrgId,
        object: &ObjectRef,
    ) -> Result<Option<Recorded>, JournalError> {
        let last = self
            .connection
            .last(EVENTS, &subject::event(org, object))
            .await
            .map_err(|failure| failure.into_error("last_commit"))?;
        last.map(|last| recorded(&last.entry)).transpose()
    }

    pub(super) async fn history(
        &self,
        org: &OrgId,
        object: &ObjectRef,
    ) -> Result<Vec<Recorded>, JournalError> {
        let read = async {
            self.connection
                .range(EVENTS, subject::event(org, object), 1)
                .await?
                .collect()
                .await
        };
        let entries = read.await.map_err(|failure| failure.into_error("history"))?;
        entries.iter().map(recorded).collect()
    }

    pub(super) async fn page(
        &self,
        org: &OrgId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool), JournalError> {
        const OPERATION: &str = "page";
        let from = after.saturating_add(1);
        let range = self
            .connection
            .range(EVENTS, subject::org_events(org), from)
            .await
            .map_err(|failure| failure.into_error(OPERATION))?;
        let mut range = range.for_first(limit.saturating_add(1));
        let mut page = Vec::new();
        while let Some(entry) = range
            .next()
            .await
            .map_err(|failure| failure.into_error(OPERATION))?
        {
            if page.len() == limit {
                return Ok((page, true));
            }
            page.push(recorded(&entry)?);
        }
        Ok((page, false))
    }

    pub(super) async fn subscribe_events(&self, after: u64) -> Result<Subscription<Recorded>, JournalError> {
        follow(
            &self.connection,
            Follow {
                stream: EVENTS,
                after,
                headers_only: false,
            },
            |entry| recorded(&entry),
        )
        .await
    }
}
