//! Every event can be read by people.

use std::collections::BTreeSet;

use model::{
    AgentContent, ApiKeyCreated, Commit, CommitMeta, ContextGraphContent, Digest, Event, FirstVersion, Json,
    Kind, MetricCreated, MetricNotes, NextVersion, Object, ObjectRef, Organization, OrganizationProfile,
    PersonaCreated, RunCompleted, RunStarted, ScenarioCreated, ServiceCreated, Tags, Tally, UnitTestCreated,
    User, UserCreated, VersionSetName, VersionSetPut,
};
use serde_json::json;

use super::*;
use crate::contract::fixture::*;

fn first<C>(content: C) -> FirstVersion<C> {
    FirstVersion {
        version_id: id("0a"),
        content,
    }
}

fn next<C>(content: C) -> NextVersion<C> {
    NextVersion {
        version: 2,
        version_id: id("0b"),
        content,
    }
}

fn profile() -> OrganizationProfile {
    OrganizationProfile {
        title: name("Acme"),
        preferred_language: None,
        timezone: None,
    }
}

fn key() -> ApiKeyCreated {
    ApiKeyCreated {
        id: id("b1"),
        user_id: "u1".parse().unwrap(),
        name: name("CI"),
        secret_hash: [0xAB; 32],
        expires_at: None,
    }
}

fn notes() -> MetricNotes {
    MetricNotes {
        applied_to_services: vec![id("1c")],
        additional_notes: Some(text("n")),
        tags: Tags::default(),
    }
}

/// One event of each kind.
fn every_event() -> Vec<Event> {
    let agent = || AgentContent {
        connection: None,
        document: Some(Json::empty_object()),
    };
    let graph = || ContextGraphContent {
        document: Json::empty_object(),
    };
    vec![
        Event::OrganizationCreated(profile()),
        Event::OrganizationUpdated(profile()),
        Event::UserCreated(UserCreated {
            name: name("Ann"),
            role: name("admin"),
        }),
        Event::UserDeleted(()),
        Event::ApiKeyCreated(key()),
        Event::ApiKeyDeleted(()),
        Event::PersonaCreated(PersonaCreated {
            name: persona().name,
            role: persona().role,
            tags: persona().tags,
            first: first(persona_content()),
        }),
        Event::PersonaUpdated(persona().tags),
        Event::PersonaVersionCreated(next(persona_content())),
        Event::PersonaDeleted(()),
        Event::ScenarioCreated(ScenarioCreated {
            name: name("s"),
            tags: Tags::default(),
            first: first(scenario_content()),
        }),
        Event::ScenarioUpdated(Tags::default()),
        Event::ScenarioVersionCreated(next(scenario_content())),
        Event::ScenarioDeleted(()),
        Event::MetricCreated(MetricCreated {
            name: name("m"),
            notes: notes(),
            first: first(metric_content()),
        }),
        Event::MetricUpdated(notes()),
        Event::MetricVersionCreated(next(metric_content())),
        Event::MetricDeleted(()),
        Event::AgentCreated(name("a")),
        Event::AgentVersionCreated(next(agent())),
        Event::AgentDeleted(()),
        Event::ContextGraphCreated(name("g")),
        Event::ContextGraphVersionCreated(next(graph())),
        Event::ContextGraphDeleted(()),
        Event::ServiceCreated(ServiceCreated {
            profile: service().profile,
            version_sets: service().version_sets,
        }),
        Event::ServiceUpdated(service().profile),
        Event::VersionSetPut(VersionSetPut {
            name: VersionSetName::release(),
            version_set: model::VersionSet::default(),
        }),
        Event::VersionSetDeleted(VersionSetName::release()),
        Event::UnitTestCreated(UnitTestCreated {
            name: name("t"),
            definition: unit_test().definition,
        }),
        Event::UnitTestUpdated(unit_test().definition),
        Event::UnitTestDeleted(()),
        Event::UnitTestSetCreated(set(true).definition),
        Event::UnitTestSetUpdated(set(true).definition),
        Event::UnitTestSetDeleted(()),
        Event::RunStarted(RunStarted {
            set_id: id("7f"),
            set_name: name("Suite"),
            plan: plan(),
            manifest: Digest::of(b"manifest"),
        }),
        Event::RunCancelled(()),
        Event::RunCompleted(RunCompleted {
            tally: Tally::of(2),
            verdict: model::RunVerdict::Passed,
            artifact: artifact(),
        }),
    ]
}

