//! The streams: how each is to be, creating those that are missing, checking those that exist.
//!
//! An existing stream is never changed: someone configured it, and a stream that keeps the log for ever is not to be touched by a
//! program that starts.

use std::time::Duration;

use async_nats::jetstream::{
    consumer::{AckPolicy, Config as ConsumerConfig, DeliverPolicy, IntoConsumerConfig as _, pull},
    stream::{Config, DiscardPolicy, Info, RetentionPolicy, StorageType},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    connection::{Connection, persist},
    failure::code,
    options::StreamOptions,
};
use crate::{JournalError, checks, subject};

pub(super) const EVENTS: &str = "EVENTS";
pub(super) const JOBS: &str = "JOBS";
pub(super) const TURNS: &str = "TURNS";
pub(super) const RESULTS: &str = "RESULTS";
pub(super) const DEAD_LETTERS: &str = "DEADLETTERS";
pub(super) const ADVISORIES: &str = "ADVISORIES";
pub(super) const WEBHOOKS: &str = "WEBHOOKS";
pub(super) const LEADS: &str = "LEADS";
/// The bucket of the object store, and the stream that it is kept in.
pub(super) const OBJECTS_BUCKET: &str = "OBJECTS";
pub(super) const OBJECTS: &str = "OBJ_OBJECTS";
/// The consumer that every worker pulls from.
pub(super) const WORKERS: &str = "workers";

/// What the server tells about the consumer for JOBS: deliveries that failed, jobs handed back.
const JOB_ADVISORIES: &str = "$JS.EVENT.ADVISORY.CONSUMER.*.JOBS.>";
/// Jobs in workers' hands at once, over all workers. The server's own default is 1,000, which would be a silent ceiling.
const MAX_HELD_JOBS: i64 = 1_000_000;
/// Workers that wait for a job at once.
const MAX_WAITING_WORKERS: i64 = 16_384;

fn stream(name: &str, subjects: &[&str], replicas: usize) -> Config {
    Config {
        name: name.to_owned(),
        subjects: subjects.iter().map(|&subject| subject.to_owned()).collect(),
        retention: RetentionPolicy::Limits,
        storage: StorageType::File,
        num_replicas: replicas,
        duplicate_window: checks::DUPLICATE_WINDOW,
        max_messages_per_subject: -1,
        ..Config::default()
    }
}

/// Every stream as it is to be.
pub(super) fn definitions(options: &StreamOptions, replicas: usize) -> Vec<Config> {
    vec![
        Config {
            description: Some("every change of every object, for ever".to_owned()),
            discard: DiscardPolicy::New,
            deny_delete: true,
            deny_purge: true,
            allow_direct: true,
            allow_atomic_publish: true,
            ..stream(EVENTS, &[subject::ALL_EVENTS], replicas)
        },
        Config {
            description: Some("conversations admitted and not yet concluded".to_owned()),
            retention: RetentionPolicy::WorkQueue,
            // The server takes no other with schedules. Without a limit nothing is ever discarded.
            discard: DiscardPolicy::Old,
            allow_atomic_publish: true,
            allow_message_schedules: true,
            // Schedules need it: a new schedule on a subject replaces the one before.
            allow_rollup: true,
            ..stream(JOBS, &[subject::ALL_JOBS, subject::ALL_RETRIES], replicas)
        },
        Config {
            description: Some("the journal of each running conversation".to_owned()),
            discard: DiscardPolicy::New,
            max_age: options.turns_max_age,
            allow_direct: true,
            allow_atomic_publish: true,
            ..stream(TURNS, &[subject::ALL_TURNS], replicas)
        },
        Config {
            description: Some("exactly one result for each conversation".to_owned()),
            discard: DiscardPolicy::New,
            discard_new_per_subject: true,
            max_messages_per_subject: 1,
            allow_direct: true,
            allow_atomic_publish: true,
            ..stream(RESULTS, &[subject::ALL_RESULTS], replicas)
        },
        Config {
            description: Some("jobs that were given up, and why".to_owned()),
            max_age: options.dead_letters_max_age,
            allow_direct: true,
            ..stream(DEAD_LETTERS, &[subject::ALL_DEAD_LETTERS], replicas)
        },
        Config {
            description: Some("what the server reports about the delivery of jobs".to_owned()),
            max_age: options.dead_letters_max_age,
            ..stream(ADVISORIES, &[JOB_ADVISORIES], replicas)
        },
        Config {
            description: Some("what webhook destinations were told, and how that went".to_owned()),
            max_age: checks::DELIVERIES_MAX_AGE,
            allow_direct: true,
            ..stream(WEBHOOKS, &[subject::ALL_DELIVERIES], replicas)
        },
        Config {
            description: Some("who leads".to_owned()),
            max_messages_per_subject: 1,
            // Far longer than any lead lasts: it only clears away the names that nobody uses any more.
            max_age: 6 * checks::MAX_LEAD,
            ..stream(LEADS, &[subject::ALL_LEADS], replicas)
        },
        Config {
            description: Some("sealed manifests and artifacts, named by content".to_owned()),
            discard: DiscardPolicy::New,
            allow_rollup: true,
            allow_direct: true,
            ..stream(OBJECTS, &["$O.OBJECTS.C.>", "$O.OBJECTS.M.>"], replicas)
        },
    ]
}

