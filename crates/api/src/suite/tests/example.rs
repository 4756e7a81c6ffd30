//! A suite that uses everything.

use model::{Criterion, Judge, Protocol, ScriptAction, StdioFraming, SuiteSpec};

use super::*;

pub(super) const EVERYTHING: &str = r#"
apiVersion: rehearse/v1
kind: Persona
metadata: {name: Maria, tags: {team: support, draft: null}}
spec:
  role: customer
  background: Maria, 34, orders groceries online.
  preferredLanguage: eng
  timezone: Europe/Berlin
  userModels: [Prefers short answers]
  variables: {plan: basic}
  sensitiveVariables: {card: "4111"}
---
apiVersion: rehearse/v1
kind: Scenario
metadata: {name: Refund}
spec:
  objective: Get a refund.
  instructions: Insist politely.
  initialMessageType: external-event
  conversationStartsAt: 2026-01-31T09:30:00Z
  script:
    - say: "Hello, my name is {{ persona.name }}."
    - when: {matches: "(?i)sorry"}
      say: That is not enough.
    - repeat: 5
      until: {notMatches: goodbye}
      steps: [{say: Please.}]
    - when: {cel: 'agent != ""'}
      steps: [{say: Thanks., when: {matches: refund}}, {end: achieved}]
    - end: gave_up
      reason: No refund.
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Politeness}
spec:
  description: How polite the agent was.
  value: {numerical: {lowerBound: 0, upperBound: 10}}
  appliedToServices: [Shop]
  notes: Ask Ann.
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Refunded}
spec:
  judge: {toolCalled: {name: refund, arguments: {amount: 5}}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Mood}
spec:
  value: {categorical: [good, bad]}
  judge: {regex: {pattern: "mood: (good|bad)", in: lastAgent}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Slowest reply}
spec:
  value: {numerical: {lowerBound: 0, upperBound: 60000}}
  judge: {latency: {statistic: max}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Greets}
spec:
  judge: {contains: {texts: [hello, welcome], all: false, caseSensitive: true, in: firstAgent}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Valid}
spec:
  judge: {jsonSchema: {schema: {type: object}, in: lastAgent}}
---
apiVersion: rehearse/v1
kind: Metric
metadata: {name: Short}
spec:
  judge: {cel: "size(conversation.turns) < 8"}
---
apiVersion: rehearse/v1
kind: Agent
metadata: {name: Shopkeeper}
spec:
  connection:
    stdio:
      command: [python3, agent.py]
      framing: {prompt: "> "}
      env: {KEY: "{{ secret.API_KEY }}"}
      workingDirectory: agents
      continuation: continue
    timeoutMs: 30000
    maxAttempts: 2
    maxReplyBytes: 1024
  document: {identity: {name: Sam}}
---
apiVersion: rehearse/v1
kind: Agent
metadata: {name: Chat}
spec:
  connection:
    openaiChat:
      baseUrl: http://127.0.0.1:8080/v1
      model: small
      apiKey: "{{ secret.KEY }}"
      system: "You sell groceries. {{ context_graph }}"
      headers: {X-Team: support}
      parameters: {temperature: 0.5}
---
apiVersion: rehearse/v1
kind: Agent
metadata: {name: Http}
spec:
  connection:
    httpTemplate:
      open: {request: {method: PUT, url: "http://127.0.0.1/sessions"}, extract: {id: /id}}
      request: {url: "http://127.0.0.1/{{ session.id }}", headers: {A: b}, body: '{"text": {{ message | tojson }}}'}
      extract: {text: /text, toolCalls: /calls, completed: /done}
      continuation: restart
---
apiVersion: rehearse/v1
kind: ContextGraph
metadata: {name: Flow}
spec: {document: {states: []}}
---
apiVersion: rehearse/v1
kind: Service
metadata: {name: Shop, tags: {team: support}}
spec:
  description: Sells groceries.
  agent: Shopkeeper
  contextGraph: Flow
  keyterms: [blood sugar]
  versionSets:
    release: {agent: 3, contextGraph: latest, models: {EngageUser: {name: gpt, params: {temperature: 0}}}}
    candidate: {}
---
apiVersion: rehearse/v1
kind: UnitTest
metadata: {name: Maria gets a refund, tags: {"any key!": "any value!"}}
spec:
  service: Shop
  versionSet: candidate
  persona: Maria
  scenario: Refund
  maxInteractions: 8
  criteria:
    - {metric: Refunded, equals: true}
    - {name: polite enough, metric: Politeness, atLeast: 7}
    - {metric: Politeness, equals: 9.5}
    - {metric: Mood, oneOf: [good]}
