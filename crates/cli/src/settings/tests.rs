use super::{layers::Origin, *};
use crate::exit::Exit;

fn places() -> Places {
    Places::default()
}

fn variable(name: &str, value: &str) -> Places {
    Places {
        environment: vec![(name.to_owned(), value.to_owned())],
        ..places()
    }
}

fn origin_of(layers: &Layers, key: &str) -> String {
    layers
        .list()
        .into_iter()
        .find(|setting| setting.key == key)
        .expect("it is a setting")
        .origin
        .to_string()
}

#[test]
fn the_defaults_are_complete() {
    let (settings, layers) = read(&places()).expect("the defaults are good");
    assert_eq!(settings.nats.sync_interval, "always");
    assert_eq!(settings.nats.server(), None);
    assert_eq!(settings.worker.concurrency.get(), 64);
    assert_eq!(settings.streams.options(), journal::StreamOptions::default());
    assert!(
        layers
            .list()
            .iter()
            .all(|setting| setting.origin == Origin::Default)
    );
}

#[test]
fn every_default_is_explained() {
    let mut lines = DEFAULTS.lines().peekable();
    let mut before = "";
    for line in lines.by_ref() {
        if line.contains(" = ") && !line.starts_with('#') {
            assert!(before.starts_with("# "), "`{line}` has no comment");
        }
        before = line;
    }
}

#[test]
fn later_places_are_stronger_and_remembered() {
    let temp = tempfile::tempdir().expect("a directory");
    let file = temp.path().join("mine.toml");
    std::fs::write(
        &file,
        "[worker]\nconcurrency = 8\nmax_failures = 5\n[log]\nfilter = \"debug\"\n",
    )
    .expect("a file");
    let places = Places {
        named_file: Some(file.clone()),
        environment: vec![
            ("REHEARSE__WORKER__CONCURRENCY".to_owned(), "16".to_owned()),
            ("REHEARSE__LOG__FILTER".to_owned(), String::new()),
            ("REHEARSE_DATA_DIR".to_owned(), "elsewhere".to_owned()),
        ],
        ..places()
    }
    .flag("--workers", "worker.workers", Some(4))
    .flag("--nats-server", "nats.server", None::<String>);
    let (settings, layers) = read(&places).expect("the settings are good");
    assert_eq!(settings.worker.concurrency.get(), 16);
    assert_eq!(settings.worker.max_failures, 5);
    assert_eq!(settings.worker.workers, 4);
    assert_eq!(settings.log.filter, "debug");
    assert_eq!(
        origin_of(&layers, "worker.concurrency"),
        "$REHEARSE__WORKER__CONCURRENCY"
    );
    assert_eq!(
        origin_of(&layers, "worker.max_failures"),
        file.display().to_string()
    );
    assert_eq!(origin_of(&layers, "worker.workers"), "--workers");
    assert_eq!(origin_of(&layers, "worker.retry_delay"), "default");
}

#[test]
fn unknown_settings_are_refused_with_their_origin() {
    let failure = read(&variable("REHEARSE__WORKER__CONCURENCY", "1")).expect_err("it is misspelt");
    assert_eq!(failure.exit, Exit::Configuration);
    insta::assert_snapshot!(failure.message, @"$REHEARSE__WORKER__CONCURENCY: there is no setting `worker.concurency`; the section has worker.allowed_networks, worker.concurrency, worker.drain_timeout, worker.max_failures, worker.retry_delay, worker.workers");
    let failure = read(&variable("REHEARSE__WORKERS", "1")).expect_err("it is no key");
    insta::assert_snapshot!(failure.message, @"$REHEARSE__WORKERS: there is no setting `workers`; `rehearse config show` lists them");
}

#[test]
fn wrong_values_are_refused_with_their_origin() {
    for (name, value, expected) in [
        (
            "REHEARSE__WORKER__CONCURRENCY",
            "many",
            "$REHEARSE__WORKER__CONCURRENCY: the setting `worker.concurrency` cannot be `many`",
        ),
        (
            "REHEARSE__WORKER__CONCURRENCY",
            "0",
            "$REHEARSE__WORKER__CONCURRENCY: the setting `worker.concurrency` cannot be `0`",
        ),
        (
            "REHEARSE__WORKER__RETRY_DELAY",
            "soon",
            "$REHEARSE__WORKER__RETRY_DELAY: the setting `worker.retry_delay` cannot be `soon`",
        ),
        (
            "REHEARSE__LOG__FORMAT",
            "xml",
            "$REHEARSE__LOG__FORMAT: the setting `log.format` cannot be `xml`",
        ),
    ] {
        let failure = read(&variable(name, value)).expect_err("it is wrong");
        assert!(failure.message.starts_with(expected), "{failure}");
    }
}

#[test]
fn a_broken_file_is_named() {
    let temp = tempfile::tempdir().expect("a directory");
    let file = temp.path().join("mine.toml");
    std::fs::write(&file, "[worker\n").expect("a file");
    let failure = read(&Places {
        named_file: Some(file.clone()),
        ..places()
    })
    .expect_err("it is broken");
    assert!(
        failure.message.starts_with(&format!("{}: ", file.display())),
        "{failure}"
    );
    let missing = Places {
        named_file: Some(temp.path().join("none.toml")),
        ..places()
    };
    assert_eq!(
        read(&missing).expect_err("it is missing").exit,
        Exit::Configuration
    );
    let absent = Places {
        usual_file: Some(temp.path().join("none.toml")),
        ..places()
    };
    read(&absent).expect("it need not exist");
}
