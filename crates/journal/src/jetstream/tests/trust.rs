//! What stands in the log is checked when it is read, and can be read by people.

use async_nats::HeaderMap;
use bytes::Bytes;
use futures::StreamExt as _;
use model::{Digest, codec};
use testkit::nats::NatsServer;
use tokio::io::AsyncReadExt as _;

use super::{connect, raw};
use crate::{
    Journal, JournalError,
    contract::{commit, key, org, result, run, turn},
    subject,
};

#[tokio::test]
async fn people_can_see_what_happened() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let org = org("acme");
    let mut smuggler = commit(&org, 2, "two");
    smuggler.meta.traceparent = Some("00-ab\r\nNats-Rollup: all".to_owned());
    journal
        .append(&[commit(&org, 1, "one")], 0)
        .await
        .expect("nothing was there");
    journal.append(&[smuggler], 1).await.expect("it follows");
    let stream = raw(&server).await.get_stream("EVENTS").await.expect("it exists");
    let header = async |sequence, name: &str| {
        let message = stream.get_raw_message(sequence).await.expect("it can be read");
        message.headers.get(name).map(|value| value.as_str().to_owned())
    };
    assert_eq!(
        header(1, "Rehearse-Event").await.as_deref(),
        Some("persona.deleted")
    );
    assert_eq!(header(1, "Rehearse-Version").await.as_deref(), Some("1"));
    assert_eq!(header(1, "Rehearse-Actor").await.as_deref(), Some("ann"));
    assert_eq!(header(1, "Rehearse-Command-Id").await.as_deref(), Some("one"));
    assert_eq!(header(1, "Nats-Msg-Id").await.as_deref(), Some("acme.ann.one"));
    assert!(
        header(1, "traceparent")
            .await
            .is_some_and(|value| value.starts_with("00-"))
    );
    assert_eq!(header(2, "traceparent").await, None);
    assert_eq!(header(2, "Nats-Rollup").await, None);
}

#[tokio::test]
async fn the_server_itself_keeps_the_log() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    journal
        .append(&[commit(&org("acme"), 1, "one")], 0)
        .await
        .expect("nothing was there");
    let stream = raw(&server).await.get_stream("EVENTS").await.expect("it exists");
    stream
        .delete_message(1)
        .await
        .expect_err("messages cannot be removed");
    stream.purge().await.expect_err("the stream cannot be emptied");
    let mut rollup = HeaderMap::new();
    rollup.insert("Nats-Rollup", "all");
    let ack = raw(&server)
        .await
        .publish_with_headers("evt.acme.persona.x", rollup, Bytes::new())
        .await
        .expect("sent");
    ack.await.expect_err("nor rolled up");
}

#[tokio::test]
async fn any_client_can_read_an_object() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let bytes = Bytes::from(vec![7; 300_000]);
    let name = subject::artifact_object(run(1), Digest::of(&bytes));
    journal
        .put_object(&name, bytes.clone())
        .await
        .expect("it can be stored");
    let store = raw(&server)
        .await
        .get_object_store("OBJECTS")
        .await
        .expect("it is an object store");
    let mut object = store.get(&name).await.expect("it is there");
    let mut read = Vec::new();
    object.read_to_end(&mut read).await.expect("it can be read");
    assert_eq!(read, bytes);
    // Someone deletes it.
    store.delete(&name).await.expect("it can be deleted");
    assert_eq!(journal.object(&name).await.expect("it can be looked for"), None);
    journal
        .put_object(&name, bytes.clone())
        .await
        .expect("it can be stored again");
    assert_eq!(journal.object(&name).await.expect("it can be read"), Some(bytes));
    // Someone damages it.
    store
        .put(name.as_str(), &mut b"other bytes".as_slice())
        .await
        .expect("it can be overwritten");
    let error = journal
        .object(&name)
        .await
        .expect_err("it is not what its name says");
    assert!(matches!(error, JournalError::Object { .. }), "{error}");
}

#[tokio::test]
async fn objects_put_at_once_leave_one() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let bytes = Bytes::from(vec![7; 300_000]);
    let name = subject::manifest_object(Digest::of(&bytes));
    let puts = (0..4).map(|_| journal.put_object(&name, bytes.clone()));
    for outcome in futures::future::join_all(puts).await {
        outcome.expect("all succeed");
    }
    assert_eq!(journal.object(&name).await.expect("it can be read"), Some(bytes));
    let stream = raw(&server)
        .await
        .get_stream("OBJ_OBJECTS")
        .await
        .expect("it exists");
    assert_eq!(
        stream
            .get_info()
            .await
            .expect("it has information")
            .state
            .messages,
        4,
        "three chunks, one description"
    );
}

#[tokio::test]
async fn readers_stop_at_what_they_cannot_read() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let (acme, other) = (org("acme"), org("other"));
    journal
        .append(&[commit(&acme, 1, "one")], 0)
        .await
        .expect("nothing was there");
    let raw = raw(&server).await;
    let put = async |subject: String, bytes: Vec<u8>| {
        raw.publish(subject, bytes.into())
            .await
            .expect("it is sent")
            .await
            .expect("it is stored");
    };
    // A commit of one organization on the subject of another.
    let stray = commit(&acme, 1, "stray");
    put(
        subject::event(&other, &stray.object),
        codec::encode_commit(&stray).expect("it can be encoded"),
    )
    .await;
    let mut events = journal
        .subscribe_events(0)
        .await
        .expect("the log can be followed");
    events
        .next()
        .await
        .expect("there is one")
        .expect("it can be read");
    let error = events
        .next()
        .await
        .expect("there is another")
        .expect_err("it cannot be read");
    assert!(
        matches!(error, JournalError::Unreadable { sequence: 2, .. }),
        "{error}"
    );
    assert!(events.next().await.is_none(), "nothing follows");
    journal.page(&other, 0, 10).await.expect_err("it cannot be read");
    journal.page(&acme, 0, 10).await.expect("others can");

    // Anything else where a result, a turn or a job belongs.
    let conversation = key(&acme, run(1), 0);
    put(subject::turns(&conversation), b"nonsense".to_vec()).await;
    let error = journal.turns(&conversation).await.expect_err("it cannot be read");
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
    let record = codec::encode_turn(&turn("w")).expect("it can be encoded");
    put(subject::result(&conversation), record).await;
    let error = journal
        .result(&conversation)
        .await
        .expect_err("it cannot be read");
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
    let misplaced = codec::encode_result(&result(run(2), 9, "w")).expect("it can be encoded");
    put(subject::result(&key(&acme, run(1), 1)), misplaced).await;
    let mut results = journal
        .subscribe_results(1)
        .await
        .expect("the log can be followed");
    let error = results
        .next()
        .await
        .expect("there is one")
        .expect_err("it cannot be read");
    assert!(matches!(error, JournalError::Unreadable { .. }), "{error}");
}
