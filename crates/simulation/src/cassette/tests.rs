//! Recordings of questions to language models, through the layer that everyone asks through.

mod file;
mod several;

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

use async_trait::async_trait;
use model::Usage;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::{
    Answer, Ask, AskError, Message, Purpose, Question, recorded,
    test_support::{language_model, name, secrets},
};

/// A model whose every answer is another one.
#[derive(Debug, Default)]
struct Fresh {
    asked: AtomicU32,
    /// What it says instead of answering.
    fails: Option<AskError>,
    /// What it adds to every answer.
    postscript: String,
}

#[async_trait]
impl Ask for Fresh {
    async fn ask(&self, question: &Question) -> Result<Answer, AskError> {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        if let Some(error) = &self.fails {
            return Err(error.clone());
        }
        let value = json!({ "message": format!("answer {asked}{}", self.postscript) });
        let last = question
            .messages
            .last()
            .map_or("", |message| message.text.as_str());
        Ok(Answer {
            // Not the text that would follow from the value.
            text: if last.len().is_multiple_of(2) {
                value.to_string()
            } else {
                format!(" {value}")
            },
            value: Some(value),
            usage: Usage::of_tokens(u64::from(asked), 7),
            latency_ms: u64::from(asked) * 10,
            requests: asked + 1,
        })
    }

    fn name(&self) -> &str {
        "small"
    }
}

impl Fresh {
    fn failing() -> Self {
        Self {
            fails: Some(AskError::Refused {
                model: "small".to_owned(),
                status: 429,
                retry_after_ms: Some(5),
                detail: ": slow down".to_owned(),
            }),
            ..Self::default()
        }
    }

    fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }
}

fn cassettes(mode: CassetteMode, directory: &Path) -> Cassettes {
    Cassettes::new(CassetteOptions::new(mode, directory), secrets(&[])).unwrap()
}

fn question(text: &str) -> Question {
    Question {
        purpose: Purpose::User,
        messages: vec![
            Message::system("You are Ada.\nYou like tea."),
            Message::user(text),
        ],
        schema: None,
        seed: None,
        temperature: None,
    }
}

fn on(cassettes: &Cassettes, model: &Arc<Fresh>, repetition: u32, attempt: u32) -> Arc<dyn Ask> {
    let cassette = cassettes.conversation(&name("Book a visit"), repetition, attempt);
    recorded(Arc::clone(model) as Arc<dyn Ask>, &language_model(), &cassette)
}

/// Records one conversation.
async fn record(directory: &Path, model: Fresh, questions: &[&str]) -> Vec<Result<Answer, AskError>> {
    let ask = on(
        &cassettes(CassetteMode::Record, directory),
        &Arc::new(model),
        0,
        1,
    );
    let mut answers = Vec::new();
    for text in questions {
        answers.push(ask.ask(&question(text)).await);
    }
    answers
}

