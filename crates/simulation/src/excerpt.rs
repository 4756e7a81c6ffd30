//! Bounded quotations of hostile text, for errors and justifications.

/// How much of an agent's words an error quotes, in bytes.
pub(crate) const EXCERPT_BYTES: usize = 400;
/// How much of a message a justification quotes, in bytes.
pub(crate) const QUOTE_BYTES: usize = 200;

/// At most `limit` bytes from the start of `text`, cut between characters; control characters but line ends and tabs
/// become `�` (carriage returns go), so that a quotation cannot steer a terminal.
pub(crate) fn excerpt(text: &str, limit: usize) -> String {
    let cut = text.floor_char_boundary(limit);
    let mut quoted: String = text[..cut]
        .chars()
        .filter(|c| *c != '\r')
        .map(|c| {
            if c.is_control() && !matches!(c, '\n' | '\t') {
                '\u{fffd}'
            } else {
                c
            }
        })
        .collect();
    if cut < text.len() {
        quoted.push('…');
    }
    quoted
}

/// At most [`QUOTE_BYTES`] of `text` around the bytes `start..end`.
pub(crate) fn around(text: &str, start: usize, end: usize) -> String {
    let room = QUOTE_BYTES.saturating_sub(end.saturating_sub(start));
    let from = text.floor_char_boundary(start.saturating_sub(room / 2));
    let quoted = excerpt(&text[from..], QUOTE_BYTES);
    if from == 0 { quoted } else { format!("…{quoted}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_is_cut_between_characters() {
        assert_eq!(excerpt("abc", 3), "abc");
        assert_eq!(excerpt("aéé", 2), "a…");
        assert_eq!(excerpt("a\u{1b}[31m", 10), "a\u{fffd}[31m");
    }

    #[test]
    fn a_quotation_holds_what_was_found() {
        let text = format!("{}needle{}", "é".repeat(500), "x".repeat(500));
        let quoted = around(&text, 1000, 1006);
        assert!(quoted.contains("needle"), "{quoted}");
        assert!(quoted.len() <= QUOTE_BYTES + 8);
        assert_eq!(around("short", 0, 5), "short");
    }
}
