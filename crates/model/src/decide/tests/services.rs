//! Rules about services and their version sets.

use super::{
    Given, agent_content,
    examples::{Bench, name, suite},
};
use crate::{
    AgentContent, AgentId, Command, Difference, DirectoryExt as _, Kind, Oid, Rejection, ServiceChange,
    ServiceId, SuiteSpec, UnitTestChange, VersionSet, VersionSetName,
};

pub(super) fn agent(given: &mut Given, text: &str, n_versions: u32) -> AgentId {
    let id = AgentId(given.make(&Command::CreateAgent { name: name(text) }).1);
    for number in 1..=n_versions {
        let content = AgentContent {
            document: Some(number.to_string().try_into().unwrap()),
            ..agent_content()
        };
        let command = Command::CreateAgentVersion {
            id,
            content,
            expected: Some(number),
        };
        given.make(&command);
    }
    id
}

pub(super) fn change_service(id: ServiceId, change: ServiceChange) -> Command {
    Command::UpdateService { id, change }
}

pub(super) fn set_active(id: ServiceId, is_active: bool) -> Command {
    let change = ServiceChange {
        is_active: Some(is_active),
        ..ServiceChange::default()
    };
    change_service(id, change)
}

/// Deletes the bench's set and test, so that its service is free.
fn free_service(bench: &mut Bench) {
    bench.given.make(&Command::DeleteUnitTestSet { id: bench.set });
    bench.given.make(&Command::DeleteUnitTest { id: bench.test });
}

fn twin_of_service(bench: &Bench, text: &str, is_active: bool) -> Command {
    let service = bench.given.directory.service(bench.service).unwrap().unwrap();
    Command::CreateService {
        profile: crate::ServiceProfile {
            name: name(text),
            is_active,
            ..service.profile
        },
        release: None,
    }
}

#[test]
fn names_of_services_are_unique_while_they_are_active() {
    let mut bench = Bench::new();
    let taken = Rejection::NameTaken {
        kind: Kind::Service,
        name: "Shop".to_owned(),
    };
    let command = twin_of_service(&bench, "Shop", true);
    assert_eq!(bench.given.refuse(&command), taken);
    let command = twin_of_service(&bench, "Shop", false);
    let twin = ServiceId(bench.given.make(&command).1);
    assert_eq!(bench.given.refuse(&set_active(twin, true)), taken);
    let rename = |text: &str| ServiceChange {
        name: Some(name(text)),
        is_active: Some(true),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(twin, rename("Store")));
    assert_eq!(bench.given.refuse(&change_service(twin, rename("Shop"))), taken);
    free_service(&mut bench);
    bench.given.make(&set_active(bench.service, false));
    bench.given.make(&change_service(twin, rename("Shop")));
    assert_eq!(bench.given.refuse(&set_active(bench.service, true)), taken);
}

#[test]
fn an_inactive_service_outlives_its_agent_but_cannot_come_back_without() {
    let mut bench = Bench::new();
    free_service(&mut bench);
    let delete = Command::DeleteAgent { id: bench.agent };
    assert!(matches!(bench.given.refuse(&delete), Rejection::InUse { .. }));
    bench.given.make(&set_active(bench.service, false));
    bench.given.make(&delete);
    let describe = ServiceChange {
        description: Some("Closed".try_into().unwrap()),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, describe));
    let deprecated = Rejection::Deprecated {
        kind: Kind::Agent,
        name: "Bot".to_owned(),
    };
    assert_eq!(bench.given.refuse(&set_active(bench.service, true)), deprecated);
    let again = Rejection::AlreadyDeleted {
        kind: Kind::Agent,
        name: "Bot".to_owned(),
    };
    assert_eq!(bench.given.refuse(&delete), again);
    let unknown = Command::DeleteAgent {
        id: AgentId(Oid::from_bytes([9; 12])),
    };
    assert!(matches!(bench.given.refuse(&unknown), Rejection::NotFound { .. }));
    let twin = twin_of_service(&bench, "Twin", true);
    assert!(matches!(
        bench.given.refuse(&twin),
        Rejection::NotFound {
            kind: Kind::Agent,
            ..
        }
    ));
    let other = agent(&mut bench.given, "Other", 1);
    let change = ServiceChange {
        is_active: Some(true),
        agent_id: Some(other),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, change));
}

