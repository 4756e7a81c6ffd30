//! What careless and hostile people do: they get a message that says what, where and what to do, and an exit code; nothing is half
//! done, and nothing panics (the harness looks for that in every output) or hangs.

mod agents;
mod names;
mod servers;
mod storage;
mod suites;
mod usage;

use std::path::Path;

use harness::{Finished, Up, run_in};

/// Runs a command against `up` in `directory`, so that paths are written as a person there would.
fn run_at(up: &Up, directory: &Path, arguments: &[&str]) -> Finished {
    let data = up.data_dir();
    let mut all = vec!["--data-dir", data.to_str().unwrap()];
    all.extend(arguments);
    run_in(directory, &all)
}

/// Everything that was ever changed.
fn events(up: &Up) -> String {
    up.run(&["events", "--output", "json"]).expect(0).stdout
}

/// A document of a suite.
fn document(kind: &str, name: &str, spec: &serde_json::Value) -> String {
    let metadata = serde_json::json!({ "name": name });
    format!("apiVersion: rehearse/v1\nkind: {kind}\nmetadata: {metadata}\nspec: {spec}\n")
}
