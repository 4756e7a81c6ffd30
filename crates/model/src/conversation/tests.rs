//! The engine, by example and at every point where a worker may be lost.

use proptest::prelude::*;

use super::{AgentInput, EndReason, Engine, EngineOptions, Role, Step, Turn, TurnRecord};
use crate::{Fault, InitialMessageType, Time, Usage, UserOutcome, Violation};

const OPTIONS: EngineOptions = EngineOptions {
    max_interactions: 3,
    initial_message_type: InitialMessageType::UserMessage,
    max_transcript_bytes: 1000,
    max_reruns: 1,
};

fn claimed(restart: bool) -> TurnRecord {
    TurnRecord::Claimed {
        worker: "w".to_owned(),
        at: Time::from_micros(1),
        restart,
    }
}

fn said(index: u32, role: Role, text: &str) -> TurnRecord {
    TurnRecord::Said(Turn {
        index,
        role,
        text: text.to_owned(),
        at: Time::from_micros(2),
        latency_ms: None,
        tool_calls: Vec::new(),
        usage: None,
        completed: text == "done",
        calls: 1,
        repeated: false,
        note: None,
        violations: Vec::new(),
        session: None,
    })
}

fn left() -> TurnRecord {
    TurnRecord::UserLeft {
        outcome: UserOutcome::Achieved,
        reason: None,
        farewell: None,
        usage: None,
        violations: Vec::new(),
        at: Time::from_micros(3),
    }
}

fn engine(options: EngineOptions, records: &[TurnRecord]) -> Engine {
    let mut engine = Engine::new(options);
    for record in records {
        engine.apply(record.clone());
    }
    engine
}

#[test]
fn user_and_agent_take_turns() {
    let mut engine = engine(OPTIONS, &[claimed(false)]);
    assert_eq!(engine.next(), Step::AskUser { role: Role::User });
    engine.apply(said(0, Role::User, "hi"));
    let call = Step::CallAgent {
        input: AgentInput::Message("hi".to_owned()),
        turn_index: 1,
        repeated: false,
    };
    assert_eq!(engine.next(), call);
    engine.apply(said(1, Role::Agent, "hello"));
    assert_eq!(engine.next(), Step::AskUser { role: Role::User });
    engine.apply(left());
    let end = EndReason::UserLeft {
        outcome: UserOutcome::Achieved,
        reason: None,
    };
    assert_eq!(engine.next(), Step::Judge(end));
}

#[test]
fn the_agent_greets_when_there_is_no_opening() {
    let options = EngineOptions {
        initial_message_type: InitialMessageType::Skip,
        ..OPTIONS
    };
    let mut engine = engine(options, &[claimed(false)]);
    assert_eq!(
        engine.next(),
        Step::CallAgent {
            input: AgentInput::Greet,
            turn_index: 0,
            repeated: false
        }
    );
    engine.apply(said(0, Role::Agent, "welcome"));
    assert_eq!(engine.interactions(), 1, "the greeting is an interaction");
    assert_eq!(engine.next(), Step::AskUser { role: Role::User });
}

#[test]
fn an_event_opens_and_then_the_user_speaks() {
    let options = EngineOptions {
        initial_message_type: InitialMessageType::ExternalEvent,
        ..OPTIONS
    };
    let mut engine = engine(options, &[claimed(false)]);
    assert_eq!(engine.next(), Step::AskUser { role: Role::Event });
    engine.apply(said(0, Role::Event, "the parcel came"));
    let input = AgentInput::Event("the parcel came".to_owned());
    assert_eq!(
        engine.next(),
        Step::CallAgent {
            input,
            turn_index: 1,
            repeated: false
        }
    );
    engine.apply(said(1, Role::Agent, "good"));
    assert_eq!(engine.next(), Step::AskUser { role: Role::User });
}

#[test]
fn the_agent_can_end_the_conversation() {
    let engine = engine(
        OPTIONS,
        &[
            claimed(false),
            said(0, Role::User, "bye"),
            said(1, Role::Agent, "done"),
        ],
    );
    assert_eq!(engine.next(), Step::Judge(EndReason::AgentCompleted));
}

