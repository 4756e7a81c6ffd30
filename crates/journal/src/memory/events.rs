//! Commits in memory: append, read and subscribe.

use futures::stream;
use model::{Commit, ObjectRef, OrgId, Recorded, codec};

use super::{
    MemoryJournal,
    state::{EventKey, Recent, State},
};
use crate::{
    AppendError, Appended, JournalError, LogName, Subscription,
    checks::{self, DUPLICATE_WINDOW, Origin},
    subject,
};

const STREAM: &str = "EVENTS";

pub(super) fn recorded(sequence: u64, bytes: &[u8]) -> Result<Recorded, JournalError> {
    let commit = codec::decode_commit(bytes).map_err(|source| JournalError::Unreadable {
        stream: STREAM,
        sequence,
        source,
    })?;
    Ok(Recorded { sequence, commit })
}

impl MemoryJournal {
    pub(super) async fn do_append(&self, commits: &[Commit], expected: u64) -> Result<Appended, AppendError> {
        let origin = checks::origin(commits)?;
        let mut messages = Vec::with_capacity(commits.len());
        for commit in commits {
            let bytes = self.fit(
                "append",
                codec::encode_commit(commit).map_err(JournalError::from)?,
            )?;
            let key = EventKey {
                org: commit.org.clone(),
                subject: subject::event(&commit.org, &commit.object),
            };
            messages.push((key, bytes));
        }
        let id = format!("{}.{}.{}", origin.org, origin.actor, origin.command);
        self.call("append", origin.org.as_str(), |state| {
            let now = tokio::time::Instant::now();
            state.recent_commands.retain(|_id, recent| recent.until > now);
            if let Some(recent) = state.recent_commands.get(&id) {
                return Ok(Appended {
                    duplicate: true,
                    ..recent.appended
                });
            }
            let tail = state.org_tails.get(origin.org).copied().unwrap_or(0);
            if tail != expected {
                return match own_success(state, origin, expected)? {
                    Some(appended) => Ok(appended),
                    None => Err(AppendError::Conflict { expected }),
                };
            }
            let first = state.events.last_sequence() + 1;
            let last = state.events.last_sequence() + messages.len() as u64;
            for (key, bytes) in messages {
                state.events.push(key, bytes);
            }
            let appended = Appended {
                first,
                last,
                duplicate: false,
            };
            state.org_tails.insert(origin.org.clone(), last);
            state.recent_commands.insert(
                id,
                Recent {
                    appended,
                    until: now + DUPLICATE_WINDOW,
                },
            );
            Ok(appended)
        })
        .await
    }

    pub(super) async fn do_last_commit(
        &self,
        org: &OrgId,
        object: &ObjectRef,
    ) -> Result<Option<Recorded>, JournalError> {
        Ok(self.read_history("last_commit", org, object).await?.pop())
    }

    pub(super) async fn read_history(
        &self,
        operation: &'static str,
        org: &OrgId,
        object: &ObjectRef,
    ) -> Result<Vec<Recorded>, JournalError> {
        let subject = subject::event(org, object);
        self.look(operation, &subject, |state| {
            let messages = state
                .events
                .after(0)
                .filter(|(_sequence, (key, _bytes))| key.subject == subject);
            messages
                .map(|(sequence, (_key, bytes))| recorded(sequence, bytes))
                .collect()
        })
        .await
    }

    pub(super) async fn do_page(
        &self,
        org: &OrgId,
        after: u64,
        limit: usize,
    ) -> Result<(Vec<Recorded>, bool), JournalError> {
        self.look("page", org.as_str(), |state| {
            let mut messages = state
                .events
                .after(after)
                .filter(|(_sequence, (key, _bytes))| key.org == *org);
            let page = messages
                .by_ref()
                .take(limit)
                .map(|(sequence, (_key, bytes))| recorded(sequence, bytes))
                .collect::<Result<_, _>>()?;
            Ok((page, messages.next().is_some()))
        })
        .await
    }

    pub(super) async fn do_subscribe_events(
        &self,
        after: u64,
    ) -> Result<Subscription<Recorded>, JournalError> {
        self.look("subscribe_events", STREAM, |state| {
            not_beyond(STREAM, after, state.events.last_sequence())
        })
        .await?;
        Ok(self.follow(after, |state, sequence| {
            state
                .events
                .get(sequence)
                .map(|(_key, bytes)| recorded(sequence, bytes))
        }))
    }

    /// Messages from `after` + 1 on, and then as they arrive.
    pub(super) fn follow<T: Send + 'static>(
        &self,
        after: u64,
        read: impl Fn(&State, u64) -> Option<Result<T, JournalError>> + Send + Sync + 'static,
    ) -> Subscription<T> {
        let changes = self.shared.changes.subscribe();
        let start = (self.clone(), changes, after + 1, read);
        Box::pin(stream::unfold(
            start,
            |(journal, mut changes, sequence, read)| async move {
                loop {
                    changes.borrow_and_update();
                    let found = if journal.is_cut() {
                        None
                    } else {
                        read(&journal.state(), sequence)
                    };
                    if let Some(item) = found {
                        return Some((item, (journal, changes, sequence + 1, read)));
                    }
                    // The journal holds the sender, and this holds the journal.
                    changes.changed().await.ok()?;
                }
            },
        ))
    }

    pub(super) async fn do_info(&self, log: LogName) -> Result<crate::LogInfo, JournalError> {
        let created = self.shared.options.epoch;
        self.look("info", "", |state| {
            let last_sequence = match log {
                LogName::Events => state.events.last_sequence(),
                LogName::Results => state.results.last_sequence(),
            };
            Ok(crate::LogInfo {
                created,
                last_sequence,
            })
        })
        .await
    }
}

/// A reader that comes from beyond the log's end has read another log.
pub(super) fn not_beyond(stream: &'static str, after: u64, last: u64) -> Result<(), JournalError> {
    if after > last {
        let reason = format!("it ends at {last} but was read to {after} before");
        return Err(JournalError::Discontinuous { stream, reason });
    }
    Ok(())
}

/// The command's own earlier success, if it stands after `expected`.
fn own_success(state: &State, origin: Origin<'_>, expected: u64) -> Result<Option<Appended>, JournalError> {
    let mut own = None;
    for (sequence, (key, bytes)) in state.events.after(expected) {
        if key.org == *origin.org && Origin::of(&recorded(sequence, bytes)?.commit) == origin {
            let first = own.map_or(sequence, |found: Appended| found.first);
            own = Some(Appended {
                first,
                last: sequence,
                duplicate: true,
            });
        }
    }
    Ok(own)
}
