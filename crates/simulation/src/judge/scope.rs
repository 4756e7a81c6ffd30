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

/// Where was looked in vain, and what stands there if that is one message.
pub(super) fn searched(scope: Scope, messages: &[&Turn]) -> String {
    let one = |which: &str| match messages {
        [turn, ..] => format!(
            "the agent's {which} message (turn {}, “{}”)",
            turn.index,
            crate::excerpt::excerpt(&turn.text, 200)
        ),
        [] => format!("the agent's {which} message"),
    };
    match scope {
        Scope::Agent => "any message of the agent".to_owned(),
        Scope::LastAgent => one("last"),
        Scope::FirstAgent => one("first"),
        Scope::User => "any message of the simulated user".to_owned(),
        Scope::All => "any message".to_owned(),
    }
}

/// What a search that found nothing refers to: the message, if it looked at one.
pub(super) fn searched_turns(scope: Scope, messages: &[&Turn]) -> Vec<u32> {
    match scope {
        Scope::LastAgent | Scope::FirstAgent => indices(messages.iter().copied()),
        Scope::Agent | Scope::User | Scope::All => Vec::new(),
    }
}

/// The indices of turns.
pub(super) fn indices<'a>(turns: impl IntoIterator<Item = &'a Turn>) -> Vec<u32> {
    turns.into_iter().map(|turn| turn.index).collect()
}
