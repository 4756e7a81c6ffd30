//! The artifact: the same bytes every time, whole entries, and hostile text that stays text.

mod cast;

use std::io::{Cursor, Read as _};

use model::{MetricValue, ToolCall};
use proptest::prelude::*;
use zip::ZipArchive;

use super::*;
use crate::testing::{Ending, SECRET, Sample, json, name};

const ENTRIES: [&str; 6] = [
    "conversations.jsonl",
    "junit.xml",
    "manifest.json",
    "metrics.csv",
    "report.html",
    "run.json",
];

fn build(sample: &Sample, results: &[ConversationResult]) -> Artifact {
    let mut builder = ArtifactBuilder::new(sample.run.clone(), sample.sealed.clone()).unwrap();
    for result in results {
        builder.add(result).unwrap();
    }
    builder.finish().unwrap()
}

fn entry(artifact: &Artifact, name: &str) -> String {
    let mut zip = ZipArchive::new(Cursor::new(&artifact.bytes[..])).unwrap();
    let mut text = String::new();
    zip.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn mixed(sample: &Sample) -> Vec<ConversationResult> {
    let n_conversations = sample.run.plan.n_conversations();
    (0..n_conversations)
        .map(|n| {
            let ending = if n % 3 == 0 {
                Ending::ALL[(n / 3) as usize % 6]
            } else {
                Ending::Passes
            };
            sample.result(n, ending)
        })
        .collect()
}

#[test]
fn holds_six_entries_that_agree_with_the_report() {
    let sample = Sample::new(3, &[("Books a slot", 12), ("Cancels a slot", 8)]);
    let artifact = build(&sample, &mixed(&sample));

    let mut zip = ZipArchive::new(Cursor::new(&artifact.bytes[..])).unwrap();
    let names: Vec<_> = zip.file_names().map(|name| name.unwrap().into_owned()).collect();
    assert_eq!(names, ENTRIES);
    for index in 0..zip.len() {
        let file = zip.by_index(index).unwrap();
        assert_eq!(file.last_modified(), Some(zip::DateTime::DEFAULT));
        assert_eq!(file.unix_mode(), Some(0o100_644));
    }
    assert_eq!(artifact.reference.digest, Digest::of(&artifact.bytes));
    assert_eq!(artifact.reference.size_bytes, artifact.bytes.len() as u64);
    assert_eq!(entry(&artifact, "manifest.json").as_bytes(), &sample.sealed[..]);

    let run: serde_json::Value = serde_json::from_str(&entry(&artifact, "run.json")).unwrap();
    let tally = artifact.report.summary.tally;
    assert_eq!(run["format"], 2);
    assert_eq!(run["verdict"], artifact.report.verdict.as_str());
    assert_eq!(run["summary"]["tally"]["passed"], tally.passed);
    assert_eq!(run["tests"][1]["criteria"][0]["metric"], "Slot booked");

    let lines = entry(&artifact, "conversations.jsonl");
    let lines: Vec<serde_json::Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 20);
    assert_eq!(lines[1]["n"], 1);
    assert_eq!(lines[1]["turns"][3]["tool_calls"][0]["arguments"]["week"], 3);
    assert_eq!(lines[1]["started_at"], "2026-01-01T00:00:01.500Z");
    assert_eq!(
        lines[0]["turns"][0]["id"],
        model::message_id(sample.run.id, 0, 0).to_string()
    );

    let csv = entry(&artifact, "metrics.csv");
    let rows = csv::Reader::from_reader(csv.as_bytes())
        .into_records()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    let outcomes = lines.iter().flat_map(|line| line["criteria"].as_array().unwrap());
    let judged = outcomes
        .clone()
        .filter(|outcome| !outcome["evaluation_idx"].is_null())
        .count();
    assert_eq!(rows.len(), judged);
    assert!(0 < judged && judged < outcomes.count());

    let junit = quick_junit::Report::deserialize_from_str(&entry(&artifact, "junit.xml")).unwrap();
    assert_eq!(junit.tests, 20);
    assert_eq!(junit.failures, tally.failed as usize);
    assert_eq!(junit.errors, tally.errored as usize);
    assert_eq!(junit.skipped, tally.invalid as usize);
}

#[test]
fn the_same_results_give_the_same_bytes() {
    let sample = Sample::new(3, &[("Books a slot", 6), ("Cancels a slot", 4)]);
    let results = mixed(&sample);
    let first = build(&sample, &results);
    let second = build(&sample, &results);
    assert_eq!(first.bytes, second.bytes);
    let mut changed = results;
    changed[0].turns[0].text.push('!');
    assert_ne!(build(&sample, &changed).reference, first.reference);
}

#[test]
fn names_of_machines_stay_out() {
    let sample = Sample::new(3, &[("Books a slot", 6)]);
    let artifact = build(&sample, &mixed(&sample));
    for name in ENTRIES {
        assert!(!entry(&artifact, name).contains("host-17"), "{name}");
    }
}

