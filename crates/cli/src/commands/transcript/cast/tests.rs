use api::shape::VerdictShape;
use model::Verdict;
use serde_json::json;

use super::*;
use crate::output::Format;

fn plain() -> Output {
    Output::new(Format::Json, true)
}

/// A conversation in which language models did everything that they can do.
fn conversation() -> Conversation {
    let id = |n: u32| format!("65a0000000000000000000{n:02x}");
    let usage = |input: u64, cost: u64, estimated: bool| json!({"input_tokens": input, "output_tokens": 40, "cost_micros": cost, "estimated": estimated});
    let stopped = json!({"fault": "role_inversion", "detail": "\"How can I help\"", "message": "How can I\n help \u{1b}[31myou?"});
    let turn = |index: u32, role: &str, text: &str| {
        json!({"index": index, "message_id": id(index), "role": role, "text": text, "at": "2026-01-31T09:30:00Z",
            "latency_ms": null, "tool_calls": [], "usage": null, "completed": false, "calls": 1, "repeated": false,
            "note": null, "violations": []})
    };
    let mut first = turn(0, "user", "Hello, I need a slot.");
    first["note"] = json!("I begin\u{7} with what I want");
    first["violations"] = json!([stopped]);
    serde_json::from_value(json!({
        "run_id": id(90), "n": 3, "test_idx": 0, "unit_test_id": id(91), "run_index": 3, "attempts": 2, "claims": 1,
        "worker": "w", "started_at": "2026-01-31T09:30:00Z", "finished_at": "2026-01-31T09:31:00Z",
        "turns": [first, turn(1, "agent", "Tuesday?")],
        "end": {"reason": "user_achieved", "outcome": "achieved", "detail": null},
        "evaluations": [{"id": id(92), "metric_id": id(93), "metric_version": 1, "value": true,
            "justification": "Agreement: 1 of 2 judgements. It offers.", "references": [], "error": null,
            "votes": [
                {"model": "large", "value": true, "justification": "It offers a day.", "error": null},
                {"model": "small", "value": null, "justification": "", "error": "no JSON"},
            ],
            "usage": usage(500, 900, false)}],
        "criteria": [], "verdict": "passed", "error": null,
        "usage": usage(0, 0, false), "simulator_usage": usage(700, 12_000, true), "judge_usage": usage(500, 900, false),
        "milestones": [
            {"name": "asks", "reached_at": id(0), "justification": "It asks at once.", "error": null},
            {"name": "books", "reached_at": null, "justification": "Nothing was booked.", "error": null},
            {"name": "thanks", "reached_at": null, "justification": "", "error": "the judge failed"},
        ],
        "broken": [{"attempt": 1, "cause": "the simulated user broke its part twice", "violations": [stopped], "n_turns": 4}],
    }))
    .expect("it is a conversation")
}

#[test]
fn the_guard_and_the_note_stand_at_the_turn() {
    let conversation = conversation();
    let turn = &conversation.turns[0];
    let mut lines = stopped(turn, plain());
    lines.extend(note(turn, plain()));
    insta::assert_snapshot!(lines.join("\n"), @r#"
             guard stopped: it speaks as the agent: "How can I help"
               "How can I help \u{1b}[31myou?"
             why: I begin\u{7} with what I want
    "#);
    assert_eq!(note(&conversation.turns[1], plain()), None);
    assert_eq!(stopped(&conversation.turns[1], plain()), Vec::<String>::new());
}

#[test]
fn attempts_say_what_became_of_them() {
    let mut conversation = conversation();
    insta::assert_snapshot!(broken(&conversation, plain()).join("\n"), @r#"
    attempt 1 was thrown away, after 4 messages: the simulated user broke its part twice
        guard stopped: it speaks as the agent: "How can I help"
          "How can I help \u{1b}[31myou?"
    "#);
    conversation.verdict = VerdictShape(Verdict::Invalid);
    let lines = broken(&conversation, plain());
    assert!(
        lines[0].starts_with("attempt 1 broke and was the last, after 4 messages: "),
        "{lines:?}"
    );
}

#[test]
fn milestones_give_partial_credit() {
    insta::assert_snapshot!(milestones(&conversation()).join("\n"), @r"
    milestones: 1 of 2 reached
    + asks (message 0)
        It asks at once.
    - books
        Nothing was booked.
    ? thanks
        the judge failed
    ");
}

#[test]
fn votes_and_costs_are_told() {
    let conversation = conversation();
    let mut lines = votes(&conversation.evaluations[0], plain());
    lines.extend(consumed(&conversation));
    insta::assert_snapshot!(lines.join("\n"), @r"
        large: true It offers a day.
        small: could not judge: no JSON
    agent: 0 tokens read, 40 written
    simulated user: 700 tokens read, 40 written, $0.0120, estimated
    judges: 500 tokens read, 40 written, $0.000900
    ");
}

#[test]
fn everything_stands_in_the_transcript_for_programs() {
    let json = serde_json::to_value(conversation()).expect("it can be written");
    assert_eq!(json["turns"][0]["violations"][0]["fault"], "role_inversion");
    assert_eq!(json["broken"][0]["n_turns"], 4);
    assert_eq!(json["simulator_usage"]["cost_micros"], 12_000);
}
