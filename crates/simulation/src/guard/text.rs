//! Text made comparable: folded, cut into words and sentences, and how much two texts have in common.

use std::{borrow::Cow, collections::HashMap};

use crate::excerpt;

/// How much of a message a detail quotes, in bytes.
const QUOTE_BYTES: usize = 120;
/// The most words of one text that are compared.
const MAX_WORDS: usize = 400;

/// The start of `text`, at most `limit` bytes.
pub(super) fn cut(text: &str, limit: usize) -> &str {
    &text[..text.floor_char_boundary(limit)]
}

/// A piece of a message, for a detail.
pub(super) fn quote(text: &str) -> String {
    format!("`{}`", excerpt::excerpt(text.trim(), QUOTE_BYTES))
}

/// Lower case, Latin letters without accents, plain apostrophes and hyphens, single blanks.
pub(super) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    let mut blank = true;
    for c in text.chars() {
        if c.is_whitespace() {
            if !blank {
                folded.push(' ');
            }
            blank = true;
            continue;
        }
        blank = false;
        for c in c.to_lowercase() {
            fold_char(c, &mut folded);
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

/// Appends a lower-case character without its accent.
fn fold_char(c: char, to: &mut String) {
    let plain = match c {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' => 'a',
        'ç' | 'ć' | 'č' => 'c',
        'ď' => 'd',
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ę' | 'ě' => 'e',
        'ğ' => 'g',
        'ì' | 'í' | 'î' | 'ï' | 'ī' | 'ı' => 'i',
        'ł' => 'l',
        'ñ' | 'ń' | 'ň' => 'n',
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ő' => 'o',
        'ř' => 'r',
        'ś' | 'ş' | 'š' => 's',
        'ť' => 't',
        'ù' | 'ú' | 'û' | 'ü' | 'ů' | 'ű' => 'u',
        'ý' | 'ÿ' => 'y',
        'ź' | 'ż' | 'ž' => 'z',
        '’' | '‘' | '´' | '`' | 'ʼ' => '\'',
        '‐' | '‑' | '–' | '—' | '−' => '-',
        'ß' => {
            to.push_str("ss");
            return;
        }
        'æ' => {
            to.push_str("ae");
            return;
        }
        'œ' => {
            to.push_str("oe");
            return;
        }
        // An accent of its own.
        '\u{300}'..='\u{36f}' => return,
        other => other,
    };
    to.push(plain);
}

/// The folded words of a text, in order. Each letter of a script that is written without blanks is a word.
pub(super) fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word = String::new();
    let mut end = |word: &mut String| {
        let trimmed = word.trim_matches('\'');
        if !trimmed.is_empty() {
            words.push(trimmed.to_owned());
        }
        word.clear();
    };
    for c in fold(text).chars() {
        if is_unspaced(c) {
            end(&mut word);
            end(&mut c.to_string());
        } else if c.is_alphanumeric() || c == '\'' {
            word.push(c);
        } else {
            end(&mut word);
        }
    }
    end(&mut word);
    words
}

/// Whether a character is of a script that does not separate words by blanks.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{0e00}'..='\u{0eff}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

/// The letters and digits of a text, folded, with nothing between them.
pub(super) fn compact(text: &str) -> String {
    fold(text).chars().filter(|c| c.is_alphanumeric()).collect()
}

/// The sentences of a text, each with the mark that ends it.
pub(super) fn sentences(text: &str) -> Vec<&str> {
    let mut sentences = Vec::new();
    let mut start = 0;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map(|(_at, next)| *next);
        let ends = match c {
            '\n' | '。' | '！' | '？' | '…' => true,
            '.' | '!' | '?' | ';' => {
                next.is_none_or(|next| next.is_whitespace() || next == '"' || next == ')')
            }
            _other => false,
        };
        if ends {
            let end = at + c.len_utf8();
            sentences.push(&text[start..end]);
            start = end;
        }
    }
    sentences.push(&text[start..]);
    sentences.retain(|sentence| !sentence.trim().is_empty());
    sentences
}

