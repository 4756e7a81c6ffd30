//! Messages that say nothing.

use super::Step;

/// What is wrong: the message holds nothing but blanks, punctuation and quotation marks. Whoever leaves need not say anything.
pub(super) fn find(step: &Step<'_>) -> Option<String> {
    (step.leaves.is_none() && !step.raw.chars().any(says))
        .then(|| "Your message is empty. Say something that answers the agent, in words.".to_owned())
}

/// Whether a character says something: a letter, a digit, or a picture.
fn says(c: char) -> bool {
    let is_silent = c.is_whitespace()
        || c.is_control()
        || c.is_ascii_punctuation()
        || matches!(
            c,
            '\u{a1}' | '\u{a7}' | '\u{ab}' | '\u{b4}' | '\u{b6}'..='\u{b8}' | '\u{bb}' | '\u{bf}'
        )
        || matches!(c, '\u{200b}'..='\u{206f}')
        || matches!(c, '\u{3000}'..='\u{303f}' | '\u{fe00}'..='\u{fe6f}' | '\u{feff}' | '\u{ff01}'..='\u{ff0f}' | '\u{ff1a}'..='\u{ff1f}');
    !is_silent
}

#[cfg(test)]
mod tests {
    use super::says;

    #[test]
    fn punctuation_says_nothing() {
        let silent = |text: &str| !text.chars().any(says);
        assert!(silent(" \n\u{200b}…—«»„“”‘’¿¡。、！？.,;:!?\"'`*_~()[]{}"));
        for text in ["a", "7", "はい", "👍", "да"] {
            assert!(!silent(text), "{text}");
        }
    }
}
