//! What the integrity guard finds wrong with a simulated user's step.

use serde::{Deserialize, Serialize};

/// How a simulated user that a model plays can break its part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Fault {
    /// It speaks as the agent: offers help, looks things up, confirms what only the agent can.
    RoleInversion,
    /// It shows its reasoning, its brief, or that it is a model.
    Leak,
    /// It says nothing.
    Empty,
    /// It says again what it said before, or what the agent just said.
    Repetition,
    /// It opens the conversation a second time.
    SecondOpening,
    /// A mark that means "the conversation is over" stands in its message.
    EndMarker,
    /// It leaves while the agent waits for a confirmation or an answer.
    LeftUnanswered,
    /// It states a number, date, id or name that stands neither in its brief nor in the conversation.
    InventedFact,
    /// It speaks another language than its persona.
    WrongLanguage,
    /// A model that was asked to check found that it breaks its part in another way.
    OutOfCharacter,
}

impl Fault {
    /// Every fault.
    pub const ALL: [Self; 10] = [
        Self::RoleInversion,
        Self::Leak,
        Self::Empty,
        Self::Repetition,
        Self::SecondOpening,
        Self::EndMarker,
        Self::LeftUnanswered,
        Self::InventedFact,
        Self::WrongLanguage,
        Self::OutOfCharacter,
    ];

    /// The fault in one word, such as `role_inversion`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RoleInversion => "role_inversion",
            Self::Leak => "leak",
            Self::Empty => "empty",
            Self::Repetition => "repetition",
            Self::SecondOpening => "second_opening",
            Self::EndMarker => "end_marker",
            Self::LeftUnanswered => "left_unanswered",
            Self::InventedFact => "invented_fact",
            Self::WrongLanguage => "wrong_language",
            Self::OutOfCharacter => "out_of_character",
        }
    }
}

/// One step of the simulated user that the guard did not let through.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Violation {
    /// What is wrong.
    pub fault: Fault,
    /// What exactly, with the piece of text that shows it.
    pub detail: String,
    /// What the simulated user would have said. Hostile text: never interpreted.
    pub message: String,
}
