//! Versions of agents that say only what changes.

use serde_json::{Value, json};

use super::{Given, agent_content, examples::name};
use crate::{AgentContent, AgentId, Command, Content, DirectoryExt as _, Json, Kind, ObjectRef, Rejection};

fn described(document: &Value) -> AgentContent {
    AgentContent {
        connection: None,
        document: Some(Json::from_value(document).unwrap()),
    }
}

fn version(id: AgentId, content: AgentContent) -> Command {
    Command::CreateAgentVersion {
        id,
        content,
        expected: None,
    }
}

fn latest(given: &Given, id: AgentId) -> AgentContent {
    given.directory.agent(id).unwrap().unwrap().latest.unwrap()
}

#[test]
fn what_a_version_leaves_out_stays() {
    let mut given = Given::nothing();
    let id = AgentId(given.make(&Command::CreateAgent { name: name("bot") }).1);
    let first = described(&json!({"initials": "B", "identity": {"name": "Bot", "role": "seller"}}));
    given.make(&version(id, first.clone()));
    given.make(&version(id, agent_content()));
    let second = latest(&given, id);
    assert_eq!(second.connection, agent_content().connection);
    assert_eq!(second.document, first.document);

    given.make(&version(
        id,
        described(&json!({"identity": {"name": "Bo"}, "background": "new"})),
    ));
    let third = latest(&given, id);
    assert_eq!(third.connection, agent_content().connection);
    assert_eq!(
        third.document.unwrap().value(),
        json!({"initials": "B", "identity": {"name": "Bo"}, "background": "new"}),
        "fields are kept or replaced, each as a whole"
    );
    let nothing = AgentContent {
        connection: None,
        document: None,
    };
    given.make(&version(id, nothing));
    assert_eq!(given.directory.agent(id).unwrap().unwrap().latest_version, 4);
    let object = ObjectRef::new(Kind::Agent, id);
    let oldest = given.directory.content(&object, 1).unwrap();
    assert_eq!(
        oldest,
        Some(Content::Agent(first)),
        "older versions stay as they were"
    );
}

#[test]
fn a_first_version_holds_something() {
    let mut given = Given::nothing();
    let id = AgentId(given.make(&Command::CreateAgent { name: name("bot") }).1);
    let nothing = AgentContent {
        connection: None,
        document: None,
    };
    let refused = given.refuse(&version(id, nothing));
    assert!(
        matches!(
            refused,
            Rejection::EmptyVersion {
                kind: Kind::Agent,
                ..
            }
        ),
        "{refused}"
    );
}

#[test]
fn fields_that_add_up_to_too_much_are_refused() {
    let mut given = Given::nothing();
    let id = AgentId(given.make(&Command::CreateAgent { name: name("bot") }).1);
    let half = "x".repeat(300 * 1024);
    given.make(&version(id, described(&json!({"one": half}))));
    let refused = given.refuse(&version(id, described(&json!({"two": half}))));
    assert!(matches!(refused, Rejection::Invalid { .. }), "{refused}");
}
