//! A bounded choice of conversations: the first that fit.

use super::conversation::ConversationView;

/// Conversations that are shown with their transcripts.
#[derive(Debug)]
pub(super) struct Shelf {
    conversations: Vec<ConversationView>,
    limit: usize,
    /// How many bytes of text still fit.
    bytes_left: usize,
    left_out: u32,
}

impl Shelf {
    /// A shelf for at most so many conversations with at most so many bytes of text.
    pub(super) const fn new((limit, bytes): (usize, usize)) -> Self {
        Self {
            conversations: Vec::new(),
            limit,
            bytes_left: bytes,
            left_out: 0,
        }
    }

    /// Puts a conversation on the shelf if it fits; returns whether it did.
    pub(super) fn offer(&mut self, make: impl FnOnce() -> ConversationView) -> bool {
        if self.conversations.len() < self.limit && self.bytes_left > 0 {
            let conversation = make();
            if let Some(bytes_left) = self.bytes_left.checked_sub(conversation.n_bytes()) {
                self.bytes_left = bytes_left;
                self.conversations.push(conversation);
                return true;
            }
            // What follows could be smaller, but showing it would look as if nothing had been left out before it.
            self.bytes_left = 0;
        }
        self.left_out += 1;
        false
    }

    /// What is on the shelf.
    pub(super) fn conversations(&self) -> &[ConversationView] {
        &self.conversations
    }

    /// How many did not fit.
    pub(super) const fn left_out(&self) -> u32 {
        self.left_out
    }
}
