//! How recorded conversations end.

use model::Role;

use super::RecordedTurn;

/// What simulated users write to say that they leave.
const STOP: &str = "###STOP###";
/// What they write when they are handed to somebody else.
const TRANSFER: &str = "###TRANSFER###";
/// What they write when the conversation goes beyond what they were told.
const OUT_OF_SCOPE: &str = "###OUT-OF-SCOPE###";
/// What the names of tools begin with that hand the user to a human.
const TRANSFER_TOOL: &str = "transfer_to_human";

/// How a recorded conversation ended. Whether the user achieved its objective is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RecordedEnd {
    /// The user left.
    UserLeft {
        /// What it said on leaving, which the agent did not answer.
        farewell: Option<String>,
    },
    /// The user left because the conversation went beyond what it had been told.
    OutOfScope {
        /// What it said on leaving, which the agent did not answer.
        farewell: Option<String>,
    },
    /// The agent handed the user to somebody else.
    Transferred,
    /// The conversation breaks off where somebody was still to answer.
    CutShort,
    /// The agent spoke last, and nothing says whether the conversation was over.
    Unmarked,
}

/// Takes the user's leaving out of the last turn, and says how the conversation ended. `waits` means that the agent's last turn ends
/// with a tool call or its result, after which it said nothing.
pub(super) fn take(turns: &mut Vec<RecordedTurn>, waits: bool) -> RecordedEnd {
    let Some(last) = turns.last() else {
        return RecordedEnd::CutShort;
    };
    match last.role {
        Role::User | Role::Event => {
            let mark = [STOP, TRANSFER, OUT_OF_SCOPE]
                .into_iter()
                .find(|mark| last.text.contains(mark));
            let Some(mark) = mark else {
                return RecordedEnd::CutShort;
            };
            let farewell = last.text.replace(mark, "").trim().to_owned();
            turns.pop();
            if mark == TRANSFER {
                return RecordedEnd::Transferred;
            }
            let farewell = (!farewell.is_empty()).then_some(farewell);
            if mark == OUT_OF_SCOPE {
                RecordedEnd::OutOfScope { farewell }
            } else {
                RecordedEnd::UserLeft { farewell }
            }
        }
        Role::Agent if waits => {
            let call = last.tool_calls.last();
            if call.is_some_and(|call| call.name.starts_with(TRANSFER_TOOL)) {
                RecordedEnd::Transferred
            } else {
                RecordedEnd::CutShort
            }
        }
        Role::Agent => RecordedEnd::Unmarked,
    }
}
