//! Rules about runs.

use super::{
    examples::Bench,
    scenario_content,
    services::{agent, change_service},
};
use crate::{
    ArtifactRef, Budget, BudgetLimit, CancelReason, Command, Digest, DirectoryExt as _, GuardChoice,
    Guarding, Judge, Kind, LanguageModel, MAX_CONVERSATIONS, Manifest, MetricDomain, ModelJudge, Models,
    Name, Oid, Provider, Rejection, RunId, RunVerdict, ServiceChange, SetEntry, StartOptions, Tally,
    UnitTestId, UnitTestSetDefinition, UnitTestSetId, Verdict, VersionSet, VersionSetName,
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
    bench.given.make(&Command::CancelRun {
        id: run,
        reason: CancelReason::Asked,
    });
    tally.count(Verdict::Passed);
    bench.given.make(&complete(tally));
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.completed.unwrap().verdict, RunVerdict::Cancelled);
    assert_eq!(
        bench.given.refuse(&Command::CancelRun {
            id: run,
            reason: CancelReason::Asked
        }),
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
            entries: None,
            rerun_of: None,
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
        judge: Judge::Model(ModelJudge::default()),
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
        entries: None,
        rerun_of: None,
    };
    let refused = bench.given.refuse(&start);
    assert!(matches!(refused, Rejection::NotRunnable { .. }), "{refused}");
    let mut context = bench.given.context("ann");
    context.capabilities.models = models("judge");
    let decision = crate::decide(&bench.given.directory, &start, &context).unwrap();
    let (digest, bytes) = decision.manifest.unwrap();
    let manifest = Manifest::open(digest, &bytes).unwrap();
    assert_eq!(manifest.judges, "judge");
    assert_eq!(
        manifest.plan.options.cast.judge,
        Some("judge".try_into().unwrap())
    );
    assert_eq!(manifest.models, context.capabilities.models.definitions);
}

/// An installation with two language models, one of which does `role`.
fn models(role: &str) -> Models {
    let definition = LanguageModel {
        provider: Provider::OpenAi,
        base_url: None,
        model: "small".try_into().unwrap(),
        api_key_secret: None,
        max_output_tokens: 100,
        temperature: None,
        parameters: None,
        timeout_ms: 1000,
        max_attempts: 1,
        requests_per_minute: None,
        tokens_per_minute: None,
        price: None,
    };
    let name: Name = role.try_into().unwrap();
    Models {
        definitions: [(name.clone(), definition)].into(),
        simulator: (role == "player").then(|| name.clone()),
        judge: (role == "judge").then_some(name),
        max_reruns: 1,
        ..Models::default()
    }
}

#[test]
fn a_scenario_without_a_script_needs_a_model_and_its_manifest_holds_it() {
    let mut bench = Bench::new();
    let content = crate::ScenarioContent {
        script: None,
        ..scenario_content("Book")
    };
    let test = bench.given.directory.unit_test(bench.test).unwrap().unwrap();
    bench.given.make(&Command::CreateScenarioVersion {
        id: test.definition.scenario_id,
        content,
        expected: None,
    });
    let refused = bench.given.refuse(&start_of(&bench, None, None)).to_string();
    assert!(
        refused.contains("no language model plays users here"),
        "{refused}"
    );
    let mut context = bench.given.context("ann");
    context.capabilities.models = models("player");
    let start = |options: StartOptions| Command::StartRun {
        set_id: bench.set,
        options,
        entries: None,
        rerun_of: None,
    };
    let unknown = StartOptions {
        simulator: Some("nobody".try_into().unwrap()),
        ..StartOptions::default()
    };
    let refused = crate::decide(&bench.given.directory, &start(unknown), &context).unwrap_err();
    assert!(
        refused.to_string().contains("`player`"),
        "names what there is: {refused}"
    );
    let guarded = StartOptions {
        guard: Some(GuardChoice::RulesAndModel),
        ..StartOptions::default()
    };
    let decision = crate::decide(&bench.given.directory, &start(guarded), &context).unwrap();
    let (digest, bytes) = decision.manifest.unwrap();
    let manifest = Manifest::open(digest, &bytes).unwrap();
    let player: Name = "player".try_into().unwrap();
    let cast = &manifest.plan.options.cast;
    assert_eq!(cast.simulator.as_ref(), Some(&player));
    assert_eq!(cast.guard, Guarding::RulesAndModel(player.clone()));
    assert_eq!((cast.max_reruns, manifest.simulator.as_str()), (1, "player"));
    assert_eq!(manifest.models.keys().collect::<Vec<_>>(), [&player]);
}