/// A text without the passages that it quotes; the whole of it if it is nothing but a quotation.
pub(super) fn unquoted(text: &str) -> Cow<'_, str> {
    let mut rest = String::with_capacity(text.len());
    // The mark that ends the open quotation, and what it quotes.
    let mut open: Option<(char, String)> = None;
    for c in text.chars() {
        match &mut open {
            Some((end, _quoted)) if c == *end || (*end == '”' && c == '“') => {
                open = None;
                rest.push(' ');
            }
            Some((_end, quoted)) => quoted.push(c),
            None => match c {
                '"' => open = Some(('"', String::new())),
                '“' | '„' => open = Some(('”', String::new())),
                '«' => open = Some(('»', String::new())),
                '「' => open = Some(('」', String::new())),
                other => rest.push(other),
            },
        }
    }
    // A mark that nothing ends quotes nothing.
    if let Some((_end, quoted)) = open {
        rest.push_str(&quoted);
    }
    if rest.chars().any(char::is_alphanumeric) {
        Cow::Owned(rest)
    } else {
        Cow::Borrowed(text)
    }
}

/// How alike two sequences of words are, from 0 to 1: twice the length of their longest common subsequence over their lengths together.
pub(super) fn similarity(one: &[String], other: &[String]) -> f64 {
    let (one, other) = (
        &one[..one.len().min(MAX_WORDS)],
        &other[..other.len().min(MAX_WORDS)],
    );
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let mut above = vec![0_u32; other.len() + 1];
    for left in one {
        let mut row = vec![0_u32; other.len() + 1];
        for (n, right) in other.iter().enumerate() {
            row[n + 1] = if left == right {
                above[n] + 1
            } else {
                row[n].max(above[n + 1])
            };
        }
        above = row;
    }
    share(above[other.len()], one.len() + other.len())
}

/// An upper bound of [`similarity`] that is cheap: the words in common, in any order.
pub(super) fn overlap(one: &[String], other: &[String]) -> f64 {
    if one.is_empty() || other.is_empty() {
        return 0.0;
    }
    let mut counts: HashMap<&str, u32> = HashMap::new();
    for word in one.iter().take(MAX_WORDS) {
        *counts.entry(word).or_default() += 1;
    }
    let mut common = 0;
    for word in other.iter().take(MAX_WORDS) {
        if let Some(count) = counts.get_mut(word.as_str())
            && *count > 0
        {
            *count -= 1;
            common += 1;
        }
    }
    share(common, one.len().min(MAX_WORDS) + other.len().min(MAX_WORDS))
}

fn share(common: u32, total: usize) -> f64 {
    // Both are at most a few hundred.
    2.0 * f64::from(common) / f64::from(u32::try_from(total).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_folded() {
        assert_eq!(fold("  Ça   va,\nGroße\u{a0}Œuvre’s\t"), "ca va, grosse oeuvre's");
        assert_eq!(compact("AB-12 cd/é"), "ab12cde");
        assert_eq!(words("'I'd pay' £5, 返却!"), ["i'd", "pay", "5", "返", "却"]);
    }

    #[test]
    fn quotations_are_left_out() {
        assert_eq!(
            fold(&unquoted("You said \"let me check\", so check.")),
            "you said , so check."
        );
        assert_eq!(fold(&unquoted("Er sagte „ich buche“ und")), "er sagte und");
        assert_eq!(unquoted("\"How can I help?\""), "\"How can I help?\"");
        assert_eq!(fold(&unquoted("a 5\" pipe")), "a 5 pipe");
    }

    #[test]
    fn sentences_end_at_their_marks() {
        assert_eq!(
            sentences("It costs 1.50. Shall I? Yes\nNo"),
            ["It costs 1.50.", " Shall I?", " Yes\n", "No"]
        );
    }

    #[test]
    fn likeness_is_between_nothing_and_one() {
        let alike = |one, other| similarity(&words(one), &words(other));
        assert!((alike("a b c", "A, b; c!") - 1.0).abs() < 1e-9);
        assert!(alike("a b c", "d e f") < 1e-9);
        assert!(alike("", "") < 1e-9);
        assert!((alike("a b c d", "d a b c") - 0.75).abs() < 1e-9);
        assert!((overlap(&words("a b c d"), &words("d a b c")) - 1.0).abs() < 1e-9);
    }
}
