//! How many tokens a text has, where nobody tells.
//!
//! Four ASCII characters count as a token and every other character as one, which is about right for English and errs to the high side for
//! the rest; a message adds [`MESSAGE_TOKENS`] for what stands around it. Whatever follows from an estimate is marked as one.

use super::Message;

/// What a message takes beside its text.
const MESSAGE_TOKENS: u64 = 4;

/// The tokens of a text; at least one if there is any text.
pub(super) fn of_text(text: &str) -> u64 {
    let n_ascii = text.bytes().filter(u8::is_ascii).count();
    let n_other = text.chars().filter(|c| !c.is_ascii()).count();
    u64::try_from(n_ascii.div_ceil(4).saturating_add(n_other)).unwrap_or(u64::MAX)
}

/// The tokens of messages.
pub(super) fn of_messages(messages: &[Message]) -> u64 {
    messages
        .iter()
        .map(|message| of_text(&message.text).saturating_add(MESSAGE_TOKENS))
        .fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ascii_is_counted_by_four_and_the_rest_singly() {
        assert_eq!(of_text(""), 0);
        assert_eq!(of_text("a"), 1);
        assert_eq!(of_text("four"), 1);
        assert_eq!(of_text("fours"), 2);
        assert_eq!(of_text("你好"), 2);
        assert_eq!(of_messages(&[Message::system("four"), Message::user("")]), 9);
    }
}
