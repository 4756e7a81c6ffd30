//! Interactions: what was said to the agent, and its reply.

use super::{Role, Turn};
use crate::{Digest, Oid, RunId};

/// The interaction that each turn is of, counted from 0. One ends with the agent's reply, so a greeting of the agent is one of its own, and
/// what was said to an agent that did not reply is the last.
pub fn interaction_indices(turns: &[Turn]) -> Vec<u32> {
    let mut interaction = 0_u32;
    let of = |turn: &Turn| {
        let index = interaction;
        if turn.role == Role::Agent {
            interaction = interaction.saturating_add(1);
        }
        index
    };
    turns.iter().map(of).collect()
}

/// The id that an interaction has on the wire; it follows from what it names. Within a conversation the ids are in the order of the
/// interactions.
pub fn interaction_id(run: RunId, n: u32, interaction: u32) -> Oid {
    let conversation = Digest::of_parts(&[b"interaction", run.0.as_bytes(), &n.to_be_bytes()]);
    let mut bytes = [0; 12];
    bytes[..8].copy_from_slice(&conversation.as_bytes()[..8]);
    bytes[8..].copy_from_slice(&interaction.to_be_bytes());
    Oid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Time;

    fn turns(roles: &[Role]) -> Vec<Turn> {
        let turn = |(index, role): (u32, &Role)| Turn {
            index,
            role: *role,
            text: String::new(),
            at: Time::default(),
            latency_ms: None,
            tool_calls: Vec::new(),
            usage: None,
            completed: false,
            calls: 0,
            repeated: false,
            note: None,
            violations: Vec::new(),
            session: None,
        };
        (0..).zip(roles).map(turn).collect()
    }

    #[test]
    fn an_interaction_ends_with_the_reply() {
        use Role::{Agent, Event, User};
        assert_eq!(interaction_indices(&turns(&[Agent, User, Agent])), [0, 1, 1]);
        assert_eq!(
            interaction_indices(&turns(&[Event, Agent, User, Agent, User])),
            [0, 0, 1, 1, 2]
        );
        assert!(interaction_indices(&[]).is_empty());
    }

    #[test]
    fn ids_are_in_order_and_of_one_conversation() {
        let run = RunId(Oid::derived(&[b"run"]));
        assert!(interaction_id(run, 0, 255) < interaction_id(run, 0, 256));
        assert_ne!(interaction_id(run, 0, 0), interaction_id(run, 1, 0));
        assert_eq!(interaction_id(run, 7, 1), interaction_id(run, 7, 1));
    }
}
