//! The bus on a real server.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt as _, future};
use serde_json::Value;
use testkit::nats::NatsServer;
use tokio::{
    sync::{Notify, Semaphore},
    time::timeout,
};

use super::{
    BusAnswer, BusClient, BusError, BusHandler, BusReply, BusRequest, BusServer, EndpointSpec, MAX_IN_FLIGHT,
    Service,
};
use crate::{ConnectOptions, Credentials, JetStream, JournalError, Secret, StreamOptions};

const WAIT: Duration = Duration::from_secs(20);

/// Echoes, fails, panics or waits, as the last word of the subject says.
struct Scripted {
    name: &'static str,
    gate: Semaphore,
    arrived: Notify,
}

#[async_trait]
impl BusHandler for Scripted {
    async fn handle(&self, request: BusRequest) -> BusReply {
        match request.tokens.last().map(String::as_str) {
            Some("fail") => Err(BusError {
                code: 409,
                message: "it is\r\ntaken".to_owned(),
                payload: Bytes::from_static(b"{\"code\":\"name_taken\"}"),
            }),
            Some("plain") => Err(BusError::new(404, "not there")),
            Some("panic") => panic!("the handler is broken"),
            Some("huge") => Ok(vec![b'x'; 2 << 20].into()),
            Some("wait") => {
                self.arrived.notify_one();
                let _permit = self.gate.acquire().await.expect("the gate stays");
                Ok(Bytes::from_static(b"waited").into())
            }
            Some("who") => Ok(BusAnswer {
                payload: Bytes::from_static(self.name.as_bytes()),
                headers: BTreeMap::from([("Rehearse-Sequence".to_owned(), "7".to_owned())]),
            }),
            Some(_) | None => Ok(format!(
                "{}|{}|{:?}|{}",
                request.endpoint,
                request.tokens.join(","),
                request.headers.get("Rehearse-Command-Id"),
                request.payload.len()
            )
            .into()),
        }
    }
}

fn scripted(name: &'static str) -> Arc<Scripted> {
    Arc::new(Scripted {
        name,
        gate: Semaphore::new(0),
        arrived: Notify::new(),
    })
}

fn service() -> Service {
    Service {
        name: "rehearse".to_owned(),
        version: "1.2.3".to_owned(),
        description: "tests conversational agents".to_owned(),
        endpoints: vec![EndpointSpec {
            name: "personas".to_owned(),
            subject: "cmd.*.*.persona.*".to_owned(),
            metadata: BTreeMap::from([("format".to_owned(), "json".to_owned())]),
        }],
        max_request: 1000,
    }
}

async fn connect(server: &NatsServer) -> JetStream {
    let options = ConnectOptions::new(server.url());
    JetStream::connect(options, StreamOptions::default())
        .await
        .expect("the server is suitable")
}

async fn ask(client: &BusClient, verb: &str) -> BusReply {
    let headers = BTreeMap::from([("Rehearse-Command-Id".to_owned(), "c1".to_owned())]);
    let subject = format!("cmd.acme.ann.persona.{verb}");
    client
        .request(&subject, &headers, Bytes::from_static(b"{}"), WAIT)
        .await
        .expect("someone answers")
}