#[test]
fn a_service_moves_to_an_agent_only_if_its_version_sets_come_along() {
    let mut bench = Bench::new();
    let three = agent(&mut bench.given, "Three", 3);
    let one = agent(&mut bench.given, "One", 1);
    let move_to = |id| ServiceChange {
        agent_id: Some(id),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, move_to(three)));
    let put = Command::PutVersionSet {
        id: bench.service,
        name: VersionSetName::release(),
        version_set: VersionSet {
            agent_version: Some(3),
            ..VersionSet::default()
        },
    };
    bench.given.make(&put);
    let refused = bench.given.refuse(&change_service(bench.service, move_to(one)));
    let missing = Rejection::NoVersion {
        kind: Kind::Agent,
        name: "One".to_owned(),
        version: Some(3),
    };
    assert_eq!(refused, missing);
}

#[test]
fn a_suite_moves_a_service_and_its_version_sets_together() {
    let mut given = Given::nothing();
    given.try_do(&Command::ApplySuite(suite())).unwrap();
    agent(&mut given, "Three", 3);
    let with = |agent: &str, version: Option<u32>| {
        let mut suite = suite();
        suite.objects.retain(|object| object.name.as_str() == "Service");
        let SuiteSpec::Service {
            agent: names,
            version_sets,
            ..
        } = &mut suite.objects[0].spec
        else {
            unreachable!()
        };
        *names = name(agent);
        let version_set = VersionSet {
            agent_version: version,
            ..VersionSet::default()
        };
        *version_sets = [(VersionSetName::release(), version_set)].into();
        suite
    };
    given
        .try_do(&Command::ApplySuite(with("Three", Some(3))))
        .unwrap();
    let back = given.try_do(&Command::ApplySuite(with("Bot", Some(1)))).unwrap();
    assert_eq!(back.outcome.suite.unwrap()[0].difference, Difference::Updated);
    let broken = given.refuse(&Command::ApplySuite(with("Bot", Some(3))));
    assert!(broken.to_string().contains("has no version 3"), "{broken}");
}

#[test]
fn a_version_set_that_a_test_names_stays() {
    let mut bench = Bench::new();
    let custom: VersionSetName = "custom".to_owned().try_into().unwrap();
    let put = Command::PutVersionSet {
        id: bench.service,
        name: custom.clone(),
        version_set: VersionSet::default(),
    };
    bench.given.make(&put);
    let use_set = |name: &VersionSetName| Command::UpdateUnitTest {
        id: bench.test,
        change: UnitTestChange {
            version_set: Some(name.clone()),
            ..UnitTestChange::default()
        },
    };
    let delete = Command::DeleteVersionSet {
        id: bench.service,
        name: custom.clone(),
    };
    bench.given.make(&use_set(&custom));
    assert!(matches!(bench.given.refuse(&delete), Rejection::InUse { .. }));
    bench.given.make(&use_set(&VersionSetName::release()));
    bench.given.make(&delete);
    let unknown = bench.given.refuse(&use_set(&custom));
    assert!(
        matches!(unknown, Rejection::UnknownVersionSet { .. }),
        "{unknown}"
    );
    assert!(matches!(
        bench.given.refuse(&delete),
        Rejection::UnknownVersionSet { .. }
    ));
}

#[test]
fn what_is_not_active_is_not_tested() {
    let mut bench = Bench::new();
    let command = twin_of_service(&bench, "Store", false);
    let closed = ServiceId(bench.given.make(&command).1);
    let change = UnitTestChange {
        service_id: Some(closed),
        ..UnitTestChange::default()
    };
    let refused = bench.given.refuse(&Command::UpdateUnitTest {
        id: bench.test,
        change,
    });
    assert!(matches!(refused, Rejection::Inactive { .. }), "{refused}");
}
