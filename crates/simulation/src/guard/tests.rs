//! The guard on its labelled set, and what it must never do.

use std::{collections::BTreeMap, fmt::Write as _};

use model::{Fault, Role, UserOutcome};
use proptest::prelude::*;

use super::{Finding, Guard, Known, MAX_KNOWN_BYTES, MAX_MESSAGE_BYTES, Proposed};
use crate::{
    Briefing,
    test_support::{briefing, text, turns},
};

#[path = "../../benches/simulation/labelled.rs"]
mod labelled;

use labelled::{Case, HALVES, read, steps, tallies, total};

fn halves() -> Vec<(&'static str, Vec<Case>)> {
    HALVES
        .into_iter()
        .map(|(name, yaml)| (name, read(yaml).unwrap()))
        .collect()
}

/// A user who speaks `language`, and was told some facts.
fn told(language: &str) -> Briefing {
    let mut briefing = briefing();
    briefing.language = Some(language.to_owned().try_into().unwrap());
    briefing.starts_at = "2025-05-14T12:00:00Z".parse().unwrap();
    briefing.scenario.content.objective =
        text("Change reservation AB12CD of Ada Byron from May 16 to May 18, 2025, for at most $1,200.50.");
    briefing
}

fn inspect_as(
    guard: &Guard,
    briefing: &Briefing,
    proposed: &Proposed<'_>,
    said: &[(Role, &str)],
) -> Vec<Finding> {
    let turns = turns(said);
    let known = Known {
        brief: briefing,
        brief_text: "You play Ada. If the agent asks for the seat then tell it that you want to sit at the window.",
        turns: &turns,
    };
    guard.inspect(proposed, &known)
}

/// What the guard finds in a message of a user who stays.
fn faults(guard: &Guard, language: &str, message: &str, said: &[(Role, &str)]) -> Vec<Fault> {
    let proposed = Proposed {
        message,
        leaves: None,
        is_event: false,
    };
    let findings = inspect_as(guard, &told(language), &proposed, said);
    findings.into_iter().map(|finding| finding.fault).collect()
}

#[test]
fn the_set_is_large_and_half_of_it_is_bad() {
    let halves = halves();
    let all: Vec<&Case> = halves.iter().flat_map(|(_name, cases)| cases).collect();
    let n_bad = all.iter().filter(|case| !case.faults.is_empty()).count();
    assert!(all.len() >= 100, "{}", all.len());
    assert!(
        (40..=60).contains(&(n_bad * 100 / all.len())),
        "{n_bad} of {}",
        all.len()
    );
}

#[test]
fn the_guard_is_right_on_what_it_was_fitted_to() {
    let guard = Guard::new();
    let (_name, cases) = &halves()[0];
    let total = total(&tallies(cases, &guard));
    assert!(total.precision() >= 0.9, "{total:?}");
    assert!(total.recall() >= 0.8, "{total:?}");
}

#[test]
fn every_fault_is_found_in_both_halves() {
    let guard = Guard::new();
    for (name, cases) in halves() {
        for (fault, tally) in tallies(&cases, &guard) {
            assert!(tally.n_found > 0, "{name}: {fault:?}: {tally:?}");
        }
    }
}

/// A change of the guard shows here: case by case in the half that it is fitted to, in figures only in the other, so that nobody fits it to that.
#[test]
fn what_the_guard_makes_of_the_set() {
    let guard = Guard::new();
    let mut report = String::new();
    for (name, cases) in halves() {
        writeln!(report, "{name}: labelled, found, false alarms").unwrap();
        let mut rows: BTreeMap<&str, _> = BTreeMap::new();
        for (fault, tally) in tallies(&cases, &guard) {
            rows.insert(fault.as_str(), tally);
        }
        rows.insert("~ steps", steps(&cases, &guard));
        for (fault, tally) in rows {
            writeln!(
                report,
                "  {fault:<18}{:>3}{:>3}{:>3}",
                tally.n_labelled, tally.n_found, tally.n_false_alarms
            )
            .unwrap();
        }
        for case in cases.iter().filter(|_case| name == HALVES[0].0) {
            let found = case.inspect(&guard);
            for missed in case.faults.difference(&found) {
                writeln!(
                    report,
                    "  missed {}: {}: {}",
                    missed.as_str(),
                    case.label,
                    case.message
                )
                .unwrap();
            }
            for (fault, detail) in case.details(&guard) {
                if !case.faults.contains(&fault) {
                    writeln!(report, "  false {}: {}: {detail}", fault.as_str(), case.label).unwrap();
                }
            }
        }
    }
    insta::assert_snapshot!(report);
}

