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
