//! nats-servers that are missing, too old, closed, unsuitable or gone, and settings that cannot be.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    thread,
    time::Duration,
};

use harness::{Up, command, run, run_in, write_suite};
use testkit::nats::NatsServer;

/// `rehearse up` on a new data directory with these arguments; it must not start.
fn up(arguments: &[&str], code: i32, words: &[&str]) {
    let directory = tempfile::tempdir().unwrap();
    let mut all = vec!["up", "--data-dir", "data"];
    all.extend(arguments);
    let refused = run_in(directory.path(), &all).refused(code, words);
    assert_eq!(refused.stdout, "");
    assert!(
        !refused.stderr.contains("secret"),
        "a password was shown: {}",
        refused.stderr
    );
}

#[test]
fn a_server_that_cannot_be_used_is_told_from_one_that_is_not_there() {
    let without_jetstream = NatsServer::builder().without_jetstream().start();
    up(
        &["--nats", &without_jetstream.url()],
        96,
        &[
            &without_jetstream.url(),
            "JetStream is not enabled",
            "--jetstream",
        ],
    );

    let closed = NatsServer::builder()
        .config("authorization { user: ann, password: right }")
        .start();
    let url = closed.url();
    up(&["--nats", &url], 96, &[&url, "does not accept the credentials"]);
    let wrong = url.replace("nats://", "nats://ann:secret@");
    up(
        &["--nats", &wrong],
        96,
        &[&url, "does not accept the credentials"],
    );
    run(&["get", "persona", "--nats", &wrong]).refused(96, &[&url, "does not accept the credentials"]);

    let address = without_jetstream.url();
    drop(without_jetstream);
    up(
        &["--nats", &address],
        97,
        &[&address, "Connection refused", "`rehearse doctor`"],
    );
    run(&["get", "persona", "--nats", &address]).refused(97, &[&address, "Connection refused"]);
    for wrong in ["not an address", "http://127.0.0.1:1"] {
        up(&["--nats", wrong], 96, &["nats://host:4222"]);
    }
}

#[test]
fn a_server_that_is_too_old_is_told_which_it_must_be() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("nats://{}", listener.local_addr().unwrap());
    let old = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let info = r#"{"server_id":"X","version":"2.9.0","go":"go1","host":"127.0.0.1","port":1,"headers":true,"max_payload":1048576,"proto":1,"jetstream":true}"#;
        write!(client, "INFO {info}\r\n").unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        // Until the client has seen enough and leaves.
        while let Ok(read @ 1..) = client.read(&mut buffer) {
            asked.extend_from_slice(&buffer[..read]);
            if asked.ends_with(b"PING\r\n") && client.write_all(b"PONG\r\n").is_err() {
                break;
            }
        }
    });
    up(
        &["--nats", &address],
        96,
        &[&address, "it is nats-server 2.9.0", "2.12 or newer", "upgrade it"],
    );
    old.join().unwrap();
}

#[tokio::test]
async fn a_run_outlasts_the_server_that_goes_and_comes_back() {
    let nats = NatsServer::start();
    let up = Up::start_with(1, &["--nats", &nats.url()], &[]);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 2, 20, 0.05);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    let run = up
        .run(&[
            "run",
            "all",
            "--detach",
            "--max-concurrency",
            "4",
            "--output",
            "json",
        ])
        .expect(0)
        .json();
    let run = run["id"].as_str().unwrap().to_owned();
    let finished = || {
        up.run(&["runs", "show", &run, "--output", "json"])
            .expect(0)
            .json()["finished"]
            .as_u64()
            .unwrap()
    };
    testkit::wait_until(
        Duration::from_secs(60),
        "some conversations are finished",
        async || {
            let finished = finished();
            if finished >= 5 {
                Ok(())
            } else {
                Err(format!("{finished}"))
            }
        },
    )
    .await;
    nats.kill();
    up.run(&["runs", "show", &run])
        .refused(97, &["cannot be reached", "Is the server running?"]);
    nats.restart();
    up.run(&["runs", "watch", &run, "--quiet"]).expect(0);
    let shown = up
        .run(&["runs", "show", &run, "--output", "json"])
        .expect(0)
        .json();
    for (key, value) in [("finished", 40), ("passed", 40), ("errored", 0)] {
        assert_eq!(shown[key], value, "{key} of {shown}");
    }
}

