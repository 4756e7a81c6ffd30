//! YAML for people who keep suites in files.

use serde::Serialize;

use crate::failure::Failure;

/// One document, without `---`.
pub(super) fn document<T: Serialize + ?Sized>(value: &T) -> Result<String, Failure> {
    serde_saphyr::to_string(&value)
        .map_err(|source| Failure::bug(format!("a result cannot be written as YAML: {source}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_never_reach_the_terminal_and_mean_the_same() {
        let text = "a\u{9b}31mb\u{7f}\u{1b}[0m";
        let yaml = document(&serde_json::json!({ "text": text })).expect("it can be written");
        assert!(
            yaml.chars().all(|char| char == '\n' || !char.is_control()),
            "{yaml:?}"
        );
        let back: serde_json::Value = serde_saphyr::from_str(&yaml).expect("it is YAML");
        assert_eq!(back["text"], text);
    }
}
