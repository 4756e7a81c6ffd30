//! The lines of a transcript that tell what language models did.

use api::conversation::{
    BrokenAttemptView, Conversation, EvaluationView, FaultWord, MilestoneView, TurnView, UsageView,
    ViolationView, VoteView,
};
use model::Oid;

use crate::{
    output::{Output, excerpt, printable},
    run_view::{cost, shown},
};

/// How much of a message that the guard stopped is shown, in characters.
const MAX_STOPPED_CHARS: usize = 300;
/// How much of a note, a justification or a cause is shown, in characters.
const MAX_WORDS_CHARS: usize = 500;

/// What the guard stopped before a turn.
pub(super) fn stopped(turn: &TurnView, output: Output) -> Vec<String> {
    violations(&turn.violations, "         ", output)
}

/// Why the simulated user says what it says.
pub(super) fn note(turn: &TurnView, output: Output) -> Option<String> {
    let note = excerpt(turn.note.as_deref()?, MAX_WORDS_CHARS);
    Some(format!("         {}", output.faint(&format!("why: {note}"))))
}

/// The attempts that the simulated user broke, a line each, and what the guard stopped in them. `is_invalid`: the last of them is the one
/// that is shown.
pub(super) fn broken(conversation: &Conversation, output: Output) -> Vec<String> {
    let is_invalid = conversation.verdict.0 == model::Verdict::Invalid;
    let last = conversation.broken.len().saturating_sub(1);
    let mut lines = Vec::new();
    for (position, attempt) in conversation.broken.iter().enumerate() {
        lines.push(attempt_line(attempt, is_invalid && position == last));
        lines.extend(violations(&attempt.violations, "    ", output));
    }
    lines
}

fn attempt_line(attempt: &BrokenAttemptView, is_shown: bool) -> String {
    let fate = if is_shown {
        "broke and was the last"
    } else {
        "was thrown away"
    };
    let messages = if attempt.n_turns == 1 {
        "message"
    } else {
        "messages"
    };
    format!(
        "attempt {} {fate}, after {} {messages}: {}",
        attempt.attempt,
        attempt.n_turns,
        excerpt(&attempt.cause, MAX_WORDS_CHARS)
    )
}

fn violations(violations: &[ViolationView], indent: &str, output: Output) -> Vec<String> {
    let mut lines = Vec::new();
    for violation in violations {
        let mut line = format!("guard stopped: it {}", fault(violation.fault));
        if !violation.detail.is_empty() {
            line.extend([": ", &excerpt(&violation.detail, MAX_WORDS_CHARS)]);
        }
        lines.push(format!("{indent}{}", output.faint(&line)));
        if !violation.message.is_empty() {
            let message = excerpt(&violation.message, MAX_STOPPED_CHARS);
            lines.push(format!("{indent}  {}", output.faint(&format!("\"{message}\""))));
        }
    }
    lines
}

/// How a simulated user broke its part.
const fn fault(fault: FaultWord) -> &'static str {
    match fault {
        FaultWord::RoleInversion => "speaks as the agent",
        FaultWord::Leak => "shows its reasoning or its brief",
        FaultWord::Empty => "says nothing",
        FaultWord::Repetition => "repeats what was said",
        FaultWord::SecondOpening => "opens the conversation again",
        FaultWord::EndMarker => "says a mark that means the end",
        FaultWord::LeftUnanswered => "leaves while the agent waits for an answer",
        FaultWord::InventedFact => "states a fact that it cannot know",
        FaultWord::WrongLanguage => "speaks another language",
        FaultWord::OutOfCharacter => "falls out of character",
    }
}

/// The milestones and how many of them were reached; nothing if there are none.
pub(super) fn milestones(conversation: &Conversation) -> Vec<String> {
    let milestones = &conversation.milestones;
    if milestones.is_empty() {
        return Vec::new();
    }
    let judged = milestones.iter().filter(|milestone| milestone.error.is_none());
    let (reached, of) = judged.fold((0, 0), |(reached, of), milestone| {
        (reached + u32::from(milestone.reached_at.is_some()), of + 1)
    });
    let mut lines = vec![format!("milestones: {reached} of {of} reached")];
    for milestone in milestones {
        lines.extend(milestone_lines(milestone, &conversation.turns));
    }
    lines.push(String::new());
    lines
}

fn milestone_lines(milestone: &MilestoneView, turns: &[TurnView]) -> Vec<String> {
    let sign = match (&milestone.error, &milestone.reached_at) {
        (Some(_error), _) => '?',
        (None, Some(_message)) => '+',
        (None, None) => '-',
    };
    let index_of = |id: &Oid| turns.iter().find(|turn| turn.message_id == *id);
    let at = milestone
        .reached_at
        .as_ref()
        .and_then(index_of)
        .map_or_else(String::new, |turn| format!(" (message {})", turn.index));
    let mut lines = vec![format!("{sign} {}{at}", printable(milestone.name.as_str()))];
    let reason = milestone.error.as_ref().unwrap_or(&milestone.justification);
    lines.extend(reason.lines().map(|line| format!("    {}", printable(line))));
    lines
}

/// What each of several judges said.
pub(super) fn votes(evaluation: &EvaluationView, output: Output) -> Vec<String> {
    let line = |vote: &VoteView| {
        let said = match &vote.error {
            Some(error) => format!("could not judge: {}", excerpt(error, MAX_WORDS_CHARS)),
            None => format!(
                "{} {}",
                shown(&vote.value),
                excerpt(&vote.justification, MAX_WORDS_CHARS)
            ),
        };
        let line = format!("{}: {}", printable(vote.model.as_str()), said.trim_end());
        format!("    {}", output.faint(&line))
    };
    evaluation.votes.iter().map(line).collect()
}

/// What was consumed, in one line per side; nothing where nothing is known.
pub(super) fn consumed(conversation: &Conversation) -> Vec<String> {
    let line = |(who, usage): (&str, &UsageView)| {
        let UsageView {
            input_tokens,
            output_tokens,
            ..
        } = usage;
        (*input_tokens > 0 || *output_tokens > 0).then(|| {
            let cost = cost(usage).map_or_else(String::new, |cost| format!(", {cost}"));
            format!("{who}: {input_tokens} tokens read, {output_tokens} written{cost}")
        })
    };
    [
        ("agent", &conversation.usage),
        ("simulated user", &conversation.simulator_usage),
        ("judges", &conversation.judge_usage),
    ]
    .into_iter()
    .filter_map(line)
    .collect()
}

#[cfg(test)]
mod tests;
