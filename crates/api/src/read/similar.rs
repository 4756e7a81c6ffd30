//! Finding the word that was probably meant.

/// The known word nearest to `word`, if it is near enough to be what was meant.
pub(crate) fn closest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Long words come from hostile documents; nobody means a known one with them.
    if word.len() > 64 {
        return None;
    }
    let folded = fold(word);
    let allowed = match folded.len() {
        0..=2 => 0,
        3..=5 => 1,
        _ => 2,
    };
    known
        .into_iter()
        .map(|candidate| (nearness(&folded, &fold(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// The distance; a word that was broken off counts as one slip.
fn nearness(word: &[char], candidate: &[char]) -> usize {
    let broken_off = word.len() >= 4 && candidate.starts_with(word);
    let distance = distance(word, candidate);
    if broken_off { distance.min(1) } else { distance }
}

/// Letters in lower case without separators, so that `max_interactions` is as good as `maxInteractions`.
fn fold(word: &str) -> Vec<char> {
    word.chars()
        .filter(|c| !matches!(c, '_' | '-' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// How many letters must be added, removed or replaced (Levenshtein).
fn distance(left: &[char], right: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, from) in left.iter().enumerate() {
        let mut diagonal = index;
        let mut last = index + 1;
        for (slot, to) in row.iter_mut().skip(1).zip(right) {
            let replaced = diagonal + usize::from(from != to);
            diagonal = *slot;
            last = replaced.min(diagonal + 1).min(last + 1);
            *slot = last;
        }
        if let Some(first) = row.first_mut() {
            *first = index + 1;
        }
    }
    row.last().copied().unwrap_or(left.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_recognized_and_other_words_are_not() {
        let known = ["background", "maxInteractions", "in", "all"];
        assert_eq!(closest("backgroud", known), Some("background"));
        assert_eq!(closest("max_interactions", known), Some("maxInteractions"));
        assert_eq!(closest("AL", known), None);
        assert_eq!(closest("al1", known), Some("all"));
        assert_eq!(closest("objective", known), None);
        assert_eq!(closest("back", known), Some("background"));
        assert_eq!(closest(&"background".repeat(10), known), None);
    }

    #[test]
    fn distances_are_those_of_levenshtein() {
        let chars = |word: &str| word.chars().collect::<Vec<_>>();
        assert_eq!(distance(&chars("kitten"), &chars("sitting")), 3);
        assert_eq!(distance(&chars(""), &chars("abc")), 3);
        assert_eq!(distance(&chars("abc"), &chars("")), 3);
    }
}
