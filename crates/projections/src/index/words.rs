//! Words, as searches compare them.

/// The most different words a search may have.
pub(crate) const MAX_TERMS: usize = 32;

/// The most characters of a word that count.
const MAX_WORD_CHARS: usize = 64;

/// The most words of one text that it is found by.
const MAX_WORDS: usize = 2_000;

/// The words of a text in lower case: runs of letters and digits. Of very long texts the first words count, of very long words
/// the first characters.
pub(crate) fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .take(MAX_WORDS)
        .map(|word| {
            word.chars()
                .take(MAX_WORD_CHARS)
                .flat_map(char::to_lowercase)
                .collect()
        })
}

/// The words of a name, one after the other.
pub(crate) fn joined(name: &str) -> String {
    words(name).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_runs_of_letters_and_digits_in_lower_case() {
        let found: Vec<String> = words("Ünsure  user-7, Straße (ИВАН)!").collect();
        assert_eq!(found, ["ünsure", "user", "7", "straße", "иван"]);
        assert_eq!(words("— … !").count(), 0);
    }

    #[test]
    fn long_words_and_long_texts_are_cut() {
        assert_eq!(
            words(&"x".repeat(1000)).next().map(|word| word.len()),
            Some(MAX_WORD_CHARS)
        );
        assert_eq!(words(&"x ".repeat(10_000)).count(), MAX_WORDS);
    }
}
