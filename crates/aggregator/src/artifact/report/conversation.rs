//! One conversation on the page: what was made of it, and its transcript.

use std::collections::BTreeSet;

use model::{ConversationResult, CriterionOutcome, Role, Turn};
use serde::Serialize;

use super::{
    Place, Sealed,
    cast::{self, BrokenView, Milestones, Violations, Votes},
    words::{self, Mark},
};
use crate::{
    artifact::{
        conversations::detail,
        misses::{misses, value_text},
        printable::{cut, printable},
    },
    fold::evaluation_of,
};

/// The most characters of one message.
const MESSAGE_CHARS: usize = 4_000;
/// The most characters of a tool call's arguments or result.
const TOOL_CHARS: usize = 1_500;
/// The most characters of a justification, cause or note.
pub(super) const NOTE_CHARS: usize = 2_000;
/// The most characters of a tool's name.
const TOOL_NAME_CHARS: usize = 200;
/// The most turns of a conversation, tool calls of a turn, and turns that one criterion refers to.
const TURNS: usize = 250;
const TOOL_CALLS: usize = 50;
const REFERENCES: usize = 50;

/// A text that may have been cut.
#[derive(Debug, Serialize)]
pub(super) struct Passage {
    text: String,
    /// How many more characters there are.
    left_out: usize,
}

/// One conversation.
#[derive(Debug, Serialize)]
pub(super) struct ConversationView {
    anchor: String,
    n: u32,
    test: String,
    run_index: u32,
    mark: Mark,
    /// The first thing that went wrong, on one line; empty if nothing did.
    reason: String,
    end: &'static str,
    detail: Option<Passage>,
    error: Option<Passage>,
    started_at: String,
    duration: String,
    interactions: usize,
    /// That it had to start again, or changed workers; empty if neither.
    resumed: String,
    /// What was consumed; empty if that is not known.
    consumed: String,
    broken: Vec<BrokenView>,
    broken_left_out: usize,
    milestones: Option<Milestones>,
    criteria: Vec<CriterionView>,
    turns: Vec<TurnView>,
    turns_left_out: usize,
}

#[derive(Debug, Serialize)]
struct CriterionView {
    name: String,
    metric: String,
    version: u32,
    condition: String,
    value: String,
    mark: Mark,
    /// The value is as expected, but the cap on interactions was reached.
    capped: bool,
    justification: Passage,
    error: Option<Passage>,
    references: Vec<Reference>,
    votes: Option<Votes>,
}

/// A turn that a judge referred to.
#[derive(Debug, Serialize)]
pub(super) struct Reference {
    index: u32,
    /// Empty if the turn is not on the page.
    target: String,
}

#[derive(Debug, Serialize)]
struct TurnView {
    anchor: String,
    index: u32,
    role: &'static str,
    speaker: &'static str,
    message: Passage,
    latency: String,
    /// Retries and possible repetitions; empty if there were none.
    note: String,
    /// Why the simulated user says it.
    why: Option<Passage>,
    violations: Option<Violations>,
    completed: bool,
    referenced: bool,
    tool_calls: Vec<ToolCallView>,
    tool_calls_left_out: usize,
}

#[derive(Debug, Serialize)]
struct ToolCallView {
    name: String,
    arguments: Passage,
    result: Option<Passage>,
}

impl Passage {
    pub(super) fn new(text: &str, limit: usize) -> Self {
        let (kept, left_out) = cut(text, limit);
        Self {
            text: printable(kept).into_owned(),
            left_out,
        }
    }

    pub(super) const fn n_bytes(&self) -> usize {
        self.text.len()
    }
}

impl ConversationView {
    pub(super) fn new(sealed: &Sealed, place: Place<'_>, result: &ConversationResult) -> Self {
        let mut referenced = BTreeSet::new();
        for outcome in &result.criteria {
            if let Some(evaluation) = evaluation_of(result, outcome.evaluation_idx) {
                referenced.extend(&evaluation.references);
            }
        }
        let shown = &result.turns[..result.turns.len().min(TURNS)];
        let turns: Vec<_> = shown
            .iter()
            .map(|turn| TurnView::new(result.n, turn, &referenced))
            .collect();
        let mut criteria: Vec<_> = result
            .criteria
            .iter()
            .filter_map(|outcome| CriterionView::new(sealed, result, shown, outcome))
            .collect();
        // What was missed comes first; otherwise the plan's order.
        criteria.sort_by_key(|criterion| criterion.mark.word == Mark::of(Some(model::Verdict::Passed)).word);
        let (broken, broken_left_out) = BrokenView::all(result);
        Self {
            anchor: anchor(result.n),
            n: result.n,
            test: place.test.name.to_string(),
            run_index: place.run_index,
            mark: Mark::of(Some(result.verdict)),
            reason: reason(sealed, result),
            end: words::end(&result.end),
            detail: detail(&result.end)
                .filter(|detail| result.error.as_deref() != Some(detail))
                .map(|detail| Passage::new(detail, NOTE_CHARS)),
            error: result
                .error
                .as_deref()
                .map(|error| Passage::new(error, NOTE_CHARS)),
            started_at: result.started_at.to_string(),
            duration: words::duration(result.finished_at.millis_since(result.started_at)),
            interactions: result
                .turns
                .iter()
                .filter(|turn| turn.role == Role::Agent)
                .count(),
            resumed: resumed(result),
            consumed: cast::consumed(result),
            broken,
            broken_left_out,
            milestones: Milestones::new(result, |index| Reference::new(result.n, shown, index)),
            criteria,
            turns_left_out: result.turns.len() - turns.len(),
            turns,
        }
    }

