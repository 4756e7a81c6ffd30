//! What holds for every server a test starts.

use std::{
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    time::Duration,
};

use serde_json::Value;

use super::*;
use crate::wait_until;

/// Just enough of the protocol to see which server answers.
struct Connection {
    stream: BufReader<TcpStream>,
    info: Value,
}

impl Connection {
    fn open(server: &NatsServer) -> Self {
        let stream = TcpStream::connect(server.address()).expect("the server accepts connections");
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let mut connection = Self {
            stream: BufReader::new(stream),
            info: Value::Null,
        };
        let line = connection.read_line();
        connection.info = serde_json::from_str(line.strip_prefix("INFO ").unwrap()).unwrap();
        connection
    }

    fn send(&mut self, text: &str) {
        self.stream.get_mut().write_all(text.as_bytes()).unwrap();
    }

    fn read_line(&mut self) -> String {
        let mut line = String::new();
        self.stream.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn request(&mut self, subject: &str, body: &str) -> Value {
        self.send("CONNECT {\"verbose\":false}\r\nSUB reply 1\r\n");
        self.send(&format!("PUB {subject} reply {}\r\n{body}\r\n", body.len()));
        assert!(self.read_line().starts_with("MSG reply 1 "));
        serde_json::from_str(&self.read_line()).unwrap()
    }
}

#[test]
fn is_the_expected_server_with_jetstream() {
    let server = NatsServer::start();
    let info = Connection::open(&server).info;
    assert_eq!(info["version"], "2.15.1");
    assert_eq!(info["jetstream"], true);
    assert_eq!(server.url(), format!("nats://127.0.0.1:{}", info["port"]));
}

#[test]
fn takes_extra_configuration() {
    let server = NatsServer::builder()
        .config("max_payload: 1000")
        .config("authorization { user: someone, password: secret }")
        .without_jetstream()
        .start();
    let mut connection = Connection::open(&server);
    assert_eq!(connection.info["max_payload"], 1000);
    assert_eq!(connection.info["auth_required"], true);
    assert_eq!(connection.info.get("jetstream"), None);
    connection.send("CONNECT {\"verbose\":false}\r\n");
    assert_eq!(connection.read_line(), "-ERR 'Authorization Violation'");
}

#[test]
fn keeps_port_and_store_over_kill_stop_and_restart() {
    let server = NatsServer::start();
    let mut connection = Connection::open(&server);
    connection.request("$JS.API.STREAM.CREATE.S", r#"{"name":"S","subjects":["s"]}"#);
    assert_eq!(connection.request("s", "one")["seq"], 1);

    server.kill();
    TcpStream::connect(server.address()).expect_err("a killed server listens no more");
    server.restart();
    let mut connection = Connection::open(&server);
    assert_eq!(connection.request("s", "two")["seq"], 2);

    server.stop();
    TcpStream::connect(server.address()).expect_err("a stopped server listens no more");
    server.restart();
    let state = Connection::open(&server).request("$JS.API.STREAM.INFO.S", "");
    assert_eq!(state["state"]["messages"], 2);
    assert_eq!(server.log().matches("Server is ready").count(), 3);
}

#[test]
fn servers_do_not_meet() {
    let (one, other) = (NatsServer::start(), NatsServer::start());
    assert_ne!(one.url(), other.url());
}

#[test]
#[should_panic(expected = "nonsense")]
fn a_refused_configuration_fails_with_the_log() {
    drop(
        NatsServer::builder()
            .config("authorization { nonsense: 1 }")
            .start(),
    );
}

#[tokio::test]
async fn drop_ends_the_server() {
    let server = NatsServer::start();
    let address = server.address();
    tokio::net::TcpStream::connect(&address)
        .await
        .expect("the server accepts connections");
    drop(server);
    tokio::net::TcpStream::connect(&address)
        .await
        .expect_err("a dropped server listens no more");
}

#[tokio::test]
async fn restart_waits_for_its_port() {
    let server = Arc::new(NatsServer::start());
    server.kill();
    let holder = TcpListener::bind(server.address()).expect("a killed server leaves its port");
    let restart = tokio::task::spawn_blocking({
        let server = Arc::clone(&server);
        move || server.restart()
    });
    wait_until(Duration::from_secs(10), "a refused restart", async || {
        let log = server.log();
        if log.contains("address already in use") {
            Ok(())
        } else {
            Err(log)
        }
    })
    .await;
    drop(holder);
    restart.await.expect("the restart succeeds once the port is free");
    Connection::open(&server);
}
