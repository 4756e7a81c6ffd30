//! The same commands over HTTP: they print the same, and say as clearly what is wrong.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    path::Path,
    thread,
};

use harness::{Finished, Up, command, repository};

/// A command over HTTP, as on a terminal in the test's own directory.
fn over_http(up: &Up, arguments: &[&str]) -> Finished {
    up.run_http(&repository(), arguments)
}

/// What differs between two times that the same is done: ids, times, sequences and how long it took.
fn alike(text: &str) -> String {
    let mut alike = text.to_owned();
    for (pattern, replacement) in super::FILTERS {
        // Lines about progress are few and short, so this stays quick.
        alike = insta_filter(pattern, replacement, &alike);
    }
    alike
}

fn insta_filter(pattern: &str, replacement: &str, text: &str) -> String {
    regex::Regex::new(pattern)
        .unwrap()
        .replace_all(text, replacement)
        .into_owned()
}

#[test]
fn every_command_prints_the_same_over_both() {
    let up = Up::start(1);
    let suite = "tests/suites/mixed";
    let both = |arguments: &[&str]| {
        let (bus, http) = (up.run(arguments), over_http(&up, arguments));
        assert_eq!(
            bus.code, http.code,
            "{arguments:?}\n{}\n{}",
            bus.stderr, http.stderr
        );
        assert_eq!(bus.stdout, http.stdout, "{arguments:?}");
        assert_eq!(bus.stderr, http.stderr, "{arguments:?}");
        bus
    };

    both(&["diff", "-f", suite, "--exit-code"]).expect(100);
    let applied = over_http(&up, &["apply", "-f", suite]).expect(0);
    assert!(applied.stderr.contains("applied: "), "{}", applied.stderr);
    both(&["apply", "-f", suite]).expect(0);
    both(&["diff", "-f", suite, "--exit-code"]).expect(0);

    // A run is made anew each time: all but ids, times and durations is the same.
    let run = ["run", "mixed", "--seed", "7", "--quiet"];
    let (bus, http) = (up.run(&run).expect(101), over_http(&up, &run).expect(101));
    assert_eq!(alike(&bus.stdout), alike(&http.stdout));
    assert_eq!(alike(&bus.stderr), alike(&http.stderr));
    over_http(&up, &["run", "mixed", "--detach"]).expect(0);
    let watched = over_http(&up, &["runs", "watch", "latest", "--quiet"]).expect(101);
    assert_eq!(alike(&watched.stdout), alike(&bus.stdout));
    both(&["runs", "watch", "latest", "--quiet"]).expect(101);

    for kind in [
        "persona",
        "scenario",
        "metric",
        "agent",
        "context_graph",
        "service",
        "unit_test",
        "unit_test_set",
        "run",
        "user",
        "api_key",
        "organization",
    ] {
        both(&["get", kind, "--output", "json"]).expect(0);
        both(&["get", kind]).expect(0);
    }
    for arguments in [
        &["get", "persona", "Maria", "--output", "yaml"][..],
        &["get", "user", "admin"],
        &["describe", "unit_test", "talks for long"],
        &["runs", "list"],
        &[
            "runs", "list", "--set", "mixed", "--limit", "2", "--output", "json",
        ],
        &["runs", "show", "latest"],
        &["runs", "show", "latest", "--output", "json"],
        &["transcript", "latest/talks for long/0"],
        &["transcript", "latest/is there/0", "--output", "json"],
        &["export"],
        &["export", "persona"],
        &["events"],
        &[
            "events", "--kind", "persona", "--actor", "admin", "--output", "json",
        ],
        &["history", "persona", "Maria"],
        &["history", "persona", "Maria", "--at", "6", "--output", "json"],
    ] {
        both(arguments).expect(0);
    }

    let artifact = |name: &str| up.path(name).to_str().unwrap().to_owned();
    let (by_bus, by_http) = (artifact("bus.zip"), artifact("http.zip"));
    up.run(&["artifacts", "latest", "-o", &by_bus]).expect(0);
    over_http(&up, &["artifacts", "latest", "-o", &by_http]).expect(0);
    assert_eq!(fs::read(by_bus).unwrap(), fs::read(by_http).unwrap());

    // What is refused is refused in the same words.
    for (arguments, code) in [
        (&["get", "persona", "nobody"][..], 2),
        (&["get", "persona", "a/../b?c#d %2e"], 2),
        (&["get", "user", "a b"], 2),
        (&["get", "run", "65a0c1d2e3f4a5b6c7d8e9f0"], 2),
        (&["history", "persona", "Maria", "--at", "1"], 2),
        (&["describe", "persona", "nobody"], 2),
        (&["run", "nothing"], 2),
        (&["runs", "cancel", "latest"], 2),
        (&["transcript", "latest/nothing/0"], 2),
        (&["delete", "unit_test", "is there"], 2),
    ] {
        both(arguments).expect(code);
    }
    over_http(&up, &["delete", "unit_test_set", "mixed"]).expect(0);
    both(&["get", "unit_test_set"]).expect(0);
    both(&["delete", "unit_test_set", "mixed"]).expect(2);
}

