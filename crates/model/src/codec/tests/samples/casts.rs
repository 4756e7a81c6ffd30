//! Samples of what came with language models: who takes part, what they consume, what the guard finds and what judges say.

use super::{
    Sample, metric, name, oid, plan, result, scenario, text, turn,
    variants::{concluded, event, metric_version, record, scenario_version, variants},
};
use crate::*;

fn usage() -> Usage {
    Usage {
        input_tokens: 300,
        output_tokens: 40,
        cost_micros: 69,
        estimated: true,
    }
}

fn violation(fault: Fault) -> Violation {
    Violation {
        fault,
        detail: "offers help: `How can I help you?`".to_owned(),
        message: "How can I help you?".to_owned(),
    }
}

/// An attempt that the simulated user broke.
pub(super) fn user_broke() -> TurnRecord {
    TurnRecord::UserBroke {
        cause: "it speaks as the agent".to_owned(),
        violations: vec![violation(Fault::RoleInversion)],
        usage: Some(usage()),
        at: Time::from_micros(7),
    }
}

fn started(what: &str, cast: Cast) -> Sample {
    let mut plan = plan();
    plan.options.cast = cast;
    plan.options.budget.max_cost_micros = Some(5_000_000);
    let started = RunStarted {
        set_id: UnitTestSetId(oid(8)),
        set_name: name("Set"),
        plan,
        manifest: Digest::of(b"manifest"),
    };
    event(what, Event::RunStarted(started))
}

fn guarded(what: &str, guard: Guarding) -> Sample {
    let cast = Cast {
        simulator: Some(name("player")),
        judge: Some(name("judge")),
        guard,
        max_reruns: 2,
        recorded: true,
    };
    started(what, cast)
}

fn judged(what: &str, judge: ModelJudge) -> Sample {
    metric_version(what, metric(Judge::Model(judge)))
}

fn combined(what: &str, combine: Combine) -> Sample {
    let judge = ModelJudge {
        models: vec![name("one"), name("two")],
        samples: 3,
        combine,
        confirm_on_fail: true,
        quote: true,
    };
    judged(what, judge)
}

fn faulty(what: &str, fault: Fault) -> Sample {
    let turn = Turn {
        role: Role::User,
        note: Some("asks for the price".to_owned()),
        violations: vec![violation(fault)],
        session: Some("{\"thread\":7}".to_owned()),
        usage: Some(usage()),
        ..turn()
    };
    record(what, TurnRecord::Said(turn))
}

fn whole_result() -> ConversationResult {
    let mut result = result();
    result.evaluations[0].usage = Some(usage());
    result.evaluations[0].votes = vec![Vote {
        model: name("one"),
        value: Some(MetricValue::Boolean(true)),
        justification: "Said so".to_owned(),
        error: Some("late".to_owned()),
    }];
    result.simulator_usage = usage();
    result.judge_usage = usage();
    result.milestones = vec![MilestoneOutcome {
        name: name("verified"),
        reached_at: Some(3),
        justification: "Asked for the number".to_owned(),
        error: None,
    }];
    result.broken = vec![BrokenAttempt {
        attempt: 1,
        cause: "it speaks as the agent".to_owned(),
        violations: vec![violation(Fault::Leak)],
        n_turns: 4,
    }];
    result
}

/// All of them.
pub(super) fn casts() -> Vec<Sample> {
    let milestone = Milestone {
        name: name("verified"),
        description: Some(text("The agent asked for the number")),
        judge: Judge::Cel {
            expression: text("true"),
        },
    };
    let content = ScenarioContent {
        milestones: vec![milestone],
        ..scenario()
    };
    let left = TurnRecord::UserLeft {
        outcome: UserOutcome::Achieved,
        reason: None,
        farewell: Some("Bye".to_owned()),
        usage: Some(usage()),
        violations: vec![violation(Fault::EndMarker)],
        at: Time::from_micros(8),
    };
    let mut samples = vec![
        scenario_version("milestones", content),
        record("farewell", left),
        concluded("whole", whole_result()),
    ];
    samples.extend(variants! { Guarding, guarded;
        "guard.rules": Guarding::Rules => Guarding::Rules,
        "guard.rules_and_model": Guarding::RulesAndModel(_) => Guarding::RulesAndModel(name("watch")),
        "guard.off": Guarding::Off => Guarding::Off,
    });
    samples.extend(variants! { Combine, combined;
        "combine.majority": Combine::Majority => Combine::Majority,
        "combine.median": Combine::Median => Combine::Median,
    });
    samples.extend(variants! { Fault, faulty;
        "fault.role_inversion": Fault::RoleInversion => Fault::RoleInversion,
        "fault.leak": Fault::Leak => Fault::Leak,
        "fault.empty": Fault::Empty => Fault::Empty,
        "fault.repetition": Fault::Repetition => Fault::Repetition,
        "fault.second_opening": Fault::SecondOpening => Fault::SecondOpening,
        "fault.end_marker": Fault::EndMarker => Fault::EndMarker,
        "fault.left_unanswered": Fault::LeftUnanswered => Fault::LeftUnanswered,
        "fault.invented_fact": Fault::InventedFact => Fault::InventedFact,
        "fault.wrong_language": Fault::WrongLanguage => Fault::WrongLanguage,
        "fault.out_of_character": Fault::OutOfCharacter => Fault::OutOfCharacter,
    });
    samples
}
