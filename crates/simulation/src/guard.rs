//! The integrity guard: whether a simulated user that a model plays keeps to its part, as far as that can be seen without asking a model.
//!
//! The guard sees each step before it is let through. It is pure: no input and output, no clock, no chance. What it reads is hostile, so every
//! text is cut at a stated size and every pattern takes linear time. It prefers silence to a false alarm: a step that breaks its part in plain
//! ways is found, one that breaks it in subtle ways is for a model to find.
//!
//! One module finds one fault. What people say in which language is data, in `phrases`.

mod copied;
mod empty;
mod invented;
mod known;
mod language;
mod leak;
mod marker;
mod opening;
mod patterns;
mod phrases;
mod repetition;
mod role;
mod text;
mod unanswered;

use model::{Fault, Role, Turn, UserOutcome};

use crate::Briefing;

/// The longest message that is read, in bytes; what stands behind it is not looked at.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// How much of what the simulated user was told is read, in bytes, and how much of the conversation: its end, cut at whole messages.
pub const MAX_KNOWN_BYTES: usize = 256 * 1024;

/// What the simulated user would do.
#[derive(Clone, Copy, Debug)]
pub struct Proposed<'a> {
    /// What it would say.
    pub message: &'a str,
    /// With which outcome it would leave, in the same step; none: it stays.
    pub leaves: Option<UserOutcome>,
    /// The message describes something that happens rather than words of the user.
    pub is_event: bool,
}

/// What the guard knows: everything that the simulated user was told, and the conversation.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The persona, the scenario and the circumstances.
    pub brief: &'a Briefing,
    /// The brief as it was put to the model.
    pub brief_text: &'a str,
    /// What was said so far.
    pub turns: &'a [Turn],
}

/// One thing that is wrong with a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub fault: Fault,
    /// What exactly, with the piece of text that shows it; a sentence to the simulated user, for its correction.
    pub detail: String,
}

/// The guard: its patterns, compiled. Make one and share it.
#[derive(Debug)]
pub struct Guard {
    role: role::Roles,
    leak: leak::Leaks,
    marker: marker::Markers,
    opening: opening::Openings,
    repetition: repetition::Repetitions,
    unanswered: unanswered::Questions,
    invented: invented::Facts,
    language: language::Languages,
}

/// A step, prepared for reading.
#[derive(Debug)]
struct Step<'a> {
    /// The message as it is, cut.
    raw: &'a str,
    /// The message, folded.
    folded: String,
    /// The message without what it quotes, folded.
    spoken: String,
    /// Its words.
    words: Vec<String>,
    leaves: Option<UserOutcome>,
}

/// The conversation, prepared for reading.
#[derive(Debug)]
struct Past<'a> {
    turns: Vec<PastTurn<'a>>,
}

/// One message of the conversation.
#[derive(Debug)]
struct PastTurn<'a> {
    role: Role,
    raw: &'a str,
    words: Vec<String>,
}

impl<'a> Past<'a> {
    fn of(turns: &'a [Turn]) -> Self {
        let mut left = MAX_KNOWN_BYTES;
        let mut kept: Vec<PastTurn<'a>> = turns
            .iter()
            .rev()
            .map(|turn| (turn.role, text::cut(&turn.text, MAX_MESSAGE_BYTES)))
            .take_while(|(_role, raw)| {
                let fits = raw.len() <= left;
                left = left.saturating_sub(raw.len());
                fits
            })
            .map(|(role, raw)| PastTurn {
                role,
                raw,
                words: text::words(raw),
            })
            .collect();
        kept.reverse();
        Self { turns: kept }
    }

    /// The agent's message that the step answers; none if the agent did not speak last.
    fn asked(&self) -> Option<&PastTurn<'a>> {
        self.turns.last().filter(|turn| turn.role == Role::Agent)
    }

    /// What the user said, in order, with the agent's message before and after each.
    fn said(&self) -> impl DoubleEndedIterator<Item = (usize, &PastTurn<'a>)> {
        self.turns
            .iter()
            .enumerate()
            .filter(|(_n, turn)| turn.role == Role::User)
    }
}

impl Default for Guard {
    fn default() -> Self {
        Self::new()
    }
}

impl Guard {
    /// Compiles the patterns.
    pub fn new() -> Self {
        Self {
            role: role::Roles::new(),
            leak: leak::Leaks::new(),
            marker: marker::Markers::new(),
            opening: opening::Openings::new(),
            repetition: repetition::Repetitions::new(),
            unanswered: unanswered::Questions::new(),
            invented: invented::Facts::new(),
            language: language::Languages::new(),
        }
    }

    /// Everything that is wrong with a step, at most one finding for each fault, in the order of [`Fault`]. A step that has findings is not
    /// to be let through.
    pub fn inspect(&self, proposed: &Proposed<'_>, known: &Known<'_>) -> Vec<Finding> {
        let raw = text::cut(proposed.message, MAX_MESSAGE_BYTES);
        let step = Step {
            raw,
            folded: text::fold(raw),
            spoken: text::fold(&text::unquoted(raw)),
            words: text::words(raw),
            leaves: proposed.leaves,
        };
        let past = Past::of(known.turns);
        let mut found = Vec::new();
        let mut note = |fault, detail: Option<String>| {
            found.extend(detail.map(|detail| Finding { fault, detail }));
        };
        note(Fault::Leak, self.leak.find(&step, known));
        note(Fault::Empty, empty::find(&step));
        note(Fault::EndMarker, self.marker.find(&step));
        note(Fault::InventedFact, self.invented.find(&step, known, &past));
        if !proposed.is_event {
            note(Fault::RoleInversion, self.role.find(&step));
            let opened = self.opening.find(&step, &past);
            // A second opening repeats the first by nature: it is reported once.
            if opened.is_none() {
                note(Fault::Repetition, self.repetition.find(&step, &past));
            }
            note(Fault::SecondOpening, opened);
            note(Fault::LeftUnanswered, self.unanswered.find(&step, &past));
            note(Fault::WrongLanguage, self.language.find(&step, known));
        }
        found.sort_by_key(|finding| finding.fault);
        found
    }
}

#[cfg(test)]
mod tests;
