//! W3C Trace Context: what lets an agent's own traces be found from a conversation, and the other way round.
//!
//! Nothing is recorded here. The ids follow from the conversation and the turn alone, so every try of a turn, by whichever worker,
//! carries the same.

use model::Digest;

use crate::Briefing;

/// The header's name.
pub(super) const TRACEPARENT: &str = "traceparent";

/// The trace of one conversation.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    id: [u8; 16],
    session_id: String,
}

impl Trace {
    /// One trace per conversation of a run, whatever its attempt.
    pub(super) fn of(briefing: &Briefing) -> Self {
        let key = &briefing.key;
        let parts: [&[u8]; 4] = [
            b"trace",
            key.org.as_str().as_bytes(),
            key.run.0.as_bytes(),
            &key.n.to_be_bytes(),
        ];
        Self {
            id: id(&parts),
            session_id: briefing.session_id.clone(),
        }
    }

    /// The value of [`TRACEPARENT`] for a turn; each turn of each attempt is a span of its own.
    pub(super) fn parent(&self, turn_index: u32) -> String {
        let span: [u8; 8] = id(&[b"span", self.session_id.as_bytes(), &turn_index.to_be_bytes()]);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        format!("00-{}-{}-01", hex(&self.id), hex(&span))
    }
}

/// An id that is never all zeros, which the specification forbids.
fn id<const N: usize>(parts: &[&[u8]]) -> [u8; N] {
    let digest = Digest::of_parts(parts);
    let mut id = [0; N];
    for (to, from) in id.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    if let Some(last) = id.last_mut() {
        *last |= 1;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_support::briefing;

    #[test]
    fn a_conversation_is_a_trace_and_a_turn_a_span() {
        let first = briefing();
        let mut again = briefing();
        again.session_id = "of the second attempt".to_owned();
        let parent = Trace::of(&first).parent(3);
        let parts: Vec<&str> = parent.split('-').collect();
        let lengths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
        assert_eq!(
            (lengths.as_slice(), parts[0], parts[3]),
            ([2, 32, 16, 2].as_slice(), "00", "01")
        );
        assert_eq!(parent, Trace::of(&first).parent(3), "it follows from its parts");
        let of_turn = Trace::of(&first).parent(5);
        let of_attempt = Trace::of(&again).parent(3);
        for other in [&of_turn, &of_attempt] {
            assert_eq!(other[..36], parent[..36], "the same trace");
            assert_ne!(other[36..], parent[36..], "another span");
        }
        let mut other = briefing();
        other.key.n = 1;
        assert_ne!(Trace::of(&other).parent(3)[..36], parent[..36]);
    }
}
