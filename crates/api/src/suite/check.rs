//! What can be said about a suite as a whole before it meets an organization.

use std::collections::BTreeSet;

use model::{Kind, Name, Suite, SuiteSpec};

/// The objects that a suite names but does not hold, in order, each once. They must exist already where it is applied.
pub fn unresolved_names(suite: &Suite) -> Vec<(Kind, Name)> {
    let held: BTreeSet<(Kind, &Name)> = suite
        .objects
        .iter()
        .map(|object| (object.spec.kind(), &object.name))
        .collect();
    let mut named: BTreeSet<(Kind, Name)> = BTreeSet::new();
    let mut name = |kind: Kind, name: &Name| {
        if !held.contains(&(kind, name)) {
            named.insert((kind, name.clone()));
        }
    };
    for object in &suite.objects {
        match &object.spec {
            SuiteSpec::Persona { .. }
            | SuiteSpec::Scenario { .. }
            | SuiteSpec::Agent(_)
            | SuiteSpec::ContextGraph(_) => {}
            SuiteSpec::Metric {
                applied_to_services, ..
            } => {
                applied_to_services
                    .iter()
                    .for_each(|service| name(Kind::Service, service));
            }
            SuiteSpec::Service {
                agent, context_graph, ..
            } => {
                name(Kind::Agent, agent);
                context_graph
                    .iter()
                    .for_each(|graph| name(Kind::ContextGraph, graph));
            }
            SuiteSpec::UnitTest {
                service,
                persona,
                scenario,
                success_criteria,
                ..
            } => {
                name(Kind::Service, service);
                name(Kind::Persona, persona);
                name(Kind::Scenario, scenario);
                success_criteria
                    .iter()
                    .for_each(|criterion| name(Kind::Metric, &criterion.metric));
            }
            SuiteSpec::UnitTestSet { tests, .. } => {
                tests.iter().for_each(|(test, _)| name(Kind::UnitTest, test));
            }
        }
    }
    named.into_iter().collect()
}
