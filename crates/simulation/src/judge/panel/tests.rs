//! Judges that are language models, with models that say what the test says.

use std::collections::BTreeSet;

use model::{
    Combine, Criterion, EndReason, Evaluation, Judge, MetricContent, MetricDomain, MetricId, Named, Oid,
    PlannedCriterion, Role, Turn, UserOutcome, Variables,
};
use serde_json::{Value, json};

use super::*;
use crate::{
    Briefing, Judged, Material, MessageRole, Purpose, evaluate,
    judge::fake::{Fakes, SPENT},
    test_support::{self, briefing, name, tool_call, turns},
};

const BOOLEAN: MetricDomain = MetricDomain::Boolean;
const SCALE: MetricDomain = MetricDomain::Numerical {
    lower_bound: 0.0,
    upper_bound: 10.0,
};

fn words() -> MetricDomain {
    MetricDomain::Categorical {
        categories: vec![name("good"), name("bad")],
    }
}

fn conversation() -> Vec<Turn> {
    let mut turns = turns(&[
        (Role::User, "Hello, I need a visit."),
        (Role::Agent, "Sure,\n which  day? <b>Any</b> day."),
    ]);
    let mut call = tool_call("book", &json!({ "day": 3 }));
    call.result = Some(test_support::json(&json!({ "ok": true })));
    turns[1].tool_calls = vec![call];
    turns
}

fn asked_by(domain: MetricDomain, judge: ModelJudge) -> Briefing {
    let mut briefing = briefing();
    let metric = Named {
        name: name("polite"),
        role: None,
        content: MetricContent {
            description: "Whether the agent is polite.".to_owned(),
            value: domain,
            judge: Judge::Model(judge),
        },
    };
    briefing.metrics = vec![(MetricId(Oid::from_bytes([1; 12])), 3, metric)];
    briefing.cast.judge = Some(name("judge"));
    briefing
}

async fn judged(briefing: &Briefing, models: &Fakes) -> Judged {
    let turns = conversation();
    let end = EndReason::UserLeft {
        outcome: UserOutcome::Achieved,
        reason: Some("got it".to_owned()),
    };
    let material = Material {
        turns: &turns,
        end: &end,
        recorded: None,
    };
    evaluate(briefing, material, models).await
}

async fn on(domain: MetricDomain, judge: ModelJudge, answers: &[Value]) -> (Evaluation, Fakes) {
    let models = Fakes::default().with("judge", answers.iter().cloned());
    let mut judged = judged(&asked_by(domain, judge), &models).await;
    assert_eq!(judged.usage, judged.evaluations[0].usage.unwrap());
    (judged.evaluations.remove(0), models)
}

fn says(value: impl Into<Value>) -> Value {
    refers(value, json!([{ "turn": 1, "quote": null }]))
}

fn refers(value: impl Into<Value>, references: Value) -> Value {
    json!({ "justification": "It asks kindly.", "references": references, "value": value.into() })
}

fn quoting() -> ModelJudge {
    ModelJudge {
        quote: true,
        ..ModelJudge::default()
    }
}

fn samples(samples: u32, combine: Combine) -> ModelJudge {
    ModelJudge {
        samples,
        combine,
        ..ModelJudge::default()
    }
}

fn is(value: bool) -> Option<MetricValue> {
    Some(MetricValue::Boolean(value))
}

fn number(value: f64) -> Option<MetricValue> {
    Some(MetricValue::Numerical(value))
}

