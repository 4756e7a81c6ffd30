//! Which messages a judge looks at.

use model::{Role, Scope, Turn};

use super::Judgement;

/// The messages in scope, in order.
pub(super) fn messages(scope: Scope, turns: &[Turn]) -> Vec<&Turn> {
    let agent = || turns.iter().filter(|turn| turn.role == Role::Agent);
    match scope {
        Scope::Agent => agent().collect(),
        Scope::LastAgent => agent().next_back().into_iter().collect(),
        Scope::FirstAgent => agent().next().into_iter().collect(),
        Scope::User => turns.iter().filter(|turn| turn.role == Role::User).collect(),
        Scope::All => turns.iter().collect(),
    }
}

/// The judgement on a conversation without any message in scope.
pub(super) fn nothing_said(scope: Scope) -> Judgement {
    let who = match scope {
        Scope::Agent | Scope::LastAgent | Scope::FirstAgent => "the agent said nothing",
        Scope::User => "the simulated user said nothing",
        Scope::All => "nothing was said",
    };
    Judgement {
        value: None,
        justification: format!("Does not apply: {who}."),
        references: Vec::new(),
    }
}

/// `agent message` and the like, for justifications.
pub(super) const fn noun(scope: Scope) -> &'static str {
    match scope {
        Scope::Agent => "agent message",
        Scope::LastAgent => "last agent message",
        Scope::FirstAgent => "first agent message",
        Scope::User => "message of the simulated user",
        Scope::All => "message",
    }
}

/// The indices of turns.
pub(super) fn indices<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Vec<u32> {
    turns.into_iter().map(|turn| turn.index).collect()
}