#[tokio::test]
async fn requests_are_answered_and_errors_told() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let _running = BusServer::start(&journal, service(), scripted("a"))
        .await
        .expect("it starts");
    let client = BusClient::connect(&ConnectOptions::new(server.url()))
        .await
        .expect("it connects");

    let reply = ask(&client, "create").await.expect("it is echoed");
    assert_eq!(
        reply.payload,
        r#"personas|cmd,acme,ann,persona,create|Some("c1")|2"#
    );
    let error = ask(&client, "fail").await.expect_err("it fails");
    assert_eq!((error.code, error.message.as_str()), (409, "it is  taken"));
    assert_eq!(error.payload, r#"{"code":"name_taken"}"#);
    let error = ask(&client, "plain").await.expect_err("it fails");
    assert_eq!(error.payload, r#"{"code":404,"message":"not there"}"#);
    assert_eq!(ask(&client, "panic").await.expect_err("it fails").code, 500);
    assert_eq!(ask(&client, "huge").await.expect_err("it fails").code, 413);
    let large = client
        .request(
            "cmd.acme.ann.persona.create",
            &BTreeMap::new(),
            vec![b' '; 1001].into(),
            WAIT,
        )
        .await;
    assert_eq!(
        large.expect("someone answers").expect_err("it is too large").code,
        413
    );
    assert_eq!(
        ask(&client, "create").await.map(|_reply| ()),
        Ok(()),
        "it goes on"
    );
}

#[tokio::test]
async fn what_cannot_be_sent_or_answered_says_why() {
    let server = NatsServer::start();
    let client = BusClient::connect(&ConnectOptions::new(server.url()))
        .await
        .expect("it connects");
    let nothing = BTreeMap::new();
    let error = client
        .request("cmd.a.b.persona.x", &nothing, Bytes::new(), WAIT)
        .await
        .expect_err("nobody is there");
    assert!(
        matches!(error, JournalError::Unreachable { .. }) && error.to_string().contains("rehearse"),
        "{error}"
    );
    for bad in ["", "a..b", "a.*", "a.>", "a b"] {
        let error = client
            .request(bad, &nothing, Bytes::new(), WAIT)
            .await
            .expect_err("no subject");
        assert!(matches!(error, JournalError::Refused { .. }), "{bad}: {error}");
    }
    let smuggled = BTreeMap::from([("X".to_owned(), "a\r\nNats-Msg-Id: b".to_owned())]);
    let error = client
        .request("a", &smuggled, Bytes::new(), WAIT)
        .await
        .expect_err("no header");
    assert!(matches!(error, JournalError::Refused { .. }), "{error}");
    let error = client
        .request("a", &nothing, vec![0; 2 << 20].into(), WAIT)
        .await
        .expect_err("too large");
    assert!(matches!(error, JournalError::TooLarge { .. }), "{error}");
}

#[tokio::test]
async fn answers_go_to_inboxes_only() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let _running = BusServer::start(&journal, service(), scripted("a"))
        .await
        .expect("it starts");
    let raw = async_nats::connect(server.url()).await.expect("it connects");
    let mut spied = raw.subscribe("evt.>").await.expect("it subscribes");
    // A caller that wants the server to write an event, or to delete a stream, in its name.
    for subject in [
        "cmd.acme.ann.persona.create",
        "$SRV.PING",
        "$SRV.INFO.rehearse",
        "$SRV.STATS",
    ] {
        for reply in ["evt.acme.persona.1", "$JS.API.STREAM.PURGE.TURNS"] {
            raw.publish_with_reply(subject, reply, Bytes::from_static(b"{}"))
                .await
                .expect("it is sent");
        }
    }
    // What was sent before is handled before this is answered.
    let client = BusClient::of(&journal);
    raw.flush().await.expect("it is flushed");
    for _ in 0..2 {
        raw.request("$SRV.PING.rehearse", Bytes::new())
            .await
            .expect("it answers inboxes");
    }
    ask(&client, "create").await.expect("it answers inboxes");
    assert!(
        timeout(Duration::from_millis(100), spied.next()).await.is_err(),
        "the server wrote elsewhere"
    );
    let events = crate::Journal::info(&journal, crate::LogName::Events)
        .await
        .expect("the log answers");
    assert_eq!(events.last_sequence, 0);
}

#[tokio::test]
async fn the_service_can_be_discovered() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let running = BusServer::start(&journal, service(), scripted("a"))
        .await
        .expect("it starts");
    let client = BusClient::of(&journal);
    ask(&client, "create").await.expect("it answers");
    ask(&client, "fail").await.expect_err("it fails");
    let question = async |subject: String| -> Value {
        let reply = client
            .request(&subject, &BTreeMap::new(), Bytes::new(), WAIT)
            .await
            .expect("someone answers");
        serde_json::from_slice(&reply.expect("an answer").payload).expect("it is JSON")
    };
    let ping = question("$SRV.PING".to_owned()).await;
    assert_eq!(ping["type"], "io.nats.micro.v1.ping_response");
    assert_eq!(
        (ping["name"].as_str(), ping["version"].as_str()),
        (Some("rehearse"), Some("1.2.3"))
    );
    let id = ping["id"].as_str().expect("it has an id");
    let info = question(format!("$SRV.INFO.rehearse.{id}")).await;
    assert_eq!(info["endpoints"][0]["subject"], "cmd.*.*.persona.*");
    assert_eq!(info["endpoints"][0]["metadata"]["format"], "json");
    let stats = question("$SRV.STATS.rehearse".to_owned()).await;
    assert_eq!(stats["endpoints"][0]["num_requests"], 2);
    assert_eq!(stats["endpoints"][0]["num_errors"], 1);
    assert!(
        stats["started"]
            .as_str()
            .is_some_and(|started| started.starts_with("20")),
        "{stats}"
    );
    assert!(running.stop(WAIT).await);
}

