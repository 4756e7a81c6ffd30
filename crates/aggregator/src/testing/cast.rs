//! What language models did in a sample conversation.

use model::{
    BrokenAttempt, ConversationResult, Fault, MetricValue, MilestoneOutcome, Role, Usage, Verdict, Violation,
    Vote,
};

use super::{SECRET, name};

/// What one side of a sample conversation consumed.
const fn usage(tokens: u64, cost_micros: u64, estimated: bool) -> Usage {
    Usage {
        input_tokens: tokens,
        output_tokens: tokens / 10,
        cost_micros,
        estimated,
    }
}

/// Lets language models play the user and judge, with everything that can come of it: notes, findings of the guard, an attempt that was
/// thrown away (two if the verdict is invalid), milestones, votes and costs. Each of their texts holds [`SECRET`].
pub(crate) fn play(result: &mut ConversationResult) {
    let stopped = Violation {
        fault: Fault::RoleInversion,
        detail: format!("“How can I help you today” is what the agent says ({SECRET})"),
        message: format!("Thank you for calling the clinic, {SECRET}. How can I help you today?"),
    };
    for turn in result.turns.iter_mut().filter(|turn| turn.role == Role::User) {
        turn.note = Some(format!(
            "Maria asks for what she wants, and knows that {SECRET} is hers."
        ));
        if turn.index == 0 {
            turn.violations = vec![stopped.clone()];
        }
    }
    let attempts = if result.verdict == Verdict::Invalid { 2 } else { 1 };
    result.broken = (1..=attempts)
        .map(|attempt| BrokenAttempt {
            attempt,
            cause: format!("the simulated user broke its part twice in a row, with {SECRET}"),
            violations: vec![stopped.clone(), stopped.clone()],
            n_turns: 4,
        })
        .collect();
    result.attempts = 2;
    result.simulator_usage = usage(2_000, 1_500, true);
    if result.evaluations.is_empty() {
        return;
    }
    result.judge_usage = usage(4_000, 20_000, false);
    let milestone = |milestone: &str, reached_at: Option<u32>, justification: &str, error: Option<&str>| {
        MilestoneOutcome {
            name: name(milestone),
            reached_at,
            justification: format!("{justification} ({SECRET})"),
            error: error.map(|error| format!("{error} ({SECRET})")),
        }
    };
    result.milestones = vec![
        milestone(
            "says what it wants",
            Some(0),
            "The first message asks for an appointment.",
            None,
        ),
        milestone("is offered a day", Some(3), "Two days are offered.", None),
        milestone("has it in writing", None, "Nothing was written.", None),
        milestone(
            "is asked for feedback",
            None,
            "",
            Some("the judge answered with prose"),
        ),
    ];
    let polite = &mut result.evaluations[1];
    let value = polite.value.clone();
    let vote = |judge: &str, value, justification: &str, error: Option<&str>| Vote {
        model: name(judge),
        value,
        justification: format!("{justification} ({SECRET})"),
        error: error.map(|error| format!("{error} ({SECRET})")),
    };
    polite.votes = vec![
        vote("large", value.clone(), "It asked again, but nicely.", None),
        vote("small", value, "Friendly throughout.", None),
        vote(
            "small",
            Some(MetricValue::Numerical(0.1)),
            "It did not listen.",
            None,
        ),
        vote("tiny", None, "", Some("no JSON, 3 times")),
    ];
    polite.usage = Some(usage(4_000, 20_000, false));
}