#[test]
fn sensitive_values_are_in_the_manifest_only() {
    let sample = Sample::new(3, &[("Books a slot", 18)]);
    let results = mixed(&sample);
    assert!(
        results
            .iter()
            .any(|result| result.error.as_ref().is_some_and(|error| error.contains(SECRET)))
    );
    let artifact = build(&sample, &results);
    for name in ENTRIES {
        assert_eq!(
            entry(&artifact, name).contains(SECRET),
            name == "manifest.json",
            "{name}"
        );
    }
    assert!(entry(&artifact, "conversations.jsonl").contains("It is [sensitive: ssn]."));
}

#[test]
fn a_cancelled_run_skips_what_had_not_finished() {
    let sample = Sample::new(3, &[("Books a slot", 3), ("Cancels a slot", 2)]).cancelled();
    let artifact = build(
        &sample,
        &[
            sample.result(1, Ending::Passes),
            sample.result(3, Ending::MissesCriteria),
        ],
    );
    let junit = quick_junit::Report::deserialize_from_str(&entry(&artifact, "junit.xml")).unwrap();
    assert_eq!((junit.tests, junit.skipped, junit.failures), (5, 3, 1));
    assert_eq!(entry(&artifact, "conversations.jsonl").lines().count(), 2);
    assert!(
        entry(&artifact, "report.html")
            .contains("The run was cancelled: 3 of 5 conversations had not finished.")
    );
}

#[test]
fn a_missing_result_or_wrong_order_is_refused() {
    let sample = Sample::new(3, &[("Books a slot", 3)]);
    let mut builder = ArtifactBuilder::new(sample.run.clone(), sample.sealed.clone()).unwrap();
    builder.add(&sample.result(1, Ending::Passes)).unwrap();
    let refused = builder.add(&sample.result(0, Ending::Passes)).unwrap_err();
    assert!(matches!(refused, ArtifactError::OutOfOrder { n: 0, after: 1 }));
    let refused = builder.finish().unwrap_err();
    assert!(matches!(
        refused,
        ArtifactError::Fold(FoldError::Missing {
            first: 0,
            missing: 2,
            planned: 3
        })
    ));
}

#[test]
fn another_runs_manifest_is_refused() {
    let sample = Sample::new(3, &[("Books a slot", 3)]);
    let other = Sample::new(4, &[("Books a slot", 3)]);
    let refused = ArtifactBuilder::new(sample.run, other.sealed).unwrap_err();
    assert!(matches!(refused, ArtifactError::Manifest(_)));
}

/// What someone who controls an agent, a model or a name could write.
const HOSTILE: &str = "</script></style><script>alert(1)</script><img src=x onerror=alert(1)>\u{0}\u{1b}[31m\u{FFFE}&\"']]>{{ 7*7 }}{% raw %}";

fn hostile() -> Artifact {
    let mut sample = Sample::new(3, &[("=cmd()<b>\"&'{{ 7*7 }}", 2)]);
    sample.run.set_name = name("<b onload=x>{{ set }}");
    let results = [Ending::MissesCriteria, Ending::AgentBreaks]
        .into_iter()
        .zip(0..)
        .map(|(ending, n)| {
            let mut result = sample.result(n, ending);
            for turn in &mut result.turns {
                turn.text = HOSTILE.to_owned();
            }
            if let Some(turn) = result.turns.get_mut(1) {
                turn.tool_calls = vec![ToolCall {
                    name: HOSTILE.to_owned(),
                    arguments: json(&serde_json::to_string(HOSTILE).unwrap()),
                    result: None,
                }];
            }
            for evaluation in &mut result.evaluations {
                evaluation.justification = format!("=cmd()\n{HOSTILE}");
            }
            if let Some(evaluation) = result.evaluations.get_mut(2) {
                evaluation.value = Some(MetricValue::Categorical("@evil".to_owned()));
            }
            if result.error.is_some() {
                result.error = Some(HOSTILE.to_owned());
            }
            result
        });
    let results: Vec<_> = results.collect();
    build(&sample, &results)
}

#[test]
fn hostile_text_stays_text_in_html() {
    let html = entry(&hostile(), "report.html");
    assert!(!html.contains("<script"));
    assert!(!html.contains("<img"));
    assert!(!html.contains("<b>") && !html.contains("<b "));
    assert_eq!(html.matches("<style>").count(), 1);
    assert_eq!(html.matches("</style>").count(), 1);
    assert!(html.contains("&lt;img src=x onerror=alert(1)&gt;"));
    assert!(html.contains("{{ 7*7 }}"));
    assert!(!html.contains('\0') && !html.contains('\u{1b}'));
}

#[test]
fn hostile_text_stays_text_in_xml() {
    let xml = entry(&hostile(), "junit.xml");
    assert!(
        xml.chars()
            .all(|c| matches!(c, '\t' | '\n' | '\u{20}'..='\u{FFFD}' | '\u{10000}'..))
    );
    let junit = quick_junit::Report::deserialize_from_str(&xml).unwrap();
    assert_eq!(junit.test_suites[0].name.as_str(), "=cmd()<b>\"&'{{ 7*7 }}");
    let quick_junit::TestCaseStatus::NonSuccess {
        message: Some(message),
        ..
    } = &junit.test_suites[0].test_cases[1].status
    else {
        panic!("{:?}", junit.test_suites[0].test_cases[1].status);
    };
    assert!(message.contains("<img src=x onerror=alert(1)>\u{FFFD}\u{FFFD}[31m\u{FFFD}&\"']]>"));
}