---
apiVersion: rehearse/v1
kind: UnitTestSet
metadata: {name: Nightly}
spec:
  description: Every night.
  tests: [Maria gets a refund, {test: Maria gets a refund, repetitions: 5}]
"#;

#[test]
fn everything_is_read_and_agrees_with_the_schema() {
    let documents = documents(EVERYTHING);
    let validator = validator();
    for document in &documents {
        assert!(
            validator.is_valid(document),
            "{}",
            validator.validate(document).unwrap_err()
        );
    }
    let suite = read_suite(&Value::Array(documents)).unwrap();
    assert_eq!(suite.objects.len(), 16);
    assert_eq!(unresolved_names(&suite), []);
}

#[test]
fn what_is_read_is_what_was_written() {
    let suite = read_suite(&Value::Array(documents(EVERYTHING))).unwrap();
    let spec = |name: &str| {
        &suite
            .objects
            .iter()
            .find(|object| object.name.as_str() == name)
            .unwrap()
            .spec
    };
    let SuiteSpec::Scenario { content, .. } = spec("Refund") else {
        panic!("not a scenario")
    };
    let steps = &content.script.as_ref().unwrap().steps;
    assert_eq!(steps.len(), 5);
    assert!(
        matches!(&steps[2].action, ScriptAction::Repeat { times: 5, until: Some(_), steps } if steps.len() == 1)
    );
    let SuiteSpec::Metric { content, .. } = spec("Greets") else {
        panic!("not a metric")
    };
    assert!(
        matches!(&content.judge, Judge::Contains { texts, all: false, case_sensitive: true, .. } if texts.len() == 2)
    );
    let SuiteSpec::Agent(content) = spec("Shopkeeper") else {
        panic!("not an agent")
    };
    let connection = content.connection.as_ref().unwrap();
    assert_eq!(connection.timeout_ms, 30_000);
    let Protocol::Stdio { framing, .. } = &connection.protocol else {
        panic!("not stdio")
    };
    assert_eq!(
        *framing,
        StdioFraming::Prompt {
            prompt: Some("> ".to_owned())
        }
    );
    let SuiteSpec::UnitTest {
        description,
        success_criteria,
        ..
    } = spec("Maria gets a refund")
    else {
        panic!("not a unit test")
    };
    assert_eq!(description.as_str(), "Maria gets a refund");
    assert_eq!(success_criteria[0].name.as_str(), "Refunded");
    assert_eq!(success_criteria[1].name.as_str(), "polite enough");
    assert_eq!(
        success_criteria[0].criterion,
        Criterion::Boolean { expected_value: true }
    );
    assert!(
        matches!(success_criteria[2].criterion, Criterion::Numerical { threshold, .. } if threshold > 9.0)
    );
    let SuiteSpec::UnitTestSet { tests, .. } = spec("Nightly") else {
        panic!("not a set")
    };
    assert_eq!(
        tests
            .iter()
            .map(|(_, repetitions)| *repetitions)
            .collect::<Vec<_>>(),
        [1, 5]
    );
}

#[test]
fn an_export_leaves_defaults_out() {
    let yaml = r"
apiVersion: rehearse/v1
kind: UnitTest
metadata: {name: Plain}
spec:
  description: Plain
  service: Shop
  versionSet: release
  persona: Maria
  scenario: Refund
  maxInteractions: 20
  criteria: [{name: Mood, metric: Mood, oneOf: [good]}]
";
    let [document] = documents(yaml).try_into().unwrap();
    let written = Document::from(&read_object(&document).unwrap())
        .to_value()
        .unwrap();
    assert_eq!(
        written.to_string(),
        concat!(
            r#"{"apiVersion":"rehearse/v1","kind":"UnitTest","metadata":{"name":"Plain"},"#,
            r#""spec":{"service":"Shop","persona":"Maria","scenario":"Refund","#,
            r#""criteria":[{"metric":"Mood","oneOf":["good"]}]}}"#
        )
    );
}

#[test]
fn names_that_a_suite_does_not_hold_are_listed() {
    let documents: Vec<Value> = documents(EVERYTHING)
        .into_iter()
        .filter(|document| document["kind"] != "Metric")
        .collect();
    let suite = read_suite(&Value::Array(documents)).unwrap();
    let missing: Vec<String> = unresolved_names(&suite)
        .iter()
        .map(|(kind, name)| format!("{kind} {name}"))
        .collect();
    assert_eq!(missing, ["metric Mood", "metric Politeness", "metric Refunded"]);
}
