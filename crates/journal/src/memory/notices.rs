//! Objects, notices and leads in memory.

use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use model::{OrgId, RunId};
use tokio::{sync::mpsc, time::Instant};

use super::{
    MemoryJournal,
    state::{Lead, Watcher},
};
use crate::{JournalError, LeaseState, Notice, Subscription, checks, subject};

/// Notices that wait for a slow listener before further ones are lost, as with core NATS.
const MAILBOX_CAPACITY: usize = 65_536;

/// Delivers to those who listen, and forgets those who have gone.
fn deliver<T: Clone>(watchers: &mut Vec<Watcher<T>>, org: &OrgId, run: RunId, notice: &T) {
    watchers.retain(|watcher| {
        if watcher.listens_to(org, run) {
            // A full mailbox loses the notice: notices are not stored.
            let _full_or_gone = watcher.mailbox.try_send(notice.clone());
        }
        !watcher.mailbox.is_closed()
    });
}

fn listen<T: Send + 'static>(
    journal: MemoryJournal,
    watchers: &mut Vec<Watcher<T>>,
    org: Option<OrgId>,
    run: Option<RunId>,
) -> Subscription<T> {
    let (mailbox, notices) = mpsc::channel(MAILBOX_CAPACITY);
    watchers.push(Watcher { org, run, mailbox });
    Box::pin(stream::unfold(
        (journal, notices),
        |(journal, mut notices)| async move {
            loop {
                let notice = notices.recv().await?;
                if !journal.is_cut() {
                    return Some((Ok(notice), (journal, notices)));
                }
            }
        },
    ))
}

impl MemoryJournal {
    pub(super) async fn do_put_object(&self, name: &str, bytes: Bytes) -> Result<(), JournalError> {
        checks::object(name, &bytes)?;
        self.call("put_object", name, |state| {
            state.objects.insert(name.to_owned(), bytes);
            Ok(())
        })
        .await
    }

    pub(super) async fn do_object(&self, name: &str) -> Result<Option<Bytes>, JournalError> {
        checks::object_digest(name)?;
        self.look("object", name, |state| Ok(state.objects.get(name).cloned()))
            .await
    }

    pub(super) async fn do_tell(&self, notice: Notice) -> Result<(), JournalError> {
        self.fit("tell", notice.payload.to_vec())?;
        self.call("tell", &subject::live(&notice.org, notice.run), |state| {
            deliver(&mut state.watchers, &notice.org, notice.run, &notice);
            Ok(())
        })
        .await
    }

    pub(super) async fn do_watch(
        &self,
        org: &OrgId,
        run: Option<RunId>,
    ) -> Result<Subscription<Notice>, JournalError> {
        self.call("watch", org.as_str(), |state| {
            Ok(listen(self.clone(), &mut state.watchers, Some(org.clone()), run))
        })
        .await
    }

    pub(super) async fn do_tell_cancelled(&self, org: &OrgId, run: RunId) -> Result<(), JournalError> {
        self.call("tell_cancelled", &subject::control(org, run), |state| {
            deliver(&mut state.cancel_watchers, org, run, &(org.clone(), run));
            Ok(())
        })
        .await
    }

    pub(super) async fn do_watch_cancelled(&self) -> Result<Subscription<(OrgId, RunId)>, JournalError> {
        self.call("watch_cancelled", "", |state| {
            Ok(listen(self.clone(), &mut state.cancel_watchers, None, None))
        })
        .await
    }

    pub(super) async fn do_lead(
        &self,
        name: &str,
        holder: &str,
        ttl: Duration,
    ) -> Result<LeaseState, JournalError> {
        checks::lead(name, holder, ttl)?;
        // The lead counts from when it was asked for, which is before any delay on the way.
        let until = Instant::now() + ttl;
        self.call("lead", name, |state| {
            let now = Instant::now();
            match state.leads.get(name) {
                Some(lead) if lead.holder != holder && lead.until > now => {
                    Ok(LeaseState::HeldBy(lead.holder.clone()))
                }
                Some(_) | None => {
                    state.leads.insert(
                        name.to_owned(),
                        Lead {
                            holder: holder.to_owned(),
                            until,
                        },
                    );
                    Ok(LeaseState::Held)
                }
            }
        })
        .await
    }

    pub(super) async fn do_resign(&self, name: &str, holder: &str) -> Result<(), JournalError> {
        checks::lead_name(name, holder)?;
        self.call("resign", name, |state| {
            if state.leads.get(name).is_some_and(|lead| lead.holder == holder) {
                state.leads.remove(name);
            }
            Ok(())
        })
        .await
    }
}
