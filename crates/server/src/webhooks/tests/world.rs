//! A log, a receiver, and servers that do nothing but send.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use journal::{Journal as _, MemoryJournal};
use model::{
    ArtifactRef, Budget, Commit, CommitMeta, Digest, Event, Kind, ObjectRef, Oid, Plan, PreviousSecret,
    RunCompleted, RunId, RunOptions, RunStarted, RunVerdict, SECRET_OVERLAP_MS, Tally, UnitTestSetId,
    WebhookDelivery, WebhookDestinationCreated, WebhookDestinationId, WebhookSecret, WebhookSecretRotated,
    WebhookType,
};
use projections::{Database, Log};
use tokio::{task::JoinHandle, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    KeyHasher, projector,
    webhooks::{
        Sender, WebhookOptions,
        carrier::{Carrier, Outgoing},
    },
};

pub(super) fn hasher() -> KeyHasher {
    KeyHasher::new([7; 32])
}

pub(super) const fn destination(number: u8) -> WebhookDestinationId {
    WebhookDestinationId(Oid::from_bytes([number; 12]))
}

pub(super) const fn run(number: u8) -> RunId {
    RunId(Oid::from_bytes([100 + number; 12]))
}

pub(super) const fn set() -> UnitTestSetId {
    UnitTestSetId(Oid::from_bytes([99; 12]))
}

pub(super) const fn salt(number: u8) -> [u8; 32] {
    [number; 32]
}

pub(super) const fn new_salt(number: u8) -> [u8; 32] {
    [200 + number; 32]
}

/// How a receiver answers.
#[derive(Clone, Copy, Debug)]
pub(super) enum Answer {
    Status(u16),
    Refused,
    /// Never.
    Silence,
}

/// A request that arrived.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    /// After the first one of all.
    pub(super) at: Duration,
    pub(super) url: String,
    pub(super) body: String,
    headers: Vec<(&'static str, String)>,
}

impl Seen {
    pub(super) fn header(&self, name: &str) -> Option<String> {
        let found = self.headers.iter().find(|(header, _)| *header == name);
        found.map(|(_, value)| value.clone())
    }