#[test]
fn a_worker_that_takes_over_marks_a_call_that_may_repeat() {
    let before = [claimed(false), said(0, Role::User, "hi"), claimed(false)];
    let mut resumed = engine(OPTIONS, &before);
    assert!(matches!(resumed.next(), Step::CallAgent { repeated: true, .. }));
    assert_eq!((resumed.attempts(), resumed.claims()), (1, 2));
    resumed.apply(said(1, Role::Agent, "hello"));
    resumed.apply(said(2, Role::User, "and"));
    assert!(
        matches!(resumed.next(), Step::CallAgent { repeated: false, .. }),
        "only the first call may repeat"
    );
}

#[test]
fn a_restart_forgets_what_was_said() {
    let before = [
        claimed(false),
        said(0, Role::User, "hi"),
        said(1, Role::Agent, "hello"),
        claimed(true),
    ];
    let restarted = engine(OPTIONS, &before);
    assert_eq!(restarted.turns(), []);
    assert_eq!(restarted.attempts(), 2);
    assert_eq!(restarted.next(), Step::AskUser { role: Role::User });
}

#[test]
fn a_transcript_has_an_end() {
    let engine = engine(OPTIONS, &[claimed(false), said(0, Role::User, &"x".repeat(1001))]);
    assert!(matches!(engine.next(), Step::Judge(EndReason::AgentError { .. })));
}

proptest! {
    /// Wherever a worker is lost, the next one goes on at the turn that comes next.
    #[test]
    fn a_conversation_resumes_where_it_was(n_turns in 0..6_u32, lost_after in prop::collection::vec(0..7_usize, 0..3)) {
        let mut records = vec![claimed(false)];
        for index in 0..n_turns {
            records.push(said(index, if index % 2 == 0 { Role::User } else { Role::Agent }, "text"));
        }
        let undisturbed = engine(OPTIONS, &records);
        let mut disturbed_records = records;
        for position in lost_after {
            let position = 1 + position.min(disturbed_records.len() - 1);
            disturbed_records.insert(position, claimed(false));
        }
        let disturbed = engine(OPTIONS, &disturbed_records);
        prop_assert_eq!(disturbed.turns(), undisturbed.turns());
        prop_assert_eq!(disturbed.interactions(), undisturbed.interactions());
        let without_mark = |step: Step| match step {
            Step::CallAgent { input, turn_index, .. } => Step::CallAgent { input, turn_index, repeated: false },
            other @ (Step::AskUser { .. } | Step::StartAgain | Step::Judge(_)) => other,
        };
        prop_assert_eq!(without_mark(disturbed.next()), without_mark(undisturbed.next()));
    }
}

fn broke() -> TurnRecord {
    TurnRecord::UserBroke {
        cause: "it speaks as the agent".to_owned(),
        violations: vec![Violation {
            fault: Fault::RoleInversion,
            detail: "offers help".to_owned(),
            message: "How can I help?".to_owned(),
        }],
        usage: Some(Usage::of_tokens(5, 1)),
        at: Time::from_micros(4),
    }
}

#[test]
fn a_conversation_that_the_user_broke_starts_again_as_often_as_allowed() {
    let begun = [
        claimed(false),
        said(0, Role::User, "hi"),
        said(1, Role::Agent, "hello"),
    ];
    let mut first = begun.to_vec();
    first.push(broke());
    let broken = engine(OPTIONS, &first);
    assert_eq!(broken.next(), Step::StartAgain);

    first.push(claimed(true));
    let again = engine(OPTIONS, &first);
    assert_eq!((again.attempts(), again.claims(), again.turns().len()), (2, 1, 0));
    assert_eq!(again.next(), Step::AskUser { role: Role::User });
    assert_eq!((again.broken()[0].attempt, again.broken()[0].n_turns), (1, 2));
    assert_eq!(
        again.simulator_usage(),
        Usage::of_tokens(5, 1),
        "what was spent is not forgotten"
    );

    first.push(broke());
    let end = EndReason::SimulatorError {
        cause: "it speaks as the agent".to_owned(),
    };
    let over = engine(OPTIONS, &first);
    assert_eq!(over.next(), Step::Judge(end));
    assert_eq!(over.broken().len(), 2);

    let never = EngineOptions {
        max_reruns: 0,
        ..OPTIONS
    };
    assert!(matches!(engine(never, &first[..4]).next(), Step::Judge(_)));
}

#[test]
fn a_user_that_breaks_otherwise_is_not_replaced() {
    let mut engine = engine(OPTIONS, &[claimed(false)]);
    engine.conclude(EndReason::SimulatorError {
        cause: "the script has no such step".to_owned(),
    });
    assert!(
        matches!(engine.next(), Step::Judge(_)),
        "a script would break again"
    );
}