#[test]
fn many_commands_sign_in_once() {
    let up = Up::start(0);
    for _ in 0..8 {
        over_http(&up, &["get", "persona"]).expect(0);
    }
    let kept = up.path("cache/rehearse/tokens");
    let files: Vec<_> = fs::read_dir(&kept).unwrap().collect();
    assert_eq!(files.len(), 1);
    let token = fs::read_to_string(files[0].as_ref().unwrap().path()).unwrap();
    let key = up.credentials()["api_key"].as_str().unwrap().to_owned();
    assert!(!token.contains(&key));
}

/// A command in an environment in which only the given variables of ours are set.
fn with(directory: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Finished {
    let mut command = command(directory, arguments);
    let output = command.envs(variables.iter().copied()).output().unwrap();
    Finished::from_output(output)
}

#[test]
fn who_cannot_enter_is_told_what_to_check() {
    let up = Up::start(0);
    let directory = tempfile::tempdir().unwrap();
    let (url, credentials) = (up.base_url(), up.credentials());
    let id = credentials["api_key_id"].as_str().unwrap();
    let key = credentials["api_key"].as_str().unwrap();
    let get = ["get", "persona", "--server", &url];
    let right = [("REHEARSE_API_KEY_ID", id), ("REHEARSE_API_KEY", key)];
    with(directory.path(), &get, &right).expect(0);

    for (variable, value) in [
        ("REHEARSE_API_KEY", "wrong-secret"),
        ("REHEARSE_API_KEY_ID", "6618791275130b73714e8db1"),
        ("REHEARSE_USER_ID", "nobody"),
        ("REHEARSE_ORGANIZATION", "other"),
    ] {
        let mut variables = right.to_vec();
        variables.retain(|(name, _)| *name != variable);
        variables.push((variable, value));
        let refused = with(directory.path(), &get, &variables).refused(
            96,
            &[
                "does not accept the credentials",
                "API key",
                "`rehearse context show`",
            ],
        );
        assert!(!refused.stderr.contains(key) && !refused.stderr.contains("wrong-secret"));
    }
    with(directory.path(), &get, &[])
        .refused(96, &["nothing says with which API key", "REHEARSE_API_KEY_ID"]);
    with(directory.path(), &get, &right[..1]).refused(96, &["the id of an API key, but not the key"]);
    let exposed = with(
        directory.path(),
        &[&get[..], &["--api-key", key]].concat(),
        &right,
    );
    let exposed = exposed.refused(2, &["does not belong on the command line", "--api-key-file FILE"]);
    assert!(!exposed.stderr.contains(key));

    let file = directory.path().join("key");
    fs::write(&file, format!("{key}\n")).unwrap();
    let with_file = [&get[..], &["--api-key-id", id, "--api-key-file", "key"]].concat();
    with(directory.path(), &with_file, &[]).expect(0);
    // The data directory beside the address has the key as well.
    let data = up.data_dir();
    with(
        directory.path(),
        &[&get[..], &["--data-dir", data.to_str().unwrap()]].concat(),
        &[],
    )
    .expect(0);
}

#[test]
fn an_address_that_is_no_servers_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let key = [
        ("REHEARSE_API_KEY_ID", "6618791275130b73714e8db1"),
        ("REHEARSE_API_KEY", "secret"),
    ];
    let get = |url: &str, code: i32, words: &[&str]| {
        let refused = with(directory.path(), &["get", "persona", "--server", url], &key).refused(code, words);
        assert!(!refused.stderr.contains("secret"), "{}", refused.stderr);
    };
    get(
        "http://127.0.0.1:1",
        97,
        &[
            "http://127.0.0.1:1 cannot be reached",
            "Connection refused",
            "`rehearse doctor`",
        ],
    );
    for wrong in [
        "not an address",
        "nats://127.0.0.1:4222",
        "http://ann:secret@host",
        "http://host/?x=secret",
    ] {
        get(wrong, 96, &["the server's address cannot be used"]);
    }

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let other = thread::spawn(move || {
        let (mut client, _) = listener.accept().unwrap();
        let mut asked = Vec::new();
        let mut buffer = [0; 4096];
        while !asked.ends_with(b"\r\n\r\n") {
            let read = client.read(&mut buffer).unwrap();
            asked.extend_from_slice(&buffer[..read]);
        }
        let page = "<html>\u{1b}[31m";
        write!(
            client,
            "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{page}",
            page.len()
        )
        .unwrap();
    });
    get(
        &url,
        96,
        &[
            &url,
            "does not answer as a Rehearse server does",
            "text/html",
            "Check the address",
        ],
    );
    other.join().unwrap();

    let both = [
        ("REHEARSE_SERVER", "http://127.0.0.1:1"),
        ("REHEARSE_NATS_URL", "nats://127.0.0.1:1"),
    ];
    with(directory.path(), &["get", "persona"], &both).refused(2, &["REHEARSE_SERVER and REHEARSE_NATS_URL"]);
    let flag = ["get", "persona", "--nats", "nats://127.0.0.1:1"];
    with(directory.path(), &flag, &both).refused(97, &["nats://127.0.0.1:1"]);
    with(
        directory.path(),
        &["worker", "--server", "http://127.0.0.1:1"],
        &key,
    )
    .refused(2, &["names no nats-server"]);
}

