//! Rules about values measured on demand.

use super::examples::Bench;
use crate::{
    Command, DirectoryExt as _, Kind, ManualEvaluation, MeasuredValue, MetricId, MetricValue, Object, Oid,
    Rejection, RunId, conversation_id,
};

fn measured(bench: &Bench, run: RunId, value: bool) -> MeasuredValue {
    MeasuredValue {
        run,
        n: 1,
        metric_id: bench.metric,
        metric_version: 1,
        value: Some(MetricValue::Boolean(value)),
        justification: "because".to_owned(),
        references: vec![Oid::from_bytes([4; 12])],
        evaluate_to: None,
    }
}

fn evaluations(bench: &Bench) -> Vec<ManualEvaluation> {
    let mut found = Vec::new();
    for object in bench.given.directory.objects() {
        if let Object::Evaluation(state) = object {
            found.push(state.clone());
        }
    }
    found
}

#[test]
fn a_second_measurement_replaces_the_first() {
    let mut bench = Bench::new();
    let run = bench.start();
    let record = |value: MeasuredValue| Command::RecordEvaluations(vec![value]);
    let first = measured(&bench, run, true);
    bench.given.make(&record(first));
    let second = measured(&bench, run, false);
    let decision = bench.given.try_as("bob", &record(second)).unwrap();
    assert_eq!(decision.commits.len(), 1);
    let found = evaluations(&bench);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].value, Some(MetricValue::Boolean(false)));
    assert_eq!(found[0].conversation_id, conversation_id(run, 1));
    assert_eq!(found[0].life.created.by.as_str(), "ann");
    assert_eq!(found[0].life.updated.by.as_str(), "bob");
    let other = MeasuredValue {
        n: 0,
        ..measured(&bench, run, true)
    };
    bench.given.make(&record(other));
    assert_eq!(evaluations(&bench).len(), 2);
}

#[test]
fn what_was_not_measured_is_not_recorded() {
    let mut bench = Bench::new();
    let run = bench.start();
    let good = measured(&bench, run, true);
    let unknown = Oid::from_bytes([9; 12]);
    let with = |change: &dyn Fn(&mut MeasuredValue)| {
        let mut value = good.clone();
        change(&mut value);
        Command::RecordEvaluations(vec![value])
    };
    let not_found = |command: &Command, bench: &mut Bench, kind: Kind| {
        let refused = bench.given.refuse(command);
        assert!(
            matches!(&refused, Rejection::NotFound { kind: of, .. } if *of == kind),
            "{refused}"
        );
    };
    not_found(&with(&|value| value.run = RunId(unknown)), &mut bench, Kind::Run);
    not_found(
        &with(&|value| value.metric_id = MetricId(unknown)),
        &mut bench,
        Kind::Metric,
    );
    let refused = bench.given.refuse(&with(&|value| value.metric_version = 2));
    assert!(
        matches!(refused, Rejection::NoVersion { version: Some(2), .. }),
        "{refused}"
    );
    for (command, pointer) in [
        (with(&|value| value.n = 2), "/0/n"),
        (
            with(&|value| value.value = Some(MetricValue::Numerical(0.5))),
            "/0/value",
        ),
        (
            with(&|value| value.justification = "x".repeat(256 * 1024 + 1)),
            "/0/justification",
        ),
        (
            with(&|value| value.references = vec![unknown; 1_001]),
            "/0/references",
        ),
        (Command::RecordEvaluations(Vec::new()), ""),
        (Command::RecordEvaluations(vec![good.clone(); 11]), ""),
        (Command::RecordEvaluations(vec![good.clone(); 2]), "/1"),
    ] {
        let refused = bench.given.refuse(&command);
        assert!(
            matches!(&refused, Rejection::Invalid { pointer: at, .. } if at == pointer),
            "{pointer}: {refused}"
        );
    }
    assert_eq!(bench.given.directory.run(run).unwrap().unwrap().id, run);
    assert_eq!(evaluations(&bench), []);
}
