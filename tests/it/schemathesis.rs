//! Schemathesis against a running server: requests made from a document, answers compared with it.
//!
//! Twice: with our own document, and with Amigo's, of which only the operations that we share are kept. No operation is left out but
//! streams, whose answer has no end to be read.

mod document;

use std::{
    fmt::Write as _,
    fs,
    process::{Command, Stdio},
};

use harness::{Up, repository, tool};
use serde_json::Value;

use crate::sdk::{contract, python};

/// Everything that can be checked of an answer without knowing what was meant by the request.
const CHECKS: &[&str] = &[
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
    // `allow_header_conformance` is not: `Allow` names the methods of an address in either spelling, documents keep the two apart.
    "ignored_auth",
    "missing_required_header",
    "use_after_free",
    "ensure_resource_availability",
];

/// What the answer to an acceptable request may be.
const EXPECTED: &str = r#""2xx", "304", "400", "401", "403", "404", "409", "412""#;

/// What the answer to a wrong request may be: what is far too long is refused before it is read.
const REFUSED: &str = r#""400", "401", "403", "404", "405", "409", "412", "413", "414", "422", "429", "431""#;

/// One run of the tool.
struct Plan {
    document: Value,
    /// Beside [`CHECKS`].
    checks: &'static [&'static str],
    /// Which kinds of requests are made, of `examples`, `coverage`, `fuzzing` and `stateful`.
    phases: &'static str,
    /// Requests per operation in each phase that generates them.
    max_examples: u32,
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Starts a server and puts something of everything into it.
fn seeded() -> (Up, Value) {
    let environment = [
        ("REHEARSE__HTTP__SIGN_INS_PER_MINUTE", "0"),
        // What is generated is sometimes large, and the machine busy.
        ("REHEARSE__HTTP__REQUEST_TIMEOUT", "60s"),
    ];
    let up = Up::start_with(1, &[], &environment);
    let output = python(&up)
        .arg(repository().join("tests/sdk/seed.py"))
        .output()
        .unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let seed = serde_json::from_slice(&output.stdout).unwrap();
    (up, seed)
}

/// The tool's settings.
fn settings(seed: &Value, plan: &Plan) -> String {
    let document = &plan.document;
    let mut text = String::from(
        "hooks = \"hooks\"\n\
         [generation]\n\
         # The token is real, and so is the organization that it is for.\n\
         with-security-parameters = false\n\
         [parameters]\n",
    );
    let _ = writeln!(text, "\"path.organization\" = {}", seed["organization"]);
    // Now and then a parameter names something that exists.
    let ids = seed["ids"].as_object().unwrap();
    for name in document::path_parameters(document) {
        if let Some(kind) = document::kind_of(&name)
            && ids.contains_key(kind)
        {
            let _ = writeln!(
                text,
                "\"path.{name}\" = {{ dictionary = \"{kind}\", probability = 0.7 }}"
            );
        }
    }
    for (kind, ids) in ids {
        let _ = writeln!(text, "[dictionaries.{kind}]\nvalues = {ids}");
    }
    let _ = writeln!(text, "[checks]\nenabled = false");
    for check in CHECKS.iter().chain(plan.checks) {
        let _ = writeln!(text, "{check}.enabled = true");
    }
    if plan.checks.contains(&"negative_data_rejection") {
        let _ = writeln!(text, "negative_data_rejection.expected-statuses = [{REFUSED}]");
    }
    if plan.checks.contains(&"positive_data_acceptance") {
        let more = serde_json::to_string(&document::with_more_rules(document)).unwrap();
        let _ = write!(
            text,
            "# A document cannot say what exists, which 304, 400 and 412 are about, nor how two fields go together.\n\
             positive_data_acceptance.expected-statuses = [{EXPECTED}]\n\
             [[operations]]\n\
             include-operation-id = {more}\n\
             checks.positive_data_acceptance.expected-statuses = [{EXPECTED}, \"422\"]\n",
        );
    }
    text.push_str(
        "# The two have one address; the document keeps its spellings apart.\n\
         [[operations]]\n\
         include-operation-id = [\"create-metric-version\", \"get-metric-versions\"]\n\
         checks.unsupported_method.enabled = false\n",
    );
    text
}

fn run(up: &Up, seed: &Value, plan: &Plan) {
    let file = up.path("document.json");
    fs::write(&file, serde_json::to_vec(&plan.document).unwrap()).unwrap();
    let config = up.path("schemathesis.toml");
    fs::write(&config, settings(seed, plan)).unwrap();
    let credentials = up.credentials();
    let output = Command::new(tool("schemathesis/bin/python"))
        .args(["-m", "schemathesis.cli", "--config-file"])
        .arg(&config)
        .arg("run")
        .arg(&file)
        .args(["--url", text(&seed["base_url"])])
        .args([
            "--header",
            &format!("Authorization: Bearer {}", text(&seed["token"])),
        ])
        .args(["--header", &format!("X-ORG-ID: {}", text(&seed["organization"]))])
        .args(["--phases", plan.phases])
        .arg("--generation-deterministic")
        .args(["--max-examples", &plan.max_examples.to_string()])
        .args([
            "--continue-on-failure",
            "--no-color",
            "--workers",
            // Its threads are not quite safe: two of them make it stumble now and then.
            "1",
            "--request-timeout",
            "30",
        ])
        .env("PYTHONPATH", repository().join("tests/schemathesis"))
        .env("REHEARSE_TEST_OWN_KEY", text(&credentials["api_key_id"]))
        .env("REHEARSE_TEST_OWN_USER", text(&credentials["user_id"]))
        .env("NO_PROXY", "127.0.0.1,localhost")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .current_dir(up.path("."))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}\n{errors}");
    let n_operations = document::n_operations(&plan.document);
    assert!(
        told.contains(&format!("{n_operations} selected / {n_operations} total")),
        "an operation was left out\n{told}"
    );
}

fn run_our_own(phases: &'static str) {
    let (up, seed) = seeded();
    let plan = Plan {
        document: document::plain(document::without_streams(document::served(&up))),
        checks: &["negative_data_rejection", "positive_data_acceptance"],
        phases,
        max_examples: 10,
    };
    run(&up, &seed, &plan);
}

#[test]
fn answers_at_the_edges_are_as_our_own_document_says() {
    run_our_own("examples,coverage");
}

#[test]
fn answers_to_anything_and_along_links_are_as_our_own_document_says() {
    run_our_own("fuzzing,stateful");
}

#[test]
fn answers_are_as_amigos_document_says() {
    let (up, seed) = seeded();
    let text = fs::read(contract()).unwrap();
    let plan = Plan {
        document: document::plain(document::shared(serde_json::from_slice(&text).unwrap())),
        // We accept more than that document does (missing nullable fields, extensions under `rehearse`), so what it calls wrong is
        // not always refused, and we bound what it does not, so what it calls right is sometimes refused. Both are compared schema by
        // schema in the tests of the package `api`.
        checks: &[],
        phases: "examples,coverage,fuzzing,stateful",
        max_examples: 10,
    };
    run(&up, &seed, &plan);
}