fn recorded(kind: Kind, events: Vec<Event>) -> Recorded {
    let meta = CommitMeta {
        actor: "u1".parse().unwrap(),
        at: change().at,
        command_id: "c-1".parse().unwrap(),
        command_digest: Digest::of(b"command"),
        index: 0,
        count: 1,
        traceparent: None,
    };
    let object = ObjectRef {
        kind,
        key: "6618791275130b73714e8d2a".parse().unwrap(),
    };
    Recorded {
        sequence: 12,
        commit: Commit {
            org: org(),
            object,
            meta,
            events,
        },
    }
}

#[test]
fn every_event_has_readable_particulars() {
    let events = every_event();
    let names: BTreeSet<&str> = events.iter().map(Event::name).collect();
    let all: BTreeSet<&str> = Event::NAMES.iter().copied().collect();
    assert_eq!(names, all);
    for event in &events {
        let data = event_data(event).unwrap();
        let plain = event.name().ends_with(".deleted") || event.name() == "run.cancelled";
        assert_eq!(data.is_null(), plain, "{}", event.name());
        // Documents stand in it as JSON, not as text that holds JSON.
        assert!(!data.to_string().contains(r#"\""#), "{data}");
    }
}

#[test]
fn hashes_of_secrets_are_not_shown() {
    let data = event_data(&Event::ApiKeyCreated(key())).unwrap();
    assert_eq!(data, json!({"user_id": "u1", "name": "CI", "expires_at": null}));
    let key = key();
    let state = Object::ApiKey(model::ApiKey {
        id: key.id,
        user_id: key.user_id,
        name: key.name,
        secret_hash: key.secret_hash,
        expires_at: None,
        life: life(),
    });
    let shown = object_view(&org(), &state).unwrap().to_string();
    assert!(
        !shown.contains("secret") && !shown.contains("abab") && !shown.contains("171"),
        "{shown}"
    );
}

#[test]
fn an_event_says_who_what_and_when() {
    let tags = Event::PersonaUpdated(tags(&[("team", Some("support"))]));
    let views = EventView::of(&recorded(Kind::Persona, vec![tags, Event::PersonaDeleted(())])).unwrap();
    assert_eq!(
        serde_json::to_value(&views).unwrap(),
        json!([
            {
                "sequence": 12, "at": "2026-01-01T00:00:00.000Z", "actor": "u1", "command_id": "c-1", "kind": "persona",
                "id": "6618791275130b73714e8d2a", "event": "persona.updated", "data": {"tags": {"team": "support"}},
            },
            {
                "sequence": 12, "at": "2026-01-01T00:00:00.000Z", "actor": "u1", "command_id": "c-1", "kind": "persona",
                "id": "6618791275130b73714e8d2a", "event": "persona.deleted", "data": null,
            },
        ])
    );
    assert_eq!(views[0].object_kind(), Kind::Persona);
}

#[test]
fn history_shows_what_became_of_the_object() {
    let entry = HistoryEntry::of(
        &org(),
        &recorded(Kind::Persona, vec![Event::PersonaDeleted(())]),
        &Object::Persona(persona()),
    )
    .unwrap();
    let shown = serde_json::to_value(&entry).unwrap();
    assert_eq!(shown["events"][0]["event"], "persona.deleted");
    assert_eq!(shown["state"]["name"], "Confused user");
    assert_eq!(
        shown["state"]["rehearse"]["latest"]["background"],
        "35, first-time user"
    );
}

#[test]
fn every_kind_of_object_can_be_shown() {
    let agent = model::Agent {
        id: id("a1"),
        name: name("a"),
        latest_version: 0,
        latest: None,
        life: life(),
    };
    let graph = model::ContextGraph {
        id: id("a2"),
        name: name("g"),
        latest_version: 0,
        latest: None,
        life: life(),
    };
    let user = User {
        id: "u1".parse().unwrap(),
        name: name("Ann"),
        role: name("admin"),
        life: life(),
    };
    let objects = [
        Object::Organization(Organization {
            id: org(),
            profile: profile(),
            life: life(),
        }),
        Object::User(user),
        Object::Persona(persona()),
        Object::Scenario(scenario()),
        Object::Metric(metric()),
        Object::Agent(agent),
        Object::ContextGraph(graph),
        Object::Service(service()),
        Object::UnitTest(unit_test()),
        Object::UnitTestSet(set(true)),
        Object::Run(completed()),
    ];
    for object in &objects {
        let shown = object_view(&org(), object).unwrap();
        assert_eq!(shown["id"], json!(object.object_ref().key), "{shown}");
    }
}
