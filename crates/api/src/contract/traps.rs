//! Traps of the contract: bounds, patterns and forms that are easily got wrong.

mod changes;
mod queries;

use serde_json::{Value, json};

use super::requests::pointers;
use crate::{
    CommandRequest as _, agent, conversation, metric, metric_result, persona,
    read::{Read, read},
    run, scenario, service, unit_test, unit_test_set,
};

const ID: &str = "6618791275130b73714e8d2a";

/// A request that is accepted, with one field changed.
#[derive(Clone)]
struct Good(Value);

impl Good {
    fn with(&self, pointer: &str, value: Value) -> Value {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut body = self.0.clone();
        body.pointer_mut(parent).unwrap()[key] = value;
        body
    }

    fn without(&self, pointer: &str) -> Value {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let mut body = self.0.clone();
        body.pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap()
            .remove(key);
        body
    }

    fn accepts<R: Read>(&self, pointer: &str, value: Value) {
        let body = self.with(pointer, value);
        if let Err(errors) = read::<R>(&body) {
            panic!("{body}: {errors}");
        }
    }

    /// Refused, and the fault is at the field, or within it.
    fn refuses<R: Read>(&self, pointer: &str, value: Value) {
        let body = self.with(pointer, value);
        let found = pointers::<R>(&body);
        assert!(
            found.iter().all(|at| at.starts_with(pointer)),
            "{body}: {found:?}"
        );
    }
}

fn persona() -> Good {
    Good(
        json!({"name": "Maria", "role": "customer", "tags": {}, "initial_version": {
            "background": "x", "user_models": [], "nonsensitive_user_variables": {}, "sensitive_user_variables": {},
        }}),
    )
}

fn scenario() -> Good {
    Good(json!({"name": "Refund", "tags": {}, "initial_version": {
        "objective": "a", "instructions": "b", "initial_message_type": "skip", "conversation_starts_at": null,
    }}))
}

fn metric() -> Good {
    Good(
        json!({"name": "Polite", "applied_to_services": [], "additional_notes": null, "tags": {}, "initial_version_metric_value": {
            "description": "a", "metric_value": {"type": "boolean"},
        }}),
    )
}

fn service() -> Good {
    Good(json!({
        "service_hierarchical_state_machine_id": ID, "agent_id": ID, "name": "Shop", "description": "sells", "is_active": true,
        "release_version_set": null, "keyterms": [], "tags": {},
    }))
}

fn unit_test() -> Good {
    Good(json!({
        "name": "orders", "description": "d", "service_id": ID, "service_version_set_name": "release", "persona_id": ID,
        "scenario_id": ID, "max_interactions": 20, "tags": {},
        "success_criterions": [{"name": "polite", "metric_id": ID, "criterion": {"type": "boolean", "expected_value": true}}],
    }))
}

fn set() -> Good {
    Good(
        json!({"name": "all", "description": null, "unit_test_runs": [{"unit_test_id": ID, "run_count": 1}], "tags": {}}),
    )
}

#[test]
fn texts_are_trimmed_and_then_not_empty() {
    for blank in ["", " ", "\t\n"] {
        persona().refuses::<persona::Create>("/name", json!(blank));
        persona().refuses::<persona::Create>("/role", json!(blank));
        persona().refuses::<persona::Create>("/initial_version/background", json!(blank));
        persona().refuses::<persona::Create>("/initial_version/user_models", json!([blank]));
        scenario().refuses::<scenario::Create>("/initial_version/objective", json!(blank));
        scenario().refuses::<scenario::Create>("/initial_version/instructions", json!(blank));
        metric().refuses::<metric::Create>("/name", json!(blank));
        metric().refuses::<metric::Create>("/additional_notes", json!(blank));
        service().refuses::<service::Create>("/description", json!(blank));
        unit_test().refuses::<unit_test::Create>("/description", json!(blank));
        set().refuses::<unit_test_set::Create>("/description", json!(blank));
    }
    let trimmed: persona::Create =
        read(&persona().with("/initial_version/background", json!(" x "))).unwrap();
    assert_eq!(trimmed.initial_version.background.as_str(), "x");
}

#[test]
fn labels_are_strict_where_the_contract_says_so() {
    let many = |n: usize| {
        let labels = (0..n).map(|index| (format!("k{index}"), Value::Null));
        Value::Object(labels.collect())
    };
    let good = [
        json!({}),
        json!({"a": null}),
        json!({"a b": "c_d 1", "ü": "é"}),
        many(20),
    ];
    for tags in good {
        persona().accepts::<persona::Create>("/tags", tags.clone());
        scenario().accepts::<scenario::Create>("/tags", tags.clone());
        metric().accepts::<metric::Create>("/tags", tags.clone());
        service().accepts::<service::Create>("/tags", tags);
    }
    let bad = [
        json!({"": "x"}),
        json!({" ": "x"}),
        json!({"a-b": "x"}),
        json!({"a": "x.y"}),
        json!({"a": 1}),
        json!([]),
        many(21),
    ];
    for tags in bad {
        persona().refuses::<persona::Create>("/tags", tags.clone());
        scenario().refuses::<scenario::Create>("/tags", tags.clone());
        metric().refuses::<metric::Create>("/tags", tags.clone());
        service().refuses::<service::Create>("/tags", tags);
    }
    for tags in [json!({"a-b": "x.y"}), many(50)] {
        unit_test().accepts::<unit_test::Create>("/tags", tags.clone());
        set().accepts::<unit_test_set::Create>("/tags", tags);
    }
}