const ASKED: [(Role, &str); 2] = [
    (Role::User, "I need to change a flight."),
    (Role::Agent, "Sure. What exactly do you need?"),
];

#[test]
fn customers_may_say_what_sounds_like_an_agent() {
    let guard = Guard::new();
    let good = [
        ("eng", "Can you help me with this? I'd be happy to wait."),
        ("eng", "Is there anything else I can provide?"),
        (
            "eng",
            "I have updated my app and confirmed my email address already.",
        ),
        (
            "eng",
            "You said you would be happy to help me with that, so please do.",
        ),
        (
            "eng",
            "Your colleague told me that my refund was processed. Was it?",
        ),
        (
            "eng",
            "The website says your booking has been confirmed, but I got no email.",
        ),
        ("eng", "Let me check my calendar, one moment please."),
        ("eng", "Please hold on while I look for my card."),
        (
            "eng",
            "As a customer, I expect better than that. My goal is to fly on Sunday.",
        ),
        ("eng", "Thank you for calling me back so quickly."),
        (
            "deu",
            "Vielen Dank für Ihre Nachricht. Könnten Sie mir bitte weiterhelfen?",
        ),
        ("deu", "Ich habe Ihre Rechnung erhalten und schon bezahlt."),
        (
            "fra",
            "Pouvez-vous m'aider ? Vous avez dit que votre collègue m'appellerait.",
        ),
        (
            "spa",
            "¿Me puede ayudar, por favor? He actualizado mi aplicación.",
        ),
        ("ita", "Mi può aiutare? Ho già confermato il mio indirizzo."),
        ("por", "Pode ajudar-me, por favor? Já confirmei o meu endereço."),
        ("nld", "Kunt u mij helpen? Ik heb mijn gegevens al bijgewerkt."),
    ];
    for (language, message) in good {
        assert_eq!(faults(&guard, language, message, &ASKED), [], "{message}");
    }
}

#[test]
fn agents_are_known_by_what_only_they_say() {
    let guard = Guard::new();
    let bad = [
        ("eng", "How may I assist you today?"),
        ("eng", "I've processed your refund."),
        ("eng", "**Assistant:** Sure, one moment."),
        ("deu", "Wie kann ich Ihnen heute helfen?"),
        ("fra", "J'ai bien annulé votre réservation."),
        ("spa", "He bloqueado su tarjeta."),
        ("ita", "Come posso aiutarla oggi?"),
        ("por", "Posso ajudar em mais alguma coisa?"),
        ("nld", "Ik heb uw bestelling geannuleerd."),
    ];
    for (language, message) in bad {
        assert_eq!(
            faults(&guard, language, message, &ASKED),
            [Fault::RoleInversion],
            "{message}"
        );
    }
}

#[test]
fn facts_are_known_however_they_are_written() {
    let guard = Guard::new();
    let known = [
        "It is ab12-cd, the flight on the 16th of May.",
        "From 5/16 to 2025-05-18 please, and no more than 1200.50 dollars.",
        "From 16.05.2025 to 18 May, about $1,200 at most.",
        "I can come tomorrow, 5 minutes after 9am, or on the 2nd. There are 3 of us and 24/7 is a joke.",
        "I am at gate12 with my office365 laptop, since 10 - 12 hours or so, in seat 14.",
        "I told you 100 times. My name is Ada Byron, and it is the 15th of May tomorrow.",
        "Happy New Year to you too, Sir.",
    ];
    for message in known {
        assert_eq!(faults(&guard, "eng", message, &ASKED), [], "{message}");
    }
    let invented = [
        "It is AB34EF.",
        "It is DDRQR7.",
        "It is the reservation code QWXYZK.",
        "From May 16 to June 3 please.",
        "On the 18th of May 2023.",
        "I pay $950 at most.",
        "Call me on 030 1234 5678.",
        "Call me on 06-12-88-40-19.",
        "Write to ada@byron.example, please.",
        "My name is Charles Babbage.",
        "The card ends in 4417.",
        "It landed at 14:35.",
    ];
    for message in invented {
        assert_eq!(
            faults(&guard, "eng", message, &ASKED),
            [Fault::InventedFact],
            "{message}"
        );
    }
}