#[test]
fn recordings_are_one_for_each_conversation() {
    let bench = Bench::new();
    let context = bench.given.context("ann");
    let start = |n: usize| Command::StartRun {
        set_id: bench.set,
        options: StartOptions {
            recordings: Some(vec![Digest::of(b"recording"); n]),
            ..StartOptions::default()
        },
        entries: None,
        rerun_of: None,
    };
    let refused = crate::decide(&bench.given.directory, &start(0), &context).unwrap_err();
    assert!(refused.to_string().contains("one for each"), "{refused}");
}

fn start_of(bench: &Bench, entries: Option<Vec<SetEntry>>, rerun_of: Option<RunId>) -> Command {
    Command::StartRun {
        set_id: bench.set,
        options: StartOptions::default(),
        entries,
        rerun_of,
    }
}

#[test]
fn a_run_may_execute_a_part_of_its_set() {
    let mut bench = Bench::new();
    let first = bench.start();
    bench.given.make(&Command::CancelRun {
        id: first,
        reason: CancelReason::Budget(BudgetLimit::Tokens),
    });
    let entry = |unit_test_id, run_count| SetEntry {
        unit_test_id,
        run_count,
    };
    let unknown = UnitTestId(Oid::from_bytes([9; 12]));
    for (entries, at) in [
        (vec![], "/rehearse/entries"),
        (vec![entry(unknown, 1)], "/rehearse/entries/0/unit_test_id"),
        (vec![entry(bench.test, 0)], "/rehearse/entries/0/run_count"),
        (
            vec![entry(bench.test, MAX_CONVERSATIONS), entry(bench.test, 1)],
            "/rehearse/entries",
        ),
        (vec![entry(bench.test, 1); 10_001], "/rehearse/entries"),
    ] {
        let command = start_of(&bench, Some(entries), None);
        let refused = bench.given.refuse(&command);
        assert!(
            matches!(&refused, Rejection::Invalid { pointer, .. } if pointer == at),
            "{refused}"
        );
    }
    let command = start_of(&bench, Some(vec![entry(bench.test, 7)]), Some(first));
    let run = RunId(bench.given.make(&command).1);
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.plan.n_conversations(), 7);
    assert_eq!(state.plan.options.rerun_of, Some(first));
    let set = bench.given.directory.unit_test_set(bench.set).unwrap().unwrap();
    assert_eq!(set.definition.entries[0].run_count, 2, "the set is as it was");
    let earlier = bench.given.directory.run(first).unwrap().unwrap();
    assert_eq!(
        earlier.cancel_reason,
        Some(CancelReason::Budget(BudgetLimit::Tokens))
    );
}

#[test]
fn a_run_repeats_one_of_its_own_set() {
    let mut bench = Bench::new();
    let other = {
        let set = bench.given.directory.unit_test_set(bench.set).unwrap().unwrap();
        let definition = UnitTestSetDefinition {
            name: "Other".try_into().unwrap(),
            ..set.definition
        };
        let (_, id) = bench.given.make(&Command::CreateUnitTestSet(definition));
        let start = Command::StartRun {
            set_id: UnitTestSetId(id),
            options: StartOptions::default(),
            entries: None,
            rerun_of: None,
        };
        RunId(bench.given.make(&start).1)
    };
    let command = start_of(&bench, None, Some(other));
    assert!(matches!(bench.given.refuse(&command), Rejection::Invalid { .. }));
    let command = start_of(&bench, None, Some(RunId(Oid::from_bytes([9; 12]))));
    assert!(matches!(
        bench.given.refuse(&command),
        Rejection::NotFound { kind: Kind::Run, .. }
    ));
}

#[test]
fn a_budget_of_nothing_is_refused_and_any_other_kept() {
    let mut bench = Bench::new();
    let start = |budget: Budget| Command::StartRun {
        set_id: bench.set,
        options: StartOptions {
            budget,
            ..StartOptions::default()
        },
        entries: None,
        rerun_of: None,
    };
    let budget = Budget {
        max_duration_ms: Some(1),
        max_conversations: Some(1),
        max_tokens: Some(1),
        max_cost_micros: Some(1),
    };
    let commands = [
        Budget {
            max_duration_ms: Some(0),
            ..budget
        },
        Budget {
            max_conversations: Some(0),
            ..budget
        },
        Budget {
            max_tokens: Some(0),
            ..budget
        },
        Budget {
            max_cost_micros: Some(0),
            ..budget
        },
    ]
    .map(start);
    let fine = start(budget);
    for command in commands {
        assert!(matches!(bench.given.refuse(&command), Rejection::Invalid { .. }));
    }
    let run = RunId(bench.given.make(&fine).1);
    let state = bench.given.directory.run(run).unwrap().unwrap();
    assert_eq!(state.plan.options.budget, budget);
}
