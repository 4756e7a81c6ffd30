//! What can be found out about suites without a server, beyond their shape: templates, patterns and expressions that do not compile,
//! and names that no file holds.

mod path;

use std::collections::HashSet;

use model::{Kind, Name, SuiteSpec};
use simulation::{Finding, check_connection, check_metric, check_script};

use super::{Document, report::Report};

/// Compiles everything in the documents that is compiled later.
pub(super) fn contents(documents: &[Document], report: &mut Report) {
    for document in documents {
        let (base, checked) = match &document.object.spec {
            SuiteSpec::Scenario { content, .. } => match &content.script {
                Some(script) => ("/spec/script".to_owned(), check_script(script)),
                None => continue,
            },
            SuiteSpec::Metric { content, .. } => ("/spec".to_owned(), check_metric(content)),
            SuiteSpec::Agent(content) => match &content.connection {
                Some(connection) => {
                    let protocol = path::camel_case(connection.protocol.as_str());
                    (
                        format!("/spec/connection/{protocol}"),
                        check_connection(connection),
                    )
                }
                None => continue,
            },
            SuiteSpec::Persona { .. }
            | SuiteSpec::ContextGraph(_)
            | SuiteSpec::Service { .. }
            | SuiteSpec::UnitTest { .. }
            | SuiteSpec::UnitTestSet { .. } => continue,
        };
        for Finding { path, reason } in checked.err().unwrap_or_default() {
            let pointer = format!("{base}{}", path::to_pointer(&path));
            report.push(document.problem(&pointer, reason.to_string()));
        }
    }
}

/// Names that the documents use and none of them holds. The server may hold them.
pub(super) fn unresolved(documents: &[Document]) -> Report {
    let held: HashSet<(Kind, &Name)> = documents
        .iter()
        .map(|document| (document.object.spec.kind(), &document.object.name))
        .collect();
    let mut report = Report::default();
    for document in documents {
        for (kind, name, pointer) in references(&document.object.spec) {
            if !held.contains(&(kind, name)) {
                let message = format!("these files hold no {kind} `{name}`; it must exist on the server");
                report.push(document.problem(&pointer, message));
            }
        }
    }
    report
}

/// Where a document names the object that a sentence such as ``there is no persona `x` `` is about.
pub(super) fn named_in(spec: &SuiteSpec, sentence: &str) -> Option<String> {
    let is_it = |(kind, name, _): &(Kind, &Name, String)| sentence.contains(&format!("{kind} `{name}`"));
    references(spec)
        .into_iter()
        .find(is_it)
        .map(|(_, _, pointer)| pointer)
}

/// What an object names: the kind, the name, and where it stands.
fn references(spec: &SuiteSpec) -> Vec<(Kind, &Name, String)> {
    match spec {
        SuiteSpec::Persona { .. }
        | SuiteSpec::Scenario { .. }
        | SuiteSpec::Agent(_)
        | SuiteSpec::ContextGraph(_) => Vec::new(),
        SuiteSpec::Metric {
            applied_to_services, ..
        } => {
            let service = |(index, name)| (Kind::Service, name, format!("/spec/appliedToServices/{index}"));
            applied_to_services.iter().enumerate().map(service).collect()
        }
        SuiteSpec::Service {
            agent, context_graph, ..
        } => {
            let graph = context_graph
                .iter()
                .map(|name| (Kind::ContextGraph, name, "/spec/contextGraph".to_owned()));
            std::iter::once((Kind::Agent, agent, "/spec/agent".to_owned()))
                .chain(graph)
                .collect()
        }
        SuiteSpec::UnitTest {
            service,
            persona,
            scenario,
            success_criteria,
            ..
        } => {
            let mut named = vec![
                (Kind::Service, service, "/spec/service".to_owned()),
                (Kind::Persona, persona, "/spec/persona".to_owned()),
                (Kind::Scenario, scenario, "/spec/scenario".to_owned()),
            ];
            for (index, criterion) in success_criteria.iter().enumerate() {
                let pointer = format!("/spec/criteria/{index}/metric");
                named.push((Kind::Metric, &criterion.metric, pointer));
            }
            named
        }
        SuiteSpec::UnitTestSet { tests, .. } => {
            let named = tests.iter().enumerate();
            named
                .map(|(index, (name, _))| (Kind::UnitTest, name, format!("/spec/tests/{index}")))
                .collect()
        }
    }
}