    /// The run that it tells of.
    pub(super) fn run(&self) -> String {
        let body: serde_json::Value = serde_json::from_str(&self.body).unwrap();
        body["simulation_unit_test_set_run_id"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

/// Takes what arrives.
#[derive(Debug, Default)]
pub(super) struct Receiver {
    answers: Mutex<VecDeque<Answer>>,
    refusing: Mutex<BTreeSet<String>>,
    seen: Mutex<Vec<(Instant, Seen)>>,
}

impl Receiver {
    /// Answers like this, in order, and then that all is well.
    pub(super) fn answer(&self, answers: &[Answer]) {
        self.answers.lock().unwrap().extend(answers);
    }

    /// Refuses everything that goes there.
    pub(super) fn refuse(&self, url: &str) {
        self.refusing.lock().unwrap().insert(url.to_owned());
    }

    pub(super) fn seen(&self) -> Vec<Seen> {
        let seen = self.seen.lock().unwrap();
        seen.iter().map(|(_, seen)| seen.clone()).collect()
    }

    /// When requests came, in seconds after the first one.
    pub(super) fn times(&self) -> Vec<u64> {
        self.seen().iter().map(|seen| seen.at.as_secs()).collect()
    }
}

#[async_trait]
impl Carrier for Receiver {
    async fn carry(&self, request: &Outgoing) -> Result<u16, String> {
        let url = request.url.as_str().to_owned();
        {
            let mut seen = self.seen.lock().unwrap();
            let now = Instant::now();
            let first = seen.first().map_or(now, |(first, _)| *first);
            let arrived = Seen {
                at: now - first,
                url: url.clone(),
                body: String::from_utf8(request.body.to_vec()).unwrap(),
                headers: request.headers.clone(),
            };
            seen.push((now, arrived));
        }
        if self.refusing.lock().unwrap().contains(&url) {
            return Ok(503);
        }
        let answer = self.answers.lock().unwrap().pop_front();
        match answer.unwrap_or(Answer::Status(200)) {
            Answer::Status(status) => Ok(status),
            Answer::Refused => Err("connection refused".to_owned()),
            Answer::Silence => std::future::pending().await,
        }
    }
}

pub(super) struct World {
    pub(super) journal: MemoryJournal,
    pub(super) receiver: Arc<Receiver>,
    n_commands: AtomicU64,
}

/// A server that does nothing but send.
pub(super) struct SendingServer {
    shutdown: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

impl SendingServer {
    /// Ends without a word.
    pub(super) fn crash(&self) {
        for task in &self.tasks {
            task.abort();
        }
    }

    pub(super) async fn stop(self) {
        self.shutdown.cancel();
        for task in self.tasks {
            task.await.unwrap();
        }
    }
}

impl World {
    pub(super) fn new() -> Self {
        Self::on(MemoryJournal::new())
    }

    pub(super) fn on(journal: MemoryJournal) -> Self {
        Self {
            journal,
            receiver: Arc::default(),
            n_commands: AtomicU64::new(0),
        }
    }

    pub(super) async fn server(&self, name: &str) -> SendingServer {
        let database = Database::in_memory().unwrap();
        let shutdown = CancellationToken::new();
        let log: Arc<dyn journal::Journal> = Arc::new(self.journal.connection(name));
        let projected = Arc::new(self.journal.clone()) as Arc<dyn journal::Journal>;
        projector::catch_up(&projected, &database).await.unwrap();
        let after = database.sequences().of(Log::Events);
        let (followed, stop) = (database.clone(), shutdown.clone());
        let projecting = async move {
            projector::follow(&projected, &followed, Log::Events, after, None, stop)
                .await
                .unwrap();
        };
        let clock = self.journal.clone();
        let carrier: Arc<dyn Carrier> = self.receiver.clone();
        let sender = Sender::new(
            log,
            database,
            Arc::new(move || clock.now()),
            hasher(),
            carrier,
            WebhookOptions::default(),
        );
        SendingServer {
            tasks: vec![
                tokio::spawn(projecting),
                tokio::spawn(sender.run(shutdown.clone())),
            ],
            shutdown,
        }
    }

    async fn append(&self, object: ObjectRef, event: Event) {
        let org = "acme".parse().unwrap();
        let tail = self.journal.org_tail(&org).await.unwrap();
        let command = format!("c{}", self.n_commands.fetch_add(1, Ordering::SeqCst));
        let commit = Commit {
            org,
            object,
            meta: CommitMeta {
                actor: "ann".parse().unwrap(),
                at: self.journal.now(),
                command_digest: Digest::of(command.as_bytes()),
                command_id: command.parse().unwrap(),
                index: 0,
                count: 1,
                traceparent: None,
            },
            events: vec![event],
        };
        self.journal.append(&[commit], tail).await.unwrap();
    }

    pub(super) async fn change(&self, number: u8, event: Event) {
        self.append(
            ObjectRef::new(Kind::WebhookDestination, destination(number)),
            event,
        )
        .await;
    }

    pub(super) async fn create(&self, number: u8, types: &[WebhookType], retry_attempts: u32) {
        let url = format!("https://one.example/{number}");
        let created = WebhookDestinationCreated {
            url: url.as_str().try_into().unwrap(),
            accepted_types: types.iter().copied().collect(),
            retry_attempts,
            secret: WebhookSecret {
                salt: salt(number),
                generated_at: self.journal.now(),
            },
        };
        self.change(number, Event::WebhookDestinationCreated(created))
            .await;
    }

    pub(super) async fn rotate(&self, number: u8) {
        let now = self.journal.now();
        let rotated = WebhookSecretRotated {
            secret: WebhookSecret {
                salt: new_salt(number),
                generated_at: now,
            },
            previous: PreviousSecret {
                salt: salt(number),
                until: now.plus_millis(SECRET_OVERLAP_MS),
            },
        };
        self.change(number, Event::WebhookSecretRotated(rotated)).await;
    }

    /// Starts a run and completes it.
    pub(super) async fn complete(&self, number: u8) {
        let object = ObjectRef::new(Kind::Run, run(number));
        let started = RunStarted {
            set_id: set(),
            set_name: "all".try_into().unwrap(),
            plan: Plan {
                tests: Vec::new(),
                options: RunOptions {
                    seed: 1,
                    max_concurrency: None,
                    budget: Budget::default(),
                    rerun_of: None,
                    cast: model::Cast::default(),
                },
            },
            manifest: Digest::of(b"manifest"),
        };
        self.append(object.clone(), Event::RunStarted(started)).await;
        let completed = RunCompleted {
            tally: Tally {
                passed: 1,
                failed: 1,
                ..Tally::of(2)
            },
            verdict: RunVerdict::Failed,
            artifact: ArtifactRef {
                digest: Digest::of(b"artifact!"),
                size_bytes: 9,
            },
        };
        self.append(object, Event::RunCompleted(completed)).await;
    }

    /// What is kept of the deliveries to a destination, the newest first.
    pub(super) async fn deliveries(&self, number: u8) -> Vec<WebhookDelivery> {
        let org = "acme".parse().unwrap();
        let stored = self.journal.deliveries(&org, destination(number)).await;
        stored.unwrap().into_iter().map(|stored| stored.value).collect()
    }
}
