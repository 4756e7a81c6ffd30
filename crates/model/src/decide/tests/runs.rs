//! Rules about runs.

use super::{
    examples::Bench,
    services::{agent, change_service},
};
use crate::{
    ArtifactRef, Command, Digest, DirectoryExt as _, Judge, Manifest, MetricDomain, Rejection, RunVerdict,
    ServiceChange, StartOptions, Tally, Verdict, VersionSet, VersionSetName,
};

#[test]
fn a_tally_that_overflows_accounts_for_nothing() {
    let mut bench = Bench::new();
    let run = bench.start();
    let tally = Tally {
        passed: u32::MAX,
        failed: 3,
        ..Tally::of(2)
    };
    let complete = Command::CompleteRun {
        id: run,
        tally,
        artifact: ArtifactRef {
            digest: Digest::of(b"zip"),
            size_bytes: 3,
        },
    };
    assert!(matches!(bench.given.refuse(&complete), Rejection::Invalid { .. }));
}

#[test]
fn a_run_that_was_cancelled_too_late_is_cancelled_all_the_same() {
    let mut bench = Bench::new();
    let run = bench.start();
    let mut tally = Tally::of(2);
    tally.count(Verdict::Passed);
    let complete = |tally| Command::CompleteRun {
        id: run,
        tally,
        artifact: ArtifactRef {
            digest: Digest::of(b"zip"),
            size_bytes: 3,
        },
    };
    let mut rest_cancelled = tally;
    rest_cancelled.cancel_rest();
    let refused = bench.given.refuse(&complete(rest_cancelled));
    assert!(
        matches!(refused, Rejection::Invalid { .. }),
        "nobody cancelled it: {refused}"
    );
    bench.given.make(&Command::CancelRun { id: run });
    tally.count(Verdict::Passed);
    bench.given.make(&complete(tally));
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.completed.unwrap().verdict, RunVerdict::Cancelled);
    assert_eq!(
        bench.given.refuse(&Command::CancelRun { id: run }),
        Rejection::RunOver { run }
    );
}

#[test]
fn a_run_uses_the_versions_that_its_version_set_names() {
    let mut bench = Bench::new();
    let three = agent(&mut bench.given, "Three", 3);
    let change = ServiceChange {
        agent_id: Some(three),
        ..ServiceChange::default()
    };
    bench.given.make(&change_service(bench.service, change));
    for (wanted, expected) in [(Some(2), 2), (None, 3)] {
        let put = Command::PutVersionSet {
            id: bench.service,
            name: VersionSetName::release(),
            version_set: VersionSet {
                agent_version: wanted,
                ..VersionSet::default()
            },
        };
        bench.given.make(&put);
        let start = Command::StartRun {
            set_id: bench.set,
            options: StartOptions::default(),
        };
        let decision = bench.given.try_as(&format!("user{expected}"), &start).unwrap();
        let (digest, bytes) = decision.manifest.unwrap();
        let manifest = Manifest::open(digest, &bytes).unwrap();
        assert_eq!(manifest.plan.tests[0].agent, (three, expected));
        let pinned = &manifest.agents[&crate::pin(three, expected)];
        assert_eq!(
            pinned.content.document.as_ref().unwrap().as_str(),
            expected.to_string()
        );
    }
}

#[test]
fn a_judge_that_is_a_model_needs_one() {
    let mut bench = Bench::new();
    let content = crate::MetricContent {
        judge: Judge::Model,
        ..super::metric_content(MetricDomain::Boolean)
    };
    bench.given.make(&Command::CreateMetricVersion {
        id: bench.metric,
        content,
        expected: Some(2),
    });
    let start = Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
    };
    let refused = bench.given.refuse(&start);
    assert!(matches!(refused, Rejection::NotRunnable { .. }), "{refused}");
    let mut context = bench.given.context("ann");
    context.capabilities.judge_model = Some("a model".to_owned());
    let decision = crate::decide(&bench.given.directory, &start, &context).unwrap();
    let (digest, bytes) = decision.manifest.unwrap();
    assert_eq!(Manifest::open(digest, &bytes).unwrap().judges, "a model");
}
