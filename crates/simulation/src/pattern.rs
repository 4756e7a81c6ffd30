//! Regular expressions with a bounded compiled size. Matching takes time linear in the text, so nothing else is needed.

use model::Invalid;
use regex::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_SOURCE_BYTES: usize = 8 * 1024;
/// The largest compiled expression, in bytes.
const MAX_COMPILED_BYTES: usize = 512 * 1024;

/// Compiles an expression.
pub(crate) fn compile(source: &str) -> Result<Regex, Invalid> {
    if source.len() > MAX_SOURCE_BYTES {
        return Err(Invalid::new(format!(
            "a regular expression has at most {MAX_SOURCE_BYTES} bytes"
        )));
    }
    RegexBuilder::new(source)
        .size_limit(MAX_COMPILED_BYTES)
        .dfa_size_limit(2 * MAX_COMPILED_BYTES)
        .build()
        .map_err(|why| {
            let why = why.to_string();
            // The last line says what is wrong; those above draw the expression.
            let reason = why
                .lines()
                .last()
                .unwrap_or(&why)
                .trim_start_matches("error: ")
                .to_owned();
            Invalid::new(format!("is not a regular expression: {reason}"))
        })
}

#[cfg(test)]
mod tests {
    use super::compile;

    #[test]
    fn a_huge_expression_is_refused() {
        assert!(compile(r"(?i)^hello\b").unwrap().is_match("Hello there"));
        let error = compile(r"(\w{500}){500}").unwrap_err().to_string();
        assert!(error.contains("size limit"), "{error}");
        let error = compile("(").unwrap_err().to_string();
        assert_eq!(error, "is not a regular expression: unclosed group");
    }
}
