//! Ctrl-C, SIGTERM, and time that is up.

use std::{fs, path::PathBuf, time::Duration};

use harness::{Child, Up, repository, write_suite};
use rustix::process::{Pid, Signal, test_kill_process};
use tempfile::TempDir;

/// Longer than anything here may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Applies the suite of the counting agent, with pauses; its directory.
fn apply(up: &Up, repetitions: u32, pause_seconds: f64) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    let suite = write_suite(directory.path(), 1, repetitions, pause_seconds);
    up.run(&["apply", "-f", suite.to_str().unwrap()]).expect(0);
    directory
}

/// Waits until the agent was called.
async fn called(directory: &TempDir) {
    let calls = directory.path().join("calls");
    testkit::wait_until(PATIENCE, "the agent is called", async || {
        if calls.exists() {
            Ok(())
        } else {
            Err("not yet".to_owned())
        }
    })
    .await;
}

#[tokio::test]
async fn ctrl_c_cancels_the_run() {
    let up = Up::start(1);
    let directory = apply(&up, 1, 600.0);
    let mut run = up.start_beside("run", &["run", "all", "--output", "json"]);
    called(&directory).await;
    run.signal(Signal::INT);
    assert_eq!(run.wait(), 98, "{}", run.log());
    let shown = up
        .run(&["runs", "show", "latest", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        (&shown["verdict"], &shown["cancelled"]),
        (&"cancelled".into(), &1.into()),
        "{shown}"
    );
}

#[test]
fn a_run_that_takes_too_long_is_cancelled() {
    let up = Up::start(1);
    let _directory = apply(&up, 1, 600.0);
    let run = up
        .run(&["run", "all", "--timeout", "1s", "--output", "json"])
        .expect(98);
    assert_eq!(run.json()["verdict"], "cancelled", "{}", run.stdout);
}

#[tokio::test]
async fn a_worker_that_is_told_to_stop_hands_its_conversations_back() {
    let up = Up::start(0);
    let directory = apply(&up, 2, 1.0);
    let data = up.data_dir();
    let worker = |name: &str| {
        let arguments = ["worker", "--data-dir", data.to_str().unwrap()];
        let environment = [("REHEARSE__WORKER__DRAIN_TIMEOUT".to_owned(), "100ms".to_owned())];
        Child::start_in(&repository(), up.path(name), &arguments, &environment)
    };
    let mut first = worker("first.log");
    up.run(&["run", "all", "--detach"]).expect(0);
    called(&directory).await;
    assert_eq!(first.stop(), 0, "{}", first.log());
    let _second = worker("second.log");
    up.run(&["runs", "watch", "latest", "--quiet"]).expect(0);
    let transcript = up
        .run(&["transcript", "latest/0", "--output", "json"])
        .expect(0)
        .json();
    assert_eq!(
        transcript["claims"], 2,
        "the second worker took it over: {transcript}"
    );
}

#[tokio::test]
async fn up_stops_with_everything_that_it_started() {
    let mut up = Up::start_with(2, &[], &[("REHEARSE__WORKER__DRAIN_TIMEOUT", "100ms")]);
    let directory = apply(&up, 1, 600.0);
    up.run(&["run", "all", "--detach"]).expect(0);
    called(&directory).await;
    let nats: PathBuf = up.data_dir().join("nats/nats.pid");
    let nats = Pid::from_raw(fs::read_to_string(nats).unwrap().trim().parse().unwrap()).unwrap();
    assert!(test_kill_process(nats).is_ok());
    let ours = up.child().id();
    let below = descendants(ours);
    assert!(below.len() >= 2, "nats-server and an agent: {below:?}");
    // A second signal would end the wait for the conversation at once; one is enough.
    let code = up.child().stop();
    assert_eq!(code, 0, "{}", up.child().log());
    let left: Vec<u32> = below
        .into_iter()
        .filter(|pid| PathBuf::from(format!("/proc/{pid}/exe")).exists())
        .collect();
    assert_eq!(left, [0_u32; 0], "processes are left");
}

/// The processes that a process started, and those started.
fn descendants(pid: u32) -> Vec<u32> {
    let children = fs::read_dir(format!("/proc/{pid}/task"))
        .unwrap()
        .flat_map(|task| {
            let text = fs::read_to_string(task.unwrap().path().join("children")).unwrap_or_default();
            text.split_whitespace()
                .map(|child| child.parse().unwrap())
                .collect::<Vec<u32>>()
        });
    let children: Vec<u32> = children.collect();
    children
        .iter()
        .copied()
        .chain(children.iter().flat_map(|child| descendants(*child)))
        .collect()
}