/// The server's configuration of a stream, creating it if it is missing.
pub(super) async fn ensure(
    connection: &Connection,
    expected: &Config,
    replicas: Option<usize>,
) -> Result<(), JournalError> {
    let found = find_or_create(connection, expected).await?;
    match first_difference(&found.config, expected, replicas) {
        None => Ok(()),
        Some((field, found, wanted)) => Err(JournalError::Misconfigured {
            stream: expected.name.clone(),
            field: field.to_owned(),
            found,
            expected: wanted,
        }),
    }
}

async fn find_or_create(connection: &Connection, config: &Config) -> Result<Info, JournalError> {
    const OPERATION: &str = "preparing the streams";
    let name = &config.name;
    let info_call = format!("STREAM.INFO.{name}");
    match persist(|| connection.ask::<Info>(&info_call)).await {
        Ok(info) => return Ok(info),
        Err(failure) if failure.is(code::STREAM_NOT_FOUND) => {}
        Err(failure) => return Err(failure.into_error(OPERATION)),
    }
    let create_call = format!("STREAM.CREATE.{name}");
    match persist(|| connection.api::<Info>(&create_call, config)).await {
        Ok(info) => Ok(info),
        // Another process was quicker, with other options: compare with what it made.
        Err(failure) if failure.is(code::STREAM_NAME_EXISTS) => persist(|| connection.ask(&info_call))
            .await
            .map_err(|failure| failure.into_error(OPERATION)),
        Err(failure) => Err(failure.into_error(OPERATION)),
    }
}

/// The first field that matters and differs: its name, what was found, what is expected.
fn first_difference(
    found: &Config,
    expected: &Config,
    replicas: Option<usize>,
) -> Option<(&'static str, String, String)> {
    fn sorted(subjects: &[String]) -> Vec<&str> {
        let mut subjects: Vec<&str> = subjects.iter().map(String::as_str).collect();
        subjects.sort_unstable();
        subjects
    }
    // Without a limit the server says -1, a configuration file may say 0.
    let per_subject = |config: &Config| config.max_messages_per_subject.max(0);
    macro_rules! compare {
        ($($field:literal: $value:expr;)+) => {$(
            {
                let value = $value;
                let (found, expected) = (format!("{:?}", value(found)), format!("{:?}", value(expected)));
                if found != expected {
                    return Some(($field, found, expected));
                }
            }
        )+};
    }
    compare! {
        "subjects": |config: &Config| sorted(&config.subjects).join(" ");
        "retention": |config: &Config| config.retention;
        "storage": |config: &Config| config.storage;
        "discard": |config: &Config| config.discard;
        "discard_new_per_subject": |config: &Config| config.discard_new_per_subject;
        "max_msgs_per_subject": per_subject;
        "max_age": |config: &Config| config.max_age;
        "duplicate_window": |config: &Config| config.duplicate_window;
        "deny_delete": |config: &Config| config.deny_delete;
        "deny_purge": |config: &Config| config.deny_purge;
        "allow_direct": |config: &Config| config.allow_direct;
        "allow_rollup_hdrs": |config: &Config| config.allow_rollup;
        "allow_atomic": |config: &Config| config.allow_atomic_publish;
        "allow_msg_schedules": |config: &Config| config.allow_message_schedules;
        "no_ack": |config: &Config| config.no_ack;
        "sealed": |config: &Config| config.sealed;
        "mirror": |config: &Config| config.mirror.is_some();
        "sources": |config: &Config| config.sources.as_ref().is_some_and(|sources| !sources.is_empty());
        "subject_transform": |config: &Config| config.subject_transform.is_some();
    }
    let wanted = replicas?;
    let (found, wanted) = (found.num_replicas.to_string(), wanted.to_string());
    (found != wanted).then_some(("num_replicas", found, wanted))
}

