//! Which crate may depend on which, and which crate alone may name a foreign one.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use harness::repository;

/// Every crate of the workspace and what it depends on, tests aside.
const ARROWS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("journal", &["model"]),
    ("projections", &["model"]),
    ("simulation", &["model"]),
    ("commands", &["journal", "model", "projections"]),
    ("worker", &["journal", "model", "simulation"]),
    ("aggregator", &["journal", "model"]),
    ("api", &["model"]),
    (
        "server",
        &[
            "aggregator",
            "api",
            "commands",
            "journal",
            "model",
            "projections",
            "simulation",
        ],
    ),
    (
        "rehearse",
        &[
            "aggregator",
            "api",
            "commands",
            "journal",
            "model",
            "projections",
            "server",
            "simulation",
            "worker",
        ],
    ),
    ("testkit", &["api", "journal", "model"]),
    ("tests", &["journal", "model", "testkit"]),
];

/// Foreign crates that only some crates of ours may name.
const OWNERS: &[(&str, &[&str])] = &[
    ("async-nats", &["journal"]),
    ("redb", &["projections"]),
    ("postcard", &["model"]),
    ("reqwest", &["api", "server", "simulation"]),
    ("rmcp", &["simulation"]),
    ("tokio-tungstenite", &["simulation"]),
    ("process-wrap", &["simulation"]),
    ("genai", &["simulation"]),
    ("zip", &["aggregator"]),
    ("clap", &["rehearse"]),
    ("axum", &["server"]),
    ("hyper", &["server"]),
    ("hyper-util", &["server"]),
];

/// The packages of the workspace with their dependencies, tests aside.
fn packages() -> BTreeMap<String, BTreeSet<String>> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repository())
        .output()
        .expect("cargo can be started");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let short = |name: &str| name.strip_prefix("rehearse-").unwrap_or(name).to_owned();
    let packages = metadata["packages"].as_array().expect("there are packages");
    packages
        .iter()
        .map(|package| {
            let dependencies = package["dependencies"]
                .as_array()
                .expect("a package lists its dependencies");
            let normal = dependencies
                .iter()
                .filter(|dependency| dependency["kind"].is_null());
            let names = normal.map(|dependency| short(dependency["name"].as_str().expect("it has a name")));
            (
                short(package["name"].as_str().expect("it has a name")),
                names.collect(),
            )
        })
        .collect()
}

#[test]
fn dependencies_point_down() {
    let packages = packages();
    let known: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        packages.keys().map(String::as_str).collect::<BTreeSet<_>>(),
        known,
        "a crate is not in the table"
    );
    for (name, expected) in ARROWS {
        let ours: BTreeSet<&str> = packages[*name]
            .iter()
            .map(String::as_str)
            .filter(|dependency| known.contains(dependency))
            .collect();
        assert_eq!(ours, expected.iter().copied().collect(), "what {name} depends on");
    }
}

#[test]
fn a_foreign_crate_is_named_by_its_owners_only() {
    let packages = packages();
    for (foreign, owners) in OWNERS {
        let users: Vec<&str> = packages
            .iter()
            .filter(|(_, dependencies)| dependencies.contains(*foreign))
            .map(|(name, _)| name.as_str())
            .collect();
        let is_owned = users.iter().all(|user| owners.contains(user));
        assert!(!users.is_empty() && is_owned, "{foreign} is named by {users:?}");
    }
}

#[test]
fn the_model_knows_no_clock_and_no_randomness() {
    let forbidden = [
        "SystemTime::now",
        "Instant::now",
        "Timestamp::now",
        "Uuid::new_v4",
        "Uuid::now_v7",
        "thread_rng",
    ];
    for (path, text) in sources(&repository().join("crates/model/src")) {
        for word in forbidden {
            assert!(!text.contains(word), "{path} names {word}");
        }
    }
}

#[test]
fn subjects_are_built_in_one_module() {
    let crates = repository().join("crates");
    for (path, text) in sources(&crates) {
        // Tests may spell a subject out to prove what it looks like; type names and NATS permissions only look like subjects.
        let exempt = [
            "/journal/src/",
            "/testkit/",
            "tests",
            "/codec/registry.rs",
            "/embedded/config.rs",
        ];
        if exempt.iter().any(|part| path.contains(part)) {
            continue;
        }
        for prefix in [
            "\"evt.", "\"res.", "\"turn.", "\"job.", "\"retry.", "\"dlq.", "\"ctl.", "\"dlv.", "\"agt.",
        ] {
            assert!(
                !text.contains(prefix),
                "{path} builds a subject that begins with {prefix}"
            );
        }
    }
}

fn sources(directory: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).expect("the sources can be listed") {
        let path = entry.expect("the sources can be listed").path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source can be read");
            found.push((path.display().to_string(), text));
        }
    }
    found
}
