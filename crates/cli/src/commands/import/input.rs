//! Reading the files that are imported: whole, as text, and no larger than a limit.

use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

use serde_json::Value;

use crate::failure::Failure;

/// The text of a file, or of standard input for `-`.
pub(super) fn text(path: &Path, limit: u64) -> Result<String, Failure> {
    let failed = |source: io::Error| Failure::at_path(path, "cannot be read", &source);
    let reader: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(io::stdin().lock())
    } else {
        Box::new(File::open(path).map_err(failed)?)
    };
    let mut bytes = Vec::new();
    // One byte more than allowed tells a file that is too large from one that just fits.
    reader.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(Failure::configuration(format!(
            "{}: is larger than {} KiB",
            path.display(),
            limit / 1024
        )));
    }
    String::from_utf8(bytes).map_err(|source| {
        let valid = source.utf8_error().valid_up_to();
        Failure::configuration(format!(
            "{}: is not UTF-8 text from byte {valid} on",
            path.display()
        ))
        .help("Save the file as UTF-8.")
    })
}

/// The JSON document that a file holds.
pub(super) fn json(path: &Path, limit: u64) -> Result<Value, Failure> {
    let text = text(path, limit)?;
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).map_err(|source| {
        Failure::configuration(format!(
            "{}:{}:{}: this is not JSON: {source}",
            path.display(),
            source.line(),
            source.column()
        ))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn what_cannot_be_read_is_named() {
        let temp = tempfile::tempdir().expect("a directory");
        let path = temp.path().join("tasks.json");
        let refused = |limit| json(&path, limit).expect_err("it is refused").message;
        assert!(refused(1024).contains("tasks.json: cannot be read: "));
        fs::write(&path, "[1,\n 2").expect("a file");
        assert!(refused(1024).contains("tasks.json:2:2: this is not JSON"));
        fs::write(&path, b"[\"a\xff\"]").expect("a file");
        assert!(refused(1024).contains("is not UTF-8 text from byte 3 on"));
        fs::write(&path, format!("[{}]", " ".repeat(1024))).expect("a file");
        assert!(refused(1024).ends_with("is larger than 1 KiB"));
        assert!(refused(1025).ends_with("is larger than 1 KiB"));
        assert_eq!(json(&path, 1026).expect("it fits"), serde_json::json!([]));
        fs::write(&path, "[".repeat(100_000)).expect("a file");
        assert!(refused(1024 * 1024).contains("recursion limit"));
    }
}