#[test]
fn variables_have_names_of_two_letters_and_more() {
    for field in [
        "/initial_version/nonsensitive_user_variables",
        "/initial_version/sensitive_user_variables",
    ] {
        persona().accepts::<persona::Create>(field, json!({"ab": "", "_1": "anything: at all"}));
        for bad in [
            json!({"a": "x"}),
            json!({"Ab": "x"}),
            json!({"1a": "x"}),
            json!({"ab": null}),
            json!({"ab": 1}),
        ] {
            persona().refuses::<persona::Create>(field, bad);
        }
    }
}

#[test]
fn keyterms_are_up_to_three_words_in_lower_case() {
    for good in [
        json!([]),
        json!(["gift card", "blood-sugar", "a b c"]),
        json!(vec!["a"; 20]),
    ] {
        service().accepts::<service::Create>("/keyterms", good);
    }
    for bad in [
        json!([""]),
        json!(["Gift"]),
        json!(["a b c d"]),
        json!(["a  b"]),
        json!(["a1"]),
        json!(vec!["a"; 21]),
    ] {
        service().refuses::<service::Create>("/keyterms", bad);
    }
}

#[test]
fn languages_and_time_zones_are_of_the_closed_lists() {
    for (field, good, bad) in [
        (
            "/initial_version/preferred_language",
            ["eng", "deu"],
            ["en", "qqz1"],
        ),
        (
            "/initial_version/timezone",
            ["Europe/Berlin", "Zulu"],
            ["Europe/Nowhere", "+02:00"],
        ),
    ] {
        for value in good {
            persona().accepts::<persona::Create>(field, json!(value));
        }
        for value in bad {
            persona().refuses::<persona::Create>(field, json!(value));
        }
        persona().accepts::<persona::Create>(field, json!({}));
        persona().accepts::<persona::Create>(field, Value::Null);
        persona().refuses::<persona::Create>(field, json!({"a": 1}));
    }
}

#[test]
fn values_and_criteria_have_their_bounds() {
    let value = "/initial_version_metric_value/metric_value";
    for good in [
        json!({"type": "numerical", "lower_bound": 1, "upper_bound": 1.5}),
        json!({"type": "categorical", "categories": ["a"]}),
        json!({"type": "categorical", "categories": (0..50).map(|n| n.to_string()).collect::<Vec<_>>()}),
    ] {
        metric().accepts::<metric::Create>(value, good);
    }
    for bad in [
        json!({"type": "numerical", "lower_bound": 1}),
        json!({"type": "categorical", "categories": []}),
        json!({"type": "categorical", "categories": [" "]}),
        json!({"type": "categorical", "categories": (0..51).map(|n| n.to_string()).collect::<Vec<_>>()}),
        json!({"type": "text"}),
        json!({}),
        Value::Null,
    ] {
        metric().refuses::<metric::Create>(value, bad);
    }
    let criterion = "/success_criterions/0/criterion";
    for good in [
        json!({"type": "numerical", "verb": "!=", "threshold": -1.5}),
        json!({"type": "categorical", "expected_values": ["a"]}),
    ] {
        unit_test().accepts::<unit_test::Create>(criterion, good);
    }
    for bad in [
        json!({"type": "numerical", "verb": "=", "threshold": 1}),
        json!({"type": "numerical", "verb": ">=", "threshold": "1"}),
        json!({"type": "categorical", "expected_values": []}),
        json!({"type": "boolean", "expected_value": "true"}),
    ] {
        unit_test().refuses::<unit_test::Create>(criterion, bad);
    }
    unit_test().refuses::<unit_test::Create>("/success_criterions", json!([]));
}

#[test]
fn counts_have_their_bounds() {
    for (good, bad) in [(1, 0), (100, 101)] {
        unit_test().accepts::<unit_test::Create>("/max_interactions", json!(good));
        unit_test().refuses::<unit_test::Create>("/max_interactions", json!(bad));
    }
    set().refuses::<unit_test_set::Create>("/unit_test_runs", json!([]));
    set().refuses::<unit_test_set::Create>("/unit_test_runs/0/run_count", json!(0));
    set().refuses::<unit_test_set::Create>("/unit_test_runs/0/run_count", json!(true));
    let twice = json!([{"unit_test_id": ID, "run_count": 1}, {"unit_test_id": ID, "run_count": 2}]);
    set().accepts::<unit_test_set::Create>("/unit_test_runs", twice);
    let update = Good(json!({"id": ID}));
    update.accepts::<unit_test::Update>("/run_count", json!(1));
    update.accepts::<unit_test::Update>("/run_count", Value::Null);
    update.refuses::<unit_test::Update>("/run_count", json!(0));
}
