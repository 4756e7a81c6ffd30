use super::*;
use crate::Json;

fn said(role: Role, text: &str) -> RecordedTurn {
    RecordedTurn {
        role,
        text: text.to_owned(),
        tool_calls: Vec::new(),
    }
}

fn recording() -> Recording {
    Recording {
        format: RECORDING_FORMAT,
        turns: vec![
            said(Role::User, "Until when do I have Emma?"),
            RecordedTurn {
                tool_calls: vec![ToolCall {
                    name: "find_loan".to_owned(),
                    arguments: Json::try_from(r#"{"title": "Emma"}"#).unwrap(),
                    result: Some(Json::try_from("null").unwrap()),
                }],
                ..said(Role::Agent, "")
            },
        ],
        values: BTreeMap::from([
            ("reward".to_owned(), MetricValue::Numerical(0.1)),
            ("solved".to_owned(), MetricValue::Boolean(true)),
        ]),
        end: RecordingEnd::UserLeft {
            outcome: UserOutcome::GaveUp,
            reason: None,
            farewell: Some("Bye".to_owned()),
        },
    }
}

fn fault(change: impl FnOnce(&mut Recording)) -> String {
    let mut faulty = recording();
    change(&mut faulty);
    let fault = faulty.check().unwrap_err();
    assert_eq!(faulty.seal().unwrap_err(), fault);
    fault.pointer
}

#[test]
fn what_was_sealed_is_opened_as_it_was() {
    let recording = recording();
    let (digest, bytes) = recording.seal().unwrap();
    assert_eq!(Recording::open(digest, &bytes).unwrap(), recording);
    assert_eq!(recording.seal().unwrap(), (digest, bytes.clone()));
    let changed = String::from_utf8(bytes).unwrap().replace("0.1", "1.0");
    let refused = Recording::open(digest, changed.as_bytes())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("has been changed"), "{refused}");
    for (from, to) in [
        ("\"format\":1", "\"format\":2"),
        ("\"Agent\"", "\"User\""),
        ("turns", "lines"),
    ] {
        let (_, bytes) = recording.seal().unwrap();
        let other = String::from_utf8(bytes).unwrap().replace(from, to);
        let refused = Recording::open(Digest::of(other.as_bytes()), other.as_bytes());
        assert!(refused.is_err(), "{other}");
    }
}

#[test]
fn user_and_agent_take_turns_and_the_agent_has_the_last_word() {
    let user = || said(Role::User, "again");
    assert_eq!(fault(|faulty| faulty.turns.push(user())), "/turns");
    assert_eq!(fault(|faulty| faulty.turns.clear()), "/turns");
    assert_eq!(fault(|faulty| faulty.turns.insert(0, user())), "/turns/1/role");
    assert_eq!(
        fault(|faulty| faulty.turns.push(said(Role::Agent, "and"))),
        "/turns/2/role"
    );
    assert_eq!(
        fault(|faulty| faulty.turns.push(said(Role::Event, "rain"))),
        "/turns/2/role"
    );
    assert_eq!(
        fault(|faulty| " ".clone_into(&mut faulty.turns[0].text)),
        "/turns/0/text"
    );
    assert_eq!(
        fault(|faulty| faulty.turns[0].tool_calls = faulty.turns[1].tool_calls.clone()),
        "/turns/0/tool_calls"
    );
    let long = "x".repeat(MAX_RECORDED_TEXT_BYTES + 1);
    assert_eq!(
        fault(|faulty| faulty.turns[1].text.clone_from(&long)),
        "/turns/1/text"
    );
    let many = |faulty: &mut Recording| faulty.turns = vec![said(Role::Agent, ""); MAX_RECORDED_TURNS + 1];
    assert_eq!(fault(many), "/turns");
}

#[test]
fn openings_follow_from_the_first_turn() {
    let mut recording = recording();
    let mut opening = |role| {
        recording.turns[0].role = role;
        if role == Role::Agent {
            recording.turns.truncate(1);
        }
        recording.check().unwrap();
        recording.initial_message_type()
    };
    assert_eq!(opening(Role::User), InitialMessageType::UserMessage);
    assert_eq!(opening(Role::Event), InitialMessageType::ExternalEvent);
    assert_eq!(opening(Role::Agent), InitialMessageType::Skip);
}

#[test]
fn values_are_bounded() {
    let with = |name: &str, value: MetricValue| {
        let name = name.to_owned();
        fault(move |faulty| {
            faulty.values.insert(name, value);
        })
    };
    assert_eq!(with("a/b", MetricValue::Numerical(f64::NAN)), "/values/a~1b");
    assert_eq!(with("a", MetricValue::Numerical(f64::INFINITY)), "/values/a");
    assert_eq!(with("a", MetricValue::Categorical("x".repeat(513))), "/values/a");
    assert_eq!(with(" ", MetricValue::Boolean(true)), "/values");
    assert_eq!(with(&"x".repeat(513), MetricValue::Boolean(true)), "/values");
    let many = |faulty: &mut Recording| {
        let values = (0..51).map(|n| (n.to_string(), MetricValue::Boolean(true)));
        faulty.values = values.collect();
    };
    assert_eq!(fault(many), "/values");
}

#[test]
fn what_nobody_could_hold_is_refused() {
    let mut recording = recording();
    let pair = recording.turns.clone();
    recording.turns = (0..=MAX_RECORDING_BYTES / MAX_RECORDED_TEXT_BYTES)
        .flat_map(|_| pair.clone())
        .collect();
    for turn in &mut recording.turns {
        turn.text = "x".repeat(MAX_RECORDED_TEXT_BYTES);
    }
    recording.check().unwrap();
    let refused = recording.seal().unwrap_err();
    assert!(
        refused.reason.to_string().contains("at most 4194304"),
        "{refused}"
    );
    let bytes = vec![b' '; MAX_RECORDING_BYTES + 1];
    assert!(Recording::open(Digest::of(&bytes), &bytes).is_err());
}
