use serde_json::json;

use super::*;

fn view() -> RunView {
    let counts = Counts {
        planned: 20,
        finished: 20,
        passed: 17,
        failed: 2,
        invalid: 0,
        errored: 1,
        cancelled: 0,
    };
    let test = |name: &str, passed, failed, errored, first_problem| TestView {
        name: name.to_owned(),
        unit_test_id: "65a000000000000000000001".to_owned(),
        repetitions: 10,
        counts: Some(Counts {
            planned: 10,
            finished: 10,
            passed,
            failed,
            errored,
            ..Counts::default()
        }),
        pass_rate: Some(f64::from(passed) / f64::from(passed + failed)),
        pass_rate_invalid_as_failed: Some(f64::from(passed) / f64::from(10 - errored)),
        first_problem,
    };
    let missed = ProblemView {
        run_index: 3,
        criterion: Some("names a day".to_owned()),
        value: json!(false),
        reason: "no message of the agent matches".to_owned(),
    };
    let broke = ProblemView {
        run_index: 7,
        criterion: None,
        value: Value::Null,
        reason: "the agent ended:\n\u{1b}[31mboom".to_owned(),
    };
    RunView {
        id: "65a000000000000000000002".to_owned(),
        set: "first".to_owned(),
        state: State::Completed,
        verdict: Some("errored"),
        counts,
        pass_rate: Some(17.0 / 19.0),
        pass_rate_invalid_as_failed: Some(17.0 / 19.0),
        usage: None,
        attempts: None,
        seed: 7,
        started_at: "2026-01-31T09:30:00.000Z".to_owned(),
        started_by: "admin".to_owned(),
        completed_at: None,
        manifest: "0".repeat(64),
        artifact: None,
        tests: vec![
            test("greets", 10, 0, 0, None),
            test("says when a parcel comes", 7, 2, 1, Some(missed)),
            test("breaks", 9, 0, 1, Some(broke)),
        ],
    }
}

#[test]
fn the_table_says_what_went_wrong_first() {
    insta::assert_snapshot!(view().table(), @r"
    UNIT TEST                 PASSED  FAILED  INVALID  ERRORED  WHAT WENT WRONG FIRST
    greets                     10/10       0        0        0
    says when a parcel comes    7/10       2        0        1  #3 names a day: false (no message of the agent matches)
    breaks                      9/10       0        0        1  #7 the agent ended: \u{1b}[31mboom
    ");
}

#[test]
fn the_counts_stand_at_the_top_for_programs() {
    let json = serde_json::to_value(view()).expect("it can be written");
    for (key, count) in [
        ("planned", 20),
        ("finished", 20),
        ("passed", 17),
        ("failed", 2),
        ("invalid", 0),
        ("errored", 1),
        ("cancelled", 0),
    ] {
        assert_eq!(json[key], count, "{key}");
    }
}

#[test]
fn the_verdict_is_one_line() {
    let output = Output::new(crate::output::Format::Json, true);
    assert_eq!(
        view().verdict_line(output),
        "errored: 17 of 20 conversations passed, 2 failed, 1 errored"
    );
}

fn usage(cost_micros: u64, estimated: bool) -> UsageView {
    UsageView {
        input_tokens: 1_000,
        output_tokens: 100,
        cost_micros,
        estimated,
    }
}

/// The same run, in which language models played users and broke their part now and then.
fn played() -> RunView {
    let mut view = view();
    view.counts.invalid = 4;
    view.counts.passed = 13;
    view.pass_rate = Some(13.0 / 15.0);
    view.pass_rate_invalid_as_failed = Some(13.0 / 19.0);
    view.usage = Some(RunUsageView {
        agent: usage(0, false),
        simulator: usage(12_300, true),
        judges: usage(1_234_567, false),
        total: usage(1_246_867, true),
    });
    view.attempts = Some(AttemptsView { all: 31, broken: 11 });
    view.tests[1].counts = Some(Counts {
        planned: 10,
        finished: 10,
        passed: 3,
        failed: 2,
        invalid: 4,
        errored: 1,
        cancelled: 0,
    });
    view.tests[1].pass_rate = Some(0.6);
    view.tests[1].pass_rate_invalid_as_failed = Some(3.0 / 9.0);
    view.tests[2].pass_rate = None;
    view
}

#[test]
fn invalid_conversations_bring_both_rates() {
    insta::assert_snapshot!(played().table(), @r"
    UNIT TEST                 PASSED  FAILED  INVALID  ERRORED  PASS RATE  INVALID AS FAILED  WHAT WENT WRONG FIRST
    greets                     10/10       0        0        0      100 %              100 %
    says when a parcel comes    3/10       2        4        1       60 %             33.3 %  #3 names a day: false (no message of the agent matches)
    breaks                      9/10       0        0        1          -              100 %  #7 the agent ended: \u{1b}[31mboom
    ");
}

#[test]
fn costs_and_broken_attempts_are_remarked_on() {
    assert_eq!(view().remarks(), Vec::<String>::new());
    insta::assert_snapshot!(played().remarks().join("\n"), @r"
    pass rate: 86.7 % of the conversations that count (13 of 15), 68.4 % if invalid ones count as failed (13 of 19)
    cost: $1.25, estimated (simulated users $0.0123, judges $1.23)
    11 of 31 attempts thrown away because the simulated user broke its part
    ");
}

#[test]
fn programs_get_usage_rates_and_attempts_as_the_server_has_them() {
    let json = serde_json::to_value(played()).expect("it can be written");
    assert_eq!(json["usage"]["judges"]["cost_micros"], 1_234_567);
    assert_eq!(json["usage"]["total"]["estimated"], true);
    assert_eq!(json["attempts"], json!({"all": 31, "broken": 11}));
    assert_eq!(json["tests"][1]["pass_rate"], 0.6);
}