#[test]
fn contexts_are_named_chosen_and_forgotten() {
    let up = Up::start(0);
    let directory = tempfile::tempdir().unwrap();
    let home = directory.path();
    let (url, credentials) = (up.base_url(), up.credentials());
    let text = |key: &str| credentials[key].as_str().unwrap().to_owned();
    let key = text("api_key");
    let run = |arguments: &[&str]| {
        let finished = with(home, arguments, &[]);
        let said = format!("{}{}", finished.stdout, finished.stderr);
        assert!(!said.contains(&key), "{said}");
        finished
    };
    fs::write(home.join("key"), &key).unwrap();
    let data = up.data_dir();
    let data = data.to_str().unwrap();

    run(&["context", "show"]).refused(
        96,
        &["nothing says where the server is", "`rehearse context add`"],
    );
    run(&["context", "add", "x"]).refused(2, &["nothing says where the server is"]);
    let id = text("api_key_id");
    let add = [
        "context",
        "add",
        "web",
        "--server",
        &url,
        "--api-key-id",
        &id,
        "--api-key-file",
        "key",
    ];
    run(&[&add[..], &["--user", "nobody"]].concat()).refused(96, &["does not accept the credentials"]);
    run(&[&add[..], &["--use"]].concat()).expect(0);
    run(&add).refused(2, &["there is such a context already"]);
    run(&["context", "add", "bus", "--data-dir", data]).expect(0);
    run(&["context", "add", "../x", "--data-dir", data]).refused(2, &["cannot be the name of a context"]);

    let listed = run(&["context", "list", "--output", "json"]).expect(0).json();
    assert_eq!(listed[0]["name"], "bus");
    assert_eq!(
        (&listed[0]["transport"], &listed[0]["is_current"]),
        (&"bus".into(), &false.into())
    );
    assert_eq!(listed[1]["name"], "web");
    assert_eq!(
        (&listed[1]["transport"], &listed[1]["is_current"]),
        (&"http".into(), &true.into())
    );
    assert_eq!(listed[1]["server"], url);
    let shown = run(&["context", "show", "--output", "json"]).expect(0).json();
    assert_eq!(
        (&shown["transport"], &shown["server"]),
        (&"http".into(), &url.clone().into())
    );

    // The current one, one that is named, and one that has expired.
    run(&["get", "persona"]).expect(0);
    run(&["doctor"]).expect(0);
    run(&["context", "use", "bus"]).expect(0);
    run(&["get", "persona"]).expect(0);
    run(&["get", "persona", "--context", "web"]).expect(0);
    up.run(&["delete", "api_key", &id]).expect(0);
    run(&["get", "persona", "--context", "web"]).refused(96, &["does not accept the credentials"]);

    run(&["context", "remove", "bus"]).expect(0);
    run(&["get", "persona"]).refused(96, &["nothing says where the server is"]);
    run(&["context", "use", "bus"]).refused(96, &["there is no such context"]);
    run(&["context", "remove", "web"]).expect(0);
    assert_eq!(
        run(&["context", "list", "--output", "json"])
            .expect(0)
            .stdout
            .trim(),
        "[]"
    );
}

#[test]
fn http_can_be_elsewhere_or_off() {
    let up = Up::start_with(0, &["--no-http"], &[]);
    assert!(up.credentials().get("base_url").is_none());
    up.run(&["get", "persona"]).expect(0);

    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let start = |flags: &[&str], code: i32, words: &[&str]| {
        let all = [&["up", "--data-dir", "data"][..], flags].concat();
        with(directory.path(), &all, &[]).refused(code, words)
    };
    start(
        &["--http", &address],
        96,
        &[
            &address,
            "Address already in use",
            "--http 127.0.0.1:0",
            "--no-http",
        ],
    );
    start(&["--http", "localhost"], 2, &["invalid socket address"]);
    start(&["--http", &address, "--no-http"], 2, &["cannot be used with"]);
}