    /// How many bytes of text it shows.
    pub(super) fn n_bytes(&self) -> usize {
        let passage = |passage: &Option<Passage>| passage.as_ref().map_or(0, Passage::n_bytes);
        let broken = self.broken.iter().map(BrokenView::n_bytes);
        let milestones = self.milestones.as_ref().map_or(0, Milestones::n_bytes);
        let criteria = self.criteria.iter().map(|criterion| {
            let votes = criterion.votes.as_ref().map_or(0, Votes::n_bytes);
            criterion.justification.n_bytes() + passage(&criterion.error) + votes
        });
        let turns = self.turns.iter().map(|turn| {
            let tools = turn
                .tool_calls
                .iter()
                .map(|call| call.arguments.n_bytes() + passage(&call.result));
            let violations = turn.violations.as_ref().map_or(0, Violations::n_bytes);
            turn.message.n_bytes() + tools.sum::<usize>() + passage(&turn.why) + violations
        });
        let end = passage(&self.error) + passage(&self.detail);
        criteria.sum::<usize>() + turns.sum::<usize>() + broken.sum::<usize>() + milestones + end
    }
}

/// The anchor of conversation `n`.
pub(super) fn anchor(n: u32) -> String {
    format!("c{n}")
}

fn turn_anchor(n: u32, index: u32) -> String {
    format!("c{n}m{index}")
}

fn reason(sealed: &Sealed, result: &ConversationResult) -> String {
    const REASON_CHARS: usize = 160;
    let first_miss = misses(sealed, result)
        .into_iter()
        .next()
        .map(|miss| miss.headline);
    let reason = result.error.clone().or(first_miss).unwrap_or_default();
    let (kept, left_out) = cut(&reason, REASON_CHARS);
    let kept = printable(kept).replace('\n', " ");
    if left_out == 0 { kept } else { format!("{kept}…") }
}

fn resumed(result: &ConversationResult) -> String {
    let mut notes = Vec::new();
    if result.attempts > 1 {
        notes.push(format!("started again: attempt {}", result.attempts));
    }
    if result.claims > 1 {
        notes.push(format!(
            "taken over {}×, because a worker was lost",
            result.claims - 1
        ));
    }
    notes.join(" · ")
}

impl Reference {
    /// Refers to the turn at `index`, which is on the page if it is among `shown`.
    fn new(n: u32, shown: &[Turn], index: u32) -> Self {
        let target = if shown.iter().any(|turn| turn.index == index) {
            turn_anchor(n, index)
        } else {
            String::new()
        };
        Self { index, target }
    }
}

impl CriterionView {
    fn new(
        sealed: &Sealed,
        result: &ConversationResult,
        shown: &[Turn],
        outcome: &CriterionOutcome,
    ) -> Option<Self> {
        let evaluation = evaluation_of(result, outcome.evaluation_idx)?;
        let verdict = if outcome.passed {
            model::Verdict::Passed
        } else {
            model::Verdict::Failed
        };
        let references = evaluation
            .references
            .iter()
            .take(REFERENCES)
            .map(|index| Reference::new(result.n, shown, *index));
        Some(Self {
            name: outcome.name.to_string(),
            metric: sealed.metric_name(evaluation.metric_id, evaluation.metric_version),
            version: evaluation.metric_version,
            condition: outcome.criterion.to_string(),
            value: printable(&value_text(evaluation.value.as_ref())).into_owned(),
            mark: Mark::of(Some(verdict)),
            capped: !outcome.passed && outcome.criterion.passes(evaluation.value.as_ref()),
            justification: Passage::new(&evaluation.justification, NOTE_CHARS),
            error: evaluation
                .error
                .as_deref()
                .map(|error| Passage::new(error, NOTE_CHARS)),
            references: references.collect(),
            votes: Votes::new(sealed, evaluation),
        })
    }
}

impl TurnView {
    fn new(n: u32, turn: &Turn, referenced: &BTreeSet<u32>) -> Self {
        let (role, speaker) = match turn.role {
            Role::User => ("user", "Simulated user"),
            Role::Event => ("event", "Event"),
            Role::Agent => ("agent", "Agent"),
        };
        let mut notes = Vec::new();
        if turn.calls > 1 {
            notes.push(format!("{} calls", turn.calls));
        }
        if turn.repeated {
            notes.push("the agent may have seen this call twice".to_owned());
        }
        let tool_calls = turn.tool_calls.iter().take(TOOL_CALLS).map(|call| ToolCallView {
            name: printable(cut(&call.name, TOOL_NAME_CHARS).0).into_owned(),
            arguments: Passage::new(call.arguments.as_str(), TOOL_CHARS),
            result: call
                .result
                .as_ref()
                .map(|result| Passage::new(result.as_str(), TOOL_CHARS)),
        });
        Self {
            anchor: turn_anchor(n, turn.index),
            index: turn.index,
            role,
            speaker,
            message: Passage::new(&turn.text, MESSAGE_CHARS),
            latency: turn.latency_ms.map(words::duration).unwrap_or_default(),
            note: notes.join(" · "),
            why: turn.note.as_deref().map(|note| Passage::new(note, NOTE_CHARS)),
            violations: Violations::before_turn(&turn.violations),
            completed: turn.completed,
            referenced: referenced.contains(&turn.index),
            tool_calls: tool_calls.collect(),
            tool_calls_left_out: turn.tool_calls.len().saturating_sub(TOOL_CALLS),
        }
    }
}