#[derive(Deserialize)]
struct ConsumerInfo {
    config: ConsumerConfig,
}

/// A consumer as it is to be: durable, pulled from, each message acknowledged by itself and delivered until it is.
pub(super) struct Consumer<'a> {
    pub(super) stream: &'static str,
    pub(super) name: &'a str,
    pub(super) description: &'static str,
    pub(super) filter: String,
    /// Where it begins when it is made; later it goes on where it was.
    pub(super) start: DeliverPolicy,
    /// How long a message may be in someone's hands without a sign of life.
    pub(super) ack_wait: Duration,
    /// Messages in hands at once.
    pub(super) max_held: i64,
    /// Those who wait for a message at once.
    pub(super) max_waiting: i64,
}

/// The workers' consumer, creating it if it is missing.
pub(super) async fn ensure_workers(
    connection: &Connection,
    options: &StreamOptions,
) -> Result<(), JournalError> {
    let workers = Consumer {
        stream: JOBS,
        name: WORKERS,
        description: "hands jobs to workers",
        filter: subject::ALL_JOBS.to_owned(),
        start: DeliverPolicy::All,
        ack_wait: options.lease_duration,
        max_held: MAX_HELD_JOBS,
        max_waiting: MAX_WAITING_WORKERS,
    };
    ensure_consumer(connection, &workers).await
}

/// The server's configuration of a consumer, creating it if it is missing.
pub(super) async fn ensure_consumer(
    connection: &Connection,
    definition: &Consumer<'_>,
) -> Result<(), JournalError> {
    const OPERATION: &str = "preparing a consumer";
    let Consumer { stream, name, .. } = *definition;
    let expected = pull::Config {
        durable_name: Some(name.to_owned()),
        description: Some(definition.description.to_owned()),
        deliver_policy: definition.start,
        ack_policy: AckPolicy::Explicit,
        ack_wait: definition.ack_wait,
        max_deliver: -1,
        filter_subject: definition.filter.clone(),
        max_ack_pending: definition.max_held,
        max_waiting: definition.max_waiting,
        ..pull::Config::default()
    }
    .into_consumer_config();
    let call = format!("CONSUMER.INFO.{stream}.{name}");
    let found = match persist(|| connection.ask::<ConsumerInfo>(&call)).await {
        Ok(info) => info,
        Err(failure) if failure.is(code::CONSUMER_NOT_FOUND) => {
            let create = format!("CONSUMER.CREATE.{stream}.{name}.{}", definition.filter);
            // Without an action it is also right if another process was quicker.
            let request = json!({ "stream_name": stream, "config": expected });
            match persist(|| connection.api::<ConsumerInfo>(&create, &request)).await {
                Ok(info) => info,
                // Another process was quicker, with another start: compare with what it made.
                Err(failure) if failure.is(code::CONSUMER_START_CANNOT_CHANGE) => {
                    persist(|| connection.ask::<ConsumerInfo>(&call))
                        .await
                        .map_err(|failure| failure.into_error(OPERATION))?
                }
                Err(failure) => return Err(failure.into_error(OPERATION)),
            }
        }
        Err(failure) => return Err(failure.into_error(OPERATION)),
    };
    let fields = [
        (
            "filter_subject",
            found.config.filter_subject.clone(),
            expected.filter_subject.clone(),
        ),
        (
            "ack_policy",
            format!("{:?}", found.config.ack_policy),
            format!("{:?}", expected.ack_policy),
        ),
        (
            "ack_wait",
            format!("{:?}", found.config.ack_wait),
            format!("{:?}", expected.ack_wait),
        ),
        (
            "max_deliver",
            found.config.max_deliver.to_string(),
            expected.max_deliver.to_string(),
        ),
        (
            "max_ack_pending",
            found.config.max_ack_pending.to_string(),
            expected.max_ack_pending.to_string(),
        ),
        (
            "backoff",
            format!("{:?}", found.config.backoff),
            format!("{:?}", expected.backoff),
        ),
    ];
    match fields
        .into_iter()
        .find(|(_field, found, expected)| found != expected)
    {
        None => Ok(()),
        Some((field, found, expected)) => Err(JournalError::Misconfigured {
            stream: format!("{stream}, consumer {name},"),
            field: field.to_owned(),
            found,
            expected,
        }),
    }
}
