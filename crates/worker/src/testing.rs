//! What tests of this crate share: a run in a memory journal, and users and agents that do what the test says.

mod manifest;
mod stage;

use std::{num::NonZeroUsize, sync::Arc};

use futures::{FutureExt as _, StreamExt as _};
use journal::{Journal as _, MemoryJournal, MemoryOptions};
pub(crate) use manifest::{cannot_continue, criterion, opening};
use model::{
    Commit, CommitMeta, ConversationKey, ConversationResult, Digest, Event, Job, Kind, Manifest, ObjectRef,
    RunStarted, Time, TurnRecord,
};
pub(crate) use stage::{Seen, Stage, polite_user, reply, slow_reply};

use crate::{Clock, Options, Simulation, drive::Shared, link::Link, manifests::Manifests, runs::Runs};

/// One run in a memory journal.
pub(crate) struct World {
    pub(crate) journal: MemoryJournal,
    pub(crate) manifest: Manifest,
    pub(crate) sealed: (Digest, Vec<u8>),
}

impl World {
    /// A run of one test that is repeated `run_count` times, started, as changed by `change`.
    pub(crate) async fn begin(run_count: u32, change: impl FnOnce(&mut Manifest)) -> Self {
        let world = Self::planned(run_count, change);
        world.put_manifest().await;
        world.start().await;
        world
    }

    /// The same, with nothing in the journal yet.
    pub(crate) fn planned(run_count: u32, change: impl FnOnce(&mut Manifest)) -> Self {
        let journal = MemoryJournal::with(MemoryOptions {
            epoch: Time::from_micros(1_000_000_000_000_000),
            ..MemoryOptions::default()
        });
        let mut manifest = manifest::manifest(run_count);
        change(&mut manifest);
        let sealed = manifest.seal().unwrap();
        Self {
            journal,
            manifest,
            sealed,
        }
    }

    pub(crate) async fn put_manifest(&self) {
        let (digest, bytes) = &self.sealed;
        let name = format!("manifest/{digest}");
        self.journal
            .put_object(&name, bytes.clone().into())
            .await
            .unwrap();
    }

    pub(crate) async fn start(&self) {
        self.record(Event::RunStarted(RunStarted {
            set_id: self.manifest.set_id,
            set_name: self.manifest.set_name.clone(),
            plan: self.manifest.plan.clone(),
            manifest: self.sealed.0,
        }))
        .await;
    }

    /// Cancels the run in the log, without a notice.
    pub(crate) async fn cancel(&self) {
        self.record(Event::RunCancelled(model::CancelReason::Asked)).await;
    }

    async fn record(&self, event: Event) {
        let tail = self.journal.org_tail(&self.manifest.org).await.unwrap();
        let commit = Commit {
            org: self.manifest.org.clone(),
            object: ObjectRef::new(Kind::Run, self.manifest.run),
            meta: CommitMeta {
                actor: "ada".parse().unwrap(),
                at: self.journal.now(),
                command_id: format!("command-{tail}").parse().unwrap(),
                command_digest: Digest::of(b"command"),
                index: 0,
                count: 1,
                traceparent: None,
            },
            events: vec![event],
        };
        self.journal.append(&[commit], tail).await.unwrap();
    }

    pub(crate) fn key(&self, n: u32) -> ConversationKey {
        ConversationKey {
            org: self.manifest.org.clone(),
            run: self.manifest.run,
            n,
        }
    }

    pub(crate) fn job(&self, n: u32) -> Job {
        Job {
            key: self.key(n),
            manifest: self.sealed.0,
            failures: Vec::new(),
        }
    }

    pub(crate) async fn result(&self, n: u32) -> ConversationResult {
        self.journal.result(&self.key(n)).await.unwrap().unwrap().value
    }

    pub(crate) async fn has_result(&self, n: u32) -> bool {
        self.journal.has_result(&self.key(n)).await.unwrap()
    }

    pub(crate) async fn turns(&self, n: u32) -> Vec<TurnRecord> {
        self.journal.turns(&self.key(n)).await.unwrap().0
    }

    /// Claims a conversation as another worker would.
    pub(crate) async fn claim(&self, n: u32, worker: &str) {
        let (_, last) = self.journal.turns(&self.key(n)).await.unwrap();
        let claimed = TurnRecord::Claimed {
            worker: worker.to_owned(),
            at: self.journal.now(),
            restart: false,
        };
        self.journal
            .append_turn(&self.key(n), &claimed, last)
            .await
            .unwrap();
    }

    pub(crate) async fn in_flight(&self) -> Vec<u32> {
        let in_flight = self
            .journal
            .in_flight(&self.manifest.org, self.manifest.run)
            .await
            .unwrap();
        in_flight.into_iter().collect()
    }

    /// Options for a worker, with the journal's clock.
    pub(crate) fn options(&self, worker: &str) -> Options {
        let journal = self.journal.clone();
        Options {
            concurrency: NonZeroUsize::new(4).unwrap(),
            clock: Clock::new(move || journal.now()),
            ..Options::new(worker.parse().unwrap())
        }
    }

    /// What a worker's conversations share.
    pub(crate) fn shared(&self, worker: &str, stage: &Arc<Stage>) -> Shared {
        let link = Arc::new(Link::new(Arc::new(self.journal.connection(worker))));
        Shared {
            runs: Runs::new(Arc::clone(&link)),
            link,
            simulation: Arc::clone(stage) as Arc<dyn Simulation>,
            manifests: Manifests::default(),
            options: self.options(worker),
        }
    }

    /// Every notice told from now on, as `type` and number or index.
    pub(crate) async fn notices(&self) -> impl FnMut() -> Vec<serde_json::Value> + use<> {
        let mut notices = self.journal.watch(&self.manifest.org, None).await.unwrap();
        move || {
            let mut told = Vec::new();
            while let Some(Some(Ok(notice))) = notices.next().now_or_never() {
                told.push(serde_json::from_slice(&notice.payload).unwrap());
            }
            told
        }
    }
}