#[test]
fn a_place_that_cannot_be_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let at = |arguments: &[&str], code: i32, words: &[&str]| {
        run_in(directory.path(), arguments).refused(code, words)
    };
    let write = |name: &str, text: &str| fs::write(directory.path().join(name), text).unwrap();

    write("file", "");
    at(
        &["up", "--data-dir", "file"],
        96,
        &["file: the directory cannot be made"],
    );
    at(
        &["up", "--data-dir", "file/below"],
        96,
        &["file/below: the directory cannot be made"],
    );
    // Nobody may make directories there, not even root.
    at(
        &["up", "--data-dir", "/proc/rehearse"],
        96,
        &["/proc/rehearse: the directory cannot be made"],
    );
    at(
        &["get", "persona", "--data-dir", "file"],
        96,
        &["file/credentials.json: cannot be read"],
    );
    at(
        &["get", "persona", "--data-dir", "nowhere"],
        97,
        &[
            "no server was ever started there",
            "rehearse up --data-dir nowhere",
        ],
    );
    at(
        &["get", "persona"],
        96,
        &[
            "nothing says where the server is",
            "--data-dir DIR",
            "--context NAME",
            "--nats URL",
        ],
    );
    at(
        &["get", "persona", "--context", "nosuch"],
        96,
        &["contexts/nosuch.json: there is no such context"],
    );

    fs::create_dir(directory.path().join("data")).unwrap();
    for (text, reason) in [
        ("{", "EOF while parsing an object"),
        ("{}", "missing field `organization_id`"),
        (
            "{\"nats_url\": 3}",
            "invalid type: integer `3`, expected a string",
        ),
        ("\u{0}\u{1}", "expected value at line 1 column 1"),
    ] {
        write("data/credentials.json", text);
        at(
            &["get", "persona", "--data-dir", "data"],
            96,
            &["data/credentials.json: cannot be read: ", reason, "`rehearse up`"],
        );
    }
}

#[test]
fn a_setting_that_cannot_be_is_named_with_where_it_comes_from() {
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("mine.toml");
    let with_file = |text: &str, words: &[&str]| {
        fs::write(&config, text).unwrap();
        run_in(
            directory.path(),
            &["up", "--data-dir", "data", "--config", "mine.toml"],
        )
        .refused(96, words);
    };
    with_file(
        "[worker]\nconcurency = 3\n",
        &[
            "mine.toml: there is no setting `worker.concurency`",
            "worker.concurrency",
        ],
    );
    with_file(
        "[worker]\nconcurrency = \"many\"\n",
        &["mine.toml: the setting `worker.concurrency` cannot be `many`"],
    );
    with_file(
        "[streams]\nlease_duration = 30\n",
        &["mine.toml: the setting `streams.lease_duration` cannot be `30`"],
    );
    with_file("[worker\n", &["mine.toml: TOML parse error at line 1, column 8"]);
    with_file("worker = 3\n", &["mine.toml: there is no setting `worker`"]);
    fs::write(&config, b"[log]\nfilter = \"\xff\"\n").unwrap();
    run_in(directory.path(), &["config", "show", "--config", "mine.toml"])
        .refused(96, &["mine.toml: cannot be read"]);
    run_in(directory.path(), &["config", "show", "--config", "none.toml"])
        .refused(96, &["none.toml: cannot be read"]);

    let with_variable = |name: &str, value: &str, code: i32, words: &[&str]| {
        let mut command = command(directory.path(), &["up", "--data-dir", "data"]);
        let output = command
            .env("REHEARSE_NATS_SERVER", "/bin/false")
            .env(name, value)
            .output()
            .unwrap();
        harness::Finished::from_output(output).refused(code, words);
    };
    with_variable(
        "REHEARSE__WORKER__CONCURRENCY",
        "0",
        96,
        &["$REHEARSE__WORKER__CONCURRENCY: ", "cannot be `0`"],
    );
    with_variable(
        "REHEARSE__WORKER__CONCURENCY",
        "1",
        96,
        &["$REHEARSE__WORKER__CONCURENCY: there is no setting"],
    );
    with_variable(
        "REHEARSE__LOG__FILTER",
        "a=b=c",
        96,
        &["`log.filter` cannot be `a=b=c`"],
    );
    // An empty one is as good as none.
    for name in [
        "REHEARSE_OUTPUT",
        "REHEARSE_CONFIG",
        "REHEARSE_NATS_URL",
        "REHEARSE__WORKER__CONCURRENCY",
    ] {
        with_variable(name, "", 96, &["/bin/false does not say"]);
    }
    with_variable("REHEARSE_OUTPUT", "xml", 2, &["invalid value 'xml'"]);
    with_variable(
        "REHEARSE_NATS_SERVER",
        "/no/such/nats-server",
        96,
        &["/no/such/nats-server: there is no nats-server"],
    );
    with_variable(
        "REHEARSE_NATS_SERVER",
        "/bin/false",
        96,
        &["/bin/false does not say that it is nats-server"],
    );
    let mut command = command(directory.path(), &["up", "--data-dir", "data"]);
    let output = command
        .env("REHEARSE__NATS__SYNC_INTERVAL", "seldom")
        .output()
        .unwrap();
    harness::Finished::from_output(output).refused(96, &["nats-server does not start", "seldom", "nats.log"]);
}

#[test]
fn up_that_is_told_to_stop_while_it_cannot_start_stops() {
    // Accepts connections and says nothing: neither there nor away.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("nats://{}", listener.local_addr().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let log = directory.path().join("up.log");
    let mut child = harness::Child::start(
        directory.path(),
        log,
        &["up", "--data-dir", "data", "--nats", &address],
    );
    let _silent = listener.accept().unwrap();
    assert_eq!(child.stop(), 0, "{}", child.log());
}
