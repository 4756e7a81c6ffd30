//! What language models did, in every entry of the artifact.

use model::Verdict;
use serde_json::{Value, json};

use super::{ENTRIES, HOSTILE, build, entry};
use crate::{
    artifact::Artifact,
    testing::{Ending, SECRET, Sample, play},
};

/// A run of two tests. Of eight conversations two passed, two failed, two are invalid and two errored.
fn played() -> Artifact {
    let sample = Sample::new(3, &[("Books a slot", 5), ("Cancels a slot", 3)]);
    let endings = [
        Ending::Passes,
        Ending::MissesCriteria,
        Ending::UserBreaks,
        Ending::AgentBreaks,
        Ending::Passes,
        Ending::ReachesCap,
        Ending::UserBreaks,
        Ending::JudgeBreaks,
    ];
    let results: Vec<_> = (0..)
        .zip(endings)
        .map(|(n, ending)| {
            let mut result = sample.result(n, ending);
            play(&mut result);
            result
        })
        .collect();
    build(&sample, &results)
}

fn run_json(artifact: &Artifact) -> Value {
    serde_json::from_str(&entry(artifact, "run.json")).unwrap()
}

fn lines(artifact: &Artifact) -> Vec<Value> {
    let lines = entry(artifact, "conversations.jsonl");
    lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn both_rates_leave_errored_conversations_out() {
    let run = run_json(&played());
    let summary = &run["summary"];
    assert_eq!(summary["tally"]["errored"], 2);
    let counts = |rate: &str| (summary[rate]["passed"].clone(), summary[rate]["of"].clone());
    assert_eq!(counts("pass_rate"), (json!(2), json!(4)));
    assert_eq!(counts("pass_rate_invalid_as_failed"), (json!(2), json!(6)));
    assert_eq!(summary["pass_rate"]["rate"], 0.5);
    assert_eq!(run["tests"][1]["summary"]["pass_rate"]["of"], 1);
    assert_eq!(run["tests"][1]["summary"]["pass_rate_invalid_as_failed"]["of"], 2);
}

#[test]
fn the_simulators_own_failures_are_counted() {
    let run = run_json(&played());
    let attempts = |of: &Value| (of["attempts"]["all"].clone(), of["attempts"]["broken"].clone());
    // Two attempts each; both broke in the invalid ones, one in all others.
    assert_eq!(attempts(&run["summary"]), (json!(16), json!(10)));
    assert_eq!(run["summary"]["attempts"]["broken_rate"], 0.625);
    assert_eq!(attempts(&run["tests"][1]["summary"]), (json!(6), json!(4)));
}

#[test]
fn costs_are_told_apart_and_together() {
    let artifact = played();
    let summary = run_json(&artifact)["summary"].clone();
    // Nobody judged what the agent or the simulated user broke.
    assert_eq!(summary["simulator_usage"]["cost_micros"], 8 * 1_500);
    assert_eq!(summary["judge_usage"]["cost_micros"], 5 * 20_000);
    assert_eq!(summary["total_usage"]["cost_micros"], 8 * 1_500 + 5 * 20_000);
    assert_eq!(summary["judge_usage"]["estimated"], false);
    assert_eq!(summary["total_usage"]["estimated"], true);
    let lines = lines(&artifact);
    assert_eq!(lines[0]["usage"]["cost_micros"], 0);
    assert_eq!(lines[0]["total_usage"]["cost_micros"], 21_500);
    let tokens =
        ["usage", "simulator_usage", "judge_usage"].map(|of| lines[0][of]["input_tokens"].as_u64().unwrap());
    assert_eq!(
        lines[0]["total_usage"]["input_tokens"],
        tokens.iter().sum::<u64>()
    );
    assert_eq!(lines[0]["evaluations"][1]["usage"]["cost_micros"], 20_000);
}

#[test]
fn a_line_holds_notes_findings_milestones_attempts_and_votes() {
    let artifact = played();
    let lines = lines(&artifact);
    let line = &lines[0];
    assert!(
        line["turns"][0]["note"]
            .as_str()
            .unwrap()
            .starts_with("Maria asks")
    );
    assert_eq!(line["turns"][1]["note"], Value::Null);
    assert_eq!(line["turns"][0]["violations"][0]["fault"], "role_inversion");
    assert_eq!(line["turns"][2]["violations"], json!([]));
    assert_eq!(line["milestones"][1]["reached_at"], 3);
    assert_eq!(line["milestones"][2]["reached_at"], Value::Null);
    assert_eq!(
        (&line["partial_credit"]["reached"], &line["partial_credit"]["of"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(line["broken"][0]["attempt"], 1);
    assert_eq!(line["broken"][0]["violations"][1]["fault"], "role_inversion");
    let polite = &line["evaluations"][1];
    assert_eq!(polite["votes"][0]["model"], "large");
    assert_eq!(polite["votes"][3]["value"], Value::Null);
    assert_eq!(
        (&polite["agreement"]["agreeing"], &polite["agreement"]["of"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(line["evaluations"][0]["agreement"], Value::Null);
    // Nothing came out of the judges' votes.
    assert_eq!(lines[7]["evaluations"][1]["agreement"], Value::Null);
    assert_eq!(lines[2]["verdict"], Verdict::Invalid.as_str());
    assert_eq!(lines[2]["partial_credit"], Value::Null);

    let run = run_json(&artifact);
    assert_eq!(run["summary"]["milestones"]["of"], 15);
    assert_eq!(
        run["tests"][0]["milestones"][3],
        json!({"name": "is asked for feedback", "reached": 0, "missed": 0, "unknown": 3})
    );
    assert_eq!(run["tests"][0]["milestones"][0]["reached"], 3);
}

#[test]
fn spreadsheets_and_build_servers_get_them_too() {
    let artifact = played();
    let csv = entry(&artifact, "metrics.csv");
    let rows = csv::Reader::from_reader(csv.as_bytes())
        .into_records()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    assert_eq!((&rows[0][9], &rows[0][10], &rows[0][11]), ("", "", ""));
    assert_eq!((&rows[1][9], &rows[1][11]), ("4", "20000"));
    assert!(rows[1][10].starts_with("0.666"), "{}", &rows[1][10]);

    let junit = quick_junit::Report::deserialize_from_str(&entry(&artifact, "junit.xml")).unwrap();
    let case = |property: &str| {
        let found = junit.test_suites[0].test_cases[0]
            .properties
            .iter()
            .find(|known| known.name.as_str() == property);
        found.map(|found| found.value.as_str().to_owned())
    };
    assert_eq!(case("attempts").as_deref(), Some("2"));
    assert_eq!(case("broken_attempts").as_deref(), Some("1"));
    assert_eq!(case("milestones_reached").as_deref(), Some("2/3"));
    assert_eq!(case("simulator_cost_micros").as_deref(), Some("1500"));
    assert_eq!(case("agent_cost_micros"), None);
    let rates = &junit.test_suites[1].properties;
    let rate = |name: &str| {
        let found = rates.iter().find(|known| known.name.as_str() == name);
        found.map(|found| found.value.as_str().to_owned())
    };
    assert_eq!(rate("pass_rate").as_deref(), Some("0"));
    assert_eq!(rate("pass_rate_invalid_as_failed").as_deref(), Some("0"));
}

#[test]
fn the_page_shows_them_in_words() {
    let html = entry(&played(), "report.html");
    for words in [
        "of the conversations that count: 2 of 4",
        "if invalid ones count as failed: 2 of 6",
        "Attempt 1 was thrown away",
        "Attempt 2 broke and was the last; this is its transcript",
        "the guard stopped a message before this one",
        "It speaks as the agent",
        "2 of 3 reached · 66.7\u{A0}%",
        "2 of 3 judgements agree · 66.7\u{A0}%",
        "4 judgements, and no value came out of them",
        "could not judge",
        "of 16 attempts, 62.5\u{A0}%: the simulated user broke its part",
        "$0.1120 (estimated)",
        "why it says so",
    ] {
        assert!(html.contains(words), "{words}");
    }
    assert_eq!(
        html.matches("<details").count(),
        html.matches("</details>").count()
    );
}

#[test]
fn a_run_without_language_models_says_nothing_of_them() {
    let sample = Sample::new(3, &[("Books a slot", 2)]);
    let results = [
        sample.result(0, Ending::Passes),
        sample.result(1, Ending::MissesCriteria),
    ];
    let html = entry(&build(&sample, &results), "report.html");
    for words in [
        "class=\"aside",
        "Milestones",
        "thrown away",
        "Thrown away",
        ">Cost<",
        "$0",
        "no price is known",
    ] {
        assert!(!html.contains(words), "{words}");
    }
}

#[test]
fn what_they_wrote_is_masked_in_every_entry() {
    let artifact = played();
    for name in ENTRIES {
        assert_eq!(
            entry(&artifact, name).contains(SECRET),
            name == "manifest.json",
            "{name}"
        );
    }
}

#[test]
fn what_they_wrote_stays_text_on_the_page() {
    let sample = Sample::new(3, &[("Books a slot", 2)]);
    let results = [Ending::Passes, Ending::UserBreaks]
        .into_iter()
        .zip(0..)
        .map(|(ending, n)| {
            let mut result = sample.result(n, ending);
            play(&mut result);
            let hostile = || HOSTILE.to_owned();
            for turn in &mut result.turns {
                turn.note = turn.note.as_ref().map(|_note| hostile());
                for violation in &mut turn.violations {
                    (violation.detail, violation.message) = (hostile(), hostile());
                }
            }
            for attempt in &mut result.broken {
                attempt.cause = hostile();
                for violation in &mut attempt.violations {
                    (violation.detail, violation.message) = (hostile(), hostile());
                }
            }
            for milestone in &mut result.milestones {
                milestone.justification = hostile();
                milestone.error = milestone.error.as_ref().map(|_error| hostile());
            }
            for vote in result
                .evaluations
                .iter_mut()
                .flat_map(|evaluation| &mut evaluation.votes)
            {
                vote.justification = hostile();
                vote.error = vote.error.as_ref().map(|_error| hostile());
            }
            result
        });
    let html = entry(&build(&sample, &results.collect::<Vec<_>>()), "report.html");
    assert!(!html.contains("<script") && !html.contains("<img"));
    assert_eq!(html.matches("<style>").count(), 1);
    assert_eq!(html.matches("</style>").count(), 1);
    // Each text of each place is there.
    assert!(html.matches("&lt;img src=x onerror=alert(1)&gt;").count() > 20);
    assert!(!html.contains('\0') && !html.contains('\u{1b}'));
}
