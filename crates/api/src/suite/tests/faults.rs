//! Faults: all at once, each with its place.

use super::*;

#[test]
fn every_fault_of_a_document_is_reported() {
    let found = faults(
        r#"
apiVersion: rehearse/v2
kind: Scenario
metadata: {name: "", tags: {"no!": x}, labels: {}}
spec:
  objective: 7
  instruction: x
  initialMessageType: user_message
  conversationStartsAt: 2026-01-31T09:30:00
  script:
    - say: ""
    - steps:
        - sya: Hello
        - {say: x, when: {match: x}}
    - {repeat: 0, steps: []}
    - {end: later}
  typo: 1
"#,
    );
    assert_eq!(
        found,
        [
            "/apiVersion: must be `rehearse/v1`",
            "/metadata/name: must not be empty",
            "/metadata/tags: tag `no!`: use letters, digits, `_` and blanks only",
            "/metadata/labels: unknown field; known are name, tags",
            "/spec/objective: must be text, this is a number (write it in quotes)",
            "/spec/instructions: is required",
            "/spec/initialMessageType: must be `user-message`, `external-event` or `skip`; did you mean `user-message`?",
            "/spec/conversationStartsAt: must be a date and time with an offset, such as `2026-01-31T09:30:00Z`",
            "/spec/script/0/say: must not be empty",
            "/spec/script/1/steps/0: a step has one of `say`, `steps`, `repeat` (with `steps`) or `end`",
            "/spec/script/1/steps/1/when/match: must be one of matches, notMatches, cel; did you mean `matches`?",
            "/spec/script/2/repeat: must be a whole number from 1 to 1000, this is 0",
            "/spec/script/2/steps: must have 1 to 500 items, this has 0",
            "/spec/script/3/end: must be `achieved` or `gave_up`",
            "/spec/instruction: unknown field; did you mean `instructions`?",
            "/spec/typo: unknown field; known are objective, instructions, initialMessageType, conversationStartsAt, script, milestones",
        ]
    );
}

#[test]
fn kinds_have_their_hints() {
    let head = "apiVersion: rehearse/v1\nmetadata: {name: x}\nspec: {}\n";
    let found = faults(&format!("{head}kind: unit_test\n"));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("/kind: must be `Persona`"), "{found:?}");
    assert!(found[0].ends_with("did you mean `UnitTest`?"), "{found:?}");
}

#[test]
fn a_missing_spec_is_a_fault_but_for_agents() {
    let head = "apiVersion: rehearse/v1\nmetadata: {name: x}\n";
    assert_eq!(faults(&format!("{head}kind: Persona\n")), ["/spec: is required"]);
    let [agent] = documents(&format!("{head}kind: Agent\n")).try_into().unwrap();
    assert!(read_object(&agent).is_ok());
}

#[test]
fn metrics_and_judges_must_fit() {
    let metric = |spec: &str| {
        faults(&format!(
            "apiVersion: rehearse/v1\nkind: Metric\nmetadata: {{name: x}}\nspec: {spec}\n"
        ))
    };
    assert_eq!(
        metric("{judge: model}"),
        ["/spec/description: is required for the judge `model`: it is what the model is told"]
    );
    assert_eq!(
        metric("{judge: interactions}"),
        ["/spec/judge: a `interactions` judge cannot measure a boolean value"]
    );
    assert_eq!(
        metric("{judge: contains}"),
        ["/spec/judge: `contains` needs more: write `contains: …` as an object"]
    );
    assert_eq!(
        metric("{judge: {contains: {}}}"),
        ["/spec/judge/contains/text: `contains` looks for a `text` or for `texts`"]
    );
    assert_eq!(
        metric("{judge: {contains: {text: a, texts: [b]}}}"),
        ["/spec/judge/contains/text: write `text` or `texts`, not both"]
    );
    assert_eq!(
        metric("{description: x, value: {numerical: {lowerBound: 2, upperBound: 1}}}"),
        ["/spec/value/numerical/upperBound: must not be below `lowerBound`"]
    );
    assert_eq!(
        metric("{description: x, value: {categorical: []}}"),
        ["/spec/value/categorical: must have 1 to 50 items, this has 0"]
    );
    assert_eq!(
        metric("{judge: {cel: x, regex: {pattern: y}}}"),
        [
            "/spec/judge: must be one of model, interactions, scriptOutcome, contains, regex, jsonSchema, cel, toolCalled, \
             latency, milestones, recorded, or an object with one of them as its only key"
        ]
    );
}