/// The only file in a directory.
fn file(directory: &TempDir) -> PathBuf {
    let mut files: Vec<PathBuf> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[tokio::test]
async fn the_same_question_gets_its_first_and_its_second_answer() {
    let directory = TempDir::new().unwrap();
    let recorded = record(directory.path(), Fresh::default(), &["Hi", "Hi!", "Hi"]).await;
    assert_eq!(recorded[2].as_ref().unwrap().requests, 3);

    let model = Arc::new(Fresh::default());
    let replay = cassettes(CassetteMode::Replay, directory.path());
    // Another order of different questions does not matter; a worker that takes over begins to count anew.
    for _worker in 0..2 {
        let ask = on(&replay, &model, 0, 1);
        assert_eq!(ask.ask(&question("Hi!")).await, recorded[1]);
        assert_eq!(ask.ask(&question("Hi")).await, recorded[0]);
        assert_eq!(ask.ask(&question("Hi")).await, recorded[2]);
    }
    assert_eq!(model.asked(), 0);
}

#[tokio::test]
async fn clones_of_a_cassette_count_together_and_the_model_counts() {
    let directory = TempDir::new().unwrap();
    let record = cassettes(CassetteMode::Record, directory.path());
    let model: Arc<dyn Ask> = Arc::new(Fresh::default());
    let cassette = record.conversation(&name("Book a visit"), 0, 1);
    let mut larger = language_model();
    larger.model = crate::test_support::text("large-1");
    let user = recorded(Arc::clone(&model), &language_model(), &cassette);
    let guard = recorded(Arc::clone(&model), &language_model(), &cassette.clone());
    let judge = recorded(model, &larger, &cassette);
    let mut answers = Vec::new();
    for ask in [&user, &judge, &guard] {
        answers.push(ask.ask(&question("Hi")).await);
    }
    let replay = cassettes(CassetteMode::Replay, directory.path());
    let cassette = replay.conversation(&name("Book a visit"), 0, 1);
    let model: Arc<dyn Ask> = Arc::new(Fresh::failing());
    let user = recorded(Arc::clone(&model), &language_model(), &cassette);
    let judge = recorded(model, &larger, &cassette);
    assert_eq!(user.ask(&question("Hi")).await, answers[0]);
    assert_eq!(user.ask(&question("Hi")).await, answers[2]);
    assert_eq!(judge.ask(&question("Hi")).await, answers[1]);
}

#[tokio::test]
async fn attempts_differ_and_one_that_was_not_recorded_is_the_one_before() {
    let directory = TempDir::new().unwrap();
    let record = cassettes(CassetteMode::Record, directory.path());
    let model = Arc::new(Fresh::default());
    let first = on(&record, &model, 0, 1).ask(&question("Hi")).await;
    let second = on(&record, &model, 0, 2).ask(&question("Hi")).await;
    let other = on(&record, &model, 1, 1).ask(&question("Hi")).await;
    assert_ne!(first, second);

    let replay = cassettes(CassetteMode::Replay, directory.path());
    for (repetition, attempt, expected) in [
        (0, 1, &first),
        (0, 2, &second),
        (0, 3, &second),
        (1, 1, &other),
        (1, 2, &other),
    ] {
        let answer = on(&replay, &model, repetition, attempt)
            .ask(&question("Hi"))
            .await;
        assert_eq!(&answer, expected, "repetition {repetition}, attempt {attempt}");
    }
    // Where answers may be had, a further attempt is to get its own.
    let auto = cassettes(CassetteMode::Auto, directory.path());
    let third = on(&auto, &model, 0, 3).ask(&question("Hi")).await;
    assert_eq!(third.unwrap().requests, 4);
    assert_eq!(model.asked(), 4);
}

#[tokio::test]
async fn recording_again_stands_in_for_what_was_recorded() {
    let directory = TempDir::new().unwrap();
    record(directory.path(), Fresh::default(), &["Hi"])
        .await
        .remove(0)
        .unwrap();
    let later = Fresh {
        postscript: ", later".to_owned(),
        ..Fresh::default()
    };
    let later = record(directory.path(), later, &["Hi"]).await.remove(0);
    let replay = cassettes(CassetteMode::Replay, directory.path());
    let replayed = on(&replay, &Arc::default(), 0, 1).ask(&question("Hi")).await;
    assert_eq!(replayed, later);
    assert!(replayed.unwrap().text.contains("later"));
}

#[tokio::test]
async fn auto_asks_what_was_not_recorded_and_nothing_else() {
    let directory = TempDir::new().unwrap();
    let first = record(directory.path(), Fresh::default(), &["Hi"]).await;
    let auto = cassettes(CassetteMode::Auto, directory.path());
    let model = Arc::new(Fresh::default());
    let ask = on(&auto, &model, 0, 1);
    assert_eq!(ask.ask(&question("Hi")).await, first[0]);
    assert_eq!(model.asked(), 0);
    let added = ask.ask(&question("What else?")).await;
    assert_eq!(model.asked(), 1);
    for mode in [CassetteMode::Auto, CassetteMode::Replay] {
        let ask = on(&cassettes(mode, directory.path()), &model, 0, 1);
        assert_eq!(ask.ask(&question("Hi")).await, first[0]);
        assert_eq!(ask.ask(&question("What else?")).await, added);
    }
    assert_eq!(model.asked(), 1);
}

#[tokio::test]
async fn errors_are_replayed_and_in_auto_asked_again() {
    let directory = TempDir::new().unwrap();
    let failed = record(directory.path(), Fresh::failing(), &["Hi"])
        .await
        .remove(0);
    assert!(failed.is_err());
    let model = Arc::new(Fresh::default());
    let replay = cassettes(CassetteMode::Replay, directory.path());
    assert_eq!(on(&replay, &model, 0, 1).ask(&question("Hi")).await, failed);
    assert_eq!(model.asked(), 0);
    let auto = cassettes(CassetteMode::Auto, directory.path());
    let answer = on(&auto, &model, 0, 1).ask(&question("Hi")).await;
    assert!(answer.is_ok());
    assert_eq!(model.asked(), 1);
    assert_eq!(on(&replay, &model, 0, 1).ask(&question("Hi")).await, answer);
    assert_eq!(model.asked(), 1);
}

#[tokio::test]
async fn a_miss_shows_what_comes_nearest() {
    let directory = TempDir::new().unwrap();
    let asked = ["Where do you live?", "What is your name, and when were you born?"];
    record(directory.path(), Fresh::default(), &asked).await;
    let model = Arc::new(Fresh::default());
    let replay = cassettes(CassetteMode::Replay, directory.path());
    let ask = on(&replay, &model, 0, 1);
    let mut changed = question("What is your name, and where were you born?");
    changed.messages[0].text.push_str("\nYou like coffee.");
    let error = ask.ask(&changed).await.unwrap_err();
    assert!(!error.is_passing());
    assert!(matches!(error, AskError::NotRecorded { .. }));
    let expected = format!(
        "model `small`: recording {} holds no outcome of this request of kind `user` (repetition 0, attempt 1, occurrence 0); \
         the nearest recorded one is repetition 0, attempt 1, occurrence 0, and differs so:
--- recorded
+++ asked
@@ -13,4 +13,5 @@
     You are Ada.
     You like tea.
+    You like coffee.
 - role: user
-  text: What is your name, and when were you born?
+  text: What is your name, and where were you born?
record again in mode `record`, or add what is missing in mode `auto`",
        file(&directory).display()
    );
    assert_eq!(error.to_string(), expected);

    let guard = Question {
        purpose: Purpose::Guard,
        ..question("Hi")
    };
    let error = ask.ask(&guard).await.unwrap_err().to_string();
    assert!(
        error.contains("of kind `guard`") && error.contains("nor any other of this kind"),
        "{error}"
    );

    ask.ask(&question("Where do you live?")).await.unwrap();
    let error = ask
        .ask(&question("Where do you live?"))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        error.contains(
            "occurrence 1); the same request is recorded as repetition 0, attempt 1, occurrence 0;"
        ),
        "{error}"
    );
    assert_eq!(model.asked(), 0);
}