#[tokio::test]
async fn one_judge_is_asked_once_and_coolly_about_the_whole_conversation() {
    let (evaluation, models) = on(BOOLEAN, ModelJudge::default(), &[says(true)]).await;
    assert_eq!((evaluation.value, evaluation.error), (is(true), None));
    assert_eq!(evaluation.justification, "It asks kindly.");
    assert_eq!((evaluation.references, evaluation.metric_version), (vec![1], 3));
    assert_eq!((evaluation.usage, evaluation.votes), (Some(SPENT), Vec::new()));
    let asked = models.asked("judge");
    let [question] = asked.as_slice() else {
        panic!("{asked:?}")
    };
    assert_eq!(
        (question.purpose, question.temperature),
        (Purpose::Judge, Some(0.0))
    );
    let roles: Vec<MessageRole> = question.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [MessageRole::System, MessageRole::User]);
    let material: Value = serde_json::from_str(&question.messages[1].text).unwrap();
    let keys: Vec<&String> = material.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["metric", "persona", "scenario", "conversation", "reminder"]
    );
    assert_eq!(
        material["metric"],
        json!({ "name": "polite", "description": "Whether the agent is polite.", "type": "boolean" })
    );
    assert_eq!(
        material["conversation"],
        json!({
            "turns": [
                { "turn": 0, "role": "user", "text": "Hello, I need a visit." },
                {
                    "turn": 1,
                    "role": "agent",
                    "text": "Sure,\n which  day? <b>Any</b> day.",
                    "tool_calls": [{ "name": "book", "arguments": r#"{"day":3}"#, "result": r#"{"ok":true}"# }],
                    "latency_ms": 100,
                    "completed": false,
                },
            ],
            "ended": { "how": "user_achieved", "reason": "got it" },
        })
    );
}

#[tokio::test]
async fn the_shape_of_the_answer_follows_from_the_metric() {
    for (domain, expected) in [
        (BOOLEAN, json!({ "type": ["boolean", "null"] })),
        (
            SCALE,
            json!({ "type": ["number", "null"], "minimum": 0.0, "maximum": 10.0 }),
        ),
        (
            words(),
            json!({ "type": ["string", "null"], "enum": ["good", "bad", null] }),
        ),
    ] {
        let (evaluation, models) = on(domain, ModelJudge::default(), &[says(Value::Null)]).await;
        assert_eq!(
            (evaluation.value, evaluation.error),
            (None, None),
            "null: does not apply"
        );
        let asked = models.asked("judge");
        let schema = &asked[0].schema.as_ref().unwrap().document;
        assert_eq!(schema["properties"]["value"], expected);
        let order: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
        assert_eq!(
            order,
            ["justification", "references", "value"],
            "reasons come first"
        );
        assert_eq!(schema["required"], json!(order));
        jsonschema::validator_for(schema)
            .unwrap()
            .validate(&says(Value::Null))
            .unwrap();
    }
}

#[tokio::test]
async fn what_is_sensitive_is_not_shown() {
    let mut briefing = asked_by(BOOLEAN, ModelJudge::default());
    let variables = [("pin_code".to_owned(), "hunter22".to_owned())];
    briefing.persona.content.sensitive_user_variables =
        Variables::try_from(std::collections::BTreeMap::from(variables)).unwrap();
    let models = Fakes::default().with("judge", [says(true)]);
    judged(&briefing, &models).await;
    let shown = &models.asked("judge")[0].messages[1].text;
    assert!(!shown.contains("hunter22"), "{shown}");
    assert!(shown.contains(r#""facts":{"plan":"gold"}"#), "{shown}");
}

/// Judgements that cannot be used, each with what is wrong with it.
fn unusable() -> Vec<(MetricDomain, ModelJudge, Value, &'static str)> {
    let plain = ModelJudge::default;
    let cites = |references| refers(true, references);
    vec![
        (
            words(),
            plain(),
            says("splendid"),
            r#"`value` is "splendid", which is not one of `good`, `bad`, nor null"#,
        ),
        (
            words(),
            plain(),
            says("Good"),
            r#"`value` is "Good", which is not one of `good`, `bad`, nor null"#,
        ),
        (
            SCALE,
            plain(),
            says(10.5),
            "`value` is 10.5, which is not within 0 to 10, nor null",
        ),
        (
            SCALE,
            plain(),
            says(-1),
            "`value` is -1, which is not within 0 to 10, nor null",
        ),
        (
            SCALE,
            plain(),
            says("NaN"),
            r#"`value` is "NaN", which is not within 0 to 10, nor null"#,
        ),
        (
            BOOLEAN,
            plain(),
            says("true"),
            r#"`value` is "true", which is not true or false, nor null"#,
        ),
        (
            BOOLEAN,
            plain(),
            says(1),
            "`value` is 1, which is not true or false, nor null",
        ),
        (
            BOOLEAN,
            plain(),
            json!({ "justification": "x", "references": [] }),
            "`value` is missing",
        ),
        (
            BOOLEAN,
            plain(),
            json!({ "justification": " ", "references": [], "value": true }),
            "`justification` is missing or empty",
        ),
        (
            BOOLEAN,
            plain(),
            json!({ "justification": "x", "references": null, "value": true }),
            "`references` is not a list",
        ),
        (
            BOOLEAN,
            plain(),
            cites(json!([{ "turn": 0, "quote": null }, { "turn": 2, "quote": null }])),
            "`references[1].turn` is 2, and the conversation has no such turn: its turns are 0 to 1",
        ),
        (
            BOOLEAN,
            plain(),
            cites(json!([{ "turn": -1, "quote": null }])),
            "`references[0].turn` is -1, and the conversation has no such turn: its turns are 0 to 1",
        ),
        (
            BOOLEAN,
            plain(),
            cites(json!([{ "turn": 0.5, "quote": null }])),
            "`references[0].turn` is 0.5, and the conversation has no such turn: its turns are 0 to 1",
        ),
        (
            BOOLEAN,
            quoting(),
            cites(json!([])),
            "`references` is empty; the value must rest on at least one turn, with a quotation",
        ),
        (
            BOOLEAN,
            quoting(),
            cites(json!([{ "turn": 0, "quote": " " }])),
            "`references[0].quote` is empty: it must be words that stand in turn 0; copy words from it exactly",
        ),
        (
            BOOLEAN,
            quoting(),
            cites(json!([{ "turn": 0, "quote": "\u{200b}" }])),
            "`references[0].quote` does not stand in turn 0; copy words from it exactly",
        ),
        (
            BOOLEAN,
            quoting(),
            cites(json!([{ "turn": 0, "quote": "which day?" }])),
            "`references[0].quote` does not stand in turn 0; copy words from it exactly",
        ),
    ]
}

#[tokio::test]
async fn what_cannot_be_used_is_asked_for_once_more_with_what_is_wrong() {
    for (domain, judge, bad, problem) in unusable() {
        let good = refers(Value::Null, json!([]));
        let (evaluation, models) = on(domain, judge, &[bad.clone(), good]).await;
        assert_eq!((evaluation.value, evaluation.error), (None, None), "{problem}");
        assert_eq!(evaluation.usage, Some(Usage::of_tokens(200, 20)));
        let asked = models.asked("judge");
        let [first, second] = asked.as_slice() else {
            panic!("{asked:?}")
        };
        assert_eq!(second.messages[..2], first.messages[..]);
        assert_eq!(
            serde_json::from_str::<Value>(&second.messages[2].text).unwrap(),
            bad
        );
        assert_eq!(second.messages[2].role, MessageRole::Assistant);
        let told: Value = serde_json::from_str(&second.messages[3].text).unwrap();
        assert_eq!(told["problem"], problem);
    }
}

#[tokio::test]
async fn what_cannot_be_used_twice_is_an_error_and_never_a_value() {
    for (domain, judge, bad, problem) in unusable() {
        let (evaluation, models) = on(domain, judge, &[bad.clone(), bad]).await;
        assert_eq!(evaluation.value, None);
        assert_eq!(
            evaluation.error,
            Some(format!(
                "metric `polite`: model `judge`: the judgement cannot be used: {problem} (asked twice)"
            ))
        );
        assert_eq!(evaluation.usage, Some(Usage::of_tokens(200, 20)));
        assert_eq!(models.left(), 0);
    }
}

#[tokio::test]
async fn quotations_are_found_where_they_stand() {
    for quote in [
        "Sure, which day?",
        "<b>Any</b>",
        r"\u003cb>Any",
        "book",
        r#"{"day":3}"#,
        r#""ok":true"#,
        "Su\u{200b}re",
    ] {
        let says = refers(true, json!([{ "turn": 1.0, "quote": quote }]));
        let (evaluation, _models) = on(BOOLEAN, quoting(), &[says]).await;
        assert_eq!(evaluation.error, None, "{quote}");
        assert_eq!(
            evaluation.justification,
            format!("It asks kindly. Turn 1: “{quote}”.")
        );
    }
}

#[tokio::test]
async fn a_false_quotation_is_left_out_where_none_is_needed() {
    let references = json!([{ "turn": 1, "quote": "never said" }, { "turn": 0, "quote": "Hello" }]);
    let (evaluation, models) = on(BOOLEAN, ModelJudge::default(), &[refers(true, references)]).await;
    assert_eq!(evaluation.value, is(true));
    assert_eq!(evaluation.references, [0, 1]);
    assert_eq!(
        evaluation.justification,
        "It asks kindly. Turn 0: “Hello”. (1 of the judge's quotations left out: not in the turn that was named.)"
    );
    assert_eq!(models.asked("judge").len(), 1);
}

#[tokio::test]
async fn samples_differ_in_their_seeds_and_are_not_asked_coolly() {
    let answers = [says(true), says(false), says(true)];
    let (evaluation, models) = on(BOOLEAN, samples(3, Combine::Majority), &answers).await;
    assert_eq!(evaluation.value, is(true));
    assert_eq!(
        evaluation.justification,
        "Agreement: 2 of 3 judgements. It asks kindly."
    );
    let values: Vec<Option<MetricValue>> = evaluation.votes.iter().map(|vote| vote.value.clone()).collect();
    assert_eq!(values, [is(true), is(false), is(true)]);
    assert_eq!(evaluation.usage, Some(Usage::of_tokens(300, 30)));
    let asked = models.asked("judge");
    let seeds: BTreeSet<Option<u64>> = asked.iter().map(|question| question.seed).collect();
    assert_eq!(seeds.len(), 3);
    assert!(asked.iter().all(|question| question.temperature.is_none()));
    let (_, again) = on(BOOLEAN, samples(3, Combine::Majority), &answers).await;
    assert_eq!(again.asked("judge"), asked, "seeds follow from the conversation");
}

#[tokio::test]
async fn without_a_majority_there_is_no_value() {
    let tie = [says(true), says(false)];
    let (evaluation, _) = on(BOOLEAN, samples(2, Combine::Majority), &tie).await;
    assert_eq!(evaluation.value, None);
    assert_eq!(
        evaluation.error.as_deref(),
        Some("metric `polite`: the judges disagree, and none has a majority: true (1), false (1)")
    );
    assert_eq!(evaluation.votes.len(), 2);
    let apart = [says("good"), says("bad"), says(Value::Null)];
    let (evaluation, _) = on(words(), samples(3, Combine::Median), &apart).await;
    assert!(
        evaluation
            .error
            .unwrap()
            .ends_with(": `good` (1), `bad` (1), does not apply (1)")
    );
}

#[tokio::test]
async fn that_a_metric_does_not_apply_is_a_vote() {
    let answers = [says(Value::Null), says(4), says(Value::Null)];
    for combine in [Combine::Majority, Combine::Median] {
        let (evaluation, _) = on(SCALE, samples(3, combine), &answers).await;
        assert_eq!((evaluation.value, evaluation.error), (None, None), "{combine:?}");
    }
    let (evaluation, _) = on(SCALE, samples(2, Combine::Median), &answers[..2]).await;
    assert!(evaluation.error.unwrap().contains("none has a majority"));
}

#[tokio::test]
async fn the_median_is_the_lower_of_two_in_the_middle() {
    let answers = [says(9), says(3), says(7), says(6.8)];
    let (evaluation, _) = on(SCALE, samples(4, Combine::Median), &answers).await;
    assert_eq!(evaluation.value, number(6.8));
    assert_eq!(
        evaluation.justification, "Agreement: 2 of 4 judgements. It asks kindly.",
        "7 is within a twentieth of the range"
    );
    let (evaluation, _) = on(SCALE, samples(4, Combine::Majority), &answers).await;
    assert!(
        evaluation
            .error
            .unwrap()
            .ends_with("9 (1), 3 (1), 7 (1), 6.8 (1)")
    );
}

#[tokio::test]
async fn votes_that_failed_are_kept_and_half_must_be_usable() {
    let panel = ModelJudge {
        models: vec![name("a"), name("b"), name("c")],
        ..ModelJudge::default()
    };
    let briefing = asked_by(BOOLEAN, panel);
    let models = Fakes::default()
        .with("a", [says(true)])
        .with_broken("b")
        .with("c", [says(true)]);
    let evaluation = judged(&briefing, &models).await.evaluations.remove(0);
    assert_eq!(evaluation.value, is(true));
    assert!(
        evaluation
            .justification
            .starts_with("Agreement: 2 of 2 judgements.")
    );
    let errors: Vec<Option<&str>> = evaluation
        .votes
        .iter()
        .map(|vote| vote.error.as_deref())
        .collect();
    assert_eq!(
        errors,
        [
            None,
            Some("model `b`: the answer is not what was asked for: it says nothing"),
            None
        ]
    );
    assert_eq!(
        evaluation.usage,
        Some(Usage::of_tokens(300, 30)),
        "what was consumed for nothing counts too"
    );
    let models = Fakes::default().with("a", [says(true)]).with_broken("b");
    let evaluation = judged(&briefing, &models).await.evaluations.remove(0);
    assert_eq!(
        evaluation.error.as_deref(),
        Some(
            "metric `polite`: only 1 of 3 judgements can be used: model `b`: the answer is not what was asked for: it says \
             nothing"
        )
    );
    assert_eq!(
        evaluation.votes[2].error.as_deref(),
        Some("model `c`: there is no such model")
    );
}

async fn confirmed(domain: MetricDomain, criterion: Criterion, answers: &[Value]) -> (Evaluation, Fakes) {
    let judge = ModelJudge {
        confirm_on_fail: true,
        ..ModelJudge::default()
    };
    let mut briefing = asked_by(domain, judge);
    briefing.criteria = vec![PlannedCriterion {
        name: name("criterion"),
        metric_id: briefing.metrics[0].0,
        metric_version: 3,
        criterion,
    }];
    let models = Fakes::default().with("judge", answers.iter().cloned());
    let mut judged = judged(&briefing, &models).await;
    (judged.evaluations.remove(0), models)
}

#[tokio::test]
async fn a_failure_stands_only_if_it_comes_again() {
    let wanted = Criterion::Boolean { expected_value: true };
    let (passes, models) = confirmed(BOOLEAN, wanted.clone(), &[says(true)]).await;
    assert_eq!((passes.value, passes.votes.len()), (is(true), 0));
    assert_eq!(models.asked("judge").len(), 1);

    let (again, models) = confirmed(BOOLEAN, wanted.clone(), &[says(false), says(false)]).await;
    assert_eq!((again.value, again.votes.len()), (is(false), 2));
    assert_eq!(again.justification, "Asked again, it came again. It asks kindly.");
    let asked = models.asked("judge");
    assert_eq!(asked[0].messages, asked[1].messages);
    assert_ne!(asked[0].seed, asked[1].seed);
    assert_eq!((asked[0].temperature, asked[1].temperature), (Some(0.0), None));

    for (third, value) in [(true, is(true)), (false, is(false))] {
        let answers = [says(false), says(true), says(third)];
        let (decided, _) = confirmed(BOOLEAN, wanted.clone(), &answers).await;
        assert_eq!((decided.value, decided.votes.len()), (value, 3));
        assert_eq!(
            decided.justification,
            "Agreement: 2 of 3 times asked. It asks kindly."
        );
        assert_eq!(decided.usage, Some(Usage::of_tokens(300, 30)));
    }
    let undecided = [says(false), says(true), says(Value::Null)];
    let (undecided, _) = confirmed(BOOLEAN, wanted, &undecided).await;
    assert!(undecided.error.unwrap().contains("none has a majority"));
}

#[tokio::test]
async fn that_a_metric_does_not_apply_fails_its_criteria_and_is_confirmed_too() {
    let wanted = Criterion::Boolean { expected_value: true };
    let answers = [says(Value::Null), says(Value::Null)];
    let (evaluation, models) = confirmed(BOOLEAN, wanted, &answers).await;
    assert_eq!((evaluation.value, evaluation.error), (None, None));
    assert_eq!(models.left(), 0);
}

#[tokio::test]
async fn a_number_comes_again_if_it_is_close() {
    let wanted = Criterion::Numerical {
        verb: model::Comparison::AtLeast,
        threshold: 7.0,
    };
    let (close, models) = confirmed(SCALE, wanted, &[says(5), says(5.5)]).await;
    assert_eq!((close.value, models.left()), (number(5.0), 0));
}

#[tokio::test]
async fn a_conversation_that_is_too_long_is_not_judged_in_part() {
    let models = Fakes::default().with("judge", [says(true)]);
    let mut turns = conversation();
    turns[1].text = "x".repeat(MAX_MATERIAL_BYTES);
    let material = Material {
        turns: &turns,
        end: &EndReason::MaxInteractions,
        recorded: None,
    };
    let judged = evaluate(&asked_by(BOOLEAN, ModelJudge::default()), material, &models).await;
    let error = judged.evaluations[0].error.as_deref().unwrap();
    assert!(
        error.starts_with(
            "metric `polite`: the conversation is too long for a judge that is a language model: 5"
        ),
        "{error}"
    );
    assert_eq!(models.left(), 1);
}

#[tokio::test]
async fn metrics_keep_their_order_and_their_usage() {
    let mut briefing = asked_by(BOOLEAN, ModelJudge::default());
    let (id, version, mut second) = briefing.metrics[0].clone();
    second.content.judge = Judge::Model(ModelJudge {
        models: vec![name("other")],
        ..ModelJudge::default()
    });
    let mut third = second.clone();
    third.content.judge = Judge::Interactions;
    third.content.value = SCALE;
    briefing
        .metrics
        .extend([(id, version + 1, second), (id, version + 2, third)]);
    let models = Fakes::default()
        .with("judge", [says(true)])
        .with("other", [says(false)]);
    let judged = judged(&briefing, &models).await;
    let values: Vec<Option<MetricValue>> = judged
        .evaluations
        .iter()
        .map(|evaluation| evaluation.value.clone())
        .collect();
    assert_eq!(values, [is(true), is(false), number(1.0)]);
    assert_eq!(judged.evaluations[2].usage, None);
    assert_eq!(judged.usage, Usage::of_tokens(200, 20));
}