#[test]
fn criteria_have_one_condition() {
    let test = |criterion: &str| {
        faults(&format!(
            "apiVersion: rehearse/v1\nkind: UnitTest\nmetadata: {{name: x}}\n\
             spec: {{service: a, persona: b, scenario: c, criteria: [{criterion}]}}\n"
        ))
    };
    let one = "a criterion has exactly one of `equals`, `notEquals`, `atLeast`, `atMost`, `above`, `below` or `oneOf`";
    assert_eq!(test("{metric: m}"), [format!("/spec/criteria/0: {one}")]);
    assert_eq!(
        test("{metric: m, equals: true, atLeast: 1}"),
        [format!("/spec/criteria/0: {one}")]
    );
    assert_eq!(
        test("{metric: m, equals: good}"),
        ["/spec/criteria/0/equals: must be true, false or a number; for a word write `oneOf: [good]`"]
    );
    assert_eq!(
        test("{metric: m, atleast: 1}"),
        [
            format!("/spec/criteria/0: {one}"),
            "/spec/criteria/0/atleast: unknown field; did you mean `atLeast`?".to_owned(),
        ]
    );
}

#[test]
fn connections_have_one_protocol() {
    let agent = |connection: &str| {
        faults(&format!(
            "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: x}}\nspec: {{connection: {connection}}}\n"
        ))
    };
    let one = "/spec/connection: a connection has exactly one of `stdio`, `openaiChat`, `httpTemplate`, `a2a`, `openaiResponses`, `langgraph`, `rasa`, \
               `directline`, `amigo`, `websocket`, `mcp`, `pull`";
    assert_eq!(agent("{}"), [one]);
    assert_eq!(
        agent("{stdio: {command: [a]}, openaiChat: {baseUrl: a, model: b}}"),
        [one]
    );
    assert_eq!(
        agent("{stdio: {command: []}}"),
        ["/spec/connection/stdio/command: must have 1 to 100 items, this has 0"]
    );
    assert_eq!(
        agent("{stdio: {command: [a], framing: prompt}, timeoutMs: 0}"),
        [
            "/spec/connection/stdio/framing: needs the prompt: write `prompt: \"> \"`",
            "/spec/connection/timeoutMs: must be a whole number from 1 to 600000, this is 0",
        ]
    );
}

#[test]
fn connections_to_agents_of_others_are_read() {
    let agent = |connection: &str| {
        faults(&format!(
            "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: x}}\nspec: {{connection: {connection}}}\n"
        ))
    };
    let one = "/spec/connection/a2a: an A2A connection has exactly one of `card` and `endpoint`";
    assert_eq!(agent("{a2a: {}}"), [one]);
    assert_eq!(
        agent("{a2a: {card: a, endpoint: b, version: 2.0, bindings: jsonRpc}}"),
        [
            "/spec/connection/a2a/version: must be `1.0` or `0.3`; did you mean `1.0`?",
            one,
            "/spec/connection/a2a/bindings: unknown field; did you mean `binding`?",
        ]
    );
    // YAML reads an unquoted version as a number.
    for version in ["1.0", "0.3", "'1.0'"] {
        let good = documents(&format!(
            "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {name}\nspec: {{connection: {{a2a: {{card: a, version: {version}}}}}}}\n",
            name = "{name: x}",
        ));
        assert!(read_object(&good[0]).is_ok(), "{version}");
    }
    assert_eq!(
        agent("{openaiResponses: {baseUrl: a, history: none, tools: []}}"),
        [
            "/spec/connection/openaiResponses/model: is required",
            "/spec/connection/openaiResponses/history: must be `server` or `client`",
            "/spec/connection/openaiResponses/tools: unknown field; known are baseUrl, model, apiKey, instructions, history, headers, parameters",
        ]
    );
}

