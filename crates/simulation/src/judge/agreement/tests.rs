//! Checks of judges.

use model::{MetricDomain, Role, UserOutcome};
use serde_json::{Value, json};

use super::*;
use crate::{
    judge::fake::Fakes,
    test_support::{name, turns},
};

fn metric(value: MetricDomain) -> Named<MetricContent> {
    Named {
        name: name("polite"),
        role: None,
        content: MetricContent {
            description: "Whether the agent is polite.".to_owned(),
            value,
            judge: Judge::Model(ModelJudge::default()),
        },
    }
}

fn case(label: impl Into<Option<MetricValue>>, n: usize) -> Labelled {
    Labelled {
        name: format!("case {n}"),
        turns: turns(&[(Role::User, "Hello"), (Role::Agent, "Good day")]),
        end: EndReason::UserLeft {
            outcome: UserOutcome::Achieved,
            reason: None,
        },
        persona: None,
        scenario: None,
        label: label.into(),
    }
}

fn says(value: impl Into<Value>) -> Value {
    json!({ "justification": "So it is.", "references": [], "value": value.into() })
}

fn is(value: bool) -> MetricValue {
    MetricValue::Boolean(value)
}

fn word(value: &str) -> MetricValue {
    MetricValue::Categorical(value.to_owned())
}

async fn checked(
    domain: MetricDomain,
    labels: Vec<Option<MetricValue>>,
    answers: Vec<Value>,
    samples: u32,
    accepting: Option<&Criterion>,
) -> JudgeReport {
    let models = Fakes::default().with("judge", answers);
    let labelled: Vec<Labelled> = labels
        .into_iter()
        .enumerate()
        .map(|(n, label)| case(label, n))
        .collect();
    let (metric, judge) = (metric(domain), name("judge"));
    let check = JudgeCheck {
        metric: &metric,
        models: &models,
        judge: Some(&judge),
        samples,
        accepting,
    };
    let report = check_judge(&check, &labelled).await.unwrap();
    assert_eq!(models.left(), 0);
    report
}

#[tokio::test]
async fn false_accepts_and_false_rejects_are_counted_apart() {
    // The table of the worked example of Cohen's kappa, at a fifth of its size: 4 and 3 agreements, 1 false reject, 2 false accepts.
    let cells = [
        (true, true, 4),
        (true, false, 1),
        (false, true, 2),
        (false, false, 3),
    ];
    let (mut labels, mut answers) = (Vec::new(), Vec::new());
    for (label, given, n) in cells {
        labels.extend(vec![Some(is(label)); n]);
        answers.extend(vec![says(given); n]);
    }
    let report = checked(MetricDomain::Boolean, labels, answers, 1, None).await;
    assert_eq!((report.n, report.n_errored), (10, 0));
    assert_eq!((report.false_accepts, report.false_rejects), (Some(2), Some(1)));
    assert!((report.accuracy.unwrap() - 0.7).abs() < 1e-9);
    assert!((report.kappa.unwrap() - 0.4).abs() < 1e-9);
    assert_eq!((report.stability, report.numbers), (None, None));
    let cells: Vec<u32> = report.confusion.iter().map(|cell| cell.n).collect();
    assert_eq!(cells, [4, 1, 2, 3]);
    assert_eq!(
        report.confusion[1],
        Confusion {
            label: Some(is(true)),
            given: Some(is(false)),
            n: 1
        }
    );
    let wrong: Vec<&str> = report
        .disagreements
        .iter()
        .map(|wrong| wrong.name.as_str())
        .collect();
    assert_eq!(wrong, ["case 4", "case 5", "case 6"]);
    assert_eq!(report.usage, Usage::of_tokens(1000, 100));
}

#[tokio::test]
async fn stability_is_the_share_that_is_judged_the_same_each_time() {
    let labels = vec![Some(is(true)), Some(is(true)), Some(is(false))];
    let answers = [true, true, true, false, false, false].map(says).to_vec();
    let report = checked(MetricDomain::Boolean, labels, answers, 2, None).await;
    assert_eq!(report.stability, Some(2.0 / 3.0));
    assert_eq!(report.accuracy, Some(1.0), "the first judgement counts");
}

#[tokio::test]
async fn categories_are_accepted_by_a_criterion_only() {
    let domain = MetricDomain::Categorical {
        categories: vec![name("good"), name("fair"), name("bad")],
    };
    let labels = vec![Some(word("good")), Some(word("bad")), None];
    let answers = vec![says("fair"), says("fair"), says(Value::Null)];
    let report = checked(domain.clone(), labels.clone(), answers.clone(), 1, None).await;
    assert_eq!((report.false_accepts, report.false_rejects), (None, None));
    assert_eq!(report.accuracy, Some(1.0 / 3.0));
    let fine = Criterion::Categorical {
        expected_values: vec![name("good"), name("fair")],
    };
    let report = checked(domain, labels, answers, 1, Some(&fine)).await;
    assert_eq!((report.false_accepts, report.false_rejects), (Some(1), Some(0)));
}

#[tokio::test]
async fn numbers_are_measured_by_their_distance() {
    let domain = MetricDomain::Numerical {
        lower_bound: 0.0,
        upper_bound: 10.0,
    };
    let labels = [1.0, 2.0, 3.0]
        .map(|label| Some(MetricValue::Numerical(label)))
        .to_vec();
    let report = checked(domain, labels, vec![says(2), says(2), says(5)], 1, None).await;
    let numbers = report.numbers.unwrap();
    assert_eq!((numbers.n, numbers.mean_absolute_error), (3, Some(1.0)));
    assert!((numbers.correlation.unwrap() - 3.0 / 12.0_f64.sqrt()).abs() < 1e-9);
    assert_eq!((report.accuracy, report.kappa), (None, None));
    assert_eq!(report.disagreements.len(), 2);
}

#[tokio::test]
async fn judgements_that_cannot_be_used_are_told_and_not_counted() {
    let labels = vec![Some(is(true)), Some(is(true))];
    let answers = vec![says(true), says("yes"), says("yes")];
    let report = checked(MetricDomain::Boolean, labels, answers, 1, None).await;
    assert_eq!((report.n, report.n_errored, report.accuracy), (2, 1, Some(1.0)));
    assert_eq!((report.false_rejects, report.kappa), (Some(0), None));
    assert!(
        report.errors[0].starts_with(
            "conversation `case 1`: model `judge`: the judgement cannot be used: `value` is \"yes\""
        ),
        "{:?}",
        report.errors
    );
}

#[tokio::test]
async fn what_cannot_be_checked_is_refused() {
    let models = Fakes::default();
    let refused = async |metric: &Named<MetricContent>, labelled: &[Labelled], samples| {
        let check = JudgeCheck {
            metric,
            models: &models,
            judge: None,
            samples,
            accepting: None,
        };
        check_judge(&check, labelled).await.unwrap_err().to_string()
    };
    let boolean = metric(MetricDomain::Boolean);
    assert_eq!(
        refused(&boolean, &[case(word("x"), 0)], 1).await,
        "conversation `case 0` is labelled `x`, which is not true or false"
    );
    assert!(
        refused(&boolean, &[], 1)
            .await
            .contains("1 to 10000 labelled conversations")
    );
    assert_eq!(
        refused(&boolean, &[case(None, 0)], 0).await,
        "samples must be 1 to 15"
    );
    let mut counted = boolean.clone();
    counted.content.judge = Judge::ScriptOutcome;
    assert!(
        refused(&counted, &[case(None, 0)], 1)
            .await
            .contains("has a `script_outcome` judge")
    );
}