#[test]
fn an_answer_may_be_given_again_when_it_is_asked_for_again() {
    let guard = Guard::new();
    let answer = "The flight from Rome to Oslo that leaves in the morning.";
    let said = |question| {
        [
            (Role::Agent, "Which flight do you want to change?"),
            (Role::User, answer),
            (Role::Agent, question),
        ]
    };
    let found = |question| faults(&guard, "eng", answer, &said(question));
    assert_eq!(found("Sorry, could you repeat that?"), []);
    assert_eq!(found("Which flight do you want to change?"), []);
    assert_eq!(found("And on which day?"), [Fault::Repetition]);
}

#[test]
fn a_conversation_is_opened_once() {
    let guard = Guard::new();
    let opening = "Hello, I bought a kettle last month and it stopped working.";
    let again = "Hi, I bought a kettle last month, and it stopped working already.";
    let found = |asked| {
        faults(
            &guard,
            "eng",
            again,
            &[(Role::User, opening), (Role::Agent, asked)],
        )
    };
    assert_eq!(
        found("Sorry to hear. Do you have the receipt?"),
        [Fault::SecondOpening]
    );
    // Another agent takes over and asks what it is about.
    assert_eq!(found("Hello, this is Tom. How can I help you?"), []);
}

#[test]
fn a_language_is_told_from_long_texts_only() {
    let guard = Guard::new();
    let found = |language, message: &str| faults(&guard, language, message, &ASKED);
    assert_eq!(found("eng", "Si, grazie."), []);
    assert_eq!(found("eng", &"I have changed my booking. ".repeat(20)), []);
    assert_eq!(
        found(
            "eng",
            "Maria Gonzalez Perez y Lopez, Calle Mayor, Madrid, is what stands on the card."
        ),
        []
    );
    let spanish = "Necesito cambiar el vuelo porque mi madre está enferma y no puedo viajar con ella.";
    for language in ["eng", "deu", "fra", "por"] {
        assert_eq!(found(language, spanish), [Fault::WrongLanguage], "{language}");
    }
    assert_eq!(found("spa", spanish), []);
    // A language that the detector does not know says nothing.
    assert_eq!(found("lat", spanish), []);
}

#[test]
fn the_brief_is_not_read_aloud() {
    let guard = Guard::new();
    let aloud = "If the agent asks for the seat then tell it that you want to sit at the window.";
    assert_eq!(faults(&guard, "eng", aloud, &ASKED), [Fault::Leak]);
    let own_words = "I want to sit at the window.";
    assert_eq!(faults(&guard, "eng", own_words, &ASKED), []);
}

#[test]
fn a_user_leaves_when_nothing_is_asked() {
    let guard = Guard::new();
    let leaves = |outcome, said: &[(Role, &str)]| {
        let proposed = Proposed {
            message: "Thank you, bye.",
            leaves: Some(outcome),
            is_event: false,
        };
        let findings = inspect_as(&guard, &told("eng"), &proposed, said);
        findings
            .into_iter()
            .map(|finding| finding.fault)
            .collect::<Vec<_>>()
    };
    let open = [Fault::LeftUnanswered];
    let confirm = (Role::Agent, "That is $1,200.50. Do you confirm?");
    assert_eq!(leaves(UserOutcome::Achieved, &[confirm]), open);
    assert_eq!(leaves(UserOutcome::GaveUp, &[confirm]), open);
    // Whoever is asked over and over may give up, but has not achieved anything.
    let asked_twice = [confirm, (Role::User, "But why so much?"), confirm];
    assert_eq!(leaves(UserOutcome::GaveUp, &asked_twice), []);
    assert_eq!(leaves(UserOutcome::Achieved, &asked_twice), open);
    for courtesy in [
        "Done. Is there anything else I can help you with?",
        "Done. Do you have any other questions?",
        "Done. Have a nice day!",
        "Erledigt. Kann ich sonst noch etwas für Sie tun?",
        "C'est fait. Puis-je vous aider pour autre chose ?",
    ] {
        assert_eq!(
            leaves(UserOutcome::Achieved, &[(Role::Agent, courtesy)]),
            [],
            "{courtesy}"
        );
    }
}