#[tokio::test]
async fn servers_share_requests_and_stop_gracefully() {
    let server = NatsServer::start();
    let (one, other) = (connect(&server).await, connect(&server).await);
    let (first, second) = (scripted("first"), scripted("second"));
    let first_running = BusServer::start(&one, service(), Arc::clone(&first) as _)
        .await
        .expect("it starts");
    let _second_running = BusServer::start(&other, service(), second)
        .await
        .expect("it starts");
    let client = BusClient::connect(&ConnectOptions::new(server.url()))
        .await
        .expect("it connects");
    let asked = (0..100).map(|_| ask(&client, "who"));
    let answers: Vec<BusAnswer> = future::join_all(asked)
        .await
        .into_iter()
        .map(|answer| answer.expect("an answer"))
        .collect();
    assert_eq!(
        answers[0].headers["Rehearse-Sequence"], "7",
        "headers of answers arrive"
    );
    for name in ["first", "second"] {
        assert!(
            answers.iter().any(|answer| answer.payload == name),
            "{name} gets none of 100 requests"
        );
    }

    // One that is being handled when the server stops is answered; later ones go to the other.
    let waiting = future::join_all((0..20).map(|_| {
        let client = client.clone();
        async move { ask(&client, "wait").await }
    }));
    let waiting = tokio::spawn(waiting);
    first.arrived.notified().await;
    let stopping = tokio::spawn(first_running.stop(WAIT));
    let mut asked = 0;
    while asked < 20 {
        // Until the server has stopped listening some may still reach it.
        asked = if ask(&client, "who").await.expect("an answer").payload == "second" {
            asked + 1
        } else {
            0
        };
    }
    assert!(!stopping.is_finished());
    first.gate.add_permits(1000);
    assert!(stopping.await.expect("no panic"), "all were answered");
    waiting.abort();
}

#[tokio::test]
async fn too_many_requests_are_told_so() {
    let server = NatsServer::start();
    let journal = connect(&server).await;
    let handler = scripted("a");
    let running = BusServer::start(&journal, service(), Arc::clone(&handler) as _)
        .await
        .expect("it starts");
    let client = BusClient::of(&journal);
    let waiting = (0..MAX_IN_FLIGHT).map(|_| {
        let client = client.clone();
        tokio::spawn(async move { ask(&client, "wait").await })
    });
    let waiting: Vec<_> = waiting.collect();
    // It answers until all places are taken.
    while ask(&client, "who").await.map_err(|error| error.code) != Err(503) {}
    handler.gate.add_permits(MAX_IN_FLIGHT);
    for request in waiting {
        let reply = request.await.expect("no panic");
        assert!(
            matches!(&reply, Ok(text) if text.payload == "waited")
                || matches!(&reply, Err(error) if error.code == 503)
        );
    }
    assert!(running.stop(WAIT).await);
}

#[tokio::test]
async fn confined_callers_are_told_what_is_forbidden() {
    let confined = r#"authorization { users: [
        { user: server, password: s }
        { user: ann, password: a, permissions: { publish: ["cmd.acme.ann.>"], subscribe: ["_INBOX.ann.>", "_ann.>"] } }
    ] }"#;
    let server = NatsServer::builder().config(confined).start();
    let user = |user: &str, password: &str| Credentials::UserPassword {
        user: user.to_owned(),
        password: Secret::new(password),
    };
    let options = ConnectOptions {
        credentials: user("server", "s"),
        inbox_prefix: Some("_srv".to_owned()),
        ..ConnectOptions::new(server.url())
    };
    let journal = JetStream::connect(options, StreamOptions::default())
        .await
        .expect("the server is suitable");
    let _running = BusServer::start(&journal, service(), scripted("a"))
        .await
        .expect("it starts");

    let ann = ConnectOptions {
        credentials: user("ann", "a"),
        ..ConnectOptions::new(server.url())
    };
    let client = BusClient::connect(&ann).await.expect("it connects");
    let error = client
        .request(
            "cmd.acme.ann.persona.create",
            &BTreeMap::new(),
            Bytes::new(),
            WAIT,
        )
        .await
        .expect_err("the inbox is not hers");
    assert!(matches!(error, JournalError::Forbidden { .. }), "{error}");

    let ann = ConnectOptions {
        inbox_prefix: Some("_INBOX.ann".to_owned()),
        ..ann
    };
    let client = BusClient::connect(&ann).await.expect("it connects");
    ask(&client, "create").await.expect("her inbox is one");
    let error = client
        .request(
            "cmd.acme.bob.persona.create",
            &BTreeMap::new(),
            Bytes::new(),
            WAIT,
        )
        .await
        .expect_err("not her subject");
    assert!(matches!(error, JournalError::Forbidden { .. }), "{error}");

    // A prefix of her own invention is none that the server answers to.
    let ann = ConnectOptions {
        inbox_prefix: Some("_ann".to_owned()),
        ..ann
    };
    let client = BusClient::connect(&ann).await.expect("it connects");
    let error = client
        .request(
            "cmd.acme.ann.persona.create",
            &BTreeMap::new(),
            Bytes::new(),
            Duration::from_millis(300),
        )
        .await
        .expect_err("the server does not answer there");
    assert!(matches!(error, JournalError::Unreachable { .. }), "{error}");
}
