use model::{Provider, Text};

use super::*;
use crate::{
    Message,
    test_support::{briefing, connected, language_model, tool_call, turns},
};

fn question() -> Question {
    Question {
        purpose: Purpose::Judge,
        messages: vec![Message::system("Be strict."), Message::user("Well?")],
        schema: None,
        seed: Some(1),
        temperature: None,
    }
}

fn digest(definition: &LanguageModel, question: &Question) -> Digest {
    Request::question("small", definition, question).digest
}

#[test]
fn what_only_says_how_an_answer_is_got_does_not_count() {
    let definition = language_model();
    let expected = digest(&definition, &question());
    let mut other = definition.clone();
    other.api_key_secret = Some("OTHER_KEY".to_owned().try_into().unwrap());
    other.max_output_tokens += 1;
    other.timeout_ms += 1;
    other.max_attempts += 1;
    other.requests_per_minute = Some(1);
    other.tokens_per_minute = Some(1);
    other.price = None;
    let mut seeded = question();
    seeded.seed = Some(2);
    assert_eq!(digest(&other, &seeded), expected);
    // The model's own temperature, said with the question.
    seeded.temperature = definition.temperature;
    assert_eq!(digest(&definition, &seeded), expected);
    let ordered = |text: &str| LanguageModel {
        parameters: Some(model::Json::try_from(text).unwrap()),
        ..language_model()
    };
    assert_eq!(
        digest(&ordered(r#"{"top_k": 1, "x": {"a": 1, "b": 2}}"#), &question()),
        digest(&ordered(r#"{"x": {"b": 2, "a": 1}, "top_k": 1}"#), &question())
    );
}

#[test]
fn what_determines_an_answer_counts() {
    let definition = language_model();
    let mut definitions = vec![definition.clone(); 5];
    definitions[0].provider = Provider::Anthropic;
    definitions[1].base_url = Some(Text::try_from("https://elsewhere.example").unwrap());
    definitions[2].model = Text::try_from("large-1").unwrap();
    definitions[3].parameters = None;
    definitions[4].temperature = Some(1.0);
    let mut questions = vec![question(); 4];
    questions[0].purpose = Purpose::Guard;
    questions[1].messages.pop();
    questions[2].temperature = Some(1.5);
    questions[3].schema = Some(crate::AnswerSchema {
        name: "verdict",
        document: json!({"type": "object"}),
    });
    let mut seen = std::collections::BTreeSet::from([
        digest(&definition, &question()),
        Request::question("other", &definition, &question()).digest,
    ]);
    let changed = definitions
        .iter()
        .map(|definition| digest(definition, &question()));
    let asked = questions.iter().map(|question| digest(&definition, question));
    seen.extend(changed.chain(asked));
    assert_eq!(seen.len(), 11);
}

#[test]
fn a_url_loses_name_and_password() {
    for (url, expected) in [
        ("https://ada:pass@host.example:8/v1", "https://host.example:8/v1"),
        ("https://a:p@ss@host/v1?x=@", "https://host/v1?x=@"),
        ("https://host/@v1", "https://host/@v1"),
        ("host", "host"),
    ] {
        assert_eq!(without_user(url), expected);
    }
}

fn chat(api_key: &str, model: &str) -> Briefing {
    connected(model::Protocol::OpenAiChat {
        base_url: crate::test_support::text("https://agent.example"),
        model: crate::test_support::text(model),
        api_key: Some(crate::test_support::text(api_key)),
        system: None,
        headers: std::collections::BTreeMap::from([("x-key".to_owned(), api_key.to_owned())]),
        parameters: None,
    })
}

fn asked(briefing: &Briefing, turns: &[Turn]) -> Digest {
    let call = AgentCall {
        input: AgentInput::Message("Hello".to_owned()),
        turn_index: 7,
        idempotency_key: briefing.session_id.clone(),
        turns,
    };
    Request::agent_call(briefing, &call).digest
}

#[test]
fn an_agent_is_asked_the_same_in_another_run() {
    let said = turns(&[(Role::Agent, "Hi"), (Role::User, "Hello")]);
    let base = chat("one", "m");
    let expected = asked(&base, &said);
    let mut later = said.clone();
    for turn in &mut later {
        turn.at = model::Time::from_micros(99);
        turn.latency_ms = Some(9);
        turn.calls = 3;
        turn.repeated = true;
    }
    let mut other = chat("two", "m");
    other.session_id = "another".to_owned();
    other.seed = 9;
    other.starts_at = model::Time::from_micros(99);
    if let Some(connection) = &mut other.agent.content.connection {
        connection.timeout_ms += 1;
        connection.max_attempts += 1;
    }
    assert_eq!(asked(&other, &later), expected);

    let mut differing = vec![chat("one", "other"); 2];
    let mut fixed = base.clone();
    fixed.scenario.content.conversation_starts_at = Some(fixed.starts_at);
    differing[1] = fixed;
    let mut graph = base.clone();
    graph.context_graph = crate::test_support::json(&json!({"state": "end"}));
    differing.push(graph);
    for briefing in &differing {
        assert_ne!(asked(briefing, &said), expected);
    }
    let mut called = said.clone();
    called[0].tool_calls = vec![tool_call("book", &json!({"day": 3}))];
    assert_ne!(asked(&base, &called), expected);
    assert_ne!(asked(&base, &said[1..]), expected);
    assert_ne!(asked(&briefing(), &said), expected);
}

#[test]
fn a_request_shows_no_credentials() {
    let request = Request::agent_call(
        &chat("sk-literal", "m"),
        &AgentCall {
            input: AgentInput::Greet,
            turn_index: 0,
            idempotency_key: "key-literal".to_owned(),
            turns: &[],
        },
    );
    let shown = request.shown.to_string();
    assert!(!shown.contains("literal"), "{shown}");
    assert!(shown.contains("\"input\":\"greet\""), "{shown}");
}
