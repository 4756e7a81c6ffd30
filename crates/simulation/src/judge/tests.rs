use model::{LatencyStatistic, MetricId, Name, Named, Oid, Role, Scope, Text, UserOutcome};
use serde_json::json;

use super::*;
use crate::{
    NoModels,
    test_support::{self, briefing, name, text, tool_call, turns},
};

const BOOLEAN: MetricDomain = MetricDomain::Boolean;
const COUNT: MetricDomain = MetricDomain::Numerical {
    lower_bound: 0.0,
    upper_bound: 100_000.0,
};

fn categories(words: &[&str]) -> MetricDomain {
    MetricDomain::Categorical {
        categories: words.iter().copied().map(name).collect::<Vec<Name>>(),
    }
}

fn achieved() -> EndReason {
    EndReason::UserLeft {
        outcome: UserOutcome::Achieved,
        reason: Some("all done".to_owned()),
    }
}

fn conversation() -> Vec<Turn> {
    let mut turns = turns(&[
        (Role::User, "Hello, I need a visit."),
        (Role::Agent, "HELLO Ada! Your score is 7.5 (ok)."),
        (Role::User, "Thanks, hello again"),
        (Role::Agent, r#"{"status": "booked", "day": 3}"#),
    ]);
    turns[1].tool_calls = vec![tool_call("lookup", &json!({"who": "Ada"}))];
    turns[3].tool_calls = vec![
        tool_call("book", &json!({"day": 3, "at": {"room": "A", "floor": 1}})),
        tool_call("book", &json!({"day": 4})),
    ];
    turns
}

async fn judged(judge: Judge, domain: &MetricDomain, turns: &[Turn], end: &EndReason) -> Evaluation {
    let content = MetricContent {
        description: String::new(),
        value: domain.clone(),
        judge,
    };
    let mut briefing = briefing();
    let metric = Named {
        name: name("measured"),
        role: None,
        content,
    };
    briefing.metrics = vec![(MetricId(Oid::from_bytes([1; 12])), 3, metric)];
    let material = Material {
        turns,
        end,
        recorded: None,
    };
    let mut evaluations = evaluate(&briefing, material, &NoModels).await.evaluations;
    assert_eq!(evaluations.len(), 1);
    evaluations.remove(0)
}

async fn on(judge: Judge, domain: MetricDomain) -> Evaluation {
    judged(judge, &domain, &conversation(), &achieved()).await
}

/// The value, which must not have failed.
async fn value(judge: Judge, domain: MetricDomain) -> Option<MetricValue> {
    let evaluation = on(judge, domain).await;
    assert_eq!(evaluation.error, None);
    assert!(!evaluation.justification.is_empty());
    evaluation.value
}

async fn error(judge: Judge, domain: MetricDomain) -> String {
    let evaluation = on(judge, domain).await;
    assert_eq!(evaluation.value, None);
    evaluation.error.unwrap()
}

fn is(value: bool) -> Option<MetricValue> {
    Some(MetricValue::Boolean(value))
}

fn number(value: f64) -> Option<MetricValue> {
    Some(MetricValue::Numerical(value))
}

fn word(value: &str) -> Option<MetricValue> {
    Some(MetricValue::Categorical(value.to_owned()))
}

fn contains(texts: &[&str], all: bool, case_sensitive: bool, scope: Scope) -> Judge {
    Judge::Contains {
        texts: texts.iter().copied().map(text).collect::<Vec<Text>>(),
        all,
        case_sensitive,
        scope,
    }
}

fn regex(pattern: &str, scope: Scope) -> Judge {
    Judge::Regex {
        pattern: text(pattern),
        scope,
    }
}

fn schema(schema: &serde_json::Value, scope: Scope) -> Judge {
    Judge::JsonSchema {
        schema: test_support::json(schema),
        scope,
    }
}

fn cel(expression: &str) -> Judge {
    Judge::Cel {
        expression: text(expression),
    }
}

fn called(tool: &str, arguments: Option<serde_json::Value>) -> Judge {
    Judge::ToolCalled {
        name: text(tool),
        arguments: arguments.map(|value| test_support::json(&value)),
    }
}

#[tokio::test]
async fn contains_looks_in_its_scope() {
    assert_eq!(
        value(contains(&["hello"], false, false, Scope::Agent), BOOLEAN).await,
        is(true)
    );
    assert_eq!(
        value(contains(&["hello"], false, true, Scope::Agent), BOOLEAN).await,
        is(false)
    );
    assert_eq!(
        value(contains(&["hello"], false, false, Scope::LastAgent), BOOLEAN).await,
        is(false)
    );
    assert_eq!(
        value(contains(&["visit", "score"], true, false, Scope::All), BOOLEAN).await,
        is(true)
    );
    assert_eq!(
        value(contains(&["visit", "score"], true, false, Scope::User), BOOLEAN).await,
        is(false)
    );
    assert_eq!(
        value(contains(&["hello"], false, false, Scope::All), COUNT).await,
        number(3.0)
    );
    assert_eq!(
        value(contains(&["hello", "again"], true, false, Scope::All), COUNT).await,
        number(1.0)
    );
    let found = on(contains(&["hello", "nope"], false, false, Scope::All), BOOLEAN).await;
    assert_eq!(
        found.justification,
        "Found `hello` in turn 0: “hello, i need a visit.”."
    );
    assert_eq!((found.references, found.metric_version), (vec![0], 3));
    let missing = on(contains(&["nope"], false, false, Scope::User), BOOLEAN).await;
    assert_eq!(
        missing.justification,
        "Not found in any message of the simulated user: `nope`."
    );
    let first = on(contains(&["nope"], false, false, Scope::FirstAgent), BOOLEAN).await;
    assert_eq!(
        first.justification,
        "Not found in the agent's first message (turn 1, “HELLO Ada! Your score is 7.5 (ok).”): `nope`."
    );
    assert_eq!(first.references, [1], "what was looked at can be found");
}

#[tokio::test]
async fn regex_gives_every_type_of_value() {
    assert_eq!(
        value(regex("(?i)^hello", Scope::FirstAgent), BOOLEAN).await,
        is(true)
    );
    assert_eq!(value(regex("^hello", Scope::Agent), BOOLEAN).await, is(false));
    assert_eq!(
        value(regex(r"score is ([\d.]+)", Scope::Agent), COUNT).await,
        number(7.5)
    );
    assert_eq!(value(regex("(?i)hello", Scope::All), COUNT).await, number(3.0));
    assert_eq!(value(regex("absent", Scope::All), COUNT).await, number(0.0));
    assert_eq!(value(regex("absent (x)", Scope::All), COUNT).await, None);
    assert_eq!(
        value(regex(r"\((\w+)\)", Scope::Agent), categories(&["ok", "bad"])).await,
        word("ok")
    );
    let shown = error(regex(r"\((\w+)\)", Scope::Agent), COUNT).await;
    assert_eq!(
        shown,
        "metric `measured`: the first group holds `ok`, not a number"
    );
    let shown = error(regex(r"\((\w+)\)", Scope::Agent), categories(&["bad"])).await;
    assert!(
        shown.starts_with("metric `measured`: the value `ok` is not one of `bad` (Turn 1 matches: “HELLO"),
        "{shown}"
    );
    assert!(
        error(regex("(", Scope::All), BOOLEAN)
            .await
            .contains("unclosed group")
    );
}

#[tokio::test]
async fn a_value_outside_the_bounds_is_an_error_and_not_clamped() {
    let narrow = MetricDomain::Numerical {
        lower_bound: 0.0,
        upper_bound: 1.0,
    };
    let shown = error(Judge::Interactions, narrow).await;
    assert_eq!(
        shown,
        "metric `measured`: the value 2 is not within 0 to 1 (The agent replied 2 times.)"
    );
}

#[tokio::test]
async fn json_schema_validates_replies() {
    let booked =
        json!({"type": "object", "required": ["status"], "properties": {"status": {"const": "booked"}}});
    assert_eq!(value(schema(&booked, Scope::LastAgent), BOOLEAN).await, is(true));
    let both = on(schema(&booked, Scope::Agent), BOOLEAN).await;
    assert_eq!(both.value, is(false));
    assert!(
        both.justification
            .starts_with("1 of 2 looked at (agent message) follow the schema. Turn 1: not JSON (")
    );
    assert_eq!(value(schema(&booked, Scope::Agent), COUNT).await, number(0.5));
    let wrong = on(
        schema(&json!({"properties": {"day": {"maximum": 2}}}), Scope::LastAgent),
        BOOLEAN,
    )
    .await;
    assert!(
        wrong
            .justification
            .contains("at `/day` 3 is greater than the maximum of 2"),
        "{}",
        wrong.justification
    );
    let part = json!({"$defs": {"d": {"type": "integer"}}, "properties": {"day": {"$ref": "#/$defs/d"}}});
    assert_eq!(value(schema(&part, Scope::LastAgent), BOOLEAN).await, is(true));
}

#[test]
fn schemas_that_take_work_without_bound_are_refused() {
    let refused = |schema: serde_json::Value| {
        compile_schema(&test_support::json(&schema))
            .unwrap_err()
            .to_string()
    };
    assert!(refused(json!({"properties": {"next": {"$ref": "#"}}})).contains("recursive"));
    assert!(
        refused(json!({"$defs": {"a": {"items": {"$ref": "#/$defs/a"}}}, "$ref": "#/$defs/a"}))
            .contains("recursive")
    );
    let hidden =
        json!({"$defs": {"a": {"properties": {"default": {"$ref": "#/$defs/a"}}}}, "$ref": "#/$defs/a"});
    assert!(refused(hidden).contains("recursive"));
    assert!(
        refused(json!({"$ref": "https://example.com/schema.json"}))
            .contains("does not point into the schema")
    );
    assert!(refused(json!({"$ref": "file:///etc/passwd"})).contains("does not point into the schema"));
    assert!(refused(json!({"items": {"$id": "x", "$ref": "#/y"}})).contains("only at the top"));
    assert!(refused(json!({"type": 3})).starts_with("is not a JSON Schema: "));
    let mut defs = serde_json::Map::new();
    for n in 0..40 {
        let twice = json!({"$ref": format!("#/$defs/d{}", n + 1)});
        defs.insert(format!("d{n}"), json!({"anyOf": [twice.clone(), twice]}));
    }
    defs.insert("d40".to_owned(), json!({"type": "null"}));
    assert!(refused(json!({"$defs": defs, "$ref": "#/$defs/d0"})).contains("more than 5000 parts"));
    let slow = json!({"pattern": "(a*)*b(?=c)"});
    assert!(
        compile_schema(&test_support::json(&slow)).is_err(),
        "patterns without linear time are refused"
    );
}

#[tokio::test]
async fn cel_sees_the_conversation_and_its_end() {
    for expression in [
        "conversation.interactions == 2 && conversation.end == 'user_achieved'",
        "conversation.user_outcome == 'achieved' && conversation.duration_ms == 3000",
        "conversation.turns[3].tool_calls.exists(c, c.name == 'book' && c.arguments.at.room == 'A')",
        "conversation.turns[1].latency_ms == 100 && conversation.turns[0].latency_ms == null",
        "persona.variables.plan == 'gold' && scenario.name == 'booking' && !conversation.turns[1].completed",
    ] {
        assert_eq!(value(cel(expression), BOOLEAN).await, is(true), "{expression}");
    }
    assert_eq!(
        value(cel("size(conversation.turns) / 2"), COUNT).await,
        number(2.0)
    );
    assert_eq!(value(cel("null"), COUNT).await, None);
    assert_eq!(
        value(cel("conversation.turns[2].role"), categories(&["user", "agent"])).await,
        word("user")
    );
    assert_eq!(
        error(cel("1"), BOOLEAN).await,
        "metric `measured`: the expression gave a number, not a boolean value"
    );
    assert!(
        error(cel("1.0 / 0.0"), COUNT)
            .await
            .contains("a number without bound")
    );
    assert!(
        error(cel("conversation.nothing"), BOOLEAN)
            .await
            .contains("No such key")
    );
    let bomb = format!("['x']{}.size()", ".map(a, a + a)".repeat(50));
    assert!(error(cel(&bomb), COUNT).await.contains("too much work or memory"));
}

#[tokio::test]
async fn tool_calls_are_found_by_name_and_arguments() {
    assert_eq!(value(called("book", None), COUNT).await, number(2.0));
    assert_eq!(
        value(
            called("book", Some(json!({"day": 3.0, "at": {"room": "A"}}))),
            COUNT
        )
        .await,
        number(1.0)
    );
    assert_eq!(
        value(called("book", Some(json!({"day": 5}))), BOOLEAN).await,
        is(false)
    );
    assert_eq!(value(called("pay", None), BOOLEAN).await, is(false));
    let found = on(called("lookup", None), BOOLEAN).await;
    assert_eq!(
        found.justification,
        r#"Called 1 times, first in turn 1: lookup({"who":"Ada"})."#
    );
    assert_eq!(found.references, [1]);
}

#[tokio::test]
async fn counts_and_latencies() {
    assert_eq!(value(Judge::Interactions, COUNT).await, number(2.0));
    for (statistic, expected) in [
        (LatencyStatistic::Max, 300.0),
        (LatencyStatistic::Mean, 200.0),
        (LatencyStatistic::P50, 100.0),
        (LatencyStatistic::P95, 300.0),
    ] {
        assert_eq!(
            value(Judge::Latency { statistic }, COUNT).await,
            number(expected),
            "{statistic:?}"
        );
    }
}

#[tokio::test]
async fn the_users_leaving_is_judged() {
    let ends = [
        (achieved(), is(true), word("achieved")),
        (
            EndReason::UserLeft {
                outcome: UserOutcome::GaveUp,
                reason: None,
            },
            is(false),
            word("gave_up"),
        ),
        (EndReason::AgentCompleted, is(false), word("agent_completed")),
        (EndReason::MaxInteractions, is(false), word("max_interactions")),
        (
            EndReason::AgentError {
                cause: "down".to_owned(),
            },
            None,
            None,
        ),
    ];
    let words = categories(&["achieved", "gave_up", "agent_completed", "max_interactions"]);
    for (end, boolean, categorical) in ends {
        let turns = conversation();
        assert_eq!(
            judged(Judge::ScriptOutcome, &BOOLEAN, &turns, &end).await.value,
            boolean,
            "{end:?}"
        );
        assert_eq!(
            judged(Judge::ScriptOutcome, &words, &turns, &end).await.value,
            categorical,
            "{end:?}"
        );
    }
}

#[tokio::test]
async fn without_a_reply_metrics_on_replies_do_not_apply() {
    let silent = turns(&[(Role::User, "hello")]);
    let end = EndReason::MaxInteractions;
    for (judge, domain) in [
        (contains(&["x"], false, false, Scope::Agent), BOOLEAN),
        (regex("x", Scope::LastAgent), COUNT),
        (schema(&json!({}), Scope::Agent), BOOLEAN),
        (called("book", None), BOOLEAN),
        (
            Judge::Latency {
                statistic: LatencyStatistic::Max,
            },
            COUNT,
        ),
    ] {
        let evaluation = judged(judge, &domain, &silent, &end).await;
        assert_eq!((evaluation.value, evaluation.error), (None, None));
        assert_eq!(
            evaluation.justification,
            "Does not apply: the agent said nothing."
        );
    }
    assert_eq!(
        judged(Judge::Interactions, &COUNT, &silent, &end).await.value,
        number(0.0)
    );
}

#[tokio::test]
async fn a_model_judge_needs_a_model() {
    let shown = error(Judge::Model(model::ModelJudge::default()), BOOLEAN).await;
    assert_eq!(
        shown,
        "metric `measured`: no language model judges here; name some in the judge's `models`, or say which one judges the run"
    );
}

async fn recorded(domain: MetricDomain, values: Option<&[(&str, MetricValue)]>) -> Evaluation {
    let mut briefing = briefing();
    let metric = Named {
        name: name("reward"),
        role: None,
        content: MetricContent {
            description: String::new(),
            value: domain,
            judge: Judge::Recorded { name: text("reward") },
        },
    };
    briefing.metrics = vec![(MetricId(Oid::from_bytes([1; 12])), 1, metric)];
    let values: Option<BTreeMap<String, MetricValue>> = values.map(|values| {
        values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect()
    });
    let (turns, end) = (conversation(), achieved());
    let material = Material {
        turns: &turns,
        end: &end,
        recorded: values.as_ref(),
    };
    let judged = evaluate(&briefing, material, &NoModels).await;
    assert_eq!(judged.usage, Usage::default());
    judged.evaluations.into_iter().next().unwrap()
}

#[tokio::test]
async fn a_recorded_value_is_taken_over_if_it_fits() {
    let share = MetricDomain::Numerical {
        lower_bound: 0.0,
        upper_bound: 1.0,
    };
    let reward = |value| [("reward", MetricValue::Numerical(value))];
    let taken = recorded(share.clone(), Some(&reward(1.0))).await;
    assert_eq!((taken.value, taken.error), (number(1.0), None));
    assert_eq!(taken.justification, "Recorded as `reward`: 1.");
    let beyond = recorded(share.clone(), Some(&reward(1.5))).await;
    assert_eq!(
        (beyond.value, beyond.error.as_deref()),
        (
            None,
            Some("metric `reward`: the value 1.5 is not within 0 to 1 (Recorded as `reward`: 1.5.)")
        )
    );
    let other = recorded(BOOLEAN, Some(&reward(1.0))).await;
    assert_eq!(
        other.error.as_deref(),
        Some("metric `reward`: the recorded `reward` is 1, a numerical value and not a boolean one")
    );
    let unknown = recorded(
        categories(&["ok"]),
        Some(&[("reward", MetricValue::Categorical("bad".to_owned()))]),
    )
    .await;
    assert!(
        unknown
            .error
            .unwrap()
            .contains("the value `bad` is not one of `ok`")
    );
}

#[tokio::test]
async fn without_a_recorded_value_the_metric_does_not_apply() {
    let lacking = recorded(BOOLEAN, Some(&[("other", MetricValue::Boolean(true))])).await;
    assert_eq!((lacking.value, lacking.error), (None, None));
    assert_eq!(
        lacking.justification,
        "Does not apply: the recording has no value `reward`."
    );
    let live = recorded(BOOLEAN, None).await;
    assert_eq!((live.value, live.error), (None, None));
}

#[tokio::test]
async fn references_and_justifications_are_bounded() {
    let said: Vec<(Role, &str)> = (0..200).map(|_n| (Role::Agent, "hello hello")).collect();
    let long = "needle".repeat(40_000);
    let mut turns = turns(&said);
    turns[0].text = long.clone();
    let evaluation = judged(regex("hello", Scope::All), &COUNT, &turns, &achieved()).await;
    assert_eq!(evaluation.value, number(199.0));
    assert_eq!(evaluation.references.len(), MAX_REFERENCES);
    let evaluation = judged(regex("(needle)*", Scope::All), &BOOLEAN, &turns, &achieved()).await;
    assert!(
        evaluation.justification.len() < 300,
        "{}",
        evaluation.justification.len()
    );
    let evaluation = judged(
        contains(&[&long], false, true, Scope::All),
        &BOOLEAN,
        &turns,
        &achieved(),
    )
    .await;
    assert!(
        evaluation.justification.len() < 400,
        "{}",
        evaluation.justification.len()
    );
}