#[tokio::test]
async fn what_a_miss_shows_is_bounded_and_steers_nothing() {
    let directory = TempDir::new().unwrap();
    let long = format!("\u{1b}[2J{}", "word ".repeat(20_000));
    record(directory.path(), Fresh::default(), &[&long]).await;
    let replay = cassettes(CassetteMode::Replay, directory.path());
    let error = on(&replay, &Arc::default(), 0, 1)
        .ask(&question(&"other ".repeat(20_000)))
        .await
        .unwrap_err()
        .to_string();
    assert!(error.len() < 4000, "{}", error.len());
    assert!(!error.contains('\u{1b}'));
}

#[tokio::test]
async fn secrets_are_not_written_and_whoever_records_gets_what_is_replayed() {
    let directory = TempDir::new().unwrap();
    let secrets = secrets(&[("KEY", "hunter22"), ("ODD", "a\"b\\c\nd")]);
    assert!(secrets.get("KEY").is_some() && secrets.get("ODD").is_some());
    let options = |mode| CassetteOptions::new(mode, directory.path());
    let record = Cassettes::new(options(CassetteMode::Record), secrets).unwrap();
    let leaky = Arc::new(Fresh {
        postscript: ", hunter22 a\"b\\c\nd".to_owned(),
        ..Fresh::default()
    });
    let failing = Arc::new(Fresh {
        fails: Some(AskError::Malformed {
            model: "small".to_owned(),
            reason: "hunter22".to_owned(),
            detail: ": a\"b\\c\nd".to_owned(),
        }),
        ..Fresh::default()
    });
    let questions = ["My key is hunter22", "And a\"b\\c\nd is the other."];
    let mut answers = Vec::new();
    for text in questions {
        answers.push(on(&record, &leaky, 0, 1).ask(&question(text)).await);
        answers.push(on(&record, &failing, 1, 1).ask(&question(text)).await);
    }
    let written = std::fs::read_to_string(file(&directory)).unwrap();
    for secret in ["hunter22", "a\"b", "b\\c", "b\\\\c", "c\\nd"] {
        assert!(!written.contains(secret), "{secret}: {written}");
    }
    assert!(written.contains("***"));
    // Where the secrets are not known, the same is found.
    let replay = cassettes(CassetteMode::Replay, directory.path());
    for (text, expected) in questions.iter().zip(answers.chunks(2)) {
        assert_eq!(on(&replay, &leaky, 0, 1).ask(&question(text)).await, expected[0]);
        assert_eq!(
            on(&replay, &failing, 1, 1).ask(&question(text)).await,
            expected[1]
        );
    }
}

#[tokio::test]
async fn without_cassettes_everything_is_asked() {
    let off = CassetteOptions::new(CassetteMode::Off, "/nowhere/at/all");
    let off = Cassettes::new(off, secrets(&[])).unwrap();
    assert_eq!(off.mode(), CassetteMode::Off);
    let model = Arc::new(Fresh::default());
    let ask = on(&off, &model, 0, 1);
    assert!(ask.ask(&question("Hi")).await.is_ok());
    assert_eq!(model.asked(), 1);
}

#[test]
fn modes_are_named() {
    for mode in [
        CassetteMode::Off,
        CassetteMode::Record,
        CassetteMode::Replay,
        CassetteMode::Auto,
    ] {
        assert_eq!(mode.as_str().parse(), Ok(mode));
    }
    let error = "on".parse::<CassetteMode>().unwrap_err();
    assert_eq!(error.to_string(), "must be `off`, `record`, `replay` or `auto`");
}
