//! Files of the projections that are damaged or taken, and logs that are full.

use std::{
    fs::{self, OpenOptions},
    io::{Seek as _, SeekFrom, Write as _},
    path::PathBuf,
    time::Duration,
};

use harness::{Up, run, write_suite};
use testkit::nats::NatsServer;

/// A stopped installation that holds something, and its projections' file.
fn installation() -> (Up, PathBuf) {
    let mut up = Up::start(1);
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 1, 1, 0.0);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    assert_eq!(up.stop(), 0);
    let file = up.data_dir().join("projections/projections.redb");
    assert!(file.is_file());
    (up, file)
}

#[test]
fn a_damaged_file_is_named_and_made_again() {
    let (mut up, file) = installation();
    let sound = fs::read(&file).unwrap();
    let data = up.data_dir();
    let data = data.to_str().unwrap();
    let starts = |words: &[&str]| {
        let refused = run(&["up", "--data-dir", data]).refused(96, words);
        assert!(refused.stderr.contains("projections.redb"), "{}", refused.stderr);
    };

    fs::write(&file, "not a database").unwrap();
    starts(&["is not a projection database", "move it away"]);
    fs::write(&file, &sound[..sound.len() / 2]).unwrap();
    starts(&["rehearse projections rebuild"]);

    // Everything but the header is overwritten.
    fs::write(&file, &sound).unwrap();
    let mut open = OpenOptions::new().write(true).open(&file).unwrap();
    open.seek(SeekFrom::Start(4096)).unwrap();
    open.write_all(&vec![0xa5; sound.len() - 4096]).unwrap();
    starts(&["`rehearse projections rebuild`"]);

    run(&["projections", "rebuild", "--data-dir", data]).expect(0);
    up.restart();
    up.run(&["get", "persona", "Maria"]).expect(0);
    assert_eq!(up.stop(), 0);
    run(&["projections", "verify", "--data-dir", data]).expect(0);
}

#[test]
fn a_file_that_another_process_holds_is_left_alone() {
    let (mut up, file) = installation();
    let held = OpenOptions::new().read(true).write(true).open(&file).unwrap();
    held.lock().unwrap();
    let data = up.data_dir();
    run(&["up", "--data-dir", data.to_str().unwrap()]).refused(
        96,
        &[
            "projections.redb is in use by another process",
            "its own data directory",
        ],
    );
    drop(held);
    up.restart();
}

#[tokio::test]
async fn a_full_log_is_told_to_the_caller_and_goes_on_when_there_is_room() {
    let limit = |megabytes: u32| {
        format!("jetstream {{ store_dir: \"{{store}}\", max_file_store: {megabytes}MB }}\nmax_payload: 8MB\n")
    };
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    let config = directory.path().join("nats.conf");
    let write = |megabytes: u32| {
        fs::write(
            &config,
            limit(megabytes).replace("{store}", store.to_str().unwrap()),
        )
        .unwrap()
    };
    write(1);
    // Beside the directory of the server, which is a temporary one as well.
    let include = format!(
        "include ../{}/nats.conf\n",
        directory.path().file_name().unwrap().to_str().unwrap()
    );
    let nats = NatsServer::builder().without_jetstream().config(&include).start();
    let up = Up::start_with(1, &["--nats", &nats.url()], &[]);
    let graph = |index: u32| {
        // Nothing that can be compressed.
        let text: String = (0..40_000_u32)
            .map(|n| format!("{:08x}", n.wrapping_mul(2_654_435_761).wrapping_add(index)))
            .collect();
        let file = directory.path().join("graph.yaml");
        fs::write(
            &file,
            super::document(
                "ContextGraph",
                &format!("g{index}"),
                &serde_json::json!({"document": {"t": text}}),
            ),
        )
        .unwrap();
        up.run(&["apply", "-f", file.to_str().unwrap()])
    };
    let mut n_stored = 0;
    let refused = loop {
        let applied = graph(n_stored);
        if applied.code != 0 {
            break applied;
        }
        n_stored += 1;
        assert!(n_stored < 10, "the log takes more than it may");
    };
    assert!([1, 97].contains(&refused.code), "{}", refused.code);
    assert!(
        refused.stderr.contains("Free disk space or raise the limits"),
        "{}",
        refused.stderr
    );
    assert!(n_stored > 0, "nothing was stored at all");
    let before = super::events(&up);
    let graphs = up
        .run(&["get", "context_graph", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        graphs.as_array().map(Vec::len),
        usize::try_from(n_stored).ok(),
        "{graphs}"
    );

    write(64);
    nats.restart();
    testkit::wait_until(Duration::from_secs(30), "there is room again", async || {
        let applied = graph(n_stored);
        if applied.code == 0 {
            Ok(())
        } else {
            Err(applied.stderr)
        }
    })
    .await;
    assert!(
        super::events(&up).starts_with(before.trim_end()),
        "what was stored before changed"
    );
}