#[test]
fn what_connectors_cannot_do_without_is_told() {
    let agent = |connection: &str| {
        faults(&format!(
            "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {{name: x}}\nspec: {{connection: {connection}}}\n"
        ))
    };
    assert_eq!(
        agent("{websocket: {url: 'ws://a', message: m}}"),
        ["/spec/connection: extract.text must say where the text stands in a JSON frame"]
    );
    assert_eq!(
        agent("{websocket: {frames: xml, greet: true}}"),
        [
            "/spec/connection/websocket/url: is required",
            "/spec/connection/websocket/frames: must be `json` or `text`",
            "/spec/connection/websocket/message: is required",
            "/spec/connection/websocket/greet: unknown field; did you mean `greeting`?",
        ]
    );
    let one = "/spec/connection/mcp: an MCP server has exactly one of `process` or `http`";
    assert_eq!(agent("{mcp: {tool: t, arguments: {}}}"), [one]);
    assert_eq!(
        agent("{mcp: {process: {command: [a]}, http: {url: b}, tool: t, arguments: {}}}"),
        [one]
    );
    assert_eq!(
        agent("{mcp: {process: {command: []}}}"),
        [
            "/spec/connection/mcp/process/command: must have 1 to 100 items, this has 0",
            "/spec/connection/mcp/tool: is required",
            "/spec/connection/mcp/arguments: is required",
        ]
    );
    assert_eq!(
        agent("{pull: {subject: a}}"),
        ["/spec/connection/pull/subject: unknown field; none is expected here"]
    );
}

#[test]
fn version_sets_other_than_edge_can_be_set() {
    let found = faults(
        "apiVersion: rehearse/v1\nkind: Service\nmetadata: {name: x}\n\
         spec: {description: a, agent: b, versionSets: {edge: {}, 'a b': {}, release: {agent: newest}}}\n",
    );
    assert_eq!(
        found,
        ["/spec/versionSets/release/agent: must be a version's number or `latest`"]
    );
    let found = faults(
        "apiVersion: rehearse/v1\nkind: Service\nmetadata: {name: x}\n\
         spec: {description: a, agent: b, versionSets: {edge: {}, 'a b': {}}}\n",
    );
    assert_eq!(
        found,
        [
            "/spec/versionSets/a b: a version set's name has 1 to 40 letters, digits, `_` or `-` (ASCII)",
            "/spec/versionSets/edge: `edge` always means the latest versions and cannot be set",
        ]
    );
}

#[test]
fn scripts_are_bounded() {
    let nested = |depth: usize| {
        let steps = format!("{}{{say: x}}{}", "{steps: [".repeat(depth), "]}".repeat(depth));
        format!(
            "apiVersion: rehearse/v1\nkind: Scenario\nmetadata: {{name: x}}\n\
             spec: {{objective: a, instructions: b, script: [{steps}]}}\n"
        )
    };
    let [fits] = documents(&nested(model::MAX_DEPTH - 1)).try_into().unwrap();
    assert!(read_object(&fits).is_ok());
    let found = faults(&nested(model::MAX_DEPTH));
    assert!(found[0].ends_with("steps nest at most 16 deep"), "{found:?}");

    let many = serde_json::json!({
        "apiVersion": "rehearse/v1", "kind": "Scenario", "metadata": {"name": "x"},
        "spec": {"objective": "a", "instructions": "b", "script": [
            {"steps": vec![serde_json::json!({"say": "x"}); 300]},
            {"steps": vec![serde_json::json!({"say": "x"}); 300]},
        ]},
    });
    assert_eq!(
        listed(&read_object(&many).unwrap_err()),
        ["/spec/script/1/steps: a script has at most 500 steps, nested ones included"]
    );
}

#[test]
fn an_object_stands_in_a_suite_once() {
    let head = "apiVersion: rehearse/v1\nkind: Agent\nmetadata: {name: x}\n";
    let suite = Value::Array(documents(&format!("{head}---\n{head}")));
    assert_eq!(
        listed(&read_suite(&suite).unwrap_err()),
        ["/1/metadata/name: agent `x` stands in this suite twice; document 0 has it already"]
    );
}
