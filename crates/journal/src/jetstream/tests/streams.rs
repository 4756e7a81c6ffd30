//! Preparing and checking the streams, and whether a server will do.

use std::time::Duration;

use async_nats::jetstream::stream::Config;
use futures::future;
use testkit::nats::NatsServer;

use super::{connect, options, raw};
use crate::{
    ConnectOptions, Credentials, JetStream, JournalError, Secret, StreamOptions,
    jetstream::streams::{self, definitions},
};

#[tokio::test]
async fn many_may_start_at_once_and_again() {
    let server = NatsServer::start();
    future::join_all((0..4).map(|_| connect(&server))).await;
    let journal = connect(&server).await;
    assert_eq!(journal.urls(), server.url());
    let names: Vec<String> = definitions(&options(), 1)
        .into_iter()
        .map(|config| config.name)
        .collect();
    for name in names {
        let stream = raw(&server).await.get_stream(&name).await.expect("it exists");
        assert_eq!(stream.cached_info().config.num_replicas, 1, "{name}");
    }
}

#[tokio::test]
async fn a_stream_with_another_configuration_is_told() {
    type Change = fn(&mut Config);
    let changes: [(&str, &str, Change); 9] = [
        (streams::EVENTS, "deny_delete", |config| {
            config.deny_delete = false
        }),
        (streams::EVENTS, "deny_purge", |config| config.deny_purge = false),
        (streams::EVENTS, "max_age", |config| {
            config.max_age = Duration::from_secs(1_000_000)
        }),
        (streams::EVENTS, "subjects", |config| {
            config.subjects.push("more.>".to_owned())
        }),
        (streams::RESULTS, "max_msgs_per_subject", |config| {
            config.max_messages_per_subject = 2
        }),
        (streams::RESULTS, "discard_new_per_subject", |config| {
            config.discard_new_per_subject = false
        }),
        (streams::TURNS, "max_age", |config| {
            config.max_age = Duration::from_secs(1000)
        }),
        (streams::TURNS, "allow_atomic", |config| {
            config.allow_atomic_publish = false
        }),
        (streams::JOBS, "allow_msg_schedules", |config| {
            config.allow_message_schedules = false
        }),
    ];
    for (name, field, change) in changes {
        let server = NatsServer::start();
        let mut config = definitions(&options(), 1)
            .into_iter()
            .find(|config| config.name == name)
            .expect("it is defined");
        change(&mut config);
        raw(&server)
            .await
            .create_stream(config)
            .await
            .expect("the server takes it");
        let error = JetStream::connect(ConnectOptions::new(server.url()), options())
            .await
            .expect_err("it differs");
        let JournalError::Misconfigured {
            stream, field: found, ..
        } = &error
        else {
            panic!("{error}")
        };
        assert_eq!((stream.as_str(), found.as_str()), (name, field), "{error}");
    }
}

#[tokio::test]
async fn other_options_than_before_are_told() {
    let server = NatsServer::start();
    connect(&server).await;
    let try_with = async |streams: StreamOptions| {
        JetStream::connect(ConnectOptions::new(server.url()), streams)
            .await
            .expect_err("it differs")
            .to_string()
    };
    let error = try_with(StreamOptions {
        lease_duration: Duration::from_secs(77),
        ..options()
    })
    .await;
    assert!(
        error.contains("consumer workers") && error.contains("77s"),
        "{error}"
    );
    let error = try_with(StreamOptions {
        turns_max_age: Duration::from_secs(3600),
        ..options()
    })
    .await;
    assert!(error.contains("TURNS") && error.contains("max_age"), "{error}");
    let error = try_with(StreamOptions {
        replicas: Some(3),
        ..options()
    })
    .await;
    assert!(error.contains("num_replicas = 1, expected 3"), "{error}");
}

#[tokio::test]
async fn a_server_without_jetstream_will_not_do() {
    let server = NatsServer::builder().without_jetstream().start();
    let error = JetStream::connect(ConnectOptions::new(server.url()), options())
        .await
        .expect_err("no JetStream");
    assert!(matches!(error, JournalError::Unsuitable { .. }), "{error:?}");
    assert!(error.to_string().contains("--jetstream"), "{error}");
}

#[tokio::test]
async fn what_keeps_from_connecting_is_told_without_secrets() {
    let server = NatsServer::builder()
        .config("authorization { user: ann, password: hunter2 }")
        .start();
    let try_with = async |options: ConnectOptions| {
        JetStream::connect(options, super::options())
            .await
            .map(|_journal| ())
            .map_err(|error| (error.to_string(), error))
    };
    let password = |password| Credentials::UserPassword {
        user: "ann".to_owned(),
        password: Secret::new(password),
    };
    let plain = ConnectOptions::new(server.url());
    try_with(ConnectOptions {
        credentials: password("hunter2"),
        ..plain.clone()
    })
    .await
    .expect("they are right");
    try_with(ConnectOptions::new(format!(
        "nats://ann:hunter2@{}",
        server.address()
    )))
    .await
    .expect("they are right");

    let wrong = [
        plain.clone(),
        ConnectOptions {
            credentials: password("wr0ng"),
            ..plain.clone()
        },
        ConnectOptions {
            credentials: Credentials::Token(Secret::new("wr0ng")),
            ..plain.clone()
        },
        ConnectOptions::new(format!("nats://ann:wr0ng@{}", server.address())),
    ];
    for options in wrong {
        let (text, error) = try_with(options).await.expect_err("they are wrong");
        assert!(matches!(error, JournalError::Forbidden { .. }), "{text}");
        assert!(!text.contains("wr0ng"), "{text}");
    }
    let seed = Credentials::NkeySeed(Secret::new("wr0ng"));
    let (text, _error) = try_with(ConnectOptions {
        credentials: seed,
        ..plain.clone()
    })
    .await
    .expect_err("no seed");
    assert!(!text.contains("wr0ng"), "{text}");
    let missing = Credentials::File("/does/not/exist.creds".into());
    let (text, _error) = try_with(ConnectOptions {
        credentials: missing,
        ..plain
    })
    .await
    .expect_err("no file");
    assert!(text.contains("/does/not/exist.creds"), "{text}");

    let address = server.address();
    drop(server);
    let (text, error) = try_with(ConnectOptions::new(format!("nats://ann:wr0ng@{address}")))
        .await
        .expect_err("nobody is there");
    assert!(
        error.retryable() && text.contains(&address) && !text.contains("wr0ng"),
        "{text}"
    );
    let (text, error) = try_with(ConnectOptions::new("nats://ann:wr0ng@[bad"))
        .await
        .expect_err("no address");
    assert!(
        matches!(error, JournalError::Unsuitable { .. }) && !text.contains("wr0ng"),
        "{text}"
    );
}