#[test]
fn hostile_text_stays_text_in_csv_and_json() {
    let artifact = hostile();
    let csv = entry(&artifact, "metrics.csv");
    let rows = csv::Reader::from_reader(csv.as_bytes())
        .into_records()
        .collect::<Result<Vec<_>, _>>()
        .unwrap();
    assert_eq!(&rows[0][1], "'=cmd()<b>\"&'{{ 7*7 }}");
    assert_eq!(&rows[2][6], "'@evil");
    assert!(rows[0][8].starts_with("'=cmd()\n</script>"));

    let lines = entry(&artifact, "conversations.jsonl");
    assert_eq!(lines.lines().count(), 2);
    let line: serde_json::Value = serde_json::from_str(lines.lines().next().unwrap()).unwrap();
    assert_eq!(line["turns"][0]["text"], HOSTILE);
    assert_eq!(line["turns"][1]["tool_calls"][0]["arguments"], HOSTILE);
}

#[test]
fn the_page_names_its_style_and_nothing_else() {
    let sample = Sample::new(3, &[("Books a slot", 2)]);
    let html = entry(&build(&sample, &mixed(&sample)), "report.html");
    let (_, rest) = html.split_once("<style>").unwrap();
    let (style, _) = rest.split_once("</style>").unwrap();
    let digest = {
        use base64::Engine as _;
        base64::engine::general_purpose::STANDARD.encode(Digest::of(style.as_bytes()).as_bytes())
    };
    let policy = format!(
        "content=\"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'\""
    );
    assert!(html.contains(&policy));
    for loads in [
        "<script", "<link", "<iframe", "<img", "src=", "http:", "https:", " style=", "url(", "@import",
    ] {
        let found = html
            .find(loads)
            .map(|at| &html[at.saturating_sub(80)..html.len().min(at + 80)]);
        assert_eq!(found, None, "{loads}");
    }
}

#[test]
fn the_page_is_bounded_and_says_what_it_leaves_out() {
    let sample = Sample::new(3, &[("Books a slot", 2_000), ("Cancels a slot", 1_000)]);
    let results: Vec<_> = (0..3_000)
        .map(|n| {
            sample.result(
                n,
                if n % 2 == 0 {
                    Ending::MissesCriteria
                } else {
                    Ending::Passes
                },
            )
        })
        .collect();
    let html = entry(&build(&sample, &results), "report.html");
    assert_eq!(
        html.matches("<details class=\"conversation failed\"").count(),
        200
    );
    assert_eq!(html.matches("<details class=\"conversation passed\"").count(), 50);
    assert!(html.contains("1300 more did not pass."));
    assert!(html.contains("1450 more passed."));
    assert!(html.contains("1800 more repetitions in"));
    assert!(html.len() < 4_000_000, "{}", html.len());
}

#[test]
fn a_long_transcript_is_cut_and_says_so() {
    let sample = Sample::new(3, &[("Books a slot", 20)]);
    let results: Vec<_> = (0..20)
        .map(|n| {
            let mut result = sample.result(n, Ending::MissesCriteria);
            result.turns[1].text = "é".repeat(4_010);
            let turn = result.turns[1].clone();
            result.turns.extend((7..400).map(|index| model::Turn {
                index,
                ..turn.clone()
            }));
            result
        })
        .collect();
    let html = entry(&build(&sample, &results), "report.html");
    assert!(html.contains("10 more characters in conversations.jsonl"));
    assert!(html.contains("150 more turns in conversations.jsonl"));
    // Each shows about 2 MB.
    assert_eq!(html.matches("<details class=\"conversation failed\"").count(), 3);
    assert!(html.contains("17 more did not pass."));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Any text at all, in every place where text from outside goes.
    #[test]
    fn any_text_makes_well_formed_entries(text in any::<String>(), other in "[<>&\"'{}%=@\\x00-\\x20\u{80}-\u{a0}]{0,40}") {
        let sample = Sample::new(3, &[("Books a slot", 1)]);
        let mut result = sample.result(0, Ending::MissesCriteria);
        result.turns[0].text.clone_from(&text);
        result.turns[1].text.clone_from(&other);
        result.evaluations[0].justification = format!("{other}{text}");
        let artifact = build(&sample, &[result]);
        let junit = quick_junit::Report::deserialize_from_str(&entry(&artifact, "junit.xml")).unwrap();
        prop_assert_eq!(junit.failures, 1);
        let line: serde_json::Value = serde_json::from_str(&entry(&artifact, "conversations.jsonl")).unwrap();
        prop_assert_eq!(line["turns"][0]["text"].as_str(), Some(text.as_str()));
        let html = entry(&artifact, "report.html");
        prop_assert_eq!(html.matches("<script").count(), 0);
        prop_assert_eq!(html.matches("<li class=\"turn").count(), 7);
    }
}