#[test]
fn events_are_not_words_of_the_user() {
    let guard = Guard::new();
    let event = |message| {
        let proposed = Proposed {
            message,
            leaves: None,
            is_event: true,
        };
        let findings = inspect_as(&guard, &told("eng"), &proposed, &ASKED);
        findings
            .into_iter()
            .map(|finding| finding.fault)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        event("Thank you for contacting us. Your booking has been confirmed."),
        []
    );
    assert_eq!(event(" "), [Fault::Empty]);
    assert_eq!(
        event("<think>hm</think> Flight AB77XY is late. [END]"),
        [Fault::Leak, Fault::EndMarker, Fault::InventedFact]
    );
}

#[test]
fn details_quote_what_is_wrong_and_stay_short() {
    let guard = Guard::new();
    let long = "I have updated your booking. ".repeat(500);
    let proposed = Proposed {
        message: &long,
        leaves: None,
        is_event: false,
    };
    let findings = inspect_as(&guard, &told("eng"), &proposed, &ASKED);
    assert_eq!(findings.len(), 1, "{findings:?}");
    assert!(
        findings[0].detail.starts_with("`i have updated your"),
        "{findings:?}"
    );
    assert!(findings[0].detail.len() < 1000);
}

#[test]
fn what_stands_behind_the_cut_is_not_read() {
    let guard = Guard::new();
    let said = ("la ".repeat(MAX_MESSAGE_BYTES / 3 + 1)) + "[END]";
    assert!(!faults(&guard, "eng", &said, &ASKED).contains(&Fault::EndMarker));
    // The oldest messages go first.
    let filler = "x".repeat(MAX_MESSAGE_BYTES);
    let mut turns = vec![(Role::Agent, "The code is ZZ99YY.")];
    turns.extend(vec![
        (Role::Agent, filler.as_str());
        MAX_KNOWN_BYTES / MAX_MESSAGE_BYTES
    ]);
    assert_eq!(
        faults(&guard, "eng", "It is ZZ99YY.", &turns),
        [Fault::InventedFact]
    );
    assert_eq!(faults(&guard, "eng", "It is ZZ99YY.", &turns[..2]), []);
}

/// Pieces that the patterns look for, in any order: what a hostile model would send.
fn hostile() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("\"".to_owned()),
        Just("„«“<think>".to_owned()),
        Just("### [END".to_owned()),
        Just("May 1".to_owned()),
        Just("31.12.".to_owned()),
        Just("$1,2.3'4".to_owned()),
        Just("99999999999999999999-1/2:3h".to_owned()),
        Just("Dr. É’A".to_owned()),
        Just("you said let me ".to_owned()),
        Just("\u{301}ß\u{200b}İ".to_owned()),
        ".{0,12}",
    ];
    proptest::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_makes_the_guard_fail(message in hostile(), said in hostile(), leaves in any::<bool>(), is_event in any::<bool>()) {
        static GUARD: std::sync::LazyLock<Guard> = std::sync::LazyLock::new(Guard::new);
        let proposed = Proposed {
            message: &message,
            leaves: leaves.then_some(UserOutcome::GaveUp),
            is_event,
        };
        let findings = inspect_as(&GUARD, &told("eng"), &proposed, &[(Role::User, &message), (Role::Agent, &said)]);
        prop_assert!(findings.is_sorted_by(|one, next| one.fault < next.fault), "{findings:?}");
    }
}
