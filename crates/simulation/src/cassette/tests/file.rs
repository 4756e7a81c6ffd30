//! The files: their names, their limits, and what is wrong with those that cannot be used.

use std::{collections::BTreeSet, fs, io::Write as _};

use super::*;
use crate::cassette::tape::file_name;

async fn replayed(directory: &TempDir) -> Result<Answer, AskError> {
    let replay = cassettes(CassetteMode::Replay, directory.path());
    on(&replay, &Arc::default(), 0, 1).ask(&question("Hi")).await
}

async fn recorded_once() -> (TempDir, PathBuf) {
    let directory = TempDir::new().unwrap();
    record(directory.path(), Fresh::default(), &["Hi"])
        .await
        .remove(0)
        .unwrap();
    let path = file(&directory);
    (directory, path)
}

#[test]
fn a_file_is_named_after_its_unit_test() {
    let digest = |text: &str| model::Digest::of(text.as_bytes()).to_string()[..12].to_owned();
    for (text, slug) in [
        ("Book a visit", "book-a-visit"),
        ("../../etc/passwd", "etc-passwd"),
        ("Ünïcödé: 100 %", "n-c-d-100"),
        ("会話", "unit-test"),
        ("..", "unit-test"),
    ] {
        assert_eq!(file_name(&name(text)), format!("{slug}-{}.yaml", digest(text)));
    }
    let long = "x".repeat(512);
    assert!(file_name(&name(&long)).len() < 100);
    let alike = ["Book a visit", "book a visit", "Book-a-visit"].map(|text| file_name(&name(text)));
    assert_eq!(BTreeSet::from(alike).len(), 3);
}

#[tokio::test]
async fn a_torn_tail_is_named_and_not_written_over() {
    let (directory, path) = recorded_once().await;
    let whole = fs::read_to_string(&path).unwrap();
    let lines = whole.lines().count();
    let mut torn = fs::OpenOptions::new().append(true).open(&path).unwrap();
    torn.write_all(b"---\nkind: user\nkey:\n  repe").unwrap();
    let expected = format!(
        "model `small`: recording {}, line {}: the entry that begins here has no end (a line `...`): it was cut short; mend or remove \
         this entry, or delete the file and record again",
        path.display(),
        lines + 1
    );
    assert_eq!(replayed(&directory).await.unwrap_err().to_string(), expected);
    // Nothing is asked whose answer could not be kept.
    let record = cassettes(CassetteMode::Record, directory.path());
    let model = Arc::new(Fresh::default());
    let error = on(&record, &model, 0, 1).ask(&question("Hi")).await.unwrap_err();
    assert_eq!(error.to_string(), expected);
    assert_eq!(model.asked(), 0);
    // Removing it mends the file.
    fs::write(&path, &whole).unwrap();
    assert!(replayed(&directory).await.is_ok());
    assert!(on(&record, &model, 0, 1).ask(&question("Hi")).await.is_ok());
}

#[tokio::test]
async fn damage_is_named_by_its_line() {
    let (directory, path) = recorded_once().await;
    let whole = fs::read_to_string(&path).unwrap();
    let line_of = |part: &str| whole.lines().position(|line| line.contains(part)).unwrap() + 1;
    let cases: [(String, usize, &str); 5] = [
        (
            whole.replacen("latency_ms", "latency", 1),
            line_of("latency_ms"),
            "latency",
        ),
        (
            whole.replacen("digest: ", "digest: z", 1),
            line_of("digest: "),
            "hexadecimal",
        ),
        (
            format!("{whole}nonsense\n"),
            whole.lines().count() + 1,
            "begins with a line `---`",
        ),
        (whole.replacen("...\n", "", 1), 1, "has no end"),
        (
            whole.replacen("Book a visit", "Another", 1),
            2,
            "unit test `Another`, not of `Book a visit`",
        ),
    ];
    for (text, line, expected) in cases {
        fs::write(&path, &text).unwrap();
        let error = replayed(&directory).await.unwrap_err().to_string();
        assert!(error.contains(&format!(", line {line}: ")), "{line}: {error}");
        assert!(error.contains(expected), "{error}");
        assert!(error.contains(&path.display().to_string()), "{error}");
    }
    let mut bytes = whole.clone().into_bytes();
    bytes.extend(b"# \xff\n");
    fs::write(&path, &bytes).unwrap();
    let error = replayed(&directory).await.unwrap_err().to_string();
    let line = whole.lines().count() + 1;
    assert!(
        error.contains(&format!(", line {line}: this is not UTF-8")),
        "{error}"
    );
    // Comments and blank lines between entries are no damage.
    fs::write(&path, format!("# ours\n\n{whole}\n# end\n")).unwrap();
    assert!(replayed(&directory).await.is_ok());
}

