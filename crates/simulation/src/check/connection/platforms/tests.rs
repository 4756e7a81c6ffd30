use std::collections::BTreeMap;

use model::{Connection, Protocol};
use serde_json::json;

use super::*;
use crate::{
    check::check_connection,
    test_support::{self, text},
};

fn found(protocol: Protocol) -> Vec<String> {
    let connection = Connection {
        protocol,
        timeout_ms: 1000,
        max_attempts: 1,
        max_reply_bytes: 1000,
    };
    let findings = check_connection(&connection).err().unwrap_or_default();
    findings.iter().map(ToString::to_string).collect()
}

fn headers(name: &str) -> BTreeMap<String, String> {
    BTreeMap::from([(name.to_owned(), "{{ secret.KEY }}".to_owned())])
}

fn graph() -> LangGraph {
    LangGraph {
        base_url: text("https://graph.example"),
        assistant_id: text("agent"),
        api_key: Some(text("{{ secret.KEY }}")),
        headers: headers("x-key"),
        input: Some(test_support::json(&json!({"user": "ada"}))),
        config: None,
        completed: Some(text("/done")),
    }
}

#[test]
fn graphs_are_checked() {
    assert!(found(Protocol::LangGraph(graph())).is_empty());
    let bad = LangGraph {
        base_url: text("graph.example"),
        assistant_id: text("{{ persona.name }}"),
        api_key: Some(text("{{ key }}")),
        headers: headers("x key"),
        input: Some(test_support::json(&json!({"messages": []}))),
        config: Some(test_support::json(&json!([]))),
        completed: Some(text("done")),
    };
    assert_eq!(
        found(Protocol::LangGraph(bad)),
        [
            "base_url: is not a URL: relative URL without a base",
            "api_key: there is no `key` here; there are `session_id`, `persona`, `scenario`, `context_graph`, `secret`",
            "headers.x key: is not a header's name",
            "assistant_id: is not a template; it is sent as it stands",
            "input.messages: is set by Rehearse itself; leave it out",
            "config: must be an object",
            "completed: must be a JSON Pointer into the graph's state, such as `/done`",
        ]
    );
}

#[test]
fn rasas_channel_is_a_name() {
    let rasa = Rasa {
        base_url: text("http://rasa.example:5005"),
        channel: text("rest"),
        opening: Some(text("/greet")),
        headers: headers("x-key"),
        metadata: None,
    };
    assert!(found(Protocol::Rasa(rasa.clone())).is_empty());
    let bad = Rasa {
        base_url: text("http://rasa.example/webhooks/rest/webhook/"),
        channel: text("webhooks/rest"),
        opening: Some(text("{{ persona.name }}")),
        metadata: Some(test_support::json(&json!("x"))),
        ..rasa
    };
    assert_eq!(
        found(Protocol::Rasa(bad)),
        [
            "channel: must be a channel's name, such as `rest`, not a path",
            "opening: is not a template; it is sent as it stands",
            "metadata: must be an object",
            "base_url: must end before `/webhooks`; the path of the channel is added",
        ]
    );
}

#[test]
fn direct_lines_are_checked() {
    let bot = DirectLine {
        base_url: text("https://bot.example/v3/directline"),
        credential: DirectLineCredential::Secret(text("{{ secret.KEY }}")),
        headers: BTreeMap::new(),
        quiet_ms: 500,
        poll_ms: 500,
    };
    assert!(found(Protocol::DirectLine(bot.clone())).is_empty());
    let bad = DirectLine {
        base_url: text("https://bot.example/v3/directline/conversations"),
        credential: DirectLineCredential::TokenUrl(text("ftp://bot.example")),
        ..bot.clone()
    };
    assert_eq!(
        found(Protocol::DirectLine(bad)),
        [
            "token_url: must begin with `http://` or `https://`",
            "base_url: must end before `/conversations`, which is added",
        ]
    );
    let secret = DirectLine {
        credential: DirectLineCredential::Secret(text("{{ secret.key }}")),
        ..bot.clone()
    };
    let [finding] = found(Protocol::DirectLine(secret)).try_into().unwrap();
    assert!(
        finding.starts_with("secret: `key` cannot be a secret's name"),
        "{finding}"
    );
    for (quiet_ms, poll_ms) in [(1000, 500), (500, 1000), (500, 49)] {
        let bot = DirectLine {
            quiet_ms,
            poll_ms,
            ..bot.clone()
        };
        let [finding] = found(Protocol::DirectLine(bot)).try_into().unwrap();
        assert!(finding.contains("less than timeout_ms"), "{finding}");
    }
}

#[test]
fn amigos_service_is_an_id() {
    let amigo = Amigo {
        base_url: text("https://amigo.example"),
        organization: text("acme"),
        service_id: text("6618791275130b73714e8d1c"),
        version_set: Some(text("edge")),
        api_key: text("{{ secret.KEY }}"),
        api_key_id: text("{{ secret.KEY_ID }}"),
        user_id: text("{{ persona.variables.user }}"),
        headers: BTreeMap::new(),
    };
    assert!(found(Protocol::Amigo(amigo.clone())).is_empty());
    let by_template = Amigo {
        service_id: text("{{ persona.variables.service }}"),
        ..amigo.clone()
    };
    assert!(found(Protocol::Amigo(by_template)).is_empty());
    let bad = Amigo {
        base_url: text("https://amigo.example/v1/"),
        service_id: text("concierge"),
        version_set: Some(text("{{ persona.name }}")),
        user_id: text("{{ user }}"),
        ..amigo
    };
    let found = found(Protocol::Amigo(bad));
    let starts = [
        "user_id: there is no `user` here",
        "service_id: must be a service's id: 24 characters",
        "version_set: is not a template",
        "base_url: must end before `/v1`",
    ];
    assert_eq!(found.len(), starts.len(), "{found:?}");
    for (finding, start) in found.iter().zip(starts) {
        assert!(finding.starts_with(start), "{finding}");
    }
}
