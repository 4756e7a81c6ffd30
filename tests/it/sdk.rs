//! The HTTP API under clients that nobody here wrote: Amigo's official SDK, unmodified, and the examples of docs/http-api.md.

mod examples;

use std::process::{Command, Stdio};

use harness::{Up, repository, tool};

/// What the SDK's operations are called: every operation that Rehearse shares with Amigo's Classic API.
pub(crate) fn shared_operations() -> Vec<&'static str> {
    let shared = api::http::CLASSIC.iter().map(|operation| operation.id);
    shared.chain(["sign-in-with-api-key"]).collect()
}

/// Amigo's own OpenAPI document.
pub(crate) fn contract() -> std::path::PathBuf {
    tool("contract/openapi-baseline.json")
}

/// Python with the SDK, in an environment that knows the server and nothing of this machine's proxies.
pub(crate) fn python(up: &Up) -> Command {
    let mut command = Command::new(tool("sdk/bin/python"));
    command
        .env(
            "REHEARSE_TEST_CREDENTIALS",
            up.data_dir().join("credentials.json"),
        )
        .env("REHEARSE_TEST_CONTRACT", contract())
        .env("REHEARSE_TEST_OPERATIONS", shared_operations().join(","))
        .env(
            "REHEARSE_TEST_AGENT",
            repository().join("tests/agents/counter.py"),
        )
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_PROXY", "127.0.0.1,localhost")
        .current_dir(up.path("."))
        .stdin(Stdio::null());
    command
}

/// Runs these files of `tests/sdk` against the server; every test in them must pass, and none may be skipped.
pub(crate) fn pytest(up: &Up, arguments: &[&str]) {
    let tests = repository().join("tests/sdk");
    let output = python(up)
        .args(["-m", "pytest", "-q", "--rootdir"])
        .arg(&tests)
        .arg("-c")
        .arg(tests.join("pytest.ini"))
        .args(arguments.iter().map(|argument| {
            if argument.starts_with('-') {
                (*argument).into()
            } else {
                tests.join(argument)
            }
        }))
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let summary = told.lines().last().unwrap_or_default();
    assert!(summary.contains(" passed"), "{told}");
    for word in ["skipped", "xfailed", "xpassed", "deselected"] {
        assert!(!summary.contains(word), "{told}");
    }
}

#[test]
fn the_official_sdk_drives_the_server_unmodified() {
    let up = Up::start_with(2, &[], &[("REHEARSE__HTTP__SIGN_INS_PER_MINUTE", "10000")]);
    let elsewhere = repository().join("tests/sdk/test_rate_limits.py");
    pytest(&up, &[&format!("--ignore={}", elsewhere.display()), "."]);
}

#[test]
fn the_official_sdk_sees_rate_limits() {
    let environment = [
        ("REHEARSE__HTTP__SIGN_INS_PER_MINUTE", "10000"),
        ("REHEARSE__HTTP__RATE_LIMITS", "true"),
        ("REHEARSE__HTTP__RATE_LIMIT_FACTOR", "0.001"),
    ];
    let up = Up::start_with(1, &[], &environment);
    pytest(&up, &["test_rate_limits.py"]);
}
