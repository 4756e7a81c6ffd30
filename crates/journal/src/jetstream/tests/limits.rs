//! Limits of the server: sizes, space, permissions.

use std::time::Instant;

use bytes::Bytes;
use model::Digest;
use testkit::nats::NatsServer;

use super::{connect, options};
use crate::{
    AppendError, ConnectOptions, Credentials, JetStream, Journal, JournalError, Notice, Secret,
    contract::{commit, job, key, org, result, run, turn},
    subject,
};

#[tokio::test]
async fn what_is_too_large_is_not_sent() {
    let server = NatsServer::builder().config("max_payload: 4096").start();
    let journal = connect(&server).await;
    let large = "x".repeat(5000);
    let errors = [
        journal
            .publish_result(&org("acme"), &result(run(1), 0, &large))
            .await
            .expect_err("too large"),
        match journal
            .append_turn(&key(&org("acme"), run(1), 0), &turn(&large), 0)
            .await
            .expect_err("too large")
        {
            AppendError::Journal(error) => error,
            AppendError::Conflict { .. } => panic!("it is no conflict"),
        },
        journal
            .tell(Notice {
                org: org("acme"),
                run: run(1),
                payload: Bytes::from(large.clone()),
            })
            .await
            .expect_err("too large"),
    ];
    for error in errors {
        assert!(
            matches!(error, JournalError::TooLarge { size, limit: 4096, .. } if size > 5000),
            "{error}"
        );
    }
}

#[tokio::test]
async fn a_full_server_says_so_and_keeps_what_it_has() {
    let directory = tempfile::tempdir().expect("a directory can be made");
    let store = directory.path().display();
    let config =
        format!("jetstream {{ store_dir: \"{store}\", max_file_store: 600KB, max_memory_store: 1MB }}");
    let server = NatsServer::builder().without_jetstream().config(&config).start();
    let journal = connect(&server).await;
    let filler = "x".repeat(50_000);
    let mut n_stored = 0;
    let error = loop {
        match journal
            .publish_result(&org("acme"), &result(run(1), n_stored, &filler))
            .await
        {
            Ok(_stored) => n_stored += 1,
            Err(error) => break error,
        }
        assert!(n_stored < 20, "600 KB do not hold this");
    };
    assert!(matches!(error, JournalError::Full { .. }), "{error:?}");
    assert!(n_stored > 5, "{n_stored}");
    let text = error.to_string();
    assert!(text.contains("full"), "{text}");
    let letters = journal.append(&[commit(&org("acme"), 1, "one")], 0).await;
    assert!(
        letters.is_ok() || matches!(letters, Err(AppendError::Journal(JournalError::Full { .. }))),
        "{letters:?}"
    );
    let bytes = Bytes::from(vec![7; 200_000]);
    let stored = journal
        .put_object(&subject::manifest_object(Digest::of(&bytes)), bytes)
        .await;
    assert!(matches!(stored, Err(JournalError::Full { .. })), "{stored:?}");
    for n in 0..n_stored {
        let stored = journal
            .result(&key(&org("acme"), run(1), n))
            .await
            .expect("it can be read");
        assert_eq!(stored.map(|stored| stored.value.worker.len()), Some(filler.len()));
    }
}

#[tokio::test]
async fn what_is_forbidden_is_told_at_once() {
    let config = r#"authorization { users: [
        { user: server, password: s }
        { user: reader, password: r, permissions: {
            publish: { deny: ["evt.>", "turn.>", "job.>", "$JS.ACK.>"] }
        } }
    ] }"#;
    let server = NatsServer::builder().config(config).start();
    let as_user = async |user: &str, password: &str| {
        let credentials = Credentials::UserPassword {
            user: user.to_owned(),
            password: Secret::new(password),
        };
        let connect = ConnectOptions {
            credentials,
            ..ConnectOptions::new(server.url())
        };
        JetStream::connect(connect, options())
            .await
            .expect("the server is suitable")
    };
    let writer = as_user("server", "s").await;
    let reader = as_user("reader", "r").await;
    writer
        .append(&[commit(&org("acme"), 1, "one")], 0)
        .await
        .expect("it may");
    let start = Instant::now();
    let refused = reader.append(&[commit(&org("acme"), 1, "two")], 1).await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::Forbidden { .. }))),
        "{refused:?}"
    );
    let refused = reader
        .append(&crate::contract::commits(&org("acme"), 2..5, "three"), 1)
        .await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::Forbidden { .. }))),
        "{refused:?}"
    );
    let refused = reader
        .append_turn(&key(&org("acme"), run(1), 0), &turn("w"), 0)
        .await;
    assert!(
        matches!(refused, Err(AppendError::Journal(JournalError::Forbidden { .. }))),
        "{refused:?}"
    );
    let refused = reader.enqueue(&[job(&org("acme"), run(1), 0)]).await;
    assert!(
        matches!(refused, Err(JournalError::Forbidden { .. })),
        "{refused:?}"
    );
    assert!(start.elapsed().as_secs() < 5, "{:?}", start.elapsed());
    assert_eq!(reader.org_tail(&org("acme")).await.expect("it may read"), 1);
}