#[tokio::test]
async fn another_format_is_refused() {
    let (directory, path) = recorded_once().await;
    let other = fs::read_to_string(&path)
        .unwrap()
        .replacen("format: 1", "format: 2", 1);
    fs::write(&path, other).unwrap();
    let error = replayed(&directory).await.unwrap_err().to_string();
    assert!(
        error.contains("has format 2") && error.contains("format 1 only"),
        "{error}"
    );
    let record = cassettes(CassetteMode::Record, directory.path());
    let again = on(&record, &Arc::default(), 0, 1).ask(&question("Hi")).await;
    assert_eq!(again.unwrap_err().to_string(), error);
}

#[tokio::test]
async fn entries_and_files_have_limits() {
    let directory = TempDir::new().unwrap();
    let limited = |mode, max_file_bytes, max_entry_bytes| {
        let options = CassetteOptions {
            max_file_bytes,
            max_entry_bytes,
            ..CassetteOptions::new(mode, directory.path())
        };
        Cassettes::new(options, secrets(&[])).unwrap()
    };
    let ask = |cassettes: Cassettes, text: String| async move {
        on(&cassettes, &Arc::default(), 0, 1).ask(&question(&text)).await
    };
    let record = limited(CassetteMode::Record, 4000, 2000);
    let error = ask(record.clone(), "x".repeat(2000))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.contains("an entry is longer than 2000 bytes"), "{error}");
    let mut kept = 0_usize;
    let error = loop {
        match ask(record.clone(), kept.to_string()).await {
            Ok(_answer) => kept += 1,
            Err(error) => break error.to_string(),
        }
    };
    assert!(error.contains("the file is longer than 4000 bytes"), "{error}");
    assert!(kept > 1, "{kept}");
    assert!(fs::metadata(file(&directory)).unwrap().len() <= 4000);
    // What was kept is whole.
    for n in 0..kept {
        assert!(
            ask(limited(CassetteMode::Replay, 4000, 2000), n.to_string())
                .await
                .is_ok()
        );
    }
    let error = ask(limited(CassetteMode::Replay, 1000, 2000), "0".to_owned()).await;
    let error = error.unwrap_err().to_string();
    assert!(error.contains("the file is longer than 1000 bytes"), "{error}");
}

#[tokio::test]
async fn what_is_not_there_is_said() {
    let directory = TempDir::new().unwrap();
    let error = replayed(&directory).await.unwrap_err().to_string();
    assert!(
        error.contains("there is no recording of unit test `Book a visit`"),
        "{error}"
    );
    let missing = directory.path().join("missing");
    let replay = CassetteOptions::new(CassetteMode::Replay, &missing);
    let error = Cassettes::new(replay, secrets(&[])).unwrap_err().to_string();
    assert!(
        error.contains("missing cannot be used") && error.contains("record first"),
        "{error}"
    );
    let record = CassetteOptions::new(CassetteMode::Record, missing.join("deeper"));
    assert!(Cassettes::new(record, secrets(&[])).is_ok());
    assert!(missing.join("deeper").is_dir());
    fs::write(directory.path().join("plain"), "").unwrap();
    for mode in [CassetteMode::Record, CassetteMode::Replay] {
        let options = CassetteOptions::new(mode, directory.path().join("plain"));
        let error = Cassettes::new(options, secrets(&[])).unwrap_err();
        assert!(matches!(error, CassetteError::Directory { .. }), "{error}");
    }
}

#[tokio::test]
async fn a_file_that_was_replaced_is_read_again() {
    let (directory, path) = recorded_once().await;
    let replay = cassettes(CassetteMode::Replay, directory.path());
    let model = Arc::new(Fresh::default());
    // Holding on to it keeps what was read.
    let ask = on(&replay, &model, 0, 1);
    ask.ask(&question("Hi")).await.unwrap();
    fs::remove_file(&path).unwrap();
    let error = on(&replay, &model, 0, 1).ask(&question("Hi")).await.unwrap_err();
    assert!(error.to_string().contains("there is no recording"), "{error}");
    record(directory.path(), Fresh::default(), &["Bye"]).await;
    assert!(on(&replay, &model, 0, 1).ask(&question("Bye")).await.is_ok());
    assert!(on(&replay, &model, 0, 1).ask(&question("Hi")).await.is_err());
}
