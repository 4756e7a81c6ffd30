use model::{EndReason, MetricContent, MetricDomain, MetricId, MetricValue, Named, Oid, Role, Scope, Turn};
use serde_json::{Value, json};

use super::*;
use crate::{
    Briefing, Judged, Material, ModelSource, NoModels, evaluate,
    judge::fake::{Fakes, SPENT},
    test_support::{self, briefing, name, text, tool_call, turns},
};

fn milestone(label: &str, judge: Judge) -> Milestone {
    Milestone {
        name: name(label),
        description: Some(text("It has happened.")),
        judge,
    }
}

fn contains(texts: &[&str], all: bool, scope: Scope) -> Judge {
    Judge::Contains {
        texts: texts.iter().copied().map(text).collect(),
        all,
        case_sensitive: true,
        scope,
    }
}

fn regex(pattern: &str, scope: Scope) -> Judge {
    Judge::Regex {
        pattern: text(pattern),
        scope,
    }
}

fn cel(expression: &str) -> Judge {
    Judge::Cel {
        expression: text(expression),
    }
}

fn valid(scope: Scope) -> Judge {
    Judge::JsonSchema {
        schema: test_support::json(&json!({ "type": "object" })),
        scope,
    }
}

fn by_model() -> Judge {
    Judge::Model(ModelJudge::default())
}

fn conversation() -> Vec<Turn> {
    let mut turns = turns(&[
        (Role::User, "one"),
        (Role::Agent, "two, and your name?"),
        (Role::User, "three"),
        (Role::Agent, "{}"),
        (Role::User, "five"),
        (Role::Agent, "six. Goodbye"),
    ]);
    turns[3].tool_calls = vec![tool_call("book", &json!({}))];
    turns
}

fn with(milestones: Vec<Milestone>) -> Briefing {
    let mut briefing = briefing();
    briefing.metrics = [
        MetricDomain::Numerical {
            lower_bound: 0.0,
            upper_bound: 1.0,
        },
        MetricDomain::Boolean,
    ]
    .into_iter()
    .zip(1..)
    .map(|(value, n)| {
        let content = MetricContent {
            description: String::new(),
            value,
            judge: Judge::Milestones,
        };
        let metric = Named {
            name: name("progress"),
            role: None,
            content,
        };
        (MetricId(Oid::from_bytes([n; 12])), 1, metric)
    })
    .collect();
    briefing.scenario.content.milestones = milestones;
    briefing.cast.judge = Some(name("judge"));
    briefing
}

async fn judged(milestones: Vec<Milestone>, models: &dyn ModelSource) -> Judged {
    let turns = conversation();
    let material = Material {
        turns: &turns,
        end: &EndReason::AgentCompleted,
        recorded: None,
    };
    evaluate(&with(milestones), material, models).await
}

/// The turns with which the milestones were reached.
async fn reached(judges: Vec<Judge>) -> Vec<Option<u32>> {
    let milestones = judges
        .into_iter()
        .zip(0..)
        .map(|(judge, n): (Judge, u32)| milestone(&format!("m{n}"), judge))
        .collect();
    let judged = judged(milestones, &NoModels).await;
    for outcome in &judged.milestones {
        assert_eq!(outcome.error, None, "{outcome:?}");
        assert!(!outcome.justification.is_empty());
    }
    judged
        .milestones
        .iter()
        .map(|outcome| outcome.reached_at)
        .collect()
}

#[tokio::test]
async fn each_judge_finds_the_first_turn_with_which_it_holds() {
    let called = Judge::ToolCalled {
        name: text("book"),
        arguments: None,
    };
    for (judge, turn) in [
        (contains(&["two"], false, Scope::Agent), Some(1)),
        (contains(&["two", "five"], true, Scope::All), Some(4)),
        (contains(&["two", "six"], true, Scope::LastAgent), None),
        (contains(&["two"], false, Scope::FirstAgent), Some(1)),
        (contains(&["six"], false, Scope::FirstAgent), None),
        (contains(&["six"], false, Scope::LastAgent), Some(5)),
        (regex("^f", Scope::User), Some(4)),
        (regex("^f", Scope::Agent), None),
        (called, Some(3)),
        (valid(Scope::LastAgent), Some(3)),
        (valid(Scope::Agent), None),
        (cel("conversation.interactions == 2"), Some(3)),
        (cel("conversation.turns[4].text == 'five'"), Some(4)),
        (cel("conversation.end == 'agent_completed'"), Some(5)),
        (cel("conversation.end == 'user_achieved'"), None),
    ] {
        assert_eq!(reached(vec![judge.clone()]).await, [turn], "{judge:?}");
    }
}

#[tokio::test]
async fn one_counts_from_the_one_before_it_on() {
    let (early, late) = (
        contains(&["one"], false, Scope::All),
        contains(&["three"], false, Scope::All),
    );
    assert_eq!(
        reached(vec![early.clone(), late.clone()]).await,
        [Some(0), Some(2)]
    );
    assert_eq!(
        reached(vec![late.clone(), early]).await,
        [Some(2), Some(2)],
        "what held already is reached as soon as it may be"
    );
    assert_eq!(
        reached(vec![late, contains(&["two"], false, Scope::LastAgent)]).await,
        [Some(2), Some(2)],
        "the agent's last message then"
    );
}

