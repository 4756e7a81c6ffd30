//! Among other programs: readers that leave, terminals, colours.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _},
    path::Path,
    process::{Command, Stdio},
};

use harness::{Up, command, rehearse};
use serde_json::json;

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let up = Up::start(1);
    let file = up.path("graph.yaml");
    // Far more than a pipe holds.
    let document = json!({
        "apiVersion": "rehearse/v1", "kind": "ContextGraph", "metadata": {"name": "g"},
        "spec": {"document": {"t": "x".repeat(400_000)}},
    });
    fs::write(&file, document.to_string()).unwrap();
    up.run(&["apply", "-f", file.to_str().unwrap()]).expect(0);
    let data = up.data_dir();
    for arguments in [
        &["events"][..],
        &["events", "--output", "json"],
        &["export"],
        &["schema"],
        &["--help"],
    ] {
        let mut child = command(Path::new("/"), arguments)
            .args(["--data-dir", data.to_str().unwrap()])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut first = String::new();
        let mut stdout = BufReader::with_capacity(16, child.stdout.take().unwrap());
        stdout.read_line(&mut first).unwrap();
        drop(stdout);
        assert!(!first.is_empty(), "{arguments:?}");
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}: {said}");
        assert_eq!(said, "", "{arguments:?}");
    }
}

/// What `rehearse validate` of a faulty suite writes to a terminal.
fn on_a_terminal(directory: &Path, variables: &[(&str, &str)]) -> String {
    let spawn = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";
    let output = Command::new("python3")
        .args(["-c", spawn])
        .arg(rehearse())
        .args(["validate", "-f", "suite.yaml"])
        .current_dir(directory)
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap())
        .env("TERM", "xterm-256color")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(96), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn colour_is_for_terminals_that_want_it() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("suite.yaml"), "kind: Persona\n").unwrap();
    let coloured = on_a_terminal(directory.path(), &[]);
    assert!(coloured.contains("\x1b["), "{coloured:?}");
    let plain = on_a_terminal(directory.path(), &[("NO_COLOR", "1")]);
    assert!(!plain.contains('\x1b'), "{plain:?}");
    assert!(plain.contains("suite.yaml:1:1: "), "{plain:?}");
    // Not a terminal: never.
    let mut piped = command(directory.path(), &["validate", "-f", "suite.yaml"]);
    let output = piped.env_remove("NO_COLOR").output().unwrap();
    assert!(!output.stderr.contains(&0x1b), "{output:?}");
}
