//! Patterns that belong to the guard, compiled.

use regex::Regex;

/// Compiles a pattern of the guard. Word boundaries are those of ASCII, which folded text in Latin letters has, and which are found faster.
pub(super) fn pattern(source: &str) -> Regex {
    Regex::new(&source.replace(r"\b", r"(?-u:\b)"))
        .expect("the guard's patterns are fixed, and its tests compile every one of them")
}

/// One pattern that matches whatever any of `sources` does.
pub(super) fn any<'a>(sources: impl IntoIterator<Item = &'a str>) -> Regex {
    let sources: Vec<String> = sources
        .into_iter()
        .map(|source| format!("(?:{source})"))
        .collect();
    pattern(&sources.join("|"))
}