#[tokio::test]
async fn one_that_was_not_reached_bars_the_ones_after_it() {
    let judged = judged(
        vec![
            milestone("greeted", contains(&["two"], false, Scope::Agent)),
            milestone("paid", contains(&["paid"], false, Scope::Agent)),
            milestone("left", contains(&["Goodbye"], false, Scope::Agent)),
        ],
        &NoModels,
    )
    .await;
    let at: Vec<Option<u32>> = judged
        .milestones
        .iter()
        .map(|outcome| outcome.reached_at)
        .collect();
    assert_eq!(at, [Some(1), None, None]);
    assert_eq!(
        judged.milestones[1].justification,
        "Not found in any message of the agent: `paid`."
    );
    assert_eq!(
        judged.milestones[2].justification,
        "Cannot count: `paid`, which comes before it, was not reached."
    );
    let [share, all] = judged.evaluations.as_slice() else {
        panic!("{:?}", judged.evaluations)
    };
    assert_eq!(share.value, Some(MetricValue::Numerical(1.0 / 3.0)));
    assert_eq!(
        share.justification,
        "1 of 3 milestones were reached. The first that was not is `paid`."
    );
    assert_eq!(share.references, [1]);
    assert_eq!(all.value, Some(MetricValue::Boolean(false)));
}

#[tokio::test]
async fn without_milestones_the_metric_does_not_apply() {
    let judged = judged(Vec::new(), &NoModels).await;
    assert_eq!(judged.milestones, []);
    for evaluation in judged.evaluations {
        assert_eq!((evaluation.value, evaluation.error), (None, None));
        assert_eq!(
            evaluation.justification,
            "Does not apply: the scenario has no milestones."
        );
    }
}

#[tokio::test]
async fn a_judge_that_fails_leaves_it_unknown_and_so_the_metric() {
    let judged = judged(
        vec![
            milestone("odd", cel("conversation.nothing == 1")),
            milestone("left", contains(&["Goodbye"], false, Scope::Agent)),
        ],
        &NoModels,
    )
    .await;
    let errors: Vec<&str> = judged
        .milestones
        .iter()
        .map(|outcome| outcome.error.as_deref().unwrap())
        .collect();
    assert!(
        errors[0].starts_with("milestone `odd`: ") && errors[0].contains("No such key"),
        "{errors:?}"
    );
    assert_eq!(
        errors[1],
        "milestone `left`: whether `odd` was reached, which comes before it, is not known"
    );
    for evaluation in judged.evaluations {
        assert_eq!(
            evaluation.error,
            Some(format!("metric `progress`: {}", errors[0]))
        );
    }
}

fn says(reached: bool, turn: Value) -> Value {
    json!({ "justification": "As turn 3 shows.", "reached": reached, "turn": turn })
}

#[tokio::test]
async fn a_model_is_asked_once_for_the_whole_conversation() {
    let models = Fakes::default().with("judge", [says(true, 3.into()), says(true, 5.into())]);
    let judged = judged(
        vec![milestone("booked", by_model()), milestone("closed", by_model())],
        &models,
    )
    .await;
    let at: Vec<Option<u32>> = judged
        .milestones
        .iter()
        .map(|outcome| outcome.reached_at)
        .collect();
    assert_eq!(at, [Some(3), Some(5)]);
    assert_eq!(judged.milestones[0].justification, "As turn 3 shows.");
    assert_eq!(judged.evaluations[1].value, Some(MetricValue::Boolean(true)));
    let mut both = SPENT;
    both.add(SPENT);
    assert_eq!(judged.usage, both);
    let asked = models.asked("judge");
    let material: Value = serde_json::from_str(&asked[1].messages[1].text).unwrap();
    assert_eq!(
        material["milestone"],
        json!({ "name": "closed", "description": "It has happened.", "not_before": 3 })
    );
    assert_ne!(asked[0].seed, asked[1].seed);
}

#[tokio::test]
async fn a_turn_that_cannot_be_is_asked_for_once_more_and_is_then_an_error() {
    for (bad, problem) in [
        (
            says(true, 1.into()),
            "`turn` is 1, before the milestone before this one was reached; the first turn that counts is 2",
        ),
        (
            says(true, 17.into()),
            "`turn` is 17, and the conversation has no such turn: its turns are 0 to 5",
        ),
        (
            says(true, Value::Null),
            "`turn` must say with which turn it was reached",
        ),
        (says(false, 3.into()), "`turn` must be null if `reached` is false"),
    ] {
        let first = milestone("third", contains(&["three"], false, Scope::User));
        let models = Fakes::default().with("judge", [bad.clone(), says(true, 3.into())]);
        let mended = judged(vec![first.clone(), milestone("booked", by_model())], &models).await;
        assert_eq!(mended.milestones[1].reached_at, Some(3), "{problem}");
        let told = &models.asked("judge")[1].messages[3].text;
        let told: Value = serde_json::from_str(told).unwrap();
        assert_eq!(told["problem"], problem);

        let models = Fakes::default().with("judge", [bad.clone(), bad]);
        let failed = judged(vec![first, milestone("booked", by_model())], &models).await;
        assert_eq!(
            failed.milestones[1].error,
            Some(format!(
                "milestone `booked`: model `judge`: the judgement cannot be used: {problem} (asked twice)"
            ))
        );
    }
}

#[tokio::test]
async fn several_models_find_the_turn_in_the_middle() {
    let judge = Judge::Model(ModelJudge {
        samples: 3,
        ..ModelJudge::default()
    });
    let models = Fakes::default().with(
        "judge",
        [
            says(true, 5.into()),
            says(false, Value::Null),
            says(true, 3.into()),
        ],
    );
    let judged = judged(vec![milestone("booked", judge)], &models).await;
    assert_eq!(judged.milestones[0].reached_at, Some(3));
    assert!(
        judged.milestones[0]
            .justification
            .starts_with("Agreement: 1 of 3 judgements."),
        "{:?}",
        judged.milestones
    );
}
