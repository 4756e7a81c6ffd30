//! Later versions, changes and version sets.

use super::*;

#[test]
fn a_first_description_of_a_metric_may_be_empty_and_a_later_one_not() {
    metric().accepts::<metric::Create>("/initial_version_metric_value/description", json!(""));
    let later = Good(json!({"id": ID, "description": "a", "metric_value": {"type": "boolean"}}));
    later.accepts::<metric::CreateVersion>("/description", json!("b"));
    later.refuses::<metric::CreateVersion>("/description", json!(""));
    later.accepts::<metric::CreateVersion>("/version", json!(1));
    later.refuses::<metric::CreateVersion>("/version", json!(0));
    later.refuses::<metric::CreateVersion>("/version", json!("-1"));
}

#[test]
fn a_second_version_is_the_first_that_can_be_made() {
    let mut of_persona = persona().0["initial_version"].take();
    of_persona["id"] = json!(ID);
    let mut of_scenario = scenario().0["initial_version"].take();
    of_scenario["id"] = json!(ID);
    let (of_persona, of_scenario) = (Good(of_persona), Good(of_scenario));
    for version in [
        json!(0),
        json!(1),
        json!("1"),
        json!(-2),
        json!(2.5),
        json!("latest"),
    ] {
        of_persona.refuses::<persona::CreateVersion>("/version", version.clone());
        of_scenario.refuses::<scenario::CreateVersion>("/version", version);
    }
    for version in [json!(2), json!("2"), Value::Null] {
        of_persona.accepts::<persona::CreateVersion>("/version", version.clone());
        of_scenario.accepts::<scenario::CreateVersion>("/version", version);
    }
    let of_agent = Good(json!({"id": ID, "background": "x"}));
    of_agent.accepts::<agent::CreateVersion>("/version", json!(1));
    of_agent.refuses::<agent::CreateVersion>("/version", json!(0));
}

#[test]
fn an_empty_object_means_not_set() {
    metric().accepts::<metric::Create>("/additional_notes", json!({}));
    set().accepts::<unit_test_set::Create>("/description", json!({}));
    let notes = |body: Value| read::<metric::Update>(&body).unwrap().additional_notes;
    assert_eq!(
        notes(json!({"id": ID, "additional_notes": {}})),
        crate::Patch::Keep
    );
    assert_eq!(notes(json!({"id": ID})), crate::Patch::Keep);
    assert_eq!(
        notes(json!({"id": ID, "additional_notes": null})),
        crate::Patch::Clear
    );
    let update = Good(json!({"id": ID}));
    update.refuses::<metric::Update>("/additional_notes", json!({"a": 1}));
    update.refuses::<metric::Update>("/name", json!("metrics are never renamed"));
}

#[test]
fn names_of_version_sets_are_short_and_plain() {
    let put = Good(json!({"id": ID, "name": "candidate", "version_set": {"llm_model_preferences": {}}}));
    put.accepts::<service::PutVersionSet>("/name", json!("a-B_9"));
    put.accepts::<service::PutVersionSet>("/name", json!("x".repeat(40)));
    for bad in ["", "a b", "a.b", "ü", &"x".repeat(41)] {
        put.refuses::<service::PutVersionSet>("/name", json!(bad));
    }
    let preference = json!({"EngageUser": {"llm_name": "any_model"}});
    put.accepts::<service::PutVersionSet>("/version_set/llm_model_preferences", preference);
    let nameless = json!({"EngageUser": {"llm_name": "", "params": {}}});
    put.refuses::<service::PutVersionSet>("/version_set/llm_model_preferences", nameless);
}

#[test]
fn documents_of_agents_hold_what_clients_ask_for() {
    let version = Good(json!({"id": ID, "background": "x"}));
    version.accepts::<agent::CreateVersion>("/identity", json!({"name": "Bot", "own": 1}));
    version.accepts::<agent::CreateVersion>("/voice_config", json!({"voice_id": "v"}));
    version.accepts::<agent::CreateVersion>("/anything", json!([1]));
    for (field, bad) in [
        ("/background", json!(" ")),
        ("/initials", json!(1)),
        ("/behaviors", json!("greets")),
        ("/communication_patterns", json!([""])),
        ("/voice_config", json!({})),
        ("/identity", json!({"relationship_to_developer": {"type": null}})),
    ] {
        version.refuses::<agent::CreateVersion>(field, bad);
    }
    let nothing: agent::CreateVersion = read(&json!({"id": ID, "background": null})).unwrap();
    let model::Command::CreateAgentVersion { content, .. } = nothing.into_command() else {
        panic!("another command")
    };
    assert_eq!((content.connection, content.document), (None, None));
}
