//! The table of endpoints: consistent, with examples that are what they claim to be.

use std::collections::BTreeSet;

use model::Kind;
use serde_json::Value;

use super::*;
use crate::read::read;

mod schemas;

/// Looks at the examples of an endpoint.
pub(super) trait ExampleCheck {
    fn check<C: Call>(&mut self);
}

struct RoundTrip {
    n_checked: usize,
}

impl ExampleCheck for RoundTrip {
    fn check<C: Call>(&mut self) {
        let Endpoint {
            kind,
            verb,
            example_request,
            example_response,
            ..
        } = C::ENDPOINT;
        let request: Value = serde_json::from_str(example_request).unwrap();
        let typed =
            read::<C::Request>(&request).unwrap_or_else(|errors| panic!("{kind}.{verb} request: {errors}"));
        // What a client writes must be what the server reads, and mean the same.
        let written = serde_json::to_value(&typed).unwrap();
        let again = read::<C::Request>(&written)
            .unwrap_or_else(|errors| panic!("{kind}.{verb} written: {errors} in {written}"));
        assert_eq!(serde_json::to_value(&again).unwrap(), written, "{kind}.{verb}");

        let response: Value = serde_json::from_str(example_response).unwrap();
        let typed: C::Response = serde_json::from_value(response.clone())
            .unwrap_or_else(|error| panic!("{kind}.{verb} response: {error}"));
        assert_eq!(serde_json::to_value(&typed).unwrap(), response, "{kind}.{verb}");

        let mut unknown = request;
        unknown["qqqqqqqqqqqq"] = Value::from(1);
        // Versions of agents and context graphs keep whatever they are given.
        let open = verb == "create_version" && ["agent", "context_graph"].contains(&kind);
        assert_eq!(read::<C::Request>(&unknown).is_ok(), open, "{kind}.{verb}");
        self.n_checked += 1;
    }
}

#[test]
fn examples_are_what_they_claim_to_be() {
    let mut check = RoundTrip { n_checked: 0 };
    commands::check_examples(&mut check);
    queries::check_examples(&mut check);
    assert_eq!(check.n_checked, COMMANDS.len() + QUERIES.len());
}

#[test]
fn endpoints_are_unique_and_fit_in_subjects() {
    let org = "acme".parse().unwrap();
    let user = "u1".parse().unwrap();
    let mut seen = BTreeSet::new();
    for endpoint in COMMANDS.iter().chain(QUERIES) {
        let subject = Subject::of(&org, &user, endpoint);
        let parsed = Subject::parse(&subject).unwrap();
        assert_eq!(
            (parsed.kind.as_str(), parsed.verb.as_str()),
            (endpoint.kind, endpoint.verb)
        );
        assert_eq!(
            (&parsed.org, &parsed.user, parsed.family),
            (&org, &user, endpoint.family)
        );
        assert!(seen.insert(subject), "{endpoint:?}");
        assert!(
            endpoint.summary.ends_with('.') && !endpoint.permissions.is_empty(),
            "{endpoint:?}"
        );
        let found = super::endpoint(endpoint.family, endpoint.kind, endpoint.verb).unwrap();
        assert_eq!(found, endpoint);
    }
    assert!(endpoint(Family::Command, "persona", "list").is_none());
}

#[test]
fn foreign_subjects_are_refused() {
    for subject in [
        "",
        "cmd.acme.u1.persona",
        "cmd.acme.u1.persona.create.x",
        "evt.acme.u1.persona.create",
        "cmd.acme.*.persona.create",
        "cmd.acme..persona.create",
    ] {
        assert!(Subject::parse(subject).is_none(), "{subject}");
    }
}

/// Kinds that have no endpoints of their own: what was measured on demand is made and read with metrics.
const ELSEWHERE: [Kind; 1] = [Kind::Evaluation];

#[test]
fn every_kind_of_object_can_be_changed_and_read() {
    for kind in Kind::ALL {
        let is_here = !ELSEWHERE.contains(kind);
        for endpoints in [COMMANDS, QUERIES] {
            let found = endpoints.iter().any(|endpoint| endpoint.kind == kind.as_str());
            assert_eq!(found, is_here, "{kind}");
        }
    }
}

#[test]
fn what_applies_a_suite_names_every_document() {
    let body = serde_json::json!({"documents": [{"apiVersion": "rehearse/v1", "kind": "Persona", "metadata": {"name": "x"}, "spec": {}}, 1]});
    let errors = read::<crate::suite::Apply>(&body).unwrap_err();
    let pointers: Vec<&str> = errors
        .as_slice()
        .iter()
        .map(|error| error.pointer.as_str())
        .collect();
    assert_eq!(
        pointers,
        [
            "/documents/0/spec/role",
            "/documents/0/spec/background",
            "/documents/1"
        ]
    );
}

#[test]
fn the_reference_is_up_to_date() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/bus.md");
    let wanted = bus_reference();
    if std::env::var_os("REHEARSE_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &wanted).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == wanted,
        "docs/bus.md is not up to date: run with REHEARSE_UPDATE_DOCS=1"
    );
}
