//! Every event can be read by people.

use std::collections::BTreeSet;

use model::{
    AccessRole, AgentContent, ApiKeyCreated, BudgetLimit, CancelReason, Commit, CommitMeta,
    ContextGraphContent, Digest, Event, FirstVersion, FrontendView, Grant, GrantCondition, Json, Kind,
    ManualEvaluation, MeasuredValue, MetricCreated, MetricNotes, NextVersion, Object, ObjectRef,
    Organization, OrganizationProfile, PersonaCreated, PreviousSecret, RoleDefinition, RunCompleted,
    RunStarted, ScenarioCreated, ServiceCreated, Tags, Tally, TemporaryGrant, TemporaryGrantCreated,
    UnitTestCreated, User, UserCreated, VersionSetName, VersionSetPut, WebhookDestination,
    WebhookDestinationCreated, WebhookDestinationUpdated, WebhookSecret, WebhookSecretRotated, WebhookType,
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
        role: None,
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
        Event::UserRoleAssigned(name("Testers")),
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
        Event::RunCancelled(CancelReason::Budget(BudgetLimit::Tokens)),
        Event::RunCompleted(RunCompleted {
            tally: Tally::of(2),
            verdict: model::RunVerdict::Passed,
            artifact: artifact(),
        }),
        Event::RoleCreated(role().definition),
        Event::RoleUpdated(role().definition),
        Event::TemporaryGrantCreated(TemporaryGrantCreated {
            user_id: temporary_grant().user_id,
            grant: grant(),
            expires_at: change().at,
            justification: text("On call"),
            tags: Tags::default(),
        }),
        Event::WebhookDestinationCreated(WebhookDestinationCreated {
            url: destination().url,
            accepted_types: destination().accepted_types,
            retry_attempts: 3,
            secret: destination().secret,
        }),
        Event::WebhookDestinationUpdated(WebhookDestinationUpdated {
            accepted_types: destination().accepted_types,
            retry_attempts: 3,
        }),
        Event::WebhookSecretRotated(WebhookSecretRotated {
            secret: destination().secret,
            previous: destination().previous.unwrap(),
        }),
        Event::WebhookDestinationDeleted(()),
        Event::EvaluationRecorded(MeasuredValue {
            run: id("90"),
            n: 1,
            metric_id: id("4c"),
            metric_version: 1,
            value: None,
            justification: "because".to_owned(),
            references: Vec::new(),
            evaluate_to: None,
        }),
    ]
}

fn grant() -> Grant {
    Grant {
        permission: "Metric:GetMetric".to_owned(),
        conditions: [("name".to_owned(), GrantCondition::Equals(Json::empty_object()))].into(),
    }
}

fn role() -> AccessRole {
    AccessRole {
        id: id("c1"),
        definition: RoleDefinition {
            name: name("Testers"),
            description: text("People who test"),
            frontend_view: FrontendView::Admin,
            grants: vec![grant()],
        },
        life: life(),
    }
}

fn temporary_grant() -> TemporaryGrant {
    TemporaryGrant {
        id: id("c2"),
        user_id: "u1".parse().unwrap(),
        grant: grant(),
        expires_at: change().at,
        justification: text("On call"),
        tags: Tags::default(),
        life: life(),
    }
}

fn destination() -> WebhookDestination {
    WebhookDestination {
        id: id("c3"),
        url: "https://hooks.example".try_into().unwrap(),
        accepted_types: [WebhookType::RunCompleted].into(),
        retry_attempts: 3,
        secret: WebhookSecret {
            salt: [0xCD; 32],
            generated_at: change().at,
        },
        previous: Some(PreviousSecret {
            salt: [0xEF; 32],
            until: change().at,
        }),
        life: life(),
    }
}

fn evaluation() -> ManualEvaluation {
    ManualEvaluation {
        id: id("c4"),
        run: id("90"),
        n: 1,
        conversation_id: model::conversation_id(id("90"), 1),
        metric_id: id("4c"),
        metric_version: 1,
        value: None,
        justification: "because".to_owned(),
        references: Vec::new(),
        evaluate_to: None,
        life: life(),
    }
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
        let plain = event.name().ends_with(".deleted");
        assert_eq!(data.is_null(), plain, "{}", event.name());
        // Documents stand in it as JSON, not as text that holds JSON.
        assert!(!data.to_string().contains(r#"\""#), "{data}");
    }
}

#[test]
fn hashes_of_secrets_are_not_shown() {
    let data = event_data(&Event::ApiKeyCreated(key())).unwrap();
    assert_eq!(
        data,
        json!({"user_id": "u1", "role": null, "name": "CI", "expires_at": null})
    );
    let key = key();
    let state = Object::ApiKey(model::ApiKey {
        id: key.id,
        user_id: key.user_id,
        role: key.role,
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
fn what_secrets_of_webhooks_follow_from_is_not_shown() {
    let shown = object_view(&org(), &Object::WebhookDestination(destination())).unwrap();
    assert_eq!(
        shown,
        json!({
            "id": destination().id,
            "url": "https://hooks.example",
            "secret_generated_at": "2026-01-01T00:00:00.000Z",
            "retry_attempts": 3,
            "accepted_types": ["rehearse-run-completed"],
        })
    );
    for event in every_event() {
        let data = event_data(&event).unwrap().to_string();
        let salt = |byte: u8| format!("{byte},{byte},{byte}");
        assert!(
            !data.contains("salt") && !data.contains(&salt(0xCD)) && !data.contains(&salt(0xEF)),
            "{data}"
        );
    }
}

#[test]
fn a_temporary_grant_has_the_fields_of_the_contract() {
    let shown = object_view(&org(), &Object::TemporaryGrant(temporary_grant())).unwrap();
    let fields: BTreeSet<&str> = shown.as_object().unwrap().keys().map(String::as_str).collect();
    let expected = BTreeSet::from([
        "_id",
        "org_id",
        "created_at",
        "updated_at",
        "user_id",
        "expires_at",
        "permission_grant",
        "justification",
        "creator",
        "tags",
    ]);
    assert_eq!(fields, expected);
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
        Object::Role(role()),
        Object::WebhookDestination(destination()),
        Object::Evaluation(evaluation()),
    ];
    for object in &objects {
        let shown = object_view(&org(), object).unwrap();
        assert_eq!(shown["id"], json!(object.object_ref().key), "{shown}");
    }
}
